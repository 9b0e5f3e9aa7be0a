"""CJ's database with a plant in each text, key and value of JSON that its tables hold."""

from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import asyncpg
import orjson

from bot.demo.incident.rows import create_schema
from tests.attack.parts.plants import Planter

# One batch for each way in which batches end or do not; of the last the ids are plants, too.
STATES = (
    ("PERFORMING_COMPARISONS", "WAITING_CALLBACKS"),
    ("COMPLETE_STABLE", "SCORING"),
    ("ERROR_PROCESSING", "FAILED"),
    ("COMPLETE_STABLE", "COMPLETED"),
    ("PERFORMING_COMPARISONS", "GENERATING_PAIRS"),
)
FIRST = 41
BATCHES = tuple(range(FIRST, FIRST + len(STATES)))
PAIRS, FAILED, ESSAYS = 12, 5, 6


def id_of(kind: str, batch: int, number: int = 0) -> str:
    """Return an id of the planted batches."""
    return str(uuid5(NAMESPACE_URL, f"batchbot/attack/{kind}/{batch}/{number}"))


async def write(url: str, plant: Planter, now: datetime) -> None:
    """Make the tables and write the batches."""
    connection = await asyncpg.connect(url)
    try:
        await create_schema(connection, "now")
        await connection.execute("CREATE TABLE alembic_version (version_num varchar(32))")
        version = plant("alembic_version.version_num", 32)
        await connection.execute("INSERT INTO alembic_version VALUES ($1)", version)
        for number, batch in enumerate(BATCHES):
            await _batch(connection, plant, batch, now - timedelta(minutes=50 - 5 * number))
    finally:
        await connection.close()


async def _batch(to: Any, plant: Planter, batch: int, at: datetime) -> None:
    status, state = STATES[batch - FIRST]
    is_named = batch == BATCHES[-1]
    bos = plant("cj_batch_uploads.bos_batch_id", 36) if is_named else id_of("bos", batch)
    event = plant("cj_batch_uploads.event_correlation_id", 36) if is_named else id_of("ev", batch)
    await _insert(to, "cj_batch_uploads", {
        "id": batch, "bos_batch_id": bos, "event_correlation_id": event,
        "language": plant("cj_batch_uploads.language", 10),
        "course_code": plant("cj_batch_uploads.course_code", 50),
        "expected_essay_count": ESSAYS, "status": status, "created_at": at.replace(tzinfo=None),
        "updated_at": at.replace(tzinfo=None),
        "assignment_id": plant("cj_batch_uploads.assignment_id", 100),
        "user_id": plant("cj_batch_uploads.user_id", 255),
        "org_id": plant("cj_batch_uploads.org_id", 255),
        "processing_metadata": _document(plant, "cj_batch_uploads.processing_metadata",
                                         "original_request", "student_prompt"),
    })  # fmt: skip
    await _insert(to, "cj_batch_states", {
        "batch_id": batch, "state": state, "total_comparisons": PAIRS,
        "submitted_comparisons": PAIRS, "completed_comparisons": PAIRS - FAILED,
        "failed_comparisons": FAILED, "last_activity_at": at + timedelta(minutes=1),
        "current_iteration": 1, "total_budget": PAIRS,
        "processing_metadata": _state_document(plant),
    })  # fmt: skip
    essays = await _essays(to, plant, batch)
    await _pairs(to, plant, batch, essays, at)
    await _results(to, plant, (batch, bos), essays, at + timedelta(minutes=2))


def _document(plant: Planter, place: str, *keys: str) -> str:
    """Return JSON with plants behind the keys that code reads, behind others, and as keys."""
    values: dict[str, Any] = {key: plant(f"{place}.{key}", 100) for key in keys}
    values[plant(f"{place} (key)", 60)] = plant(f"{place} (behind it)")
    values["details"] = {key: plant(f"{place}.details.{key}", 100) for key in keys}
    values["unknown"] = [plant(f"{place}.unknown[]"), {"text": plant(f"{place}.unknown.text")}]
    return orjson.dumps(values).decode()


def _state_document(plant: Planter) -> str:
    place = "cj_batch_states.processing_metadata"
    return orjson.dumps({
        "comparison_budget": {"max_pairs_requested": plant(f"{place}.max_pairs_requested", 20),
                              "source": plant(f"{place}.source", 40)},
        "config_overrides": {
            "llm_batching_mode_override": plant(f"{place}.llm_batching_mode_override", 60),
            "system_prompt_override": plant(f"{place}.system_prompt_override")},
        "llm_batching_mode": plant(f"{place}.llm_batching_mode", 60),
        "max_possible_pairs": plant(f"{place}.max_possible_pairs", 20),
        "forced_to_scoring": {"reason": plant(f"{place}.reason", 100)},
        plant(f"{place} (key)", 60): 1,
    }).decode()  # fmt: skip


