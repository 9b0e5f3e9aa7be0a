"""Rules on comparisons that failed or were never answered."""

from datetime import datetime, timedelta

from bot.diagnosis.batch_evidence import BatchEvidence, log_line
from bot.diagnosis.span import spoken
from bot.domain.evidence import EvidenceLine, Missing
from bot.domain.report import Confidence, Finding, Severity

WARN_SHARE = 0.05
ERROR_SHARE = 0.20
LOST_AFTER = timedelta(minutes=15)
DUPLICATE_SHARE = 0.01
IN_QUEUE = ("queued", "processing")


def provider_failures(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The LLM provider failed for a notable share of the comparisons."""
    pairs, groups = evidence.pairs, evidence.rows.errors
    severity = _severity(pairs.error, pairs.total)
    if severity is None:
        return None
    roots = sum(group.roots for group in groups)
    names = ", ".join(f"{group.rows} {group.code} ({group.provider})" for group in groups[:3])
    return Finding(
        rule="provider-failures",
        severity=severity,
        confidence=Confidence.MEDIUM,
        what=f"{pairs.error} of {pairs.total} comparisons failed: {names or 'no code'}; they go "
        f"back to {roots} real failures.",
        why="Rows of one bundle share the error of its first failure. Why the provider failed is "
        "not recorded in the database and stays unproven without its logs.",
        evidence=_group_lines(evidence),
        next=("/logs llm_provider_service error --level error",),
    )


def bundle_collateral(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """One failure in a bundle failed all comparisons of that bundle."""
    groups = evidence.rows.errors
    collateral = sum(group.bundled_rows - group.bundles for group in groups)
    severity = _severity(collateral, evidence.pairs.total)
    if severity is None:
        return None
    bundles = sum(group.bundles for group in groups)
    return Finding(
        rule="bundle-collateral",
        severity=severity,
        confidence=Confidence.HIGH,
        what=f"{collateral} comparisons failed only because another one of their bundle did "
        f"({bundles} bundles, the largest {max(group.largest for group in groups)}).",
        why="A serial bundle is worked off one by one, and the first exception fails or requeues "
        "all of it, answers already paid for included.",
        evidence=_group_lines(evidence),
        next=("Run the failed pairs again with per_request, or a smaller bundle.",),
        cause="provider-failures",
    )


def lost_callbacks(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Comparisons were sent long ago and no answer ever came."""
    pairs = evidence.pairs
    oldest = pairs.pending_first_submitted_at
    if evidence.ended or not pairs.pending or oldest is None or now - oldest <= LOST_AFTER:
        return None
    waiting = _still_queued(evidence)
    if waiting >= pairs.pending - pairs.unsent:
        return None
    return Finding(
        rule="lost-callbacks",
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM if isinstance(evidence.queue, Missing) else Confidence.HIGH,
        what=f"{pairs.pending} comparisons have no answer, the oldest sent {spoken(now - oldest)} "
        f"ago; {_trail(evidence, waiting)}.",
        why="An expired request, a failed publish or a consumer without a valid offset all end "
        "without a callback, and the batch waits for hours.",
        evidence=_pending_lines(evidence),
        next=tuple(
            f"/trace {pair.correlation_id}"
            for pair in evidence.rows.pending[:1]
            if pair.correlation_id
        )
        or ("/queue",),
    )


def duplicate_callbacks(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The same comparison was answered more than once."""
    repeats = [
        event for event in evidence.nearby if "already has result, skipping update" in event.event
    ]
    if not evidence.pairs.total or len(repeats) <= DUPLICATE_SHARE * evidence.pairs.total:
        return None
    ours = set(map(id, evidence.events))
    named = sum(id(event) in ours for event in repeats) > DUPLICATE_SHARE * evidence.pairs.total
    return Finding(
        rule="duplicate-callbacks",
        severity=Severity.WARN if named else Severity.INFO,
        confidence=Confidence.LOW,
        what=f"{len(repeats)} callbacks came for comparisons that had an answer already.",
        why="A bundle that fails after some of its answers were sent is handled again as a whole.",
        evidence=tuple(log_line(event) for event in repeats[:3]),
        next=("The first answer stands; check the bundle's errors.",),
    )


def _severity(count: int, total: int) -> Severity | None:
    if not total or count <= 0 or count / total < WARN_SHARE:
        return None
    return Severity.ERROR if count / total >= ERROR_SHARE else Severity.WARN


def _group_lines(evidence: BatchEvidence) -> tuple[EvidenceLine, ...]:
    pairs = evidence.pairs
    counted = evidence.line(f"{pairs.error} error rows of {pairs.total}", pairs.last_completed_at)
    groups = (
        evidence.line(
            f"{group.rows} rows {group.code} from {group.provider} by {group.service}, "
            f"{group.roots} distinct failures, largest bundle {group.largest}",
            group.last_at,
        )
        for group in evidence.rows.errors[:3]
    )
    return (counted, *groups)


def _pending_lines(evidence: BatchEvidence) -> tuple[EvidenceLine, ...]:
    pairs = evidence.pairs
    counted = evidence.line(f"{pairs.pending} pending rows", pairs.pending_first_submitted_at)
    sample = (
        evidence.line(f"pair {pair.pair_id}, correlation {pair.correlation_id}", pair.submitted_at)
        for pair in evidence.rows.pending[:3]
    )
    return (counted, *sample)


def _still_queued(evidence: BatchEvidence) -> int:
    if isinstance(evidence.queue, Missing):
        return 0
    header = evidence.header
    ids = (str(header.batch_id), header.bos_batch_id)
    return sum(
        item.status in IN_QUEUE and (item.cj_batch_id in ids or item.bos_batch_id in ids)
        for item in evidence.queue.items
    )


def _trail(evidence: BatchEvidence, waiting: int) -> str:
    if isinstance(evidence.queue, Missing):
        return "whether they are still queued could not be checked"
    return f"{waiting} of them are still in the queue"
