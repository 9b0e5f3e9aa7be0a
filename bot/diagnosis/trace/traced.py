"""One traced comparison as its rules read it, and the evidence lines that they show of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.diagnosis.comparison.evidence import ComparisonEvidence, Ledger
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures, failure_of
from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step, line_text
from bot.diagnosis.trace.evidence import QueueLoss
from bot.domain.batch import BatchRows, PairRow
from bot.domain.callbacks.callback import SeenCallback
from bot.domain.evidence import DATABASE, LOGS, TOPIC, EvidenceLine, Missing
from bot.domain.log import LogEvent


@dataclass(frozen=True, slots=True)
class TracedComparison:
    """One traced comparison with everything its rules need; `others` share its error.

    `nearby` are lines without an id from the time of its submission, `loss` is how the LLM queue
    lost it, `is_stuck` whether the queue that holds it does not move.
    """

    id: str
    now: datetime
    comparison: ComparisonEvidence
    ledger: Ledger
    owned: bool | None
    others: tuple[PairRow, ...] = ()
    batch: BatchRows | Missing | None = None
    nearby: tuple[LogEvent, ...] = ()
    ids: frozenset[str] = frozenset()
    loss: QueueLoss | None = None
    is_stuck: bool = False

    @property
    def failure(self) -> Failures | None:
        """Why the model's provider failed on it, by row and lines; None where it did not."""
        row, logs = self.comparison.row, self.comparison.logs
        if row is None or row.winner != "error":
            return None
        return failure_of(row, () if isinstance(logs, Missing) else logs.events, self.ids)

    @property
    def turned_away(self) -> tuple[LogClue, ...]:
        """The lines in which a consumer rejected the callback, and no other one of its request."""
        found = self.comparison.of(Step.CONSUMED, Outcome.STRAY, Outcome.REJECTED)
        own = tuple(one for one in found if one.correlation_id in ("", *self.ids))
        return own or found

    @property
    def rejected_callbacks(self) -> tuple[SeenCallback, ...]:
        """The callbacks on the topic that fail their contract."""
        return tuple(callback for callback in self.comparison.callbacks if callback.rejected)

    @property
    def rejected(self) -> bool:
        """Whether anything turned the callback away."""
        return bool(self.turned_away or self.rejected_callbacks)


def error_words(traced: TracedComparison, row: PairRow) -> str:
    """Return why an error row failed."""
    failure = traced.failure
    if failure is None or failure.reason is FailureReason.UNKNOWN:
        return "no cause recorded"
    wait = f", Retry-After {failure.retry_after} s" if failure.retry_after else ""
    return f"{failure.what}{wait}"


def row_line(row: PairRow) -> tuple[EvidenceLine, ...]:
    """Return the line that a row without a valid answer makes: its error, or that it has none."""
    if row.winner is None:
        text = f"pair {row.pair_id}: no answer, winner empty"
        return (EvidenceLine(DATABASE, row.submitted_at, text),)
    said = [row.error_code or "no error code", row.error_service or "?"]
    said += [f"HTTP {row.http_status}"] if row.http_status else []
    text = f"pair {row.pair_id}: winner error, {', '.join(said)}"
    return (EvidenceLine(DATABASE, row.error_at or row.completed_at, text),)


def rejections(traced: TracedComparison) -> tuple[EvidenceLine, ...]:
    """Return the lines and callbacks in which a consumer turned it away."""
    topic = tuple(
        EvidenceLine(TOPIC, callback.at, f"callback fails {', '.join(callback.rejected)}")
        for callback in traced.rejected_callbacks[:3]
    )
    return (*lines_of(traced.turned_away[:3]), *topic)


def last_lines(traced: TracedComparison) -> tuple[EvidenceLine, ...]:
    """Return the last log lines about it."""
    return lines_of(traced.comparison.clues[-3:])


def lines_of(clues: Sequence[LogClue]) -> tuple[EvidenceLine, ...]:
    """Return log lines as evidence."""
    return tuple(
        EvidenceLine(f"{LOGS} {clue.event.container}", clue.event.at, line_text(clue.event))
        for clue in clues
    )
