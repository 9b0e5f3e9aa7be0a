"""How a trace is shown: the steps as lines, and everything in time order."""

from datetime import UTC, datetime

from bot.diagnosis.comparison.evidence import CJ_NAME, LPS_NAME, Ledger, LedgerStep, StepState
from bot.diagnosis.comparison.log_events import Step, line_text
from bot.diagnosis.trace.evidence import TraceEvidence
from bot.domain.batch import PairRow
from bot.domain.evidence import DATABASE, LOGS, QUEUE, Missing
from bot.domain.report import TimelineEntry
from bot.domain.words import Text, joined, when, words
from bot.text.wording import many

SHOWN_LINES = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def in_queue(evidence: TraceEvidence) -> str | None:
    """Return the item's status; "no" when the queue was read without it, None when not read."""
    if isinstance(evidence.items, Missing):
        return None
    return evidence.item.status if evidence.item else "no"


# What people call the steps.
STEP_WORDS = {
    Step.CREATED: "made by CJ",
    Step.SENT: "sent",
    Step.QUEUED: "queued",
    Step.DISPATCHED: "given to the model",
    Step.ANSWERED: "answered",
    Step.PUBLISHED: "answer published",
    Step.CONSUMED: "taken by CJ",
    Step.STORED: "stored",
    Step.SCORED: "scored",
}


def step_lines(ledger: Ledger) -> tuple[Text, ...]:
    """Return the nine steps, a line each: whether it was seen, when and where."""
    return tuple(
        words(
            f"{_MARKS[step.state]} {STEP_WORDS[step.step]}",
            when(step.at, " · "),
            words(" · ", _where(step)) if step.source or step.note else "",
        )
        for step in ledger.steps
    )


_MARKS = {
    StepState.SEEN: "✓",
    StepState.MISSING: "✗",
    StepState.NOT_APPLICABLE: "–",
    StepState.NOT_CHECKED: "?",
}


def _where(step: LedgerStep) -> Text:
    return joined(", ", filter(None, (step.source.replace("_", " "), step.note)))


def timeline(
    evidence: TraceEvidence, row: PairRow | None, ledger: Ledger
) -> tuple[TimelineEntry, ...]:
    """Return rows, item and lines in time order; of too many lines the newest are kept."""
    telling = [event for event in evidence.events if event.level != "debug"]
    lines = [
        TimelineEntry(event.at, event.service, LOGS, line_text(event))
        for event in telling[-SHOWN_LINES:]
    ]
    entries = [
        *_chatter(len(evidence.events) - len(telling)),
        *lines,
        *_row_entries(row),
        *_item_entries(evidence),
        *_bundle_entries(ledger),
    ]
    return tuple(sorted(entries, key=lambda entry: entry.at or _EPOCH))


def _chatter(count: int) -> list[TimelineEntry]:
    """Say how many lines of libraries are left out: they say what each client does."""
    if not count:
        return []
    return [TimelineEntry(None, "", LOGS, f"{many(count, 'debug line', ('is', 'are'))} left out")]


def _bundle_entries(ledger: Ledger) -> list[TimelineEntry]:
    """The bundle that is joined by its time: its own line carries no id of the comparison."""
    return [
        TimelineEntry(step.at, step.service, LOGS, f"dispatched {step.note}")
        for step in ledger.steps
        if step.step is Step.DISPATCHED
        and step.source == LOGS
        and step.note
        and step.state is StepState.SEEN
    ]


def _row_entries(row: PairRow | None) -> list[TimelineEntry]:
    if row is None:
        return []
    name = f"pair {row.pair_id} of batch {row.batch_id}"
    dated_texts = (
        (row.created_at, f"{name} created"),
        (row.submitted_at, f"{name} submitted"),
        (row.completed_at, f"{name} completed, winner {row.winner}"),
        (row.error_at, f"{name} failed, {row.error_code or 'no code'}"),
        (row.scored_at, f"{name} scored"),
    )
    return [TimelineEntry(time, CJ_NAME, DATABASE, text) for time, text in dated_texts if time]


def _item_entries(evidence: TraceEvidence) -> list[TimelineEntry]:
    item = evidence.item
    if item is None:
        return []
    texts = (
        (item.queued_at, f"item {item.queue_id} queued"),
        (item.processing_started_at, f"item {item.queue_id} taken, now {item.status}"),
    )
    return [TimelineEntry(t, LPS_NAME, QUEUE, text) for t, text in texts if t]
