"""Rules on a batch whose results were published before enough of its answers were in."""

from collections.abc import Sequence
from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.batch.rules.counters import counts_a_wave
from bot.domain.evidence import LOGS, EvidenceLine
from bot.domain.log import LogEvent, LogSearch
from bot.domain.report import Confidence, Finding, Severity
from bot.text.wording import part_of

EARLY = "early-finalisation"
DEFAULT_THRESHOLD = 95
# A stop by stability needs at least 10 comparisons at either revision.
STABILITY_NEEDS = 10
EXHAUSTED = "Comparison budget exhausted; finalizing"
SWEPT = "Finalizing batch with all callbacks received"
THRESHOLD = "Completion threshold reached; finalizing"


def early_finalisation(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Results were published before enough of the comparisons were answered."""
    then, header, total = evidence.rows.at_first_finalisation, evidence.header, evidence.pairs.total
    if then is None or not total or header.forced or not has_been_published(evidence):
        return None
    if is_swept_short(evidence):
        return _swept_short(evidence)
    threshold = header.completion_threshold_pct or DEFAULT_THRESHOLD
    if then.answered * 100 >= threshold * total or _stopped_by_stability(evidence):
        return None
    exhausted = [event for event in evidence.events if EXHAUSTED in event.event]
    swept = [event for event in evidence.events if SWEPT in event.event]
    reached = [event for event in evidence.events if THRESHOLD in event.event]
    if reached and not exhausted and not counts_a_wave(evidence):
        return None
    return Finding(
        rule=EARLY,
        # A sweep scores all that was answered: where that is half of all, it is a result of fewer.
        severity=Severity.WARN
        if swept and not exhausted and 2 * then.answered >= total
        else Severity.ERROR,
        confidence=Confidence.HIGH if exhausted or swept or reached else Confidence.MEDIUM,
        what="Finalised too early: "
        + part_of(then.answered, total, "comparison", ("was", "were"))
        + " answered by then",
        why=_why_early(evidence, swept=bool(swept), reached=bool(reached) and not exhausted),
        evidence=(
            evidence.line(
                f"{then.answered} of {total} answered, {then.valid} valid, {then.submitted} sent",
                then.at,
            ),
            *_said_at_the_end(evidence, (*exhausted, *swept, *reached)),
        ),
        next=("Score again from all answers before using the grades.",),
    )


def is_swept_short(evidence: BatchEvidence) -> bool:
    """Whether the monitor's sweep ended it while more pairs and more of its budget were left.

    That all it had asked for was answered is no stability: no step had looked at the scores.
    """
    header, total, essays = evidence.header, evidence.pairs.total, evidence.rows.scores.essays
    swept = any(SWEPT in event.event for event in evidence.events)
    left = total < (header.true_budget or 0) and total < essays * (essays - 1) // 2
    whole = evidence.pairs.valid == total and evidence.has_result
    return swept and left and whole and header.status == "COMPLETE_STABLE"


def _swept_short(evidence: BatchEvidence) -> Finding:
    swept = [event for event in evidence.events if SWEPT in event.event]
    total, budget = evidence.pairs.total, evidence.header.true_budget or 0
    whole = part_of(total, budget, "comparison", ("was", "were")).replace(" of ", " of up to ")
    return Finding(
        rule=EARLY,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"Finalised too early: {whole} made by then",
        why="CJ did not go on after these, and the monitor's sweep ended it; no line says that "
        "its scores were stable.",
        evidence=(
            evidence.line(f"{total} of up to {budget} asked and answered"),
            *(log_line(event) for event in swept[:1]),
        ),
        next=(
            "Look what CJ logged before it rested; run the batch again if so few are not enough.",
        ),
    )


def _said_at_the_end(evidence: BatchEvidence, ends: Sequence[LogEvent]) -> tuple[EvidenceLine, ...]:
    """Return the lines that say why it ended; at the older revision, which lines do not."""
    if ends or evidence.header.has_total_budget or not isinstance(evidence.logs, LogSearch):
        return tuple(map(log_line, ends[:2]))
    return (EvidenceLine(LOGS, None, "no line of a threshold that was reached", lacks=THRESHOLD),)


def has_been_published(evidence: BatchEvidence) -> bool:
    """Whether a result was published: of a batch without one a row may be there by hand."""
    then = not evidence.header.has_total_budget and evidence.finalised
    events = any("complet" in one.event_type for one in evidence.rows.outbox)
    return evidence.header.complete or then or events


def _stopped_by_stability(evidence: BatchEvidence) -> bool:
    """Whether it stopped since scores were stable: not on a few answers, nor to go on after it."""
    then, header = evidence.rows.at_first_finalisation, evidence.header
    if then is None or header.status != "COMPLETE_STABLE" or then.answered < STABILITY_NEEDS:
        return False
    return then.submitted >= evidence.pairs.total - evidence.pairs.unsent


def _why_early(evidence: BatchEvidence, *, swept: bool, reached: bool) -> str:
    if reached:
        return "What was done was measured by the size of the last wave, not by all that was sent."
    if swept:
        return "The monitor's sweep came between two waves, when all that was sent had an answer."
    if evidence.header.has_total_budget:
        return "Comparisons were sent or answered after the result, which does not hold them."
    return "The budget counted what was sent, not what was answered, at every fifth callback."
