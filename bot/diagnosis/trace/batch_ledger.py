"""The ledger of a whole batch, for an id that is a batch's; pure."""

from datetime import datetime

from bot.diagnosis.comparison.evidence import CJ_NAME, NO_SCORES, Ledger, LedgerStep, StepState
from bot.diagnosis.comparison.log_events import STEPS, Step
from bot.domain.batch import BatchRows, PairCounts
from bot.domain.evidence import DATABASE
from bot.text.wording import many, part_of

NOT_COUNTED = (Step.QUEUED, Step.DISPATCHED, Step.ANSWERED, Step.PUBLISHED, Step.CONSUMED)


def batch_ledger(rows: BatchRows) -> Ledger:
    """Return the steps of a batch with counts; what only logs would show is not counted here."""
    return Ledger(tuple(_step(rows, step) for step in STEPS))


def _step(rows: BatchRows, step: Step) -> LedgerStep:
    pairs = rows.pairs
    if step in NOT_COUNTED:
        note = f"counted by /batch investigate {rows.header.batch_id}"
        return LedgerStep(step, StepState.NOT_CHECKED, note=note)
    if step is Step.SCORED:
        return _scored(rows)
    count, time = {
        Step.CREATED: (pairs.total, pairs.first_created_at or rows.header.created_at),
        Step.SENT: (pairs.total - pairs.unsent, pairs.first_submitted_at),
        Step.STORED: (pairs.with_winner, pairs.last_completed_at),
    }[step]
    return _counted(step, count, pairs, time)


def _counted(step: Step, count: int, pairs: PairCounts, time: datetime | None) -> LedgerStep:
    note = part_of(count, pairs.total, "pair")
    if step is Step.STORED and pairs.error:
        note += f", {pairs.error} of them errors"
    state = StepState.SEEN if count else StepState.MISSING
    return LedgerStep(step, state, time if count else None, CJ_NAME, DATABASE, note)


def _scored(rows: BatchRows) -> LedgerStep:
    header, found = rows.header, rows.projections
    hidden = "grade_projections" in rows.hidden
    if found.count or header.complete:
        note = NO_SCORES if hidden else f"{many(found.count, 'essay')} graded"
        time = found.last_at or header.completed_at
        return LedgerStep(Step.SCORED, StepState.SEEN, time, CJ_NAME, DATABASE, note)
    if header.ended and hidden:
        return LedgerStep(Step.SCORED, StepState.NOT_CHECKED, note=NO_SCORES)
    state = StepState.MISSING if header.ended else StepState.NOT_APPLICABLE
    return LedgerStep(Step.SCORED, state, None, CJ_NAME, DATABASE, "the batch has not ended well")
