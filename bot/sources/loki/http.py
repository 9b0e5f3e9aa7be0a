"""Loki's HTTP and websocket API: authentication, tenant, retries, and its refusals as types.

https://grafana.com/docs/loki/latest/reference/loki-http-api/
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.drivers.network import (
    PORT_ABOVE,
    WHICH_PORTS,
    Trouble,
    has_port_above,
    network_trouble,
    place_shown,
)
from bot.errors import SourceError
from bot.sources.loki.refusals import NAME, decoded, refusal

TIMEOUT_SECONDS = 20.0
TRIES = 4
MAX_WAIT_SECONDS = 10.0
MAX_ANSWER_BYTES = 256 << 20
# A long time is asked for in pieces: Loki and a proxy before it bound what is outstanding at once.
AT_ONCE = 8
# Of the address that a shipper pushes to, or that a request was copied from.
_API = re.compile(r"/(?:loki/api|api/prom)(?:/[^?#]*)?$")
_BUSY = frozenset({429, 500, 502, 503, 504})


class TailRefusedError(SourceError):
    """The websocket of a tail is refused, by a proxy perhaps; range queries may still work."""


class LokiHttp:
    """One Loki server and tenant; a token wins over a user name and password.

    Each of both may be given by what reads it.
    """

    def __init__(
        self,
        url: str,
        *,
        tenant: str = "",
        username: str = "",
        password: Callable[[], str] | str | None = None,
        token: Callable[[], str] | str | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url = _API.sub("", url).rstrip("/")
        self._where = _where(self._url)
        self._tenant = {"X-Scope-OrgID": tenant} if tenant else {}
        self._username, self._password, self._token = username, password, token
        self._sleep = sleep
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, params: Mapping[str, str]) -> Any:
        """Return the decoded answer of /loki/api/v1/<path>.

        Waits and tries again while the server is busy. Raises SourceError, EntriesLimitError and
        RangeLimitError.
        """
        for attempt in range(TRIES):
            async with self._turns:
                status, wait, body = await self._once(path, params)
            if status == 200:
                return decoded(body)
            if status not in _BUSY or attempt == TRIES - 1:
                raise refusal(status, body)
            await self._sleep(wait if wait is not None else min(0.5 * 2**attempt, MAX_WAIT_SECONDS))
        raise SourceError(NAME, "Loki stayed busy")

    async def websocket(
        self, path: str, params: Mapping[str, str]
    ) -> aiohttp.ClientWebSocketResponse:
        """Open a websocket. Raises SourceError."""
        try:
            return await self._open().ws_connect(
                self._address(path),
                params=params,
                headers=self._headers(),
                heartbeat=20,
                max_msg_size=MAX_ANSWER_BYTES,
            )
        except aiohttp.WSServerHandshakeError as error:
            message = f"the tail's websocket is refused (HTTP {error.status})"
            hint = "Let the proxy pass the headers Upgrade and Connection on."
            raise TailRefusedError(NAME, message, hint=hint) from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _unreachable(error, self._where) from error

    async def close(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _headers(self) -> dict[str, str]:
        """Return a request's headers; a password or token in a file may have been rotated."""
        if token := _now(self._token):
            return {**self._tenant, "Authorization": f"Bearer {token}"}
        if not self._username:
            return self._tenant
        login = b64encode(f"{self._username}:{_now(self._password)}".encode()).decode()
        return {**self._tenant, "Authorization": f"Basic {login}"}

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        return self._session

    def _address(self, path: str) -> str:
        if set(self._url) & set("?#"):
            raise SourceError(
                NAME,
                "LOKI_URL holds a query, to which no path can be added",
                hint="Write LOKI_URL=http://host:3100, without what begins with ? or #.",
                permanent=True,
            )
        return f"{self._url}/loki/api/v1/{path}"

    async def _once(self, path: str, params: Mapping[str, str]) -> tuple[int, float | None, bytes]:
        try:
            async with self._open().get(
                self._address(path), params=params, headers=self._headers(), allow_redirects=False
            ) as answer:
                body = await answer.content.read(MAX_ANSWER_BYTES)
                while not answer.content.at_eof() and len(body) < MAX_ANSWER_BYTES:
                    body += await answer.content.read(MAX_ANSWER_BYTES - len(body))
                return answer.status, _wait(answer.headers.get("Retry-After")), body
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _unreachable(error, self._where) from error


def _now(secret: Callable[[], str] | str | None) -> str:
    return secret() if callable(secret) else secret or ""


def _wait(text: str | None) -> float | None:
    return min(float(text), MAX_WAIT_SECONDS) if text and text.isdigit() else None


def _where(url: str) -> str:
    """Return host and port of an address, "" of one that is none."""
    try:
        return place_shown(urlsplit(url).netloc.rpartition("@")[2])
    except ValueError:
        return ""


def _unreachable(error: Exception, where: str) -> SourceError:
    if isinstance(error, TimeoutError):
        return SourceError(NAME, f"no answer within {TIMEOUT_SECONDS:g} s", timed_out=True)
    if isinstance(error, aiohttp.ClientResponseError):
        return SourceError(
            NAME,
            f"what answers at {where} does not speak HTTP",
            hint="Correct scheme, host and port of LOKI_URL; Loki's own port is 3100.",
            permanent=True,
        )
    ca = "SSL_CERT_FILE in the bot's environment"
    trouble = network_trouble(error, "Loki", where=where, ca=ca)
    if trouble is not None and not trouble.timed_out:
        reached = "hung up" in trouble.message
        message = trouble.message if reached else f"Loki could not be reached: {trouble.message}"
        return Trouble(message, trouble.hint, trouble.permanent).error(NAME, hint="Check LOKI_URL.")
    if isinstance(error, ValueError | aiohttp.NonHttpUrlClientError):
        if has_port_above(where):
            said = f"LOKI_URL {PORT_ABOVE}"
            return SourceError(NAME, said, hint=WHICH_PORTS, permanent=True)
        return SourceError(
            NAME, "LOKI_URL is malformed", hint="Write LOKI_URL=http://host:3100.", permanent=True
        )
    return SourceError(NAME, "Loki could not be reached", hint="Check LOKI_URL.")
