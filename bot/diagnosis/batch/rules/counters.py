"""Rules on the batch's own counters and times, which do not always say what they seem to."""

from datetime import datetime, timedelta

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.comparison.causes import ERROR_SHARE
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Span, words
from bot.text.wording import many

SETTLED_SECONDS = 120
VALID_SHARE = 0.80
CLOCK_AHEAD = "clock-ahead"
_OVERCOUNTED_THEN = (
    "Before 2025-11-19 the denominator was the last wave's size, so completion ran past 100 % and "
    "finalised too soon."
)
_OVERCOUNTED = (
    "Answers were counted more often than they came, and CJ's monitor ends a batch by its counters."
)
_TRUST_THEN = "Trust the pair rows, not the counters."
_TRUST = "Trust the pair rows; of how many the result was made, CJ's own lines tell."
# Machines whose clocks are kept differ by less.
AWAY = timedelta(minutes=1)


def completion_overcounted(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """More comparisons are counted as complete than were asked for."""
    header, pairs = evidence.header, evidence.pairs
    logged = [event for event in evidence.events if _rate(event.fields) > 1.0]
    done = (header.completed_comparisons or 0) + (header.failed_comparisons or 0)
    asked = max(header.true_budget or 0, pairs.total)
    wave = header.total_comparisons or 0
    counted = many(done, "comparison")
    if logged or (asked and done > asked):
        severity = Severity.WARN
    elif wave and (header.completed_comparisons or 0) > wave:
        severity = Severity.INFO
    else:
        return None
    lines = [
        evidence.line(
            f"completed {header.completed_comparisons}, failed "
            f"{header.failed_comparisons}, total_comparisons {wave}, "
            f"budget {header.true_budget}"
        )
    ]
    return Finding(
        rule="completion-overcounted",
        severity=severity,
        confidence=Confidence.HIGH,
        what=f"{counted} counted as done, against a wave of {wave} and a budget of "
        f"{header.true_budget if header.true_budget is not None else '?'}.",
        why=_OVERCOUNTED if header.has_total_budget else _OVERCOUNTED_THEN,
        evidence=(*lines, *(log_line(event) for event in logged[:3])),
        next=(_TRUST if header.has_total_budget else _TRUST_THEN,),
    )


def counters_overwritten(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The submitted counter holds only the last wave, not all comparisons."""
    header, pairs = evidence.header, evidence.pairs
    submitted = header.submitted_comparisons
    if submitted is None or pairs.total == submitted or evidence.quiet_for(now) < SETTLED_SECONDS:
        return None
    answered = pairs.valid + pairs.error
    misled = bool(answered) and pairs.error / answered >= ERROR_SHARE
    # Who waited when scores had become stable was not needed: no number misled there.
    needed = pairs.error > 0 or header.status != "COMPLETE_STABLE"
    below = evidence.finalised and needed and pairs.valid < VALID_SHARE * pairs.total
    return Finding(
        rule="counters-overwritten",
        severity=Severity.WARN if misled or below else Severity.INFO,
        confidence=Confidence.HIGH,
        what=f"CJ's own counter says {submitted} sent, and its table holds "
        f"{many(pairs.total, 'comparison')}.",
        why="Before 2025-11-19 every wave overwrote the counters; later a mismatch means that rows "
        "were written and not sent.",
        evidence=(
            evidence.line(f"submitted_comparisons {submitted}", header.last_activity_at),
            evidence.line(
                f"{pairs.total} comparison rows: {pairs.valid} valid, {pairs.error} "
                f"errors, {pairs.pending} pending",
                pairs.last_completed_at,
            ),
        ),
        next=("Count the rows, not the counters, when judging this batch.",),
    )


def _rate(fields: object) -> float:
    value = fields.get("completion_rate") if hasattr(fields, "get") else None
    return float(value) if isinstance(value, int | float) else 0.0


def counts_a_wave(evidence: BatchEvidence) -> bool:
    """Say whether its completion is measured by the last wave alone, as before 2025-11-19."""
    wave = evidence.header.total_comparisons or 0
    return not evidence.header.has_total_budget and 0 < wave < evidence.pairs.total


def provider_clock_ahead(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Answers are dated after CJ was done with the batch: the provider's clock is ahead."""
    ahead, last = clock_ahead(evidence), evidence.pairs.last_completed_at
    if ahead is None or last is None:
        return None
    return Finding(
        rule=CLOCK_AHEAD,
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        what=words("The LLM provider's clock was ahead of CJ's by ", Span(ahead), " at least"),
        why="The provider dates an answer, and CJ notes its own time as it takes it: what is "
        "dated later is not late.",
        evidence=(
            evidence.line("the last answer by the provider's clock", last),
            evidence.line("the batch's last activity by CJ's", _last_noted(evidence)),
        ),
        next=("Set the clock of the provider's host; read its log lines by that difference.",),
    )


def clock_ahead(evidence: BatchEvidence) -> timedelta | None:
    """Return by how much at least the provider's clock was ahead, None where rows show none.

    CJ moves its batch's last activity with every answer that it stores, late ones included.
    """
    last, noted = evidence.pairs.last_completed_at, _last_noted(evidence)
    if last is None or noted is None or last - noted <= AWAY:
        return None
    return last - noted


def _last_noted(evidence: BatchEvidence) -> datetime | None:
    header = evidence.header
    times = (header.last_activity_at, header.updated_at, header.completed_at)
    return max((at for at in times if at), default=None)
