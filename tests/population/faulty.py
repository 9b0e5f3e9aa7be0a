"""For each rule, a way to break a healthy batch so that the rule must find it."""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from bot.diagnosis.batch_evidence import BatchEvidence
from bot.domain.log import LogError, LogEvent, LogSearch, Role
from bot.domain.queue import QueueReading
from bot.domain.report import Severity
from bot.domain.rows import AnsweredCounts, BatchRows, ErrorGroup, PositionCounts, ScoreCounts
from tests.population.healthy import NOW, STATES, healthy

FINISHED, RUNNING = STATES.index("finished") * 2, STATES.index("running") * 2
SCORING, WAITING = STATES.index("scoring") * 2, STATES.index("waiting") * 2
PERIOD = len(STATES) * 2
Break = Callable[[random.Random, int], BatchEvidence]


def base(variant: int, state: int) -> BatchRows:
    """Return a healthy batch of a state; odd variants are of the older schema revision."""
    return healthy(state + variant % 2 + PERIOD * variant)


def evidence_of(rows: BatchRows, *events: LogEvent) -> BatchEvidence:
    """Return evidence of a batch whose logs and queue were read and hold only these events."""
    return BatchEvidence(rows, LogSearch(events, ()), QueueReading(NOW, 0), {})


def line_of(
    rows: BatchRows, text: str, error: LogError | None = None, **fields: object
) -> LogEvent:
    """Return a line of the CJ service about a batch, at its last activity."""
    name = "huleedu_cj_assessment_service"
    fields = {"batch_id": rows.header.batch_id, **fields}
    at = rows.header.last_activity_at
    return LogEvent(at, name, name, Role.CJ, "info", text, fields=fields, error=error, text=text)


