"""The way of one comparison as a ledger: each step seen, missing, or honestly not checked; pure.

A step is missing only when the source that would show it was read and reaches back far enough.
A step that a later one proves, without a line of its own, is not checked rather than missing.
"""

from dataclasses import replace
from datetime import datetime

from bot.diagnosis.comparison.evidence import (
    CJ_NAME,
    LPS_NAME,
    NO_SCORES,
    ComparisonEvidence,
    Ledger,
    LedgerStep,
    StepState,
)
from bot.diagnosis.comparison.log_events import STEPS, Outcome, Step
from bot.diagnosis.comparison.steps import SEEN
from bot.diagnosis.evidence.log_coverage import begins_at, covers, ended_at
from bot.diagnosis.publishing.wording import FATES
from bot.domain.evidence import DATABASE, LOGS, QUEUE, Missing
from bot.domain.log import Role
from bot.domain.words import Text, Time, joined, when, words


def build_ledger(comparison: ComparisonEvidence) -> Ledger:
    """Return the ledger of one comparison."""
    seen = {step: found for step in STEPS if (found := SEEN[step](comparison)) is not None}
    furthest = max((STEPS.index(step) for step in seen), default=-1)
    steps: list[LedgerStep] = []
    moment = _start(comparison)
    for place, step in enumerate(STEPS):
        entry = seen.get(step) or _unseen(comparison, step, moment, implied=place < furthest)
        steps.append(entry)
        moment = entry.at or moment
    return Ledger(tuple(steps))


def _start(comparison: ComparisonEvidence) -> datetime | None:
    row, item = comparison.row, comparison.item
    times = [row.created_at, row.submitted_at] if row else []
    times += [item.queued_at] if item else []
    times += [clue.event.at for clue in comparison.clues]
    return min((time for time in times if time), default=None)


def _unseen(
    comparison: ComparisonEvidence, step: Step, moment: datetime | None, *, implied: bool
) -> LedgerStep:
    empty = LedgerStep(step, StepState.NOT_CHECKED)
    if step is Step.CREATED:
        return _no_row(comparison)
    if comparison.pair is None and step in (Step.STORED, Step.SCORED):
        return replace(empty, state=StepState.NOT_APPLICABLE, note="no batch owns the comparison")
    if implied:
        return replace(empty, note="no line, a later step shows it")
    if step in (Step.STORED, Step.SCORED):
        return _not_in_the_row(comparison, step)
    return _not_in_the_logs(comparison, step, moment)


def _no_row(comparison: ComparisonEvidence) -> LedgerStep:
    if isinstance(comparison.pair, Missing):
        return LedgerStep(Step.CREATED, StepState.NOT_CHECKED, note=comparison.pair.reason)
    note = "the database was read and no pair carries this id"
    return LedgerStep(Step.CREATED, StepState.MISSING, source=DATABASE, note=note)


def _not_in_the_row(comparison: ComparisonEvidence, step: Step) -> LedgerStep:
    row = comparison.row
    if row is None:
        reason = comparison.pair.reason if isinstance(comparison.pair, Missing) else ""
        return LedgerStep(step, StepState.NOT_CHECKED, note=reason)
    if step is Step.SCORED and row.winner is None and not row.batch_ended:
        return LedgerStep(step, StepState.NOT_APPLICABLE, note="waits for the answer")
    if step is Step.SCORED and row.winner == "error":
        return LedgerStep(step, StepState.NOT_APPLICABLE, note="an error is not scored")
    if step is Step.SCORED and not row.batch_ended:
        return LedgerStep(step, StepState.NOT_APPLICABLE, note="its batch is still running")
    if step is Step.SCORED and comparison.no_scores:
        return LedgerStep(step, StepState.NOT_CHECKED, note=NO_SCORES)
    return LedgerStep(step, StepState.MISSING, service=CJ_NAME, source=DATABASE)


def _not_in_the_logs(
    comparison: ComparisonEvidence, step: Step, moment: datetime | None
) -> LedgerStep:
    role = Role.CJ if step in (Step.SENT, Step.CONSUMED) else Role.LLM_PROVIDER
    service = CJ_NAME if role is Role.CJ else LPS_NAME
    failed = _failure_note(comparison, step)
    if failed:
        return LedgerStep(step, StepState.MISSING, *failed)
    if (
        step is Step.DISPATCHED
        and comparison.item is not None
        and comparison.item.status == "queued"
    ):
        return LedgerStep(step, StepState.MISSING, service=service, source=QUEUE, note="it waits")
    if step is Step.ANSWERED and comparison.item is not None:
        return LedgerStep(step, StepState.MISSING, service=service, source=QUEUE)
    if covers(comparison.logs, comparison.names(role), moment):
        note = _dispatch_note(comparison, step)
        state = StepState.NOT_CHECKED if note else StepState.MISSING
        return LedgerStep(step, state, service=service, source=LOGS, note=note)
    return LedgerStep(step, StepState.NOT_CHECKED, note=_why_blind(comparison, role, moment))


def _why_blind(comparison: ComparisonEvidence, role: Role, moment: datetime | None) -> Text:
    if isinstance(comparison.logs, Missing):
        return f"logs: {comparison.logs.reason}"
    names = comparison.names(role)
    mine = [cover for cover in comparison.logs.coverage if cover.service in names]
    if not mine:
        return f"no log of a {role.value} service was found"
    begins = begins_at(mine)
    if begins is None:
        return "its log is empty"
    if moment is not None and begins > moment:
        return words("logs begin after that", when(begins, ", at "))
    if (ended := ended_at(comparison.logs, mine)) is not None:
        return words("its log ended", when(ended, " at "))
    cut = [str(cover.container) for cover in mine if cover.truncated]
    return f"the search was cut short in {', '.join(cut)}" if cut else "its time is not known"


def _dispatch_note(comparison: ComparisonEvidence, step: Step) -> Text:
    """In serial_bundle mode a dispatch line carries no id: without a second time to hold it
    against, it proves nothing of this item."""
    if step is not Step.DISPATCHED or not comparison.dispatches:
        return ""
    times = [words(Time(event.at)) for event in comparison.dispatches[:3] if event.at]
    return words("bundles were dispatched at ", joined(", ", times), "; the lines name no item")


def _failure_note(
    comparison: ComparisonEvidence, step: Step
) -> tuple[datetime | None, str, str, str] | None:
    held = comparison.unpublished if step is Step.PUBLISHED else None
    if held is not None:
        return held.changed_at or held.at, LPS_NAME, LOGS, FATES[held.fate]
    bad = comparison.of(step, Outcome.FAILED, Outcome.EXPIRED, Outcome.REQUEUED)
    if not bad:
        return None
    last = bad[-1]
    told = {
        Outcome.EXPIRED: "it expired in the queue; nobody is told",
        Outcome.REQUEUED: "it failed and went back into the queue",
    }
    note = told.get(last.outcome, "it failed here")
    return last.event.at, last.event.service, LOGS, note
