"""Rules on how a batch ended: without a result, with answers missing, by hand, or well."""

from collections import Counter
from datetime import datetime

from bot.diagnosis.batch.endings import AFTER, SWEPT, Sweep, few_valid, sweep_before, why_ended
from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.batch.finalisation_lines import not_finalised, why_not_finalised
from bot.diagnosis.batch.rules.content import essays_left_out, takers
from bot.diagnosis.batch.rules.early_finalisation import is_swept_short
from bot.diagnosis.batch.rules.failures import mostly_failed
from bot.diagnosis.batch.rules.left_queue import lost_in_the_queue
from bot.diagnosis.batch.rules.results import small_net_finalised
from bot.diagnosis.comparison.causes import (
    ANSWERS_MISSING,
    ASK_WHO_CANCELLED,
    BATCH_CANCELLED,
    BATCH_FAILED,
    PROVIDER_FAILURES,
    RUN_AGAIN,
)
from bot.diagnosis.comparison.failed_start import (
    failed_starts,
    short_reason,
    start_remedy,
    why_not_started,
)
from bot.diagnosis.comparison.last_step import LossPlace, lost_answer
from bot.diagnosis.comparison.ledger import build_ledger
from bot.diagnosis.evidence.log_coverage import has_gap
from bot.domain.batch import CANCELLED
from bot.domain.evidence import Missing
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Command, Text, Time, words
from bot.text.wording import many, part_of

AS_PLANNED = "ended-as-planned"
LOW_SUCCESS = "Finalizing batch as FAILED due to low success rate"
GAVE_UP = "Marking stuck batch as FAILED"
# What a line that says how a batch ended holds.
ENDINGS = (LOW_SUCCESS, GAVE_UP, SWEPT, "Forcing stuck batch to SCORING", "Handling stuck batch")


