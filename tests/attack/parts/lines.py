"""Logs of the services with a plant in each place that a line leaves to data, in every form."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from tests.attack.parts.plants import Planter
from tests.attack.parts.rows import BATCHES, id_of

CJ, LPS = "huleedu_cj_assessment_service", "huleedu_llm_provider_service"
RUNNER = "huledu-reboot-eng5_np_runner-run-1f2e3d"
ID, QUEUED = id_of("pair", BATCHES[0], 3), id_of("queue", BATCHES[0], 3)
LABEL = "serial-bundle-20251119-0018"
# Where §: a plant. Level, container, message and the fields behind it.
EVENTS: tuple[tuple[str, str, str, dict[str, object]], ...] = (
    ("info", LPS, "queue_metrics_snapshot",
     {"queue_current_size": 3, "queue_queued_count": 0, "queue_processing_mode": "§", "§": "§"}),
    ("info", LPS, "Queuing LLM request for provider § (async-only architecture). "
     f"correlation_id: {ID}", {}),
    ("error", LPS, f"Failed to publish callback event for request {QUEUED}: §, "
     f"correlation_id: {ID}", {"error": "§", "error_type": "§"}),
    ("error", LPS, f"Request {QUEUED} failed: §, correlation_id: {ID}", {}),
    ("error", LPS, f"Request {QUEUED} failed with HuleEduError: §", {}),
    ("error", LPS, "Serial bundle processing hit provider error",
     {"queue_processing_mode": "§", "provider": "§", "error_code": "§", "model_override": "§"}),
    ("error", LPS, "Anthropic API failure: 529",
     {"status_code": 529, "error_text": "§", "correlation_id": ID, "provider": "§"}),
    ("error", LPS, 'Anthropic API error: 529 - {"type":"error","error":{"type":"overloaded_error",'
     '"message":"§"}}', {"provider": "§"}),
    ("error", LPS, "Rate limit exceeded: §", {"error_type": "rate_limit", "provider": "§"}),
    ("warning", LPS, "Redis marked unhealthy after 3 failures: §", {}),
    ("error", LPS, "Error in queue processing loop: §", {}),
    ("warning", LPS, f"Request {QUEUED} has expired, correlation_id: {ID}", {"reason": "§"}),
    ("info", LPS, "Queue processor started", {"queue_processing_mode": "§", "version": "§"}),
    ("error", LPS, "Failed to publish event to topic §: §", {"topic": "§"}),
    ("error", LPS, "Circuit breaker open: §", {"circuit": "§", "provider": "§"}),
    ("error", CJ, "Failed scoring finalization: §", {"batch_id": BATCHES[1], "error_type": "§"}),
    ("warning", CJ, f"Received error callback for request {QUEUED}",
     {"error_code": "§", "error_message": "§", "error_details": {"§": "§"}}),
    ("error", CJ, "Error in callback processing: [CJ_CALLBACK_CORRELATION_FAILED] Cannot find "
     f"comparison pair for callback with correlation ID: {ID} §",
     {"request_id": QUEUED, "exception_type": "§"}),
    ("error", CJ, "Error processing LLM comparison callback message",
     {"error_code": "§", "error_type": "§", "message_size": 700}),
    ("error", CJ, "Unexpected error processing task §-§: §", {"correlation_id": ID}),
    ("info", CJ, "Hydrated student prompt text for CJ assessment batch",
     {"prompt_preview": "§", "prompt_storage_id": "§", "bos_batch_id": id_of("bos", BATCHES[0])}),
    ("info", CJ, "Continuation decision evaluated",
     {"batch_id": BATCHES[0], "decision": "§", "reason": "§"}),
    ("info", CJ, "CJ Assessment Kafka consumer started", {"topics": ["§"], "group": "§"}),
    ("error", CJ, "Failed to store grade projections", {"error": "§", "batch_id": BATCHES[1]}),
    ("warning", CJ, "Found stuck batches", {"stuck_batch_count": 1, "batches": ["§"]}),
    ("error", CJ, "Kafka connection error: §", {}),
    ("error", CJ, "§", {"§": "§"}),
    ("error", CJ, f"Something never seen before with § and batch {BATCHES[0]} ({ID})", {"x": "§"}),
    ("info", RUNNER, "runner_invocation", {"batch_id": LABEL, "mode": "§", "argv": ["§", "§"]}),
    ("error", RUNNER, "collector_error", {"error_type": "§", "exception": "§", "batch_id": "§"}),
    ("info", RUNNER, f"Canonical batch UUID: {id_of('bos', BATCHES[0])} (label: {LABEL})", {}),
)  # fmt: skip
TRACE = (
    "Traceback (most recent call last):",
    '  File "/app/§/batch_finalizer.py", line 214, in finalize_scoring',
    "    await repository.store(essay_text=§)",
    "asyncpg.exceptions.UniqueViolationError: duplicate key value violates unique constraint "
    '"grade_projections_pkey"',
    "DETAIL:  Key (els_essay_id, cj_batch_id)=(§, 42) already exists.",
    "",
    "During handling of the above exception, another exception occurred:",
    "",
    "Traceback (most recent call last):",
    '  File "/app/handler.py", line 9, in handle',
    "sqlalchemy.exc.IntegrityError: (asyncpg.exceptions.UniqueViolationError) §",
    "[SQL: INSERT INTO grade_projections (els_essay_id) VALUES (§)]",
    "[parameters: ('§', 42, '§')]",
    "(Background on this error at: https://sqlalche.me/e/20/gkpj)",
)
BOX = (
    "╭───────────────── Traceback (most recent call last) ─────────────────╮",
    "│ /app/services/cj/handler.py:88 in handle                            │",
    "│ ╭──────────────────────────── locals ─────────────────────────────╮ │",
    "│ │ api_key = '§'                                                    │ │",
    "│ │ essay   = Essay(student_name='§', text='§')                      │ │",
    "│ ╰─────────────────────────────────────────────────────────────────╯ │",
    "╰──────────────────────────────────────────────────────────────────────╯",
    "§: §",
)


def events(plant: Planter, now: datetime) -> Iterator[tuple[datetime, str, str]]:
    """Yield (time, container, text of one or more lines) of every event in every form."""
    first = now - timedelta(minutes=40)
    for turn, form in enumerate((_json, _console)):
        for number, (level, container, message, fields) in enumerate(EVENTS):
            at = first + timedelta(minutes=18 * turn, seconds=30 * number)
            yield at, container, form(plant, at, level, message, fields)
    at = now - timedelta(minutes=3)
    head = f"{_stamp(at)} [error    ] Failed scoring finalization: § [cj.finalizer] batch_id=42"
    for number, tail in enumerate((TRACE, BOX)):
        text = "\n".join((head, *tail))
        yield at + timedelta(seconds=number), CJ, _planted(plant, f"trace {number}", text)
    yield at, LPS, plant("log line without a head")
    cut = f'{{"event": "Anthropic API failure: 500", "extra": {{"error_text": "{"x" * 16_300}§'
    yield at, LPS, _planted(plant, "line cut at 16 kB", cut)
    # The queue's size is told until now, and does not change.
    for minutes in range(30):
        at = now - timedelta(minutes=30 - minutes)
        yield at, LPS, _json(plant, at, "info", "queue_metrics_snapshot", SNAPSHOT)


SNAPSHOT = {"queue_current_size": 3, "queue_queued_count": 0, "queue_processing_mode": "serial"}


def write(folder: Path, plant: Planter, now: datetime) -> None:
    """Write a folder of <container>.log files, one with a plant for a name."""
    folder.mkdir(parents=True, exist_ok=True)
    for _, container, text in sorted(events(plant, now), key=lambda one: one[0]):
        with (folder / f"{container}.log").open("a", encoding="utf-8") as log:
            log.write(f"{text}\n")
    name = plant("name of a log file", 60).replace("/", "_").replace("\0", "")
    (folder / f"{name}.log").write_text(f"{_stamp(now)} [error    ] {plant('its line')}\n")


def _json(plant: Planter, at: datetime, level: str, message: str, fields: dict[str, object]) -> str:
    place = f"JSON {message[:30]!r}"
    line = {
        "event": _planted(plant, place, message), "timestamp": _stamp(at), "level": level,
        "logger_name": plant(f"{place} logger_name", 100), "lineno": 9,
        "filename": plant(f"{place} filename", 60), "extra": _filled(plant, place, fields),
        "service.name": plant(f"{place} service.name", 60),
    }  # fmt: skip
    return orjson.dumps(line).decode()


def _console(
    plant: Planter, at: datetime, level: str, message: str, fields: dict[str, object]
) -> str:
    place = f"console {message[:30]!r}"
    said = _planted(plant, place, message)
    logger = _planted(plant, f"{place} logger", "[cj.§]")
    return f"{_stamp(at)} [{level:<9}] {said:<30} {logger} extra={_filled(plant, place, fields)!r}"


def _filled(plant: Planter, place: str, value: object) -> object:
    if isinstance(value, dict):
        return {
            _planted(plant, f"{place} (key)", key): _filled(plant, f"{place} {key}", item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_filled(plant, place, item) for item in value]
    return _planted(plant, place, value) if isinstance(value, str) else value


def _planted(plant: Planter, place: str, text: str) -> str:
    first, *rest = text.split("§")
    return first + "".join(f"{plant(place)}{part}" for part in rest)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
