"""Rules on a batch whose results were published before enough of its answers were in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.batch.finalisation_lines import BETWEEN_WAVES, EXHAUSTED, SWEPT, THRESHOLD
from bot.diagnosis.batch.rules.counters import clock_ahead, counts_a_wave
from bot.domain.batch import AnsweredCounts
from bot.domain.evidence import LOGS, EvidenceLine
from bot.domain.log import LogEvent, LogSearch
from bot.domain.report import Confidence, Finding, Severity
from bot.text.wording import many, part_of

EARLY = "early-finalisation"
SCORE_AGAIN = "Score again from all answers before using the grades."
DEFAULT_THRESHOLD = 95
# A stop by stability needs at least 10 comparisons at either revision.
STABILITY_NEEDS = 10


def early_finalisation(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Results were published before enough of the comparisons were answered."""
    header, total = evidence.header, evidence.pairs.total
    counted = counted_by_then(evidence)
    if counted is None or not total or header.forced or not has_been_published(evidence):
        return None
    threshold = header.completion_threshold_pct or DEFAULT_THRESHOLD
    if counted.answered * 100 >= threshold * total:
        return _swept_short(evidence) if is_swept_short(evidence) else None
    if _stopped_by_stability(evidence, counted):
        return None
    ends = _ends(evidence)
    if ends.reached and not ends.exhausted and not counts_a_wave(evidence):
        return None
    return _early(evidence, counted, ends)


@dataclass(frozen=True, slots=True)
class _Ends:
    """The lines in which CJ says that it ends the batch, by why."""

    exhausted: Sequence[LogEvent] = ()
    swept: Sequence[LogEvent] = ()
    reached: Sequence[LogEvent] = ()


def _ends(evidence: BatchEvidence) -> _Ends:
    """Return the lines of the decision that its first result followed; of none, all of them."""
    made = evidence.decision
    events = evidence.events if made is None else (made.event,)

    return _Ends(
        [event for event in events if EXHAUSTED in event.event],
        [event for event in events if SWEPT in event.event],
        [event for event in events if THRESHOLD in event.event],
    )


def _early(evidence: BatchEvidence, counted: AnsweredCounts, ends: _Ends) -> Finding:
    valid, total = counted.valid, evidence.pairs.total
    by_then = "answered by then"
    if valid < counted.answered:
        by_then = f"valid by then, {counted.answered} answered"
    return Finding(
        rule=EARLY,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH
        if evidence.decision or ends.exhausted or ends.swept or ends.reached
        else Confidence.MEDIUM,
        what="Finalised too early: "
        + part_of(valid, total, "comparison", ("was", "were"))
        + f" {by_then}",
        why=_why_early(evidence, ends),
        evidence=(
            *_counted_lines(evidence, counted),
            *_said_at_the_end(evidence, (*ends.exhausted, *ends.swept, *ends.reached)),
        ),
        next=(SCORE_AGAIN,),
    )


def counted_by_then(evidence: BatchEvidence) -> AnsweredCounts | None:
    """Return what was answered when its first result was decided, by CJ's own numbers if read.

    Rows date an answer by the provider's clock, and the result by its publication a little later:
    without CJ's lines they are believed, unless that clock was ahead.
    """
    then, made = evidence.rows.at_first_finalisation, evidence.decision
    if made is None or made.event.at is None:
        return None if clock_ahead(evidence) else then
    valid = made.answered if made.valid is None else made.valid
    submitted, lacked = then.submitted if then else evidence.pairs.total, _miscounted(evidence)
    answered = min(made.answered, submitted) - lacked
    return AnsweredCounts(made.event.at, submitted, answered, min(valid, submitted) - lacked)


def _miscounted(evidence: BatchEvidence) -> int:
    """Return how many answers CJ's counter held at its sweep that had not come.

    The pairs of essays that another batch took are in no scores, answered though they were.
    """
    moved = any(one.essays for one in evidence.rows.twins)
    return 0 if moved or evidence.decision is None else evidence.decision.lacked


def _counted_lines(evidence: BatchEvidence, counted: AnsweredCounts) -> tuple[EvidenceLine, ...]:
    then, total, made = evidence.rows.at_first_finalisation, evidence.pairs.total, evidence.decision
    lines = []
    if then is not None and not _miscounted(evidence):
        text = f"{then.answered} of {total} answered, {then.valid} valid, {then.submitted} sent"
        text += " when it went out" if made else ""
        lines.append(evidence.line(text, then.at))
    if made is not None:
        said = f"it decided by {many(counted.answered, 'answer')}, {counted.valid} valid"
        if lacked := _miscounted(evidence):
            said = f"it counted {counted.valid + lacked}, and made its scores of {counted.valid}"
        lines.append(EvidenceLine(made.event.container, made.event.at, said))
    return tuple(lines)


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


def _stopped_by_stability(evidence: BatchEvidence, counted: AnsweredCounts) -> bool:
    """Whether it stopped since scores were stable: not on a few answers, nor to go on after it.

    A sweep looks at no scores. Nor does what is measured by a wave's size, which publishes a result
    with each further answer: a stop by stability publishes one.
    """
    header, made = evidence.header, evidence.decision
    if header.status != "COMPLETE_STABLE" or counted.answered < STABILITY_NEEDS:
        return False
    if made is not None and (made.swept or THRESHOLD in made.event.event):
        return False
    if counts_a_wave(evidence) and any(
        one.count > 1 and "complet" in one.event_type for one in evidence.rows.outbox
    ):
        return False
    return counted.submitted >= evidence.pairs.total - evidence.pairs.unsent


def _why_early(evidence: BatchEvidence, ends: _Ends) -> str:
    if _miscounted(evidence):
        return "The monitor's sweep believed a counter that said more than had been answered."
    if (ends.reached or counts_a_wave(evidence)) and not ends.exhausted:
        return "What was done was measured by the size of the last wave, not by all that was sent."
    if ends.swept:
        return BETWEEN_WAVES
    if evidence.header.has_total_budget:
        return "Comparisons were sent or answered after the result, which does not hold them."
    return "The budget counted what was sent, not what was answered, at every fifth callback."
