"""Rules on comparisons that failed."""

from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.comparison.causes import (
    BUNDLE_COLLATERAL,
    PROVIDER_FAILURES,
    WARN_SHARE,
    failure_severity,
)
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Finding, Severity


def provider_failures(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The LLM provider failed for a notable share of the comparisons."""
    pairs, groups = evidence.pairs, evidence.rows.errors
    severity = _severity(pairs.error, pairs.total)
    if severity is None:
        return None
    roots = sum(group.roots for group in groups)
    names = ", ".join(f"{group.rows} {group.code} ({group.provider})" for group in groups[:3])
    return Finding(
        rule=PROVIDER_FAILURES.rule,
        severity=severity,
        confidence=Confidence.MEDIUM,
        what=f"{pairs.error} of {pairs.total} comparisons failed: {names or 'no code'}; they go "
        f"back to {roots} real failures.",
        why=PROVIDER_FAILURES.why,
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
        rule=BUNDLE_COLLATERAL.rule,
        severity=severity,
        confidence=Confidence.HIGH,
        what=f"{collateral} comparisons failed only because another one of their bundle did "
        f"({bundles} bundles, the largest {max(group.largest for group in groups)}).",
        why=BUNDLE_COLLATERAL.why,
        evidence=_group_lines(evidence),
        next=("Run the failed pairs again with per_request, or a smaller bundle.",),
        cause=PROVIDER_FAILURES.rule,
    )


def _severity(count: int, total: int) -> Severity | None:
    if not total or count <= 0 or count / total < WARN_SHARE:
        return None
    return failure_severity(count, total)


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
