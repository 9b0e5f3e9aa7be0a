"""What went wrong around a batch and passed: information for who saw it, and no fault of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.batch.finalisation_lines import not_finalised, violates_grades
from bot.diagnosis.batch.rules.publishing.outbox import GIVEN_UP, UNSENT
from bot.diagnosis.comparison.causes import PASSED
from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step
from bot.diagnosis.evidence.submission import says_kafka_away
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Span, Text, Time, joined, words
from bot.text.wording import many

MOST_NAMED = 2
# A client that is let go by one broker says so once; without any it goes on saying it.
LEAST_LINES = 3
# A result goes out some time after the last answer.
AFTER = timedelta(minutes=1)
# CJ says with each callback how long before that its answer came.
LATENCY, WAITED = "callback_latency_seconds", timedelta(minutes=5)


def passed(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch has its whole result, and something that went wrong meanwhile is over."""
    pairs = evidence.pairs
    if not evidence.has_result or not pairs.total or pairs.valid != pairs.total:
        return None
    found = list(_troubles(evidence))
    if not found:
        return None
    told: list[Text] = [words(what, Time(_at(lines), " at ")) for what, lines in found]
    return Finding(
        rule=PASSED,
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        what=words(joined("; ", told[:MOST_NAMED]), "; it passed"),
        why="It was done again and went well: the result holds every comparison that was sent.",
        evidence=tuple(log_line(lines[-1]) for _, lines in found[:3]),
    )


def _troubles(evidence: BatchEvidence) -> Iterator[tuple[Text, Sequence[LogEvent]]]:
    """Yield what went wrong in the batch's time, each with its lines."""
    # A run that met the first one's grades was not done again, and is told of by itself.
    failed = [one for one in not_finalised(evidence.events) if one.at and not violates_grades(one)]
    if failed and evidence.header.complete:
        yield "a finalisation failed", failed
    begun, ended = evidence.header.created_at, evidence.header.completed_at
    if ended is not None:
        away = [
            one
            for one in evidence.nearby
            if one.role is Role.LLM_PROVIDER and one.at and begun <= one.at <= ended
            and says_kafka_away(one)
        ]  # fmt: skip
        if len(away) >= LEAST_LINES:
            yield "Kafka was away", away
    refused = [one for one in evidence.nearby if one.at and _is_own_event(evidence, one)]
    if refused and not any(group.unpublished for group in evidence.rows.outbox):
        yield "an event in the outbox was refused", refused
    if late := [clue for clue in evidence.clues if _waited(evidence, clue) >= WAITED]:
        longest = max(_waited(evidence, clue) for clue in late)
        # CJ says it in two lines for each.
        count = len({clue.queue_id or clue.correlation_id for clue in late})
        yield (
            words(f"{many(count, 'callback')} waited up to ", Span(longest), " for CJ"),
            [clue.event for clue in late],
        )


def _waited(evidence: BatchEvidence, clue: LogClue) -> timedelta:
    """Return how long a callback of the batch lay before CJ took it, by CJ's own line.

    A length from before the batch began shows that the services' clocks differ.
    """
    none, at = timedelta(), clue.event.at
    is_taken = (clue.step, clue.outcome) == (Step.CONSUMED, Outcome.DONE)
    told = clue.event.fields.get(LATENCY)
    if not is_taken or at is None or not isinstance(told, int | float):
        return none
    if not {clue.queue_id, clue.correlation_id} & evidence.requests:
        return none
    waited = timedelta(seconds=told) if abs(told) < 10**6 else none
    return waited if waited <= at - evidence.header.created_at else none


def _is_own_event(evidence: BatchEvidence, event: LogEvent) -> bool:
    """Say whether the relay could not send an event of the batch: its result's bears its number."""
    header = evidence.header
    if event.role is not Role.CJ or not event.event.startswith((UNSENT, GIVEN_UP)):
        return False
    own = str(event.fields.get("aggregate_id", "")) in (header.bos_batch_id, str(header.batch_id))
    return own and event.at is not None and event.at >= header.created_at


def _at(lines: Sequence[LogEvent]) -> datetime:
    return max(one.at for one in lines if one.at)
