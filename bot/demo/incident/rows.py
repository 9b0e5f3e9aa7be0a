"""The rows of the incident and of two healthy neighbours, for either revision of the schema.

Batch 33: 100 comparisons asked, 66 failed, scored all the same. Batch 34: ten of ten valid,
finalised at the fifth callback and once more at the tenth. Text columns hold a planted
sentence, so that a leak of student text can be looked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

import asyncpg
import orjson

Revision = Literal["then", "now"]
STUDENT_TEXT = "PLANTED-STUDENT-TEXT Jag minns min sommar hos mormor."
COMPLETED_EVENT = "huleedu.cj_assessment.completed.v1"
NIGHT = datetime(2025, 11, 18, tzinfo=UTC)
_SCHEMA = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class IncidentBatch:
    """One batch to write. `winners` holds one word a pair (None is pending), in order."""

    id: int
    bos_batch_id: str
    event_correlation_id: str
    status: str
    state: str
    started: datetime
    winners: Sequence[str | None]
    anchors_in_a: int
    submitted: int
    completed: int
    failed: int
    total: int
    requested: int
    backfilled_budget: int
    finalised_after: timedelta | None
    answered_after: timedelta
    completion_events: int = 1
    error_bundle: int = 0
    score_of: dict[int, tuple[float, float]] = field(default_factory=dict)
    essays: int = 24
    anchors: int = 12
    iteration: int = 1
    first_answer_after: timedelta = timedelta()


def pair_id(batch: int, number: int) -> UUID:
    """Return the correlation id of a pair of the incident."""
    return uuid5(NAMESPACE_URL, f"batchbot/incident/{batch}/pair/{number}")


def essay_id(batch: int, number: int, *, anchor: bool) -> str:
    """Return the id of an essay; anchors carry their synthetic form."""
    mark = uuid5(NAMESPACE_URL, f"batchbot/incident/{batch}/essay/{number}").hex
    return f"ANCHOR_{number}_{mark[:8]}" if anchor else str(UUID(mark))


def _spread(a: int, b: int, errors: int) -> list[str]:
    """Mix the outcomes evenly, in an order that is the same every time."""
    words = ["essay_a"] * a + ["essay_b"] * b + ["error"] * errors
    return [words[(n * 37) % len(words)] for n in range(len(words))]


BATCHES = (
    IncidentBatch(
        31, "5d0a6a52-13b7-4a39-9f61-7f3a30c0d031", "0a6d1f6e-64a5-4d5a-8a2d-1c2f3d4e5031",
        "COMPLETE_MAX_COMPARISONS", "COMPLETED", NIGHT + timedelta(hours=20),
        ["essay_a", "essay_b", "essay_b", "essay_a"], 2, 4, 4, 0, 4, 4, 4,
        timedelta(seconds=40), timedelta(seconds=30), essays=6, anchors=3,
    ),
    IncidentBatch(
        32, "8f1b7c63-24c8-4b4a-8a72-8a4b41d1e032", "1b7e2a7f-75b6-4e6b-9b3e-2d3a4e5f6032",
        "COMPLETE_STABLE", "COMPLETED", NIGHT + timedelta(hours=21),
        _spread(20, 20, 0), 20, 40, 40, 0, 40, 40, 40,
        timedelta(minutes=3), timedelta(minutes=2, seconds=50),
    ),
    IncidentBatch(
        33, "3e2d8a4c-6f1b-4d7e-9a52-0c84ebf6a133", "5b0c9d3e-1f64-4c0a-8f2b-7d9e31a0c033",
        "COMPLETE_MAX_COMPARISONS", "COMPLETED", NIGHT + timedelta(hours=23, minutes=18),
        _spread(11, 23, 66), 86, 10, 34, 66, 10, 100, 10,
        timedelta(minutes=3, seconds=20), timedelta(minutes=3), error_bundle=8,
        first_answer_after=timedelta(seconds=15),
        score_of={n: (0.0 if n < 6 else n * 0.1, 2.0) for n in range(24)},
    ),
    IncidentBatch(
        34, "9c41f7b2-58de-4a36-b1f0-2ab525a2c034", "71d6e0aa-93c5-4b8e-a7d4-e1c2f3b4a034",
        "COMPLETE_STABLE", "SCORING", NIGHT + timedelta(hours=23, minutes=48, seconds=20),
        _spread(5, 5, 0), 5, 10, 10, 0, 10, 10, 10,
        timedelta(seconds=18), timedelta(seconds=23),
    ),
)  # fmt: skip


async def load(url: str, revision: Revision = "then") -> None:
    """Make the schema of a revision in an empty database and write the incident's rows."""
    connection = await asyncpg.connect(url)
    try:
        await create_schema(connection, revision)
        for batch in BATCHES:
            await write_batch(connection, batch, revision)
        await connection.execute("SELECT setval('cj_batch_uploads_id_seq', 34)")
    finally:
        await connection.close()


