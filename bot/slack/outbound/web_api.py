"""Calls of Slack's Web API, each answered with data or with a PostError that says what to do."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.report import Attachment
from bot.drivers.network import network_trouble, place_shown
from bot.errors import PostError, PostFailure

log = logging.getLogger(__name__)

# The SDK keeps to its own timeout only where it was given no session.
CALL_SECONDS = 20
DEFAULT_RETRY_AFTER = 1.0
# The SDK reads these out of whatever came without asking whether it is text, or an object.
UNREADABLE = (UnicodeError, AttributeError)
# A proxy that gave up, or an answer that was cut: the call itself may have gone through.
MAY_BE_DONE = frozenset({200, 408})
FAILURES: Mapping[str, PostFailure] = {
    **dict.fromkeys(("ratelimited", "rate_limited", "message_limit_exceeded"), PostFailure.LIMITED),
    **dict.fromkeys(
        ("thread_not_found", "message_not_found", "cannot_reply_to_message", "cant_update_message"),
        PostFailure.MESSAGE_GONE,
    ),
    **dict.fromkeys(
        ("channel_not_found", "not_in_channel", "is_archived", "user_not_in_channel"),
        PostFailure.CHANNEL,
    ),
    **dict.fromkeys(
        (
            "invalid_auth",
            "not_authed",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "missing_scope",
            "no_permission",
            "restricted_action",
            "not_allowed_token_type",
            "org_login_required",
            "ekm_access_denied",
            "access_denied",
        ),
        PostFailure.RIGHTS,
    ),
    **dict.fromkeys(
        (
            "invalid_blocks",
            "invalid_blocks_format",
            "msg_too_long",
            "msg_blocks_too_long",
            "too_many_attachments",
            "invalid_attachments",
            "invalid_arguments",
            "metadata_too_large",
            "invalid_metadata_format",
            "no_text",
        ),
        PostFailure.PAYLOAD,
    ),
    **dict.fromkeys(
        ("internal_error", "fatal_error", "request_timeout", "team_added_to_org"),
        PostFailure.AMBIGUOUS,
    ),
    **dict.fromkeys(("service_unavailable", "overloaded"), PostFailure.UNAVAILABLE),
}
PROXY_HINT = "Correct HTTPS_PROXY in the bot's environment, its login too, or let it through there."
HINTS: Mapping[str, str] = {
    "not_in_channel": "Invite the bot: /invite @batchbot in that channel.",
    "channel_not_found": "The channel is unknown or private: invite the bot, check its name or id.",
    "is_archived": "The channel is archived: choose another one.",
    "invalid_auth": "Copy SLACK_BOT_TOKEN again from the app's page (OAuth & Permissions).",
    "token_revoked": "Install the app again and copy the new SLACK_BOT_TOKEN.",
    "account_inactive": "Install the app again and copy the new SLACK_BOT_TOKEN.",
    "not_authed": "Copy SLACK_BOT_TOKEN again from the app's page (OAuth & Permissions).",
    "token_expired": "Switch token rotation off for the app, install it again and copy the new "
    "SLACK_BOT_TOKEN.",
    "not_allowed_token_type": "Slack wants another kind of token there: see .env.example.",
    "no_permission": "An administrator of the workspace has to allow it.",
    "restricted_action": "An administrator of the workspace has to allow it.",
    "access_denied": "An administrator of the workspace has to allow it.",
    "org_login_required": "The workspace moves into an organisation; install the app again then.",
    "ekm_access_denied": "The organisation's administrators have suspended the access.",
    "missing_scope": "Add the scope to the app (see `batchbot manifest`) and install it again.",
}


def make_client(
    token: str | None, api_url: str, session: aiohttp.ClientSession | None = None
) -> AsyncWebClient:
    """Return a Web API client that never sends anything twice by itself.

    The SDK's own retry after a dropped connection posts a message again that Slack may have
    taken already; who calls decides instead.
    """
    client = AsyncWebClient(
        token=token,
        base_url=api_url.rstrip("/") + "/",
        session=session,
        timeout=CALL_SECONDS,
        retry_handlers=[],
        logger=logging.getLogger("slack_sdk.web"),
    )
    if urlsplit(api_url).hostname in ("127.0.0.1", "localhost", "::1"):
        client.proxy = None  # the SDK takes HTTPS_PROXY even for this machine
    return client


class Web:
    """Slack's Web API with every refusal translated."""

    def __init__(self, client: AsyncWebClient) -> None:
        self.client = client
        self.scopes: frozenset[str] = frozenset()
        # Where an app that is installed for a whole organisation looks names up.
        self.team_id = ""
        # Which environment's bot posts: another's of the same app finds it in what was posted.
        self.environment = ""

    async def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call one method with JSON arguments; leave out those that are None.

        Raises PostError. Of what cannot be known (a connection that broke after sending, an
        answer of 5xx) it says `ambiguous`: it may have been done.
        """
        body = {key: value for key, value in arguments.items() if value is not None}
        with _translated(method):
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self.client.api_call(method, json=body)
        self.scopes = _scopes(answer.headers) or self.scopes
        return _data(method, answer)

    async def open_socket(self, app_token: str) -> str:
        """Return a one-time WebSocket address for Socket Mode. Raises PostError."""
        with _translated("apps.connections.open"):
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self.client.apps_connections_open(app_token=app_token)
        return str(_data("apps.connections.open", answer).get("url") or "")

    async def query(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method that only reads; its arguments travel in the query, which all take.

        Raises PostError, as `call` does.
        """
        params = {
            key: str(value).lower() if isinstance(value, bool) else value
            for key, value in arguments.items()
            if value not in (None, "")
        }
        with _translated(method):
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self.client.api_call(method, params=params)
        return _data(method, answer)

    async def upload(self, channel: str, thread_ts: str, file: Attachment) -> None:
        """Share a file in a thread, or outside one. Raises PostError."""
        with _translated("files.upload"):
            await self.client.files_upload_v2(
                channel=channel,
                thread_ts=thread_ts or None,
                filename=file.filename,
                content=file.content,
                title=file.title or file.filename,
                alt_txt=file.alt or None,
            )


