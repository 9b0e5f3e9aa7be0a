"""Loki's HTTP and websocket API: authentication, tenant, retries, and its refusals as types.

https://grafana.com/docs/loki/latest/reference/loki-http-api/
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from bot.border.outside import Outside
from bot.domain.evidence import LogStore
from bot.drivers.network import (
    PORT_ABOVE,
    WHICH_PORTS,
    Trouble,
    has_port_above,
    network_trouble,
    place_shown,
)
from bot.errors import SourceError

NAME = LogStore.LOKI.source_name
TIMEOUT_SECONDS = 20.0
TRIES = 4
MAX_WAIT_SECONDS = 10.0
MAX_ANSWER_BYTES = 256 << 20
# A long time is asked for in pieces: Loki and a proxy before it bound what is outstanding at once.
AT_ONCE = 8
# Of the address that a shipper pushes to, or that a request was copied from.
_API = re.compile(r"/(?:loki/api|api/prom)(?:/[^?#]*)?$")
_BUSY = frozenset({429, 500, 502, 503, 504})
_ENTRIES = re.compile(r"max.entries.limit\w* .*?\(\d+ > (\d+)\)", re.S)
_LENGTH = re.compile(r"(?:limit|max)\w*:? ?((?:\d+(?:\.\d+)?(?:w|d|h|ms|m|s))+)\)?\s*\Z")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|[wdhms])")
_SECONDS = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


class EntriesLimitError(Exception):
    """More entries were asked for than the server gives in one answer; `limit` is what it gives."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit} entries in one answer")
        self.limit = limit


class RangeLimitError(Exception):
    """A longer time was asked for than the server searches at once; None when it says no length."""

    def __init__(self, limit: timedelta | None) -> None:
        super().__init__(f"at most {limit} in one query")
        self.limit = limit


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
                return _decoded(body)
            if status not in _BUSY or attempt == TRIES - 1:
                raise _refusal(status, body)
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


def _decoded(body: bytes) -> Any:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SourceError(
            NAME,
            "what answers at LOKI_URL is not Loki, or a log-in page: no JSON",
            hint=_LOGIN,
            permanent=True,
        ) from error
    if not isinstance(answer, dict) or "status" not in answer:
        message = "what answers at LOKI_URL is not Loki"
        raise SourceError(NAME, message, hint="Check LOKI_URL.", permanent=True)
    if answer["status"] == "error":
        raise SourceError(NAME, f"Loki answered with an error: {Outside(str(answer.get('error')))}")
    return answer


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


@dataclass(frozen=True, slots=True)
class _Row:
    """An answer by its HTTP status and a pattern of its words."""

    statuses: tuple[int, ...]
    pattern: str
    ours: str
    hint: str
    permanent: bool = False


_LOGIN = "Check LOKI_TENANT and LOKI_TOKEN, or LOKI_USERNAME and LOKI_PASSWORD."
_ELSEWHERE = (301, 302, 303, 307, 308)
_ROWS = (
    _Row(
        (401,), "no org id", "Loki wants a tenant", "Set LOKI_TENANT; Loki calls it org id.", True
    ),
    _Row((401, 403), "", "Loki refuses us", _LOGIN, True),
    _Row(
        _ELSEWHERE,
        "",
        "a proxy before Loki sends us elsewhere, perhaps to a log-in page",
        f"Is it https:// by now? {_LOGIN}",
        True,
    ),
    _Row(
        (400, 422, 500),
        "too many bytes",
        "Loki refuses to read so much at once",
        "Ask for a shorter time (--since), or raise max_query_bytes_read at Loki.",
    ),
    _Row(
        (400, 422, 500),
        "maximum of series",
        "Loki refuses to read so many streams at once",
        "Ask for one service, or raise max_query_series at Loki.",
    ),
    _Row((404,), "", "no Loki API there", "Check LOKI_URL.", True),
    _Row((429,), "", "Loki limits our rate", "It passes; max_outstanding_per_tenant is the bound."),
    _Row((502, 504), "", "a proxy gets no answer from Loki", "It passes once Loki is back."),
    _Row((503,), "", "Loki is not ready", "It passes: wait."),
)


def _refusal(status: int, body: bytes) -> Exception:
    text = body[:2_000].decode("utf-8", "replace")
    if found := _ENTRIES.search(text):
        return EntriesLimitError(int(found.group(1)))
    if "query time range exceeds" in text or "query length" in text:
        return RangeLimitError(_span(text))
    text = _message(text)
    words = "" if "<" in text or not text.strip() else f": {Outside(text.strip())}"
    for row in _ROWS:
        if status in row.statuses and row.pattern in text:
            message = f"{row.ours} (HTTP {status}){words}"
            return SourceError(NAME, message, hint=row.hint, permanent=row.permanent)
    hint = "It passes, or see Loki's log." if status >= 500 else "See Loki's log, or a proxy's."
    return SourceError(NAME, f"Loki answered HTTP {status}{words}", hint=hint)


def _message(text: str) -> str:
    """Return what an answer says, out of the JSON of a gateway too."""
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    said = (told.get("message") or told.get("error")) if isinstance(told, dict) else None
    return said if isinstance(said, str) else text


def _span(text: str) -> timedelta | None:
    found = _LENGTH.search(text.strip().strip('"}'))
    parts = _SPAN.findall(found.group(1)) if found else []
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return timedelta(seconds=seconds) if seconds >= 1 else None