def _failed_rows(rng: random.Random, rows: BatchRows, share: float, bundle: int = 1) -> BatchRows:
    total = rows.pairs.total
    errors = max(1, -(-int(total * share * 100) // 100))
    valid = total - errors
    pairs = replace(
        rows.pairs, essay_a=valid // 2, essay_b=valid - valid // 2, error=errors, pending=0
    )
    bundles = errors // bundle if bundle > 1 else 0
    bundled = bundles * bundle
    group = ErrorGroup(
        "EXTERNAL_SERVICE_ERROR",
        "llm_provider_service",
        "anthropic",
        errors,
        bundles + errors - bundled,
        bundled,
        bundles,
        bundle,
    )
    return replace(rows, pairs=pairs, errors=(group,))


def _overcounted(rng: random.Random, variant: int) -> BatchEvidence:
    rows = base(variant, FINISHED)
    if variant % 2:
        done, wave = rng.randint(11, 40), 10
        text = f"Batch {rows.header.batch_id} completion check: {done}/{wave}"
        return evidence_of(rows, line_of(rows, text, completion_rate=done / wave))
    extra = max(rows.header.true_budget or 0, rows.pairs.total) + rng.randint(1, 30)
    header = replace(rows.header, completed_comparisons=extra, failed_comparisons=0)
    return evidence_of(replace(rows, header=header))


def _overwritten(rng: random.Random, variant: int) -> BatchEvidence:
    rows = _failed_rows(rng, base(variant, FINISHED), rng.uniform(0.22, 0.9))
    return evidence_of(replace(rows, header=replace(rows.header, submitted_comparisons=10)))


def _counted_as_done(rng: random.Random, variant: int) -> BatchEvidence:
    rows = _failed_rows(rng, base(variant, FINISHED), rng.uniform(0.25, 0.95))
    # Forty essays have more possible pairs than any budget here: repeats excuse nothing.
    return evidence_of(replace(rows, scores=ScoreCounts(40, 32, 8, 40)))


def _biased(rng: random.Random, variant: int) -> BatchEvidence:
    mixed = rng.randint(30, 300)
    share = rng.choice([rng.uniform(0.7, 1.0), rng.uniform(0.0, 0.3)])
    position = PositionCounts(mixed, round(mixed * share))
    return evidence_of(replace(base(variant, FINISHED), position=position))


def _early(rng: random.Random, variant: int) -> BatchEvidence:
    rows = base(variant, FINISHED)
    at = rows.projections.first_at or NOW
    sent = rng.randint(10, 60)
    counts = AnsweredCounts(at, sent, sent // 2, sent // 2)
    return evidence_of(replace(rows, at_first_finalisation=counts))


def _repeated(rng: random.Random, variant: int) -> BatchEvidence:
    rows = base(variant, FINISHED)
    if variant % 3 == 0:
        return evidence_of(replace(rows, header=replace(rows.header, state="SCORING")))
    if variant % 3 == 1:
        group = replace(rows.outbox[0], count=rng.randint(2, 83))
        return evidence_of(replace(rows, outbox=(group,)))
    error = LogError("IntegrityError", "duplicate key", (), "gkpj", "grade_projections_pkey")
    return evidence_of(rows, line_of(rows, "Failed scoring finalization: boom", error))


def _stuck(rng: random.Random, variant: int) -> BatchEvidence:
    rows = base(variant, SCORING)
    quiet = NOW - timedelta(minutes=rng.randint(11, 6_000))
    return evidence_of(replace(rows, header=replace(rows.header, last_activity_at=quiet)))


def _provider(rng: random.Random, variant: int) -> BatchEvidence:
    return evidence_of(_failed_rows(rng, base(variant, FINISHED), rng.uniform(0.08, 0.9)))


def _collateral(rng: random.Random, variant: int) -> BatchEvidence:
    return evidence_of(_failed_rows(rng, base(variant, FINISHED), rng.uniform(0.3, 0.9), 8))


def _duplicates(rng: random.Random, variant: int) -> BatchEvidence:
    rows = base(variant, FINISHED)
    text = "Comparison pair 7 already has result, skipping update"
    lines = [line_of(rows, text) for _ in range(rows.pairs.total // 50 + rng.randint(2, 9))]
    return evidence_of(rows, *lines)


def _lost(rng: random.Random, variant: int) -> BatchEvidence:
    rows = base(variant, RUNNING)
    sent = NOW - timedelta(minutes=rng.randint(16, 3_000))
    return evidence_of(
        replace(
            rows,
            pairs=replace(rows.pairs, pending_first_submitted_at=sent),
            header=replace(rows.header, last_activity_at=sent),
        )
    )


def _monitored(rng: random.Random, variant: int) -> BatchEvidence:
    rows = base(variant, WAITING)
    quiet = NOW - timedelta(seconds=rng.randint(65, 900))
    return evidence_of(
        replace(
            rows,
            pairs=replace(rows.pairs, last_completed_at=quiet),
            header=replace(rows.header, last_activity_at=quiet),
        )
    )


def _degenerate(rng: random.Random, variant: int) -> BatchEvidence:
    essays = rng.randint(8, 40)
    bad = rng.randint(-(-essays // 4), essays)
    scores = ScoreCounts(essays, essays - 4, 4, essays, bad, 0, bad)
    return evidence_of(replace(base(variant, FINISHED), scores=scores))


def _unpublished(rng: random.Random, variant: int) -> BatchEvidence:
    rows = base(variant, FINISHED)
    late = NOW - timedelta(minutes=rng.randint(6, 900))
    group = replace(rows.outbox[0], unpublished=1, oldest_unpublished_at=late)
    if variant % 2:
        fresh = NOW - timedelta(seconds=30)
        group = replace(group, oldest_unpublished_at=fresh, max_retry_count=5)
    return evidence_of(replace(rows, outbox=(group,)))


def _foreign(rng: random.Random, variant: int) -> BatchEvidence:
    rows = base(variant, FINISHED)
    id = UUID(int=rng.getrandbits(128))
    words = ("missing essay identifiers", "missing prompt hash")[variant % 2]
    return evidence_of(rows, line_of(rows, f"Comparison callback {words}; correlation={id}"))


FAULTS: Mapping[str, tuple[Break, Severity]] = {
    "completion-overcounted": (_overcounted, Severity.WARN),
    "counters-overwritten": (_overwritten, Severity.WARN),
    "errors-counted-as-done": (_counted_as_done, Severity.ERROR),
    "position-bias": (_biased, Severity.WARN),
    "early-finalisation": (_early, Severity.ERROR),
    "repeated-finalisation": (_repeated, Severity.ERROR),
    "finalisation-stuck": (_stuck, Severity.ERROR),
    "provider-failures": (_provider, Severity.WARN),
    "bundle-collateral": (_collateral, Severity.WARN),
    "duplicate-callbacks": (_duplicates, Severity.WARN),
    "lost-callbacks": (_lost, Severity.ERROR),
    "waiting-on-monitor": (_monitored, Severity.WARN),
    "degenerate-scores": (_degenerate, Severity.WARN),
    "outbox-unpublished": (_unpublished, Severity.ERROR),
    "foreign-callback": (_foreign, Severity.WARN),
}