@contextmanager
def _translated(method: str) -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        raise _refusal(method, error) from error
    except aiohttp.ClientHttpProxyError as error:
        why = f"the proxy of HTTPS_PROXY refuses us (HTTP {error.status})"
        raise PostError(PostFailure.UNAVAILABLE, f"{method}: {why}", hint=PROXY_HINT) from error
    except aiohttp.ClientConnectorError as error:
        raise _unreachable(method, error) from error
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
        raise PostError(PostFailure.AMBIGUOUS, f"{method}: no answer{_why(error)}") from error
    except UNREADABLE as error:
        raise _unreadable(method) from error


def _unreachable(method: str, error: aiohttp.ClientConnectorError) -> PostError:
    where = place_shown(f"{error.host}:{error.port}")
    is_proxy = isinstance(error, aiohttp.ClientProxyConnectionError)
    what = "the proxy of HTTPS_PROXY" if is_proxy else "Slack"
    trouble = network_trouble(error, what, where=where, ca="SSL_CERT_FILE in the bot's environment")
    why = f": {trouble.message}" if trouble else ""
    hint = trouble.hint if trouble else ""
    if is_proxy:
        why, hint = f": {what} at {where} does not answer{why}", PROXY_HINT
    return PostError(PostFailure.UNAVAILABLE, f"{method}: Slack is not reachable{why}", hint=hint)


def _why(error: Exception) -> str:
    trouble = network_trouble(error, "Slack")
    return f" ({trouble.message})" if trouble else ""


def _unreadable(method: str) -> PostError:
    return PostError(PostFailure.AMBIGUOUS, f"{method}: the answer cannot be read")


def _data(method: str, answer: Any) -> dict[str, Any]:
    if not isinstance(answer.data, Mapping):
        raise _unreadable(method)
    return dict(answer.data)


def _refusal(method: str, error: SlackApiError) -> PostError:
    response = error.response
    status, code = _status(response), _code(response)
    if status == 429 or code in ("ratelimited", "rate_limited"):
        wait = _retry_after(getattr(response, "headers", None))
        return PostError(PostFailure.LIMITED, f"{method}: rate limited", retry_after=wait)
    if status >= 500 and code not in FAILURES:
        failure = PostFailure.UNAVAILABLE if status == 503 else PostFailure.AMBIGUOUS
        return PostError(failure, f"{method}: Slack answered {status}")
    if not code and status in MAY_BE_DONE:
        return _unreadable(method)
    failure = FAILURES.get(code, PostFailure.REFUSED)
    return PostError(
        failure,
        f"{method}: {code or 'refused'}",
        hint=HINTS.get(code, ""),
        notes=refusal_notes(getattr(response, "data", response)),
    )


def refusal_notes(data: Any) -> tuple[str, ...]:
    """Return what Slack says about the parts of a payload it refused."""
    metadata = data.get("response_metadata") if isinstance(data, Mapping) else None
    notes = metadata.get("messages") if isinstance(metadata, Mapping) else None
    return tuple(str(note)[:300] for note in notes) if isinstance(notes, list) else ()


def _status(response: Any) -> int:
    """Return the HTTP status; for a body that is no JSON the SDK hands out aiohttp's answer."""
    return int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)


def _code(response: Any) -> str:
    data = getattr(response, "data", response)
    return str(data.get("error") or "") if isinstance(data, Mapping) else ""


def _retry_after(headers: Any) -> float:
    text = _header(headers, "retry-after")
    return float(text) if text.isdigit() else DEFAULT_RETRY_AFTER


def _scopes(headers: Any) -> frozenset[str]:
    told = _header(headers, "x-oauth-scopes")
    return frozenset(scope.strip() for scope in told.split(",") if scope.strip())


def _header(headers: Any, wanted: str) -> str:
    """Return a header; names come in any case, values sometimes as lists."""
    if not isinstance(headers, Mapping):
        return ""
    for name, value in headers.items():
        if str(name).lower() == wanted:
            return str(value[0] if isinstance(value, list) and value else value)
    return ""


async def patiently(error: PostError, waited: float, limit: float) -> float:
    """Wait as long as a rate limit says, unless the patience of `limit` seconds is used up.

    Returns the seconds waited so far; raises `error` again when it is another failure.
    """
    pause = max(0.1, error.retry_after)
    if error.failure is not PostFailure.LIMITED or waited + pause > limit:
        raise error
    await asyncio.sleep(pause)
    return waited + pause
