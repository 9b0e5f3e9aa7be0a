"""Why the model's provider failed on a comparison, by its rows and by the log's lines; pure.

One reader for both: what a row's error details and what a line of the LLM provider service say of
the provider's answer become one `FailureReason` of a closed list.
"""

import re
from collections.abc import Mapping, Sequence

from bot.border.outside import raw
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.domain.batch import ErrorGroup
from bot.domain.batch.error_words import OF_PROVIDER
from bot.domain.log import LogEvent, Role

# The first that matches names the reason: words say more than a status, a status more than a class.
_SPOKEN: tuple[tuple[FailureReason, re.Pattern[str]], ...] = tuple(
    (FailureReason(one.reason), re.compile(one.pattern, re.IGNORECASE)) for one in OF_PROVIDER
)
_BY_STATUS: Mapping[int, FailureReason] = {
    0: FailureReason.CONNECTION,
    401: FailureReason.KEY,
    403: FailureReason.KEY,
    404: FailureReason.MODEL,
    408: FailureReason.TIMEOUT,
    413: FailureReason.TOO_LONG,
    429: FailureReason.RATE_LIMIT,
    504: FailureReason.TIMEOUT,
    529: FailureReason.OVERLOADED,
}
# The service's own codes of what it says nothing more of.
_BY_CODE: Mapping[str, FailureReason] = {"PARSING_ERROR": FailureReason.ANSWER}
_STATUS = re.compile(r"(?:call failed|API error|API failure|HTTP status \d{3}): (\d{3})\b")
MOST_ANSWER = 600
# What a line that says why the model's provider failed holds, in either revision's words.
NEEDLES = (
    "Anthropic API failure",
    "Anthropic API call failed",
    "Unexpected error calling Anthropic API",
    "Anthropic API error",
    "failed with HuleEduError",
    "LLM service error processing request",
)


def reason_of(texts: Sequence[str], status: int | None = None) -> FailureReason:
    """Return the reason that words and status of an answer name; UNKNOWN when they name none."""
    for reason, pattern in _SPOKEN:
        if any(pattern.search(text) for text in texts):
            return reason
    found = next((match for text in texts if (match := _STATUS.search(text))), None)
    if status is None and found:
        status = int(found[1])
    if status is None:
        return FailureReason.UNKNOWN
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return FailureReason.SERVER
    return FailureReason.REFUSED if 400 <= status < 500 else FailureReason.UNKNOWN


def reason_of_group(group: ErrorGroup) -> FailureReason:
    """Return the reason that error rows name."""
    said = (group.code, group.error_type, group.provider_error_type, group.message)
    found = reason_of(said, group.http_status)
    return _BY_CODE.get(group.code, found) if found is FailureReason.UNKNOWN else found


def reason_of_line(event: LogEvent) -> FailureReason | None:
    """Return the reason that a line of the LLM provider names; None for any other line."""
    if event.role is not Role.LLM_PROVIDER or event.level not in ("error", "warning", "critical"):
        return None
    said = event.event
    if not any(needle in said for needle in NEEDLES) and " failed: " not in said:
        return None
    reason = reason_of((said, _answer(event)))
    if reason is FailureReason.UNKNOWN and event.error:
        return reason_of((event.error.kind, *event.error.chain))
    return reason


def _answer(event: LogEvent) -> str:
    """Return the model's answer that stands behind a line, to be matched; empty without one.

    The border hides the field's value, so it is read off the line itself.
    """
    text = raw(event.text)
    place = text.find("error_text")
    return text[place : place + MOST_ANSWER].partition("correlation_id")[0] if place >= 0 else ""


def is_of_request(event: LogEvent) -> bool:
    """Say whether a failing line is about a request as a whole, and not the model's own answer."""
    return " failed: " in event.event or "failed with HuleEduError" in event.event


def status_of_line(event: LogEvent) -> int | None:
    """Return the HTTP status of the provider's answer that a line names."""
    found = _STATUS.search(event.event)
    return int(found[1]) if found else None
