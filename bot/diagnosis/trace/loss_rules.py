"""What a trace says of a comparison whose request or answer was lost, and where; pure."""

from bot.diagnosis.comparison.causes import NOT_STORED
from bot.diagnosis.comparison.last_step import (
    LossPlace,
    LostAnswer,
    lost_answer,
    may_be_queued,
)
from bot.diagnosis.comparison.queue_fate.fates import LostRequest, QueueFate
from bot.diagnosis.comparison.rejections import database_fault, unstored_answer, with_fault
from bot.diagnosis.evidence.log_coverage import was_cj_read
from bot.diagnosis.evidence.submission import BROKEN_OFF, BROKEN_OFF_WHY, started_after
from bot.diagnosis.queue.timeline import OPENS_AFTER
from bot.diagnosis.trace.traced import TracedComparison, row_line
from bot.domain.batch import BatchRows
from bot.domain.evidence import LOGS, EvidenceLine, Missing
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Command, Text, Time, words
from bot.text.redaction import redact

_WHERE = {
    QueueFate.ORPHANED: "it is orphaned in the LLM queue",
    QueueFate.LOCAL: "it was lost with a local queue",
    QueueFate.EXPIRED: "it expired in the LLM queue",
    QueueFate.LEFT: "it left the LLM queue unanswered",
}


def lost_in_the_queue(traced: TracedComparison) -> Finding | None:
    """The LLM queue took the comparison in and lost it, as its batch's other ones show."""
    row, loss = traced.comparison.row, traced.loss
    if row is None or row.winner is not None or loss is None:
        return None
    line = loss.fate.event
    return Finding(
        rule=loss.of_batch.rule,
        severity=loss.of_batch.severity,
        confidence=loss.of_batch.confidence,
        what=words(f"Pair {row.pair_id} ", _how(loss.fate)),
        why=loss.of_batch.why,
        evidence=(
            *row_line(row),
            *((EvidenceLine(LOGS, line.at, redact(line.event)),) if line else ()),
        ),
        next=(*loss.of_batch.next, words(Command(f"/batch status {row.batch_id}"))),
    )


def lost_place(traced: TracedComparison) -> LostAnswer:
    """Return where its answer was lost: by its own lines, in the queue by its batch's too."""
    end = lost_answer(traced.comparison, traced.ledger)
    if traced.loss is None and broken_off_by(traced):
        where = f"{BROKEN_OFF} it"
        return LostAnswer(LossPlace.NEVER_SENT, where, BROKEN_OFF_WHY, Confidence.MEDIUM)
    if traced.loss is None:
        return _unstored_end(traced, end)
    where = _WHERE.get(traced.loss.fate.kind, end.where)
    return LostAnswer(end.kind, where, traced.loss.of_batch.why, traced.loss.of_batch.confidence)


def broken_off_by(traced: TracedComparison) -> LogEvent | None:
    """Return CJ's start after it ended while it sent the wave; None where the request was sent."""
    row, logs = traced.comparison.row, traced.comparison.logs
    if row is None or row.winner is not None or row.submitted_at is None:
        return None
    if traced.comparison.clues or traced.comparison.item or not was_cj_read(logs, row.submitted_at):
        return None
    return started_after(traced.nearby, row.submitted_at)


def may_still_wait(traced: TracedComparison) -> bool:
    """Say whether the queue was not read, its loop moves, and no line shows that it left it."""
    comparison, now = traced.comparison, traced.now
    if comparison.looked_at is not None or traced.loss is not None:
        return False
    answered = [traced.batch.pairs.last_completed_at] if isinstance(traced.batch, BatchRows) else []
    times = [*(event.at for event in comparison.dispatches), *answered]
    moved = max(filter(None, times), default=None)
    is_moving = moved is not None and now - moved <= OPENS_AFTER
    return is_moving and may_be_queued(comparison, traced.ledger, now)


def _unstored_end(traced: TracedComparison, end: LostAnswer) -> LostAnswer:
    """Return where its answer was lost, and why where the line that failed says it."""
    line = _unstored(traced)
    if line is None:
        return end
    why = f"CJ took the callback and could not store it{_fault(traced, line)}."
    return LostAnswer(LossPlace.NOT_STORED, "CJ did not store its answer", why)


def _how(fate: LostRequest) -> Text:
    """Return how the queue lost a comparison, and when."""
    at = Time(fate.at, " at ")
    if fate.kind is QueueFate.ORPHANED and fate.by_restart:
        return words("is orphaned: its worker restarted", at, " while it held it.")
    if fate.kind is QueueFate.ORPHANED:
        return words("was left in processing by the LLM provider, seen", at, ".")
    if fate.kind is QueueFate.LOCAL:
        return words("was lost with the provider's own memory by its restart", at, ".")
    if fate.kind is QueueFate.EXPIRED:
        return words("expired in the LLM queue", at, ", not answered.")
    return words("left the LLM queue unanswered, seen", at, ".")


def answer_not_stored(traced: TracedComparison) -> Finding | None:
    """CJ took the answer and could not store it."""
    row, line = traced.comparison.row, _unstored(traced)
    if row is None or row.winner is not None or line is None:
        return None
    return Finding(
        rule=NOT_STORED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"CJ took its answer and did not store it{_fault(traced, line)}.",
        why=NOT_STORED.why,
        evidence=(
            with_fault(EvidenceLine(LOGS, line.at, redact(line.event)), line),
            *row_line(row),
        ),
        next=(
            "Look at CJ's database, then ask for this comparison again: it does not come back.",
            words(Command(f"/batch status {row.batch_id}")),
        ),
    )


def _unstored(traced: TracedComparison) -> LogEvent | None:
    logs = traced.comparison.logs
    found = () if isinstance(logs, Missing) else map(unstored_answer, logs.events)
    ids = {id.lower() for id in traced.ids}
    mine = (one for one in found if one and {one.correlation_id, one.queue_id} & ids)
    return next((one.event for one in mine), None)


def _fault(traced: TracedComparison, line: LogEvent) -> str:
    told = unstored_answer(line)
    away = "its database could not be reached" if told and told.database_away else ""
    return f": {fault}" if (fault := away or database_fault(line)) else ""
