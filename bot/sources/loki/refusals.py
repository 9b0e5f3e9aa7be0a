"""What Loki, or a proxy before it, refuses, as types that say what to do; pure."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from bot.border.outside import Outside
from bot.domain.evidence import LogStore
from bot.errors import SourceError

NAME = LogStore.LOKI.source_name
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


def decoded(body: bytes) -> Any:
    """Return the JSON of an answer. Raises SourceError where it is none of Loki's."""
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


def refusal(status: int, body: bytes) -> Exception:
    """Return what an answer refuses: SourceError, EntriesLimitError or RangeLimitError."""
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
