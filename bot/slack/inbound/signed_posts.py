"""Slack's requests over HTTP: each is taken once, after its signature was checked.

Nothing of a request is parsed before. What is refused is answered in a line and is no error of
ours, so it is not logged: anybody may knock at a public address.
"""

import asyncio
import hashlib
import hmac
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from bot.errors import SourceError

FRESH_SECONDS = 300
READ_SECONDS = 5.0
# Slack waits three seconds for an answer.
ASK_SECONDS = 1.0
MAX_BODY_BYTES = 1 << 20
_STAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")

Dispatch = Callable[[web.Request], Awaitable[web.Response]]
Takes = Callable[[str, datetime], Awaitable[bool]]
log = logging.getLogger(__name__)


class SignedPosts:
    """Hands a request on when Slack signed it, in the last minutes, and it was not here before.

    What is remembered is bounded by what Slack signs in twice FRESH_SECONDS: a stranger cannot add
    to it. Replicas behind one address ask `takes` as well, which says whether none of them took
    it; while that cannot be asked, each process knows its own requests only.
    """

    def __init__(
        self,
        secret: str,
        dispatch: Dispatch,
        takes: Takes | None = None,
        *,
        now: Callable[[], float] = time.time,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._secret = secret.encode()
        self._dispatch = dispatch
        self._takes = takes
        self._now = now
        self._read_seconds = read_seconds
        self._seen: OrderedDict[str, float] = OrderedDict()

    async def post(self, request: web.Request) -> web.Response:
        """Answer one request: 401 what is unsigned, stale or known, 413 or 408 what is endless."""
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not (self._is_fresh(stamp) and _SIGNATURE.fullmatch(signature)):
            return _refused("invalid request", 401)
        if (request.content_length or 0) > MAX_BODY_BYTES:
            return _refused("too large", 413)
        try:
            async with asyncio.timeout(self._read_seconds):
                body = await request.read()
        except TimeoutError:
            return _refused("too slow", 408)
        except web.HTTPRequestEntityTooLarge:
            return _refused("too large", 413)
        except web.RequestPayloadError:
            return _refused("invalid request", 400)
        if not self._is_signed(stamp, body, signature) or self._is_again(signature):
            return _refused("invalid request", 401)
        if await self._is_taken_elsewhere(signature):
            return _refused("invalid request", 401)
        return await self._dispatch(request)

    def _is_fresh(self, stamp: str) -> bool:
        return bool(_STAMP.fullmatch(stamp)) and abs(self._now() - int(stamp)) <= FRESH_SECONDS

    def _is_signed(self, stamp: str, body: bytes, signature: str) -> bool:
        base = b"v0:" + stamp.encode() + b":" + body
        made = "v0=" + hmac.new(self._secret, base, hashlib.sha256).hexdigest()
        return hmac.compare_digest(made, signature)

    def _is_again(self, signature: str) -> bool:
        """Say whether a valid signature was here before, and remember it while it is fresh."""
        now = self._now()
        while self._seen and now - next(iter(self._seen.values())) > 2 * FRESH_SECONDS:
            self._seen.popitem(last=False)
        if signature in self._seen:
            return True
        self._seen[signature] = now
        return False

    async def _is_taken_elsewhere(self, signature: str) -> bool:
        """Say whether another replica took the request; False while that cannot be known."""
        if self._takes is None:
            return False
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return not await self._takes(signature, datetime.fromtimestamp(self._now(), UTC))
        except (SourceError, TimeoutError) as error:
            log.warning("whether another replica took a request is not known: %s", error)
            return False


def _refused(why: str, status: int) -> web.Response:
    return web.json_response({"error": why}, status=status)
