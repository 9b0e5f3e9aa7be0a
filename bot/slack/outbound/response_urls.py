"""Answers through a response_url, which Slack takes five times within 30 minutes."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.errors import PostError, PostFailure
from bot.slack.outbound.web_api import refusal_notes

MAX_RESPONSES = 4
RESPONSE_SECONDS = 10


class ResponseUrls:
    """Counts the uses of each response_url, so that the last one is never spent."""

    def __init__(self, limit: int = MAX_RESPONSES, remembered: int = 5_000) -> None:
        self._uses: OrderedDict[str, int] = OrderedDict()
        self._limit = limit
        self._remembered = remembered

    def use(self, url: str) -> bool:
        """Take one use, or say that there is none left."""
        used = self._uses.pop(url, 0)
        self._uses[url] = used + 1
        if len(self._uses) > self._remembered:
            self._uses.popitem(last=False)
        return used < self._limit


async def post_to(session: aiohttp.ClientSession, url: str, body: Mapping[str, Any]) -> None:
    """Post one answer. Raises PostError."""
    timeout = aiohttp.ClientTimeout(total=RESPONSE_SECONDS)
    try:
        async with session.post(url, json=body, timeout=timeout) as answer:
            told = (await answer.text())[:2_000]
            status, wait = answer.status, answer.headers.get("Retry-After", "1")
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise PostError(PostFailure.UNAVAILABLE, type(error).__name__) from error
    if status == 429:
        after = float(wait) if wait.isdigit() else 1.0
        raise PostError(PostFailure.LIMITED, "rate limited", retry_after=after)
    code, notes = _error_of(status, told)
    if code:
        refused = "blocks" in code or "too_long" in code or "no_text" in code
        failure = PostFailure.PAYLOAD if refused else PostFailure.UNAVAILABLE
        raise PostError(failure, code, notes=notes)


def _error_of(status: int, told: str) -> tuple[str, tuple[str, ...]]:
    """Return the error word of an answer, empty when it was taken, and Slack's notes on it."""
    if told.startswith("{"):
        try:
            data = json.loads(told)
        except ValueError:
            data = {}
        if isinstance(data, dict) and data.get("ok") is False:
            return str(data.get("error") or "refused"), refusal_notes(data)
    return ("", ()) if status < 300 else (told[:80] or f"http_{status}", ())
