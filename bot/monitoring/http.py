"""The bot's own HTTP side: is it alive, is it ready, what has it counted."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.monitoring.version import version

Check = Callable[[], tuple[bool, str]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_BODY_BYTES = 1 << 20
# How long a connection may be open without a whole request, and go on with one that was answered.
IDLE_SECONDS = 20.0
LINGER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Health:
    """The checks by name; a failing one makes the bot not ready, with the reason in words.

    `life` is the check of what only a new start of the process may mend.
    """

    checks: Mapping[str, Check]
    metrics: Callable[[], bytes]
    life: Check = lambda: (True, "alive")
    environment: str = ""

    def report(self) -> tuple[bool, dict[str, str]]:
        """Run every check; each is quick and reads only what is already known."""
        results = {name: check() for name, check in self.checks.items()}
        return all(ok for ok, _ in results.values()), {
            name: detail for name, (_, detail) in results.items()
        }


def build_site(health: Health, routes: Mapping[str, Handler] | None = None) -> web.Application:
    """Return the application; `routes` are further paths that take POST, such as Slack's events."""

    async def healthz(_: web.Request) -> web.Response:
        alive, status = health.life()
        body = {"status": status, "version": version(), "environment": health.environment}
        return web.json_response(body, status=200 if alive else 503)

    async def readyz(_: web.Request) -> web.Response:
        ok, details = health.report()
        body = {"status": "ready" if ok else "not ready", "checks": details}
        return web.json_response(body, status=200 if ok else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=health.metrics(), headers={"Content-Type": "text/plain; version=0.0.4"}
        )

    site = web.Application(client_max_size=MAX_BODY_BYTES)
    site.router.add_get("/healthz", healthz)
    site.router.add_get("/readyz", readyz)
    site.router.add_get("/metrics", metrics)
    for path, handler in (routes or {}).items():
        site.router.add_post(path, handler)
    return site


class _NotGarbage(logging.Filter):
    """Keeps a request that is none from being logged as an error of ours: anybody may send one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is about the bot itself."""
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        return not isinstance(error, HttpProcessingError | web.RequestPayloadError | UnicodeError)


def _quiet_logger() -> logging.Logger:
    quiet = logging.getLogger("batchbot.http")
    quiet.filters[:] = [_NotGarbage()]
    return quiet


async def serve(site: web.Application, host: str, port: int) -> web.AppRunner:
    """Start the site and return its runner, which is to be cleaned up.

    Raises OSError and UnicodeError.
    """
    runner = web.AppRunner(
        site,
        access_log=None,
        handler_cancellation=False,
        logger=_quiet_logger(),
        keepalive_timeout=IDLE_SECONDS,
        lingering_time=LINGER_SECONDS,
        # A signature is over the bytes that were sent, and nobody who asks us packs them.
        auto_decompress=False,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except (OSError, UnicodeError):
        await runner.cleanup()
        raise
    return runner
