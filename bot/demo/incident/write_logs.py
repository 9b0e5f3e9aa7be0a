"""Writes the logs of the incident's night, in both formats, the same bytes every time.

`python -m bot.demo.incident.write_logs` writes logs/console (structlog's coloured console mixed
with its plain default lines) and logs/json (JSON mixed with the same plain lines).
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from bot.demo.incident.bundle_lines import TOPIC, at, bundle_lines, request_id
from bot.demo.incident.log_lines import CJ, LLM, RUNNER, Said, as_console, as_json, as_plain

LOGS = Path(__file__).parent / "logs"
BOS = {33: "3e2d8a4c-6f1b-4d7e-9a52-0c84ebf6a133", 34: "9c41f7b2-58de-4a36-b1f0-2ab525a2c034"}
EVENT_ID = {33: "5b0c9d3e-1f64-4c0a-8f2b-7d9e31a0c033", 34: "71d6e0aa-93c5-4b8e-a7d4-e1c2f3b4a034"}
LABEL = {33: "serial-bundle-20251119-0018", 34: "serial-bundle-20251119-0048"}
STRAY = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
ORPHAN = uuid5(NAMESPACE_URL, "batchbot/incident/orphan/request")
CONSTRAINT = (
    "(sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) <class 'asyncpg.exceptions."
    "UniqueViolationError'>: duplicate key value violates unique constraint "
    '"grade_projections_pkey"\nDETAIL:  Key (els_essay_id, cj_batch_id)=(essay-7, 34) already '
    "exists.\n[SQL: INSERT INTO grade_projections (els_essay_id, cj_batch_id) VALUES ($1, $2)]\n"
    "[parameters: ('PLANTED STUDENT TEXT', 34)]\n"
    "(Background on this error at: https://sqlalche.me/e/20/gkpj)"
)
ROLLED_BACK = (
    "This Session's transaction has been rolled back due to a previous exception during flush. "
    f"Original exception was: {CONSTRAINT} "
    "(Background on this error at: https://sqlalche.me/e/20/7s2a)"
)


def _batch_33() -> Iterator[Said]:
    for wave in range(10):
        sent = at(18, 12 + 18 * wave)
        first = 10 * wave + 1
        failed = wave in (0, 1, 3, 4, 6, 7, 8)
        yield from bundle_lines(
            33, first, first + 7, sent, sent + timedelta(seconds=1), failed=failed
        )
        yield from bundle_lines(
            33, first + 8, first + 9, sent, sent + timedelta(seconds=6), failed=False
        )
    for second, count in ((11, 10), (26, 11), (26.4, 16)):
        yield Said(
            CJ,
            at(19, second),
            f"Batch 33 completion detected: {count}/10 comparisons completed (80%+ threshold reached)",
            logger="batch_completion_checker",
            extra={"batch_id": 33, "completion_rate": count / 10},
        )


def _batch_34() -> Iterator[Said]:
    yield from bundle_lines(34, 1, 8, at(48, 21), at(48, 23, 771), failed=False)
    yield from bundle_lines(34, 9, 10, at(48, 21), at(48, 39, 214), failed=False)
    finish = "batch_finalizer"
    yield Said(
        CJ,
        at(48, 42),
        "Comparison budget exhausted; finalizing batch despite incomplete threshold",
        logger="workflow_continuation",
        extra={"batch_id": 34, "completed_comparisons": 5, "submitted_comparisons": 10},
    )
    yield Said(
        CJ,
        at(48, 42, 100),
        "Updating batch state to SCORING",
        "debug",
        finish,
        {"cj_batch_id": 34},
        early=True,
    )
    for ms, event in (
        (200, "Recording 0 comparison results for CJ Batch ID: 34"),
        (300, "Stored 0 new comparison pairs for CJ Batch ID: 34"),
        (1_000, "Generating final rankings for CJ Batch ID: 34"),
        (1_100, "Generated rankings for 24 essays in CJ Batch 34"),
    ):
        yield Said(CJ, at(48, 42, ms), event, logger=finish)
    yield from _second_finalisation()


def _second_finalisation() -> Iterator[Said]:
    """The run that collides with the first, and the callback that belongs to no comparison."""
    yield Said(
        CJ,
        at(48, 43, 200),
        f"Failed scoring finalization: {CONSTRAINT}",
        "error",
        "batch_finalizer",
        {"batch_id": 34, "error_type": "IntegrityError"},
        ("IntegrityError", CONSTRAINT),
    )
    yield Said(
        CJ,
        at(48, 43, 400),
        f"Error in callback processing: {ROLLED_BACK}",
        "error",
        "batch_callback_handler",
        {
            "request_id": str(request_id(34, 10)),
            "exception_type": "PendingRollbackError",
            "batch_id": 34,
        },
        ("PendingRollbackError", ROLLED_BACK),
    )
    yield Said(
        CJ,
        at(48, 45),
        f"Error in callback processing: [CJ_CALLBACK_CORRELATION_FAILED] Cannot find comparison pair for callback with correlation ID: {STRAY}",
        "error",
        "batch_callback_handler",
        {"request_id": "0d1c7f52-aa01-4d0e-8b57-51f0e7c0a001", "exception_type": "HuleEduError"},
    )


def _queue() -> Iterator[Said]:
    yield Said(
        LLM,
        at(2, 4),
        f"Queued request {ORPHAN} with priority 5, TTL 14400s",
        logger="redis_queue_repository",
        early=True,
    )
    yield Said(
        LLM,
        at(2, 5),
        f"Processing queued request {ORPHAN}, correlation_id: {uuid5(NAMESPACE_URL, 'batchbot/incident/orphan/pair')}",
        extra={"queue_processing_mode": "per_request"},
    )
    yield Said(LLM, at(2, 9), "Queue processor stopped", early=True)
    yield Said(LLM, at(2, 14), "Queue processor started", early=True)
    for number in range(200):
        extra = {
            "queue_processing_mode": "serial_bundle",
            "queue_current_size": 1,
            "queue_queued_count": 0,
            "queue_usage_percent": 0.1,
            "accepting_requests": True,
        }
        yield Said(LLM, at(2, 30 + 30 * number), "queue_metrics_snapshot", extra=extra)
        if number % 10 == 0:
            yield Said(LLM, at(2, 31 + 30 * number), f"Queue processor stats - Processed: {number}")


def _runner() -> list[str]:
    lines: list[str] = []
    for batch, minute in ((33, 18), (34, 48)):
        lines += [
            as_json(
                Said(RUNNER, at(minute, 2), "runner_invocation", logger="eng5_np.cli"),
                mode="execute",
                batch_label=LABEL[batch],
            ),
            f"Canonical batch UUID: {BOS[batch]} (label: {LABEL[batch]})",
            as_json(
                Said(RUNNER, at(minute, 9), "kafka_publish_success", logger="eng5_np.kafka"),
                correlation_id=EVENT_ID[batch],
            ),
            as_json(
                Said(RUNNER, at(minute, 10), "collector_started", logger="eng5_np.kafka"),
                topics=[TOPIC],
                completion_timeout=1800.0,
            ),
        ]
    error = f"Comparison callback missing essay identifiers; correlation={STRAY}"
    died = Said(
        RUNNER,
        at(48, 46),
        "runner_publish_failed",
        "error",
        "eng5_np.cli",
        raised=("ValueError", error),
    )
    return [
        *lines,
        as_json(died, error_type="ValueError"),
        f"Kafka publish failed (ValueError: {error}). Use --no-kafka to skip publishing.",
    ]


def files() -> dict[str, str]:
    """Return every file's text by its path under logs/."""
    found: dict[str, list[str]] = defaultdict(list)
    for said in sorted((*_batch_33(), *_batch_34(), *_queue()), key=lambda row: row.at):
        found[f"console/{said.container}.log"].append(
            as_plain(said) if said.early else as_console(said)
        )
        found[f"json/{said.container}.log"].append(as_plain(said) if said.early else as_json(said))
    for folder in ("console", "json"):
        found[f"{folder}/{RUNNER}.log"] = _runner()
    return {path: "\n".join(lines) + "\n" for path, lines in found.items()}


if __name__ == "__main__":
    for path, text in files().items():
        (LOGS / path).parent.mkdir(parents=True, exist_ok=True)
        (LOGS / path).write_text(text, encoding="utf-8")