def batch_failed(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch ended without a result."""
    header, pairs = evidence.header, evidence.pairs
    if not header.failed:
        return _opened_again(evidence)
    why, lines = _ending(evidence)
    return Finding(
        rule=BATCH_FAILED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what="It ended without a result: "
        + part_of(pairs.valid, pairs.total, "comparison", ("is valid", "are valid"))
        if pairs.total
        else f"No comparison is stored{_stopped_by(lines)}",
        why=why,
        evidence=(
            evidence.line(f"status {header.status}, state {header.state}", header.last_activity_at),
            *(log_line(event) for event in lines[-2:]),
        ),
        next=(
            *_remedies(lines),
            *_time_out_step(_sweep(evidence)),
            RUN_AGAIN,
            words(Command("/batch list")),
        ),
        cause=_cause(evidence, now),
    )


def _stopped_by(lines: list[LogEvent]) -> str:
    """Return what stopped it before a comparison was stored, where a line says so in few words."""
    told = next((short for one in lines if (short := short_reason(one))), "")
    return f": {told}" if told else ""


def _opened_again(evidence: BatchEvidence) -> Finding | None:
    """The monitor failed it and said so to whoever waits; then its answers took it on."""
    gave_up = [event for event in evidence.events if GAVE_UP in event.event and event.at]
    if not gave_up or evidence.header.state == CANCELLED:
        return None
    at, sweep = gave_up[-1].at, _sweep(evidence)
    after = sweep.words if sweep else AFTER
    return Finding(
        rule=BATCH_FAILED.rule,
        severity=Severity.WARN if evidence.header.complete else Severity.ERROR,
        confidence=Confidence.HIGH,
        what="CJ's monitor failed it while it ran, and its answers opened it again",
        why=words("A failure event went out", *((Time(at, " at "),) if at else ()), ",", after),
        evidence=(
            evidence.line(f"status {evidence.header.status}, state {evidence.header.state}"),
            *(log_line(event) for event in gave_up[-2:]),
        ),
        next=(
            *_time_out_step(sweep),
            "Tell who waits for it that the failure they were told of is not its end.",
        ),
    )


def _sweep(evidence: BatchEvidence) -> Sweep | None:
    """Return the sweep in which the monitor gave up on it."""
    times = [event.at for event in evidence.events if GAVE_UP in event.event and event.at]
    return sweep_before(evidence.nearby, times[-1]) if times else None


def _time_out_step(sweep: Sweep | None) -> tuple[str, ...]:
    if sweep is None or not sweep.is_short:
        return ()
    return ("Look at CJ's BATCH_TIMEOUT_HOURS: so short a time-out ends what is at work.",)


def batch_cancelled(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch was cancelled."""
    header, pairs = evidence.header, evidence.pairs
    if header.state != CANCELLED:
        return None
    return Finding(
        rule=BATCH_CANCELLED,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"It was cancelled with {part_of(pairs.valid, pairs.total, 'comparison')} valid",
        why="No service writes that state, so a person or a script did; no line says who.",
        evidence=(evidence.line(f"state {header.state}", header.last_activity_at),),
        next=(ASK_WHO_CANCELLED,),
    )


def answers_missing(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch ended while comparisons that were sent had no answer."""
    header, pairs = evidence.header, evidence.pairs
    missing = _missing(evidence)
    if not evidence.ended or missing <= 0 or header.state == CANCELLED:
        return None
    by = "Forced recovery ended it" if header.forced else "It ended"
    return Finding(
        rule=ANSWERS_MISSING,
        severity=Severity.INFO if header.leaves_answers else Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"{by} with {part_of(missing, pairs.total, 'comparison')} missing",
        why=_missing_why(evidence),
        evidence=(
            evidence.line(many(pairs.pending, "pending row"), pairs.pending_first_submitted_at),
        ),
        next=("Ask whether the missing comparisons matter before the grades are used.",)
        if evidence.finalised
        else (RUN_AGAIN,),
        cause=lost_in_the_queue(evidence, now),
    )


def ended_as_planned(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The batch ended before its budget was used, or with too few essays, and nothing is wrong."""
    header, pairs = evidence.header, evidence.pairs
    if evidence.has_no_essays and not essays_left_out(evidence):
        sent = header.expected_essay_count
        count = "Fewer than two essays were"
        count = count if sent is None else many(sent, "essay", ("was", "were"))
        what, why = f"{count} sent, so there was nothing to compare", "That is no fault."
    elif not _stopped_early(evidence) or _is_fewer(evidence, now):
        return None
    else:
        whole = part_of(pairs.total, header.true_budget or 0, "comparison")
        what = f"It ended with {whole.replace(' of ', ' of up to ')}, all answered"
        why = "Scores became stable, or every pair was compared; a budget is a limit, not a goal."
    return Finding(
        rule=AS_PLANNED,
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        what=what,
        why=why,
        evidence=(evidence.line(f"status {header.status}", header.completed_at),),
    )


def _is_fewer(evidence: BatchEvidence, now: datetime) -> bool:
    """Whether another rule tells why its result is of less than was asked for."""
    if is_swept_short(evidence) or takers(evidence):
        return True
    return small_net_finalised(evidence, now) is not None


def _stopped_early(evidence: BatchEvidence) -> bool:
    """Whether all that was sent has a result, and it was less than might have been sent."""
    header, pairs = evidence.header, evidence.pairs
    then = evidence.rows.at_first_finalisation
    late = then is not None and then.answered < pairs.total
    whole = evidence.has_result and pairs.valid == pairs.total and not late
    return whole and header.status == "COMPLETE_STABLE" and pairs.total < (header.true_budget or 0)


def _ending(evidence: BatchEvidence) -> tuple[Text, list[LogEvent]]:
    """Return why a batch ended without a result, and the lines that say so."""
    header, pairs = evidence.header, evidence.pairs
    failed = not_finalised(evidence.events)
    if failed:
        return why_not_finalised(failed[-1]), failed
    low = [event for event in evidence.events if LOW_SUCCESS in event.event]
    gave_up = [event for event in evidence.events if GAVE_UP in event.event]
    if low:
        return few_valid(pairs), low
    if begun := failed_starts(evidence.events):
        return why_not_started(begun[0]), begun[:1]
    if gave_up and gave_up[-1].at:
        sweep = _sweep(evidence)
        after = words(",", sweep.words) if sweep else AFTER
        return words("CJ's monitor gave up on it", Time(gave_up[-1].at, " at "), after), gave_up
    return why_ended(header, pairs), gave_up


def _remedies(lines: list[LogEvent]) -> tuple[str, ...]:
    """Return what mends why it ended, where the lines that say so show that."""
    return tuple(filter(None, dict.fromkeys(start_remedy(line) for line in lines)))


def _cause(evidence: BatchEvidence, now: datetime) -> str:
    if mostly_failed(evidence):
        return PROVIDER_FAILURES.rule
    if lost := lost_in_the_queue(evidence, now):
        return lost
    return ANSWERS_MISSING if evidence.pairs.pending else ""


def _missing(evidence: BatchEvidence) -> int:
    """Return how many answers a result lacks, those that came after a forced one included."""
    then, pairs = evidence.rows.at_first_finalisation, evidence.pairs
    if evidence.header.forced and then is not None:
        return pairs.total - then.answered
    return pairs.pending


def _missing_why(evidence: BatchEvidence) -> str:
    if evidence.header.forced:
        return "CJ's monitor had waited for them until its time-out and scored the others."
    ends = Counter(lost_answer(one, build_ledger(one)).kind for one in evidence.comparisons)
    if ends.keys() - {LossPlace.UNKNOWN}:
        return _places(ends, evidence.pairs.pending)
    if isinstance(evidence.logs, Missing) or has_gap(evidence.logs):
        return "Where they ended is not known: the logs could not be read."
    if not evidence.comparisons:
        return "No line that was read says where they ended."
    return "Their answers never came, so its result does not hold them."


def _places(ends: Counter[LossPlace], missing: int) -> str:
    """Return where the answers that were followed ended, each place with their number."""
    followed = ends.total()
    who = f"{followed} that were followed" if followed < missing else "they"
    counted = [place for place in LossPlace if ends[place]]
    places = "; ".join(f"{ends[place]} {place.value}" for place in counted)
    return f"Where {who} ended: {places if len(counted) > 1 else counted[0].value}."
