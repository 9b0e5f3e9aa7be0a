"""Rules on the batch's own counters, which do not always count what they say."""

from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.comparison.causes import ERROR_SHARE
from bot.domain.report import Confidence, Finding, Severity
from bot.text.wording import many

SETTLED_SECONDS = 120
VALID_SHARE = 0.80


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
        why="Before 2025-11-19 the denominator was the last wave's size, so completion ran past "
        "100 % and finalised too soon.",
        evidence=(*lines, *(log_line(event) for event in logged[:3])),
        next=("Trust the pair rows, not the counters.",),
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
