"""Writes recorded logs for tests: real-shaped lines of the queue, the CJ service and a runner."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

START = datetime(2025, 11, 18, 22, 0, tzinfo=UTC)
FOREIGN = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
LLM = "huleedu_llm_provider_service.log"
CJ = "huleedu_cj_assessment_service.log"
RUNNER = "huledu-reboot-eng5_np_runner-run-1f2e3d.log"


def console(at: datetime, event: str, logger: str, extra: str = "", level: str = "info") -> str:
    """Return one ISO console line."""
    tail = f" extra={extra}" if extra else ""
    return f"{stamp(at)} [{level:<9}] {event:<30} [{logger}]{tail} filename=x.py lineno=1"


def json_line(at: datetime, event: str, extra: str = "{}", level: str = "info") -> str:
    """Return one JSON line."""
    return (
        f'{{"event": "{event}", "timestamp": "{stamp(at)}", "level": "{level}", '
        f'"logger_name": "x", "extra": {extra.replace(chr(39), chr(34)).replace("True", "true")}}}'
    )


def stamp(at: datetime) -> str:
    """Return a time as the services write it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def busy_hour(minutes: int = 60, freeze: range = range(0), *, json: bool = False) -> list[str]:
    """Return the LLM provider's log of serial bundles, with one item left over in `freeze`."""
    lines: list[str] = []
    for half in range(2 * minutes):
        at = START + timedelta(seconds=30 * half)
        frozen = half // 2 in freeze
        size, queued = (1, 0) if frozen else (8, 8)
        lines.append(_line(json, at, "queue_metrics_snapshot", _snapshot(size, queued)))
        if frozen:
            continue
        bundle = "{'bundle_size': 8, 'queue_processing_mode': 'serial_bundle'}"
        lines.append(_line(json, at + timedelta(seconds=1), "serial_bundle_dispatch", bundle))
        for item in range(8):
            done = at + timedelta(seconds=3 + 2 * item)
            ids = [uuid5(NAMESPACE_URL, f"{half}/{item}/{kind}") for kind in "qc"]
            text = f"Request {ids[0]} completed successfully, correlation_id: {ids[1]}"
            lines.append(_line(json, done, text, ""))
    return lines


def write(folder: Path, name: str, lines: list[str]) -> Path:
    """Write one container's log."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def integrity_error(at: datetime, batch: int = 34) -> list[str]:
    """Return the second finalisation's IntegrityError and the PendingRollbackError after it."""
    text = 'duplicate key value violates unique constraint "grade_projections_pkey"'
    return [
        console(
            at,
            "Failed scoring finalization: (asyncpg.exceptions.UniqueViolationError) " + text,
            "cj.batch_finalizer",
            f"{{'batch_id': {batch}, 'error_type': 'IntegrityError'}}",
            "error",
        ),
        "Traceback (most recent call last):",
        '  File "batch_finalizer.py", line 1, in finalize_scoring',
        f"sqlalchemy.exc.IntegrityError: (asyncpg.exceptions.UniqueViolationError) {text}",
        "[parameters: ('PLANTED essay',)]",
        "(Background on this error at: https://sqlalche.me/e/20/gkpj)",
        console(
            at + timedelta(seconds=1),
            "Error in callback processing: Transaction rolled back",
            "cj.llm_callback_handler",
            f"{{'batch_id': {batch}}}",
            "error",
        ),
        "Traceback (most recent call last):",
        '  File "session.py", line 1, in commit',
        "sqlalchemy.exc.PendingRollbackError: This Session's transaction has been rolled back",
        "(Background on this error at: https://sqlalche.me/e/20/7s2a)",
    ]


def missing_essay_ids(at: datetime, correlation: str = FOREIGN) -> str:
    """Return the runner's line of a callback without essay identifiers."""
    error = f"ValueError: Comparison callback missing essay identifiers; correlation={correlation}"
    return (
        f'{{"event": "runner_publish_failed", "timestamp": "{stamp(at)}", "level": "error", '
        f'"error_type": "ValueError", "exception": "Traceback (most recent call last):\\n'
        f'  File x\\n{error}"}}'
    )


def _snapshot(size: int, queued: int) -> str:
    return (
        f"{{'queue_processing_mode': 'serial_bundle', 'queue_current_size': {size}, "
        f"'queue_queued_count': {queued}, 'accepting_requests': True}}"
    )


def _line(json: bool, at: datetime, event: str, extra: str) -> str:
    if json:
        return json_line(at, event, extra or "{}")
    return console(at, event, "llm_provider_service.queue_processor", extra)
