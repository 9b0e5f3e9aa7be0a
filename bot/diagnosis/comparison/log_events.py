"""What one log line says about one comparison's way through the services; pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from sys import intern

from bot.border.outside import raw
from bot.domain.log import LogEvent, kept_on
from bot.text.redaction import UUID as UUID_TEXT
from bot.text.redaction import head_of, redact


class Step(StrEnum):
    """The way of a comparison, in order."""

    CREATED = "created"
    SENT = "sent"
    QUEUED = "queued"
    DISPATCHED = "dispatched"
    ANSWERED = "answered"
    PUBLISHED = "published"
    CONSUMED = "consumed"
    STORED = "stored"
    SCORED = "scored"


STEPS = tuple(Step)


class Outcome(StrEnum):
    """How a step went, by its line."""

    DONE = "done"
    FAILED = "failed"
    REQUEUED = "requeued"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    STRAY = "stray"
    REJECTED = "rejected"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class LogClue:
    """A line that shows a step: its outcome, and the ids it binds together (lower case)."""

    step: Step
    outcome: Outcome
    event: LogEvent
    queue_id: str = ""
    correlation_id: str = ""

    @property
    def rejected_field(self) -> str:
        """The field a consumer missed, empty unless the line is such a rejection."""
        match = _rejection(self.event)
        return _REJECTED_FIELDS[match.group(1)] if match else ""


_ID = r"(?P<queue>[0-9a-fA-F-]{36})"
_PATTERNS: tuple[tuple[Step, Outcome, re.Pattern[str]], ...] = tuple(
    (step, outcome, re.compile(pattern))
    for step, outcome, pattern in (
        (Step.CONSUMED, Outcome.STRAY, r"Cannot find comparison pair for callback"),
        (Step.SENT, Outcome.DONE, r"Sending LLM comparison request with correlation_id"),
        (Step.SENT, Outcome.DONE, r"Request queued for processing - results will be delivered"),
        (Step.SENT, Outcome.FAILED, r"Unexpected error processing task"),
        (Step.QUEUED, Outcome.DONE, r"Queuing LLM request for provider"),
        (Step.QUEUED, Outcome.DONE, rf"Queued request {_ID}"),
        (Step.QUEUED, Outcome.DONE, rf"Request queued successfully .*queue_id: {_ID}"),
        (Step.QUEUED, Outcome.DONE, rf"Request queued with ID: {_ID}"),
        (Step.QUEUED, Outcome.HELD, rf"Using local queue for request {_ID}"),
        (Step.QUEUED, Outcome.HELD, rf"Redis queue full or failed for {_ID}"),
        (Step.DISPATCHED, Outcome.DONE, rf"Processing queued request {_ID}"),
        (Step.ANSWERED, Outcome.DONE, rf"Request {_ID} completed successfully"),
        (Step.ANSWERED, Outcome.EXPIRED, rf"Request {_ID} has expired"),
        (Step.ANSWERED, Outcome.REQUEUED, rf"Requeueing request {_ID}"),
        (Step.ANSWERED, Outcome.FAILED, rf"Failed to re-enqueue request {_ID}"),
        (Step.ANSWERED, Outcome.FAILED, rf"Request {_ID} failed"),
        (Step.ANSWERED, Outcome.FAILED, rf"LLM service error processing request {_ID}"),
        (
            Step.PUBLISHED,
            Outcome.FAILED,
            rf"Failed to publish (?:error )?callback event for .*?{_ID}",
        ),
        (Step.PUBLISHED, Outcome.DONE, rf"Published (?:success|error) callback event for .*?{_ID}"),
        (Step.CONSUMED, Outcome.DONE, rf"Processing LLM comparison callback for request {_ID}"),
        (
            Step.CONSUMED,
            Outcome.DONE,
            rf"Received (?:successful comparison|error callback).*?{_ID}",
        ),
        (Step.CONSUMED, Outcome.FAILED, r"Error in callback processing"),
        (Step.STORED, Outcome.DONE, r"Updated comparison pair .* with (?:success|error) result"),
        (Step.STORED, Outcome.DUPLICATE, r"Comparison pair .* already has result"),
    )
)
# A step stands at a message's beginning; a message that repeats one without end is not followed.
MOST_SAID = 4_096
# What each pattern begins with, as it stands: to find that takes a tenth of a search by pattern.
_BEGINNINGS = tuple(re.split(r"[(.]", pattern.pattern)[0] for _, _, pattern in _PATTERNS)
# One look tells most lines from those that show a step.
_STARTS = re.compile("|".join(sorted(set(_BEGINNINGS))))
_REJECTED_FIELDS = {"essayidentifiers": "essay_a_id", "prompthash": "prompt_sha256"}
_REJECTION = re.compile(
    r"Comparisoncallbackmissing(essayidentifiers|prompthash);correlation=([0-9a-fA-F-]{36})"
)
# One of a rejection's words, to be found before all white space is taken out of a line.
_MISSING = re.compile(r"\s*".join("missing"))
MOST_LOOKED_AT = 200_000
_CORRELATION = re.compile(r"correlation[_ ]?id['\"]?[:=]\s*['\"]?([0-9a-fA-F-]{36})", re.IGNORECASE)


def clue_of(event: LogEvent) -> LogClue | None:
    """Read the step that a log event shows; None when it shows none."""
    read = _step_of(event)
    return None if read is None else LogClue(read[0], read[1], event, read[2], read[3])


@kept_on("_step")
def _step_of(event: LogEvent) -> tuple[Step, Outcome, str, str] | None:
    """Return the step, its outcome and the two ids; a clue itself would hold on to its event."""
    if rejection := _rejection(event):
        id = rejection.group(2).lower()
        return Step.CONSUMED, Outcome.REJECTED, "", id
    said = raw(event.event)[:MOST_SAID]
    if _STARTS.search(said) is None:
        return None
    for (step, outcome, pattern), beginning in zip(_PATTERNS, _BEGINNINGS, strict=True):
        if beginning in said and (match := pattern.search(said)):
            queue = match.groupdict().get("queue") or _field(event, "request_id", "queue_id")
            # A request's lines share its ids: a long log holds each of them once.
            return step, outcome, intern(queue.lower()), intern(_correlation(event))
    return None


def clues_of(events: Iterable[LogEvent], ids: frozenset[str]) -> tuple[LogClue, ...]:
    """Return the clues about any of the ids, in the order of the events."""
    found = (clue for event in events if (clue := clue_of(event)) is not None)
    return tuple(clue for clue in found if {clue.queue_id, clue.correlation_id} & ids)


def line_text(event: LogEvent) -> str:
    """Return an event as one line for people: redacted, with the error's class, never its trace."""
    kind = event.error.shown_kind if event.error else ""
    kind = f" ({kind})" if kind and kind not in event.event else ""
    return redact(head_of(raw(event.event or event.text[:400])) + kind)


def _correlation(event: LogEvent) -> str:
    match = _CORRELATION.search(event.event)
    return match.group(1).lower() if match else _field(event, "correlation_id").lower()


def _field(event: LogEvent, *names: str) -> str:
    """Return the uuid that a field holds; a value may read `UUID('…')`."""
    for name in names:
        match = UUID_TEXT.search(_plain(event.fields.get(name)))
        if match:
            return match.group(1)
    return ""


def _rejection(event: LogEvent) -> re.Match[str] | None:
    """Find a rejection in an event without its white space: terminals and boxes cut ids in two."""
    text = raw(event.text)[:MOST_LOOKED_AT]
    return _REJECTION.search("".join(text.split())) if _MISSING.search(text) else None


def _plain(value: object) -> str:
    return raw(value) if isinstance(value, str) else str(value or "")