async def create_schema(connection: Any, revision: Revision) -> None:
    """Make the tables of a revision."""
    await connection.execute((_SCHEMA / "schema.sql").read_text(encoding="utf-8"))
    if revision == "now":
        for statement in (_SCHEMA / "schema_now.sql").read_text(encoding="utf-8").split(";"):
            if statement.strip():
                await connection.execute(statement)


async def write_batch(connection: Any, batch: IncidentBatch, revision: Revision) -> None:
    """Write one batch with its essays, pairs, projections and completion events."""
    await _write_upload(connection, batch)
    await _write_state(connection, batch, revision)
    essays = [essay_id(batch.id, n, anchor=n < batch.anchors) for n in range(batch.essays)]
    await _write_essays(connection, batch, essays)
    await _write_pairs(connection, batch, essays)
    if batch.finalised_after is not None:
        await write_results(connection, batch, essays, batch.started + batch.finalised_after)


async def _write_upload(connection: Any, batch: IncidentBatch) -> None:
    await connection.execute(
        "INSERT INTO cj_batch_uploads (id, bos_batch_id, event_correlation_id, language,"
        " course_code, expected_essay_count, status, created_at, updated_at, processing_metadata,"
        " user_id, org_id) VALUES ($1,$2,$3,'sv','SV1',$4,$5,$6,$6,$7,$8,$8)",
        batch.id,
        batch.bos_batch_id,
        batch.event_correlation_id,
        batch.essays - batch.anchors,
        batch.status,
        batch.started.replace(tzinfo=None),
        orjson.dumps({"original_request": {"user_id": STUDENT_TEXT}}).decode(),
        STUDENT_TEXT,
    )


async def _write_state(connection: Any, batch: IncidentBatch, revision: Revision) -> None:
    metadata = {
        "comparison_budget": {
            "max_pairs_requested": batch.requested,
            "source": "runner_override",
        }
    }
    last = batch.started + max(batch.answered_after, batch.finalised_after or timedelta(0))
    await connection.execute(
        "INSERT INTO cj_batch_states (batch_id, state, total_comparisons, submitted_comparisons,"
        " completed_comparisons, failed_comparisons, last_activity_at, current_iteration,"
        " processing_metadata) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)",
        batch.id,
        batch.state,
        batch.total,
        batch.submitted,
        batch.completed,
        batch.failed,
        last,
        batch.iteration,
        orjson.dumps(metadata).decode(),
    )
    if revision == "now":
        await connection.execute(
            "UPDATE cj_batch_states SET total_budget = $2 WHERE batch_id = $1",
            batch.id,
            batch.backfilled_budget,
        )


