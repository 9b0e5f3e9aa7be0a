"""Healthy batches in every legal state of both schema revisions, made from a seed."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from bot.domain.rows import (
    AnsweredCounts,
    BatchHeader,
    BatchRows,
    ErrorGroup,
    OutboxGroup,
    PairCounts,
    PendingPair,
    PositionCounts,
    ProjectionCounts,
    ScoreCounts,
)

NOW = datetime(2025, 11, 20, 12, 0, tzinfo=UTC)
STATES = (
    "finished",
    "running",
    "unsent",
    "waiting",
    "cancelled",
    "failed",
    "stable_stragglers",
    "small_net",
    "resampled",
    "no_anchors",
    "new",
    "scoring",
)


def healthy(seed: int) -> BatchRows:
    """Return one healthy batch; `seed` picks its state, its schema revision and its numbers."""
    rng = random.Random(seed)
    then = bool(seed % 2)
    made = {
        "finished": _finished,
        "running": _running,
        "unsent": _unsent,
        "waiting": _waiting,
        "cancelled": _cancelled,
        "failed": _failed,
        "stable_stragglers": _stable,
        "small_net": _small_net,
        "resampled": _resampled,
        "no_anchors": _no_anchors,
        "new": _new,
        "scoring": _scoring,
    }[state_of(seed)](rng, then)
    return _counted(made, rng, then)


def state_of(seed: int) -> str:
    """Return which legal state a seed makes."""
    return STATES[seed // 2 % len(STATES)]


def _finished(rng: random.Random, then: bool) -> BatchRows:
    total = rng.choice([40, 60, 100, 120, 350])
    errors = rng.randint(0, total * 4 // 100)
    return _ended(rng, total, total - errors, errors, total, "COMPLETE_MAX_COMPARISONS")


def _running(rng: random.Random, then: bool) -> BatchRows:
    pending = rng.randint(1, 20)
    valid = rng.randint(0, 80)
    total = pending + valid
    sent = NOW - timedelta(seconds=rng.randint(5, 600))
    return _open(rng, _pairs(total, valid, 0, pending, sent), 350, "WAITING_CALLBACKS")


def _unsent(rng: random.Random, then: bool) -> BatchRows:
    rows = _running(rng, then)
    wave = rng.randint(1, 10)
    pairs = replace(
        rows.pairs,
        total=rows.pairs.total + wave,
        pending=rows.pairs.pending + wave,
        unsent=wave,
        last_created_at=NOW - timedelta(seconds=rng.randint(1, 60)),
    )
    header = replace(rows.header, last_activity_at=NOW - timedelta(seconds=rng.randint(1, 60)))
    return replace(rows, pairs=pairs, header=header)


def _waiting(rng: random.Random, then: bool) -> BatchRows:
    valid = rng.randint(6, 60)
    quiet = NOW - timedelta(seconds=rng.randint(1, 55))
    pairs = replace(_pairs(valid, valid, 0, 0, quiet), last_completed_at=quiet)
    rows = _open(rng, pairs, 350, "WAITING_CALLBACKS")
    return replace(rows, header=replace(rows.header, last_activity_at=quiet))


def _cancelled(rng: random.Random, then: bool) -> BatchRows:
    sent = NOW - timedelta(hours=rng.randint(1, 20))
    rows = _open(rng, _pairs(30, 20, 0, 10, sent), 100, "CANCELLED")
    return replace(rows, header=replace(rows.header, last_activity_at=sent))


def _failed(rng: random.Random, then: bool) -> BatchRows:
    return _headed(rng, _pairs(0, 0, 0, 0, NOW), 100, "COMPLETE_INSUFFICIENT_ESSAYS", "FAILED")


def _stable(rng: random.Random, then: bool) -> BatchRows:
    total = rng.randint(60, 120)
    pending = rng.randint(1, total // 8)
    rows = _ended(rng, total, total - pending, 0, 350, "COMPLETE_STABLE")
    at = rows.projections.first_at
    assert at is not None
    early = AnsweredCounts(at, total, total - pending, total - pending)
    pairs = replace(rows.pairs, pending_first_submitted_at=at)
    return replace(rows, pairs=pairs, at_first_finalisation=early)


def _small_net(rng: random.Random, then: bool) -> BatchRows:
    essays = rng.randint(3, 8)
    total = essays * (essays - 1) // 2
    rows = _ended(rng, total, total, 0, 350, "COMPLETE_STABLE")
    scores = ScoreCounts(essays, essays - 1, 1, essays)
    header = replace(rows.header, max_possible_pairs=total)
    return replace(rows, scores=scores, header=header, position=PositionCounts(essays - 1, 1))


def _resampled(rng: random.Random, then: bool) -> BatchRows:
    rows = _finished(rng, False)
    modes = {"coverage": rows.pairs.total // 2, "resampling": rows.pairs.total // 2}
    return replace(rows, repeated_pairs=rows.pairs.total // 2, generation_modes=modes)


def _no_anchors(rng: random.Random, then: bool) -> BatchRows:
    rows = _finished(rng, then)
    scores = replace(rows.scores, students=rows.scores.essays, anchors=0)
    return replace(rows, projections=ProjectionCounts(), position=PositionCounts(), scores=scores)


def _new(rng: random.Random, then: bool) -> BatchRows:
    rows = _headed(rng, PairCounts(), None, "PENDING", rng.choice(["INITIALIZING", None]))
    created = NOW - timedelta(seconds=rng.randint(1, 300))
    return replace(rows, header=replace(rows.header, created_at=created, last_activity_at=created))


def _scoring(rng: random.Random, then: bool) -> BatchRows:
    total = rng.randint(30, 100)
    quiet = NOW - timedelta(seconds=rng.randint(1, 550))
    rows = _open(rng, _pairs(total, total, 0, 0, quiet), total, "SCORING")
    return replace(rows, header=replace(rows.header, last_activity_at=quiet))


def _ended(
    rng: random.Random, total: int, valid: int, errors: int, budget: int, status: str
) -> BatchRows:
    ended = NOW - timedelta(hours=rng.randint(1, 200))
    rows = _headed(rng, _pairs(total, valid, errors, total - valid - errors, ended), budget, status)
    group = OutboxGroup("huleedu.cj_assessment.completed.v1", 1, ended, ended)
    essays = max(20, rng.randint(20, 40))
    return replace(
        rows,
        header=replace(rows.header, state="COMPLETED", last_activity_at=ended),
        errors=_errors(errors, ended),
        outbox=(group,),
        projections=ProjectionCounts(essays - 8, ended, ended),
        scores=ScoreCounts(essays, essays - 8, 8, essays, rng.randint(0, 4), 0, rng.randint(0, 4)),
        position=_shuffled(rng, total),
        at_first_finalisation=AnsweredCounts(ended, total, total, valid),
    )


def _open(rng: random.Random, pairs: PairCounts, budget: int, state: str) -> BatchRows:
    rows = _headed(rng, pairs, budget, "PERFORMING_COMPARISONS", state)
    sent = pairs.pending_first_submitted_at
    sample = tuple(
        PendingPair(number, UUID(int=rng.getrandbits(128)), sent)
        for number in range(min(pairs.pending, 5))
    )
    return replace(rows, pending=sample, position=_shuffled(rng, pairs.total))


def _headed(
    rng: random.Random,
    pairs: PairCounts,
    budget: int | None,
    status: str,
    state: str | None = "COMPLETED",
) -> BatchRows:
    header = BatchHeader(
        batch_id=rng.randint(1, 9_999),
        bos_batch_id=str(UUID(int=rng.getrandbits(128))),
        event_correlation_id=str(UUID(int=rng.getrandbits(128))),
        status=status,
        state=state,
        created_at=NOW - timedelta(hours=201),
        requested_budget=budget,
        completion_threshold_pct=95,
        last_activity_at=NOW - timedelta(seconds=rng.randint(1, 500)),
    )
    return BatchRows(header, pairs)


def _pairs(total: int, valid: int, errors: int, pending: int, at: datetime) -> PairCounts:
    first = at - timedelta(minutes=10)
    return PairCounts(
        total=total,
        essay_a=valid // 2,
        essay_b=valid - valid // 2,
        error=errors,
        pending=pending,
        first_created_at=first,
        last_created_at=at,
        first_submitted_at=first,
        last_submitted_at=at,
        first_completed_at=first if valid else None,
        last_completed_at=at if valid else None,
        pending_first_submitted_at=at if pending else None,
    )


def _shuffled(rng: random.Random, total: int) -> PositionCounts:
    mixed = total * 2 // 3
    in_a = round(mixed * rng.uniform(0.38, 0.62))
    return PositionCounts(mixed, in_a)


def _errors(errors: int, at: datetime) -> tuple[ErrorGroup, ...]:
    if not errors:
        return ()
    group = ErrorGroup("TIMEOUT", "llm_provider_service", "anthropic", errors, errors)
    return (replace(group, first_at=at, last_at=at),)


def _counted(rows: BatchRows, rng: random.Random, then: bool) -> BatchRows:
    """Write the counters as the revision would: THEN overwrites them with each wave."""
    pairs, header = rows.pairs, rows.header
    wave = min(pairs.total, 10) if then else pairs.total
    sent = wave if then else pairs.total - pairs.unsent
    counted = replace(
        header,
        has_total_budget=not then,
        total_budget=None if then else header.requested_budget,
        total_comparisons=wave,
        submitted_comparisons=sent,
        completed_comparisons=pairs.valid,
        failed_comparisons=pairs.error,
        current_iteration=1 if then else max(0, pairs.total // 10),
        batching_mode=None if then else rng.choice(["per_request", "serial_bundle"]),
    )
    return replace(rows, header=counted)
