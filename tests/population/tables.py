"""Writes a simulated batch into the tables of its revision."""

from datetime import datetime
from typing import Any

import orjson

from tests.population.evidence import EVENT_TYPE
from tests.population.world import BEGIN, Comparison, World

PAIRS = [
    "cj_batch_id", "essay_a_els_id", "essay_b_els_id", "prompt_text", "request_correlation_id",
    "submitted_at", "completed_at", "winner", "error_code", "error_correlation_id",
    "error_timestamp", "error_service", "error_details", "created_at", "processing_metadata",
]  # fmt: skip
ESSAYS = [
    "els_essay_id", "cj_batch_id", "text_storage_id", "assessment_input_text",
    "current_bt_score", "current_bt_se", "comparison_count", "is_anchor",
]  # fmt: skip


async def write(connection: Any, world: World) -> None:
    """Write the batch, its essays, pairs, grades and events."""
    now = not world.then
    await connection.execute(
        "INSERT INTO cj_batch_uploads (id, bos_batch_id, event_correlation_id, language,"
        " course_code, expected_essay_count, status, created_at, updated_at)"
        " VALUES ($1, $2, $3, 'sv', 'SV1', $4, $5, $6, $6)",
        world.id, str(world.bos), str(world.event_id),
        world.essays - world.anchors + world.faults.no_content,
        world.status, _naive(BEGIN),
    )  # fmt: skip
    budget = {"max_pairs_requested": world.budget, "source": "runner_override"}
    metadata = {"comparison_budget": budget} | ({"llm_batching_mode": world.mode} if now else {})
    metadata |= {"forced_to_scoring": {"reason": world.forced}} if world.forced else {}
    await connection.execute(
        "INSERT INTO cj_batch_states (batch_id, state, total_comparisons, submitted_comparisons,"
        " completed_comparisons, failed_comparisons, last_activity_at, current_iteration,"
        " processing_metadata) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        world.id, world.state, world.total, world.submitted, world.completed, world.failed,
        world.last_activity, world.iteration, orjson.dumps(metadata).decode(),
    )  # fmt: skip
    if now:
        text = "UPDATE cj_batch_states SET total_budget = $2 WHERE batch_id = $1"
        await connection.execute(text, world.id, world.budget)
    await _rows(connection, world)
    await _results(connection, world)


async def _rows(connection: Any, world: World) -> None:
    met = [name for one in world.comparisons if one.winner not in (None, "error")
           for name in (one.a, one.b)]  # fmt: skip
    essays = [
        (name, world.id, "storage", "PLANTED STUDENT TEXT", *world.scores.get(name, (None, None)),
         met.count(name), world.is_anchor(name))
        for name in world.names
    ]  # fmt: skip
    await connection.copy_records_to_table("cj_processed_essays", records=essays, columns=ESSAYS)
    valid = [one for one in world.comparisons if one.winner not in (None, "error")]
    others = {one.correlation for one in valid[: world.other_model]}
    pairs = [_pair(world, one, other=one.correlation in others) for one in world.comparisons]
    if world.then:
        await connection.copy_records_to_table("cj_comparison_pairs", records=pairs, columns=PAIRS)
        return
    modes = [(*row, one.generation) for row, one in zip(pairs, world.comparisons, strict=True)]
    columns = [*PAIRS, "pair_generation_mode"]
    await connection.copy_records_to_table("cj_comparison_pairs", records=modes, columns=columns)


def _pair(world: World, one: Comparison, *, other: bool) -> tuple[Any, ...]:
    failed = one.winner == "error"
    answer = {"provider": "anthropic", "model": "claude-next" if other else "claude"}
    return (
        world.id, one.a, one.b, "PLANTED STUDENT TEXT", one.correlation, one.sent, one.answered,
        one.winner, "EXTERNAL_SERVICE_ERROR" if failed else None, one.root,
        one.answered if failed else None, "llm_provider_service" if failed else None,
        '{"provider": "anthropic"}' if failed else None, _naive(one.created),
        orjson.dumps(answer).decode() if one.winner and not failed else None,
    )  # fmt: skip


async def _results(connection: Any, world: World) -> None:
    if world.projected:
        students = [name for name in world.names if not world.is_anchor(name)]
        grades = [(name, world.id, "C", 0.8, "HIGH", "{}", world.projected) for name in students]
        columns = ["els_essay_id", "cj_batch_id", "primary_grade", "confidence_score",
                   "confidence_label", "calculation_metadata", "created_at"]  # fmt: skip
        await connection.copy_records_to_table("grade_projections", records=grades, columns=columns)
    for written, published, tries in world.outbox:
        await connection.execute(
            "INSERT INTO event_outbox (aggregate_id, aggregate_type, event_type, event_data, topic,"
            " created_at, published_at, retry_count)"
            " VALUES ($1, 'cj_batch', $2, '{}', $2, $3, $4, $5)",
            str(world.bos), EVENT_TYPE, written, published, tries,
        )  # fmt: skip


def _naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)