async def _write_essays(connection: Any, batch: IncidentBatch, essays: Sequence[str]) -> None:
    scored = batch.finalised_after is not None
    rows = []
    for number, essay in enumerate(essays):
        score, error = batch.score_of.get(number, (number * 0.31 - 2.0, 0.4 + number * 0.01))
        rows.append(
            (
                essay,
                batch.id,
                f"storage-{batch.id}-{number}",
                STUDENT_TEXT,
                score if scored else None,
                error if scored else None,
                max(1, 2 * len(batch.winners) // batch.essays),
                number < batch.anchors,
            )
        )
    await connection.copy_records_to_table(
        "cj_processed_essays",
        records=rows,
        columns=[
            "els_essay_id", "cj_batch_id", "text_storage_id", "assessment_input_text",
            "current_bt_score", "current_bt_se", "comparison_count", "is_anchor",
        ],
    )  # fmt: skip


async def _write_pairs(connection: Any, batch: IncidentBatch, essays: Sequence[str]) -> None:
    rows = []
    errors: list[UUID] = []
    # Nothing is answered before the log dispatches it.
    first_done, few = batch.first_answer_after, max(1, len(batch.winners) - 1)
    step = batch.answered_after / max(1, len(batch.winners))
    for number, winner in enumerate(batch.winners, start=1):
        correlation = pair_id(batch.id, number)
        anchor = essays[number % batch.anchors]
        student = essays[batch.anchors + number % (len(essays) - batch.anchors)]
        first, second = (anchor, student) if number <= batch.anchors_in_a else (student, anchor)
        created = batch.started + step * (number - 1) * 0.5
        done = step * number
        if first_done:
            done = first_done + (batch.answered_after - first_done) * (number - 1) / few
        root = None
        if winner == "error":
            errors.append(correlation)
            root = errors[(len(errors) - 1) // max(1, batch.error_bundle) * batch.error_bundle]
        rows.append(_pair(batch, correlation, first, second, winner, created, done, root))
    await connection.copy_records_to_table("cj_comparison_pairs", records=rows, columns=_PAIR_COLS)


_PAIR_COLS = [
    "cj_batch_id", "essay_a_els_id", "essay_b_els_id", "prompt_text", "request_correlation_id",
    "submitted_at", "completed_at", "winner", "confidence", "justification", "error_code",
    "error_correlation_id", "error_timestamp", "error_service", "error_details", "created_at",
    "processing_metadata",
]  # fmt: skip


def _pair(
    batch: IncidentBatch,
    correlation: UUID,
    first: str,
    second: str,
    winner: str | None,
    created: datetime,
    answered_after: timedelta,
    root: UUID | None,
) -> tuple[Any, ...]:
    done = batch.started + answered_after if winner else None
    failed = winner == "error"
    valid = bool(winner) and not failed
    answer = {
        "provider": "anthropic",
        "model": "claude-haiku-4-5",
        "response_time_ms": 1900 + correlation.int % 700,
        "token_usage": {"prompt_tokens": 3100, "completion_tokens": 110, "total_tokens": 3210},
        "cost_estimate": 0.0033,
    }
    return (
        batch.id, first, second, STUDENT_TEXT, correlation, created, done, winner,
        3.0 if valid else None, STUDENT_TEXT if valid else None,
        "EXTERNAL_SERVICE_ERROR" if failed else None, root, done if failed else None,
        "llm_provider_service" if failed else None,
        orjson.dumps({"provider": "anthropic"}).decode() if failed else None,
        created.replace(tzinfo=None),
        orjson.dumps(answer).decode() if valid else None,
    )  # fmt: skip


async def write_results(
    connection: Any, batch: IncidentBatch, essays: Sequence[str], at: datetime
) -> None:
    """Write the grades of a batch's students and its completion events; anchors come first."""
    grades = [
        (essay, batch.id, "C", 0.8, "HIGH", "{}", at + timedelta(milliseconds=n))
        for n, essay in enumerate(essays[batch.anchors :])
    ]
    await connection.copy_records_to_table(
        "grade_projections",
        records=grades,
        columns=[
            "els_essay_id", "cj_batch_id", "primary_grade", "confidence_score",
            "confidence_label", "calculation_metadata", "created_at",
        ],
    )  # fmt: skip
    for number in range(batch.completion_events):
        await connection.execute(
            "INSERT INTO event_outbox (aggregate_id, aggregate_type, event_type, event_data,"
            " topic, created_at, published_at) VALUES ($1,'cj_batch',$2,$3,$2,$4,$5)",
            batch.bos_batch_id,
            COMPLETED_EVENT,
            orjson.dumps({"data": STUDENT_TEXT}).decode(),
            at + timedelta(seconds=number + 0.5),
            at + timedelta(seconds=number + 4),
        )
