"""What every call to the local workspace has: a body, and the address it came to."""

from typing import Any

from aiohttp import web


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a call. Raises HTTPBadRequest in words."""
    try:
        body = await request.json()
    except ValueError:
        raise web.HTTPBadRequest(text="the body is no JSON") from None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="the body is no JSON object")
    return body


def base_of(request: web.Request) -> str:
    """Return the workspace's own address as the caller knows it."""
    return f"http://{request.host}"
