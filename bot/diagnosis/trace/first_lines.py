"""The first lines of a trace: what is missing, since when, whose it is and what to do; pure."""

from collections.abc import Sequence

from bot.diagnosis.comparison.causes import (
    EXPIRED_UNANSWERED,
    FOREIGN_CALLBACK,
    LOCAL_QUEUE,
    LOST_AFTER,
    NOT_STORED,
    SUBMISSION_LOST,
)
from bot.diagnosis.comparison.evidence import NO_SCORES, Ledger, StepState
from bot.diagnosis.comparison.last_step import LossPlace, lost_answer
from bot.diagnosis.comparison.log_events import STEPS
from bot.diagnosis.evidence import log_coverage
from bot.diagnosis.evidence.read import configured, without_rights
from bot.diagnosis.publishing.wording import FATES
from bot.diagnosis.queue.conservation import LEFT_UNANSWERED
from bot.diagnosis.queue.timeline import ORPHANED
from bot.diagnosis.trace.evidence import TraceEvidence
from bot.diagnosis.trace.failure_rules import is_collateral
from bot.diagnosis.trace.readings import hidden_tables
from bot.diagnosis.trace.tables import STEP_WORDS
from bot.diagnosis.trace.traced import TracedComparison, error_words
from bot.domain.evidence import Missing
from bot.domain.report import Finding, Severity
from bot.domain.words import Id, Text, Time, joined, parts_of, when, words
from bot.text.wording import sentence

# How the queue or CJ lost it, by the rule that says so.
_FATES = {
    SUBMISSION_LOST.rule: "it was not submitted to the LLM provider",
    ORPHANED: "no answer, orphaned in the LLM queue",
    LOCAL_QUEUE.rule: "no answer, lost with the provider's local queue",
    EXPIRED_UNANSWERED.rule: "no answer, it expired in the LLM queue",
    LEFT_UNANSWERED: "no answer, it left the LLM queue unanswered",
    NOT_STORED.rule: "its answer was taken by CJ and not stored",
}
_DECIDED = frozenset(LossPlace) - {LossPlace.UNFINISHED, LossPlace.UNKNOWN}


def headline(
    evidence: TraceEvidence, traced: TracedComparison, findings: Sequence[Finding]
) -> Text:
    """Return what became of a comparison in one breath: how it was lost, or how far it came."""
    id = Id(str(evidence.id))
    if any(one.rule == FOREIGN_CALLBACK.rule for one in findings):
        return words("Rejected callback ", id, ": it belongs to no batch here")
    row = traced.comparison.row
    whose = f" of batch {row.batch_id}" if row else ""
    rules = {one.rule for one in findings}
    fate = next((f": {told}" for rule, told in _FATES.items() if rule in rules), "")
    if traced.loss and traced.loss.fate.by_restart and ORPHANED in rules:
        fate = ": no answer, orphaned by a restart of the LLM provider"
    told = (row and fate) or _end(traced) or words(": ", _way(evidence, traced.ledger))
    return words("Comparison ", id, whose, told)


def _end(traced: TracedComparison) -> str:
    """Return how a comparison that has no valid answer ended; empty where that is not decided."""
    row, held = traced.comparison.row, traced.comparison.unpublished
    if row is None or (row.winner not in (None, "error")):
        return ""
    if row.winner == "error":
        with_it = " with its bundle" if is_collateral(row) else ""
        return f" failed{with_it}: {error_words(traced, row)}"
    if held is not None:
        return f": its answer is not in Kafka, {FATES[held.fate]}"
    end = lost_answer(traced.comparison, traced.ledger)
    late = row.batch_ended or (row.submitted_at and traced.now - row.submitted_at > LOST_AFTER)
    return f": no answer, {end.where}" if late and end.kind in _DECIDED else ""


def _way(evidence: TraceEvidence, ledger: Ledger) -> Text:
    """Return the last step that was seen and the first that is missing."""
    last, missing = ledger.last_step, ledger.first_missing
    seen = f"last seen {STEP_WORDS[last]}" if last else "no step was seen"
    lacks = f", not {STEP_WORDS[missing]}" if missing else ", and nothing is missing"
    if not missing and scores_unread(ledger):
        lacks = ", and whether it was scored cannot be read"
    elif not missing and unproved(evidence, ledger):
        lacks = ", and what came after it could not be read"
    return words(seen, lacks if last else "")


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


def summary_of(traced: TracedComparison, findings: Sequence[Finding], *, unsure: bool) -> Text:
    """Return the worst that was found and what to do, or the last step that was seen."""
    row = traced.comparison.row
    failed = row is not None and (row.winner == "error" or (row.winner is None and row.batch_ended))
    worst = [one for one in findings if failed or one.severity is not Severity.INFO]
    if worst:
        return joined(" ", (sentence(worst[0].what), *_when(worst[0]), *_first_step(worst[0])))
    if unsure:
        return "A rejected callback; whether a batch owns it could not be checked."
    ledger = traced.ledger
    last, missing = ledger.last_step, ledger.first_missing
    if last is None:
        return "It is mentioned, and no step of a comparison was seen."
    seen = words(
        f"Last step seen: {last.value}", when(ledger[last].at, " at "), f" ({ledger[last].source})"
    )
    return words(seen, f"; first step missing: {missing.value}." if missing else ".")


def _when(finding: Finding) -> tuple[Text, ...]:
    """Return when it was, where the finding itself does not say it."""
    at = next((line.at for line in finding.evidence if line.at), None)
    said = any(isinstance(part, Time) for part in parts_of(finding.what))
    return () if at is None or said else (words("It was", Time(at, " at "), "."),)


def _first_step(finding: Finding) -> tuple[Text, ...]:
    """Return what to do first, where it is more than a command to ask next."""
    first = next((step for step in finding.next if not str(words(step)).startswith("/")), "")
    return (sentence(first),) if first else ()
