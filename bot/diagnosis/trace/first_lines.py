"""The first lines of a trace: what is missing, since when, whose it is and what to do; pure."""

from collections.abc import Sequence

from bot.diagnosis.comparison.causes import FOREIGN_CALLBACK
from bot.diagnosis.comparison.evidence import NO_SCORES, Ledger, StepState
from bot.diagnosis.comparison.log_events import STEPS
from bot.diagnosis.evidence import log_coverage
from bot.diagnosis.evidence.read import configured, without_rights
from bot.diagnosis.trace.evidence import TraceEvidence
from bot.diagnosis.trace.readings import hidden_tables
from bot.diagnosis.trace.tables import STEP_WORDS
from bot.domain.evidence import Missing
from bot.domain.report import Finding, Severity
from bot.domain.words import Id, Text, joined, when, words


def headline(evidence: TraceEvidence, ledger: Ledger, findings: Sequence[Finding]) -> Text:
    """Return the last step that was seen and the first that is missing, in one breath."""
    id = Id(str(evidence.id))
    if any(one.rule == FOREIGN_CALLBACK.rule for one in findings):
        return words("Rejected callback ", id, ": it belongs to no batch here")
    last, missing = ledger.last_step, ledger.first_missing
    seen = f"last seen {STEP_WORDS[last]}" if last else "no step was seen"
    lacks = f", not {STEP_WORDS[missing]}" if missing else ", and nothing is missing"
    if not missing and scores_unread(ledger):
        lacks = ", and whether it was scored cannot be read"
    elif not missing and unproved(evidence, ledger):
        lacks = ", and what came after it could not be read"
    return words("Comparison ", id, ": ", seen, lacks if last else "")


def scores_unread(ledger: Ledger) -> bool:
    """Say whether the role may not read whether it was scored."""
    return any(one.note == NO_SCORES for one in ledger.steps)


def unproved(evidence: TraceEvidence, ledger: Ledger) -> bool:
    """Say whether a log, or the rows with it, that would show the rest could not be read."""
    if ledger.last_step is STEPS[-1]:
        return False
    rest = STEPS[STEPS.index(ledger.last_step) + 1 :] if ledger.last_step else STEPS
    open_ = any(one.step in rest and one.state is StepState.NOT_CHECKED for one in ledger.steps)
    blind = isinstance(evidence.rows, Missing) and configured(evidence.rows)
    return open_ and (blind or log_coverage.has_gap(evidence.logs))


def title_of(evidence: TraceEvidence, ledger: Ledger) -> Text:
    """Return the last step that was seen and the first that is missing, as steps are called."""
    last, missing = ledger.last_step, ledger.first_missing
    seen = f"last seen {last.value}" if last else "no step seen"
    return words(f"{evidence.id}: ", seen, ", ") + (
        f"first missing {missing.value}"
        if missing
        else "scores not read"
        if scores_unread(ledger)
        else "what came after it not read"
        if unproved(evidence, ledger)
        else "nothing missing"
    )


def with_provider(text: Text, evidence: TraceEvidence) -> Text:
    """Return a text with what was not read, and with how the LLM provider answers."""
    unread = (log_coverage.unread(evidence.logs), without_rights(hidden_tables(evidence)))
    return joined(" ", (part for part in (text, *unread, evidence.provider.words) if part))


def summary_of(ledger: Ledger, findings: Sequence[Finding], *, unsure: bool) -> Text:
    """Return the worst that was found, or the last step that was seen, in a sentence."""
    worst = [f for f in findings if f.severity is not Severity.INFO]
    if worst:
        return worst[0].what
    if unsure:
        return "A rejected callback; whether a batch owns it could not be checked."
    last, missing = ledger.last_step, ledger.first_missing
    if last is None:
        return "It is mentioned, and no step of a comparison was seen."
    seen = words(
        f"Last step seen: {last.value}", when(ledger[last].at, " at "), f" ({ledger[last].source})"
    )
    return words(seen, f"; first step missing: {missing.value}." if missing else ".")
