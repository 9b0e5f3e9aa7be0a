"""Why the model's provider failed on a comparison, by its rows and by the log's lines; pure.

One reader for both: what a row's error details and what a line of the LLM provider service say of
the provider's answer become one `FailureReason` of a closed list.
"""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.border.outside import raw
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.domain.batch import ErrorGroup
from bot.domain.batch.error_words import FINER, OF_PROVIDER
from bot.domain.log import LogEvent, Role, kept_on
from bot.text.redaction import UUID

# The first that matches names the reason: words say more than a status, a status more than a class.
_SPOKEN: tuple[tuple[FailureReason, re.Pattern[str]], ...] = tuple(
    (FailureReason(one.reason), re.compile(one.pattern, re.IGNORECASE)) for one in OF_PROVIDER
)
_FINER: tuple[tuple[FailureReason, FailureReason, re.Pattern[str]], ...] = tuple(
    (FailureReason(one.narrows), FailureReason(one.reason), re.compile(one.pattern, re.IGNORECASE))
    for one in FINER
)
_BY_STATUS: Mapping[int, FailureReason] = {
    0: FailureReason.CONNECTION,
    401: FailureReason.KEY,
    403: FailureReason.PERMISSION,
    404: FailureReason.MODEL,
    408: FailureReason.TIMEOUT,
    413: FailureReason.TOO_LONG,
    429: FailureReason.RATE_LIMIT,
    504: FailureReason.TIMEOUT,
    529: FailureReason.OVERLOADED,
}
# A row's words are of a class, within which the status says more.
_FINER_BY_STATUS: Mapping[tuple[FailureReason, int], FailureReason] = {
    (FailureReason.KEY, 403): FailureReason.PERMISSION,
}
# The service's own codes of what it says nothing more of.
_BY_CODE: Mapping[str, FailureReason] = {"PARSING_ERROR": FailureReason.ANSWER}
# A busy service has needed minutes to log that each item of a bundle failed.
BUNDLE_WITHIN = timedelta(minutes=5)
_STATUS = re.compile(r"(?:call failed|API error|API failure|HTTP status \d{3}): (\d{3})\b")
MOST_ANSWER = 600
# It names the request whose call failed, also where no other line does.
REQUEST_FAILED = "Published LLM provider failure event"
# What a line that says why the model's provider failed holds, in either revision's words.
_CAUSES = (
    "Anthropic API failure",
    "Anthropic API call failed",
    "Unexpected error calling Anthropic API",
    "Anthropic API error",
    "failed with HuleEduError",
    "LLM service error processing request",
)
NEEDLES = (*_CAUSES, REQUEST_FAILED)
# It holds the model's whole answer and names no request: the failure that its service tells next
# does.
NO_TOOL = "No tool use found in "
_DECLINED = re.compile(r"stop_reason\W{1,8}refusal\b")
DECLINED_WITHIN = timedelta(seconds=30)


def reason_of(texts: Sequence[str], status: int | None = None) -> FailureReason:
    """Return the reason that words and status of an answer name; UNKNOWN when they name none."""
    found = next((match for text in texts if (match := _STATUS.search(text))), None)
    if status is None and found:
        status = int(found[1])
    for reason, pattern in _SPOKEN:
        if any(pattern.search(text) for text in texts):
            return _narrowed(reason, texts, status)
    if status is None:
        return FailureReason.UNKNOWN
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return FailureReason.SERVER
    return FailureReason.REFUSED if 400 <= status < 500 else FailureReason.UNKNOWN


def _narrowed(reason: FailureReason, texts: Sequence[str], status: int | None) -> FailureReason:
    """Return what its words, or the status, say more of a reason; itself where they say no more."""
    for narrows, finer, pattern in _FINER:
        if narrows is reason and any(pattern.search(text) for text in texts):
            return finer
    return _FINER_BY_STATUS.get((reason, status or 0), reason)


def reason_of_group(group: ErrorGroup) -> FailureReason:
    """Return the reason that error rows name."""
    said = (group.code, group.error_type, group.provider_error_type, group.message)
    found = reason_of(said, group.http_status)
    return _BY_CODE.get(group.code, found) if found is FailureReason.UNKNOWN else found


@kept_on("_failure")
def reason_of_line(event: LogEvent) -> FailureReason | None:
    """Return the reason that a line of the LLM provider names; None for any other line."""
    if event.role is not Role.LLM_PROVIDER or event.level not in ("error", "warning", "critical"):
        return None
    said = event.event
    if not any(needle in said for needle in _CAUSES) and " failed: " not in said:
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


def names_failed(event: LogEvent) -> bool:
    """Say whether a line names the one request of a bundle whose call failed."""
    return event.role is Role.LLM_PROVIDER and event.event.startswith(REQUEST_FAILED)


def declined(events: Iterable[LogEvent], requests: Set[str]) -> bool:
    """Say whether the model declined to answer one of the requests, by the answer that it gave."""
    at = dict[str, datetime]()
    for event in events:
        if event.role is not Role.LLM_PROVIDER or event.at is None:
            continue
        if event.event.startswith(NO_TOOL) and _DECLINED.search(raw(event.text)):
            at[event.container] = event.at
        elif names_failed(event) and (then := at.pop(event.container, None)) is not None:
            mine = bool(ids_of(event) & requests)
            if mine and event.at - then <= DECLINED_WITHIN:
                return True
    return False


def is_of_request(event: LogEvent) -> bool:
    """Say whether a failing line is about a request as a whole, and not the model's own answer."""
    return " failed: " in event.event or "failed with HuleEduError" in event.event


def status_of_line(event: LogEvent) -> int | None:
    """Return the HTTP status of the provider's answer that a line names."""
    found = _STATUS.search(event.event)
    return int(found[1]) if found else None


def ids_of(event: LogEvent) -> set[str]:
    """Return the ids of the request that a line is about, of its queue entry too."""
    told = (event.event, event.fields.get("correlation_id"), event.fields.get("request_id"))
    return set().union(*(_named_in(raw(one)) for one in told if isinstance(one, str)))


def _named_in(text: str) -> set[str]:
    return {one.lower() for one in UUID.findall(text)}


@dataclass(frozen=True, slots=True)
class FailedCall:
    """The request whose call failed last in a container; `at` is when a line last named it."""

    ids: frozenset[str] = frozenset()
    at: datetime | None = None
    reason: FailureReason | None = None

    def failed(self, item: LogEvent, reason: FailureReason) -> bool:
        """Say whether an item's line may repeat its answer: the same, soon after the one before."""
        if not self.ids or self.at is None or item.at is None:
            return False
        return item.at - self.at <= BUNDLE_WITHIN and self.reason in (None, reason)


def failed_call(
    before: FailedCall | None, event: LogEvent, reason: FailureReason | None
) -> FailedCall:
    """Return which request failed last, after one more line."""
    before = before or FailedCall()
    if reason is not None and is_of_request(event) and before.failed(event, reason):
        return replace(before, at=event.at)
    if not (names_failed(event) or (reason is not None and not is_of_request(event))):
        return before
    ids = frozenset(ids_of(event))
    if reason is None and ids == before.ids:
        # The same failure, of which the line before said why.
        return before
    return FailedCall(ids, event.at, reason) if ids else before