async def _essays(to: Any, plant: Planter, batch: int) -> list[str]:
    essays = []
    for number in range(ESSAYS):
        is_planted = number == ESSAYS - 1
        own = plant("cj_processed_essays.els_essay_id", 36) if is_planted else ""
        essays.append(own or id_of("essay", batch, number))
        await _insert(to, "cj_processed_essays", {
            "els_essay_id": essays[-1], "cj_batch_id": batch,
            "text_storage_id": plant("cj_processed_essays.text_storage_id", 256),
            "assessment_input_text": plant("cj_processed_essays.assessment_input_text"),
            "current_bt_score": number * 0.3, "current_bt_se": 0.4, "comparison_count": 4,
            "is_anchor": number < 2,
            "processing_metadata": _document(plant, "cj_processed_essays.processing_metadata",
                                             "student_name"),
        })  # fmt: skip
    return essays


async def _pairs(to: Any, plant: Planter, batch: int, essays: list[str], at: datetime) -> None:
    status = STATES[batch - FIRST][0]
    for number in range(PAIRS):
        failed = number < FAILED
        pending = status == "PERFORMING_COMPARISONS" and number > PAIRS - 4
        asked = at + timedelta(seconds=3 * number)
        done = None if pending else asked + timedelta(seconds=9)
        other = number == FAILED
        winner = "error" if failed else None if pending else "essay_a"
        await _insert(to, "cj_comparison_pairs", {
            "cj_batch_id": batch, "essay_a_els_id": essays[number % len(essays)],
            "essay_b_els_id": essays[(number + 1) % len(essays)],
            "prompt_text": plant("cj_comparison_pairs.prompt_text"),
            "request_correlation_id": UUID(id_of("pair", batch, number)),
            "submitted_at": asked, "completed_at": done,
            "winner": plant("cj_comparison_pairs.winner", 20) if other else winner,
            "confidence": 3.0,
            "justification": plant("cj_comparison_pairs.justification"),
            "raw_llm_response": plant("cj_comparison_pairs.raw_llm_response"),
            "error_code": plant("cj_comparison_pairs.error_code", 100) if failed else None,
            "error_service": plant("cj_comparison_pairs.error_service", 100) if failed else None,
            "error_correlation_id": UUID(id_of("root", batch)) if failed else None,
            "error_timestamp": done if failed else None,
            "error_details": _document(
                plant, "cj_comparison_pairs.error_details", "provider", "error_type",
                "provider_error_type", "provider_error_message", "http_status", "model",
            ) if failed else None,
            "processing_metadata": _document(
                plant, "cj_comparison_pairs.processing_metadata", "provider", "model",
                "response_time_ms", "cost_estimate",
            ),
            "pair_generation_mode": plant("cj_comparison_pairs.pair_generation_mode", 20),
            "created_at": at.replace(tzinfo=None),
        })  # fmt: skip


async def _results(
    to: Any, plant: Planter, ids: tuple[int, str], essays: list[str], at: datetime
) -> None:
    batch, bos = ids
    is_finished = STATES[batch - FIRST][0] == "COMPLETE_STABLE"
    for essay in essays[2:] if is_finished else ():
        await _insert(to, "grade_projections", {
            "els_essay_id": essay, "cj_batch_id": batch,
            "primary_grade": plant("grade_projections.primary_grade", 4),
            "grade_scale": plant("grade_projections.grade_scale", 50),
            "confidence_score": 0.8,
            "confidence_label": plant("grade_projections.confidence_label", 10),
            "calculation_metadata": _document(plant, "grade_projections.calculation_metadata"),
            "created_at": at,
            "assessment_method": plant("grade_projections.assessment_method", 50),
            "model_used": plant("grade_projections.model_used", 100),
            "model_provider": plant("grade_projections.model_provider", 50),
        })  # fmt: skip
    for number, kind in enumerate(("huleedu.cj_assessment.completed.v1", "")):
        await _insert(to, "event_outbox", {
            "aggregate_id": bos if number == 0 else plant("event_outbox.aggregate_id", 255),
            "aggregate_type": plant("event_outbox.aggregate_type", 100) if number else "cj_batch",
            "event_type": kind or plant("event_outbox.event_type", 255),
            "event_data": _document(plant, "event_outbox.event_data", "essay"),
            "event_key": plant("event_outbox.event_key", 255),
            "topic": plant("event_outbox.topic", 255), "created_at": at,
            "published_at": None, "retry_count": 4,
            "last_error": plant("event_outbox.last_error"),
        })  # fmt: skip
    await _insert(to, "event_outbox", {
        "aggregate_id": bos, "aggregate_type": "cj_batch",
        "event_type": plant("event_outbox.event_type of the batch", 255),
        "event_data": "{}", "topic": "t", "created_at": at, "published_at": None,
        "retry_count": 1, "last_error": plant("event_outbox.last_error of the batch"),
    })  # fmt: skip


async def _insert(to: Any, table: str, row: dict[str, Any]) -> None:
    names, places = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await to.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *row.values())
