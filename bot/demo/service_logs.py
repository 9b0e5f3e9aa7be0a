"""The lines that the services of the demo write, shaped as the real ones write theirs."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import orjson

log = logging.getLogger(__name__)

LLM_LOG = "huleedu_llm_provider_service.log"
RUNNER_LOG = "huledu-reboot-eng5_np_runner-run-2c0ffee.log"
CJ_LOG = "huleedu_cj_assessment_service.log"
LOGGER = "llm_provider_service.queue_processor"
CJ_LOGGER = "cj_assessment_service.message_handlers.llm_callback_handler"
FINALIZER = "cj_assessment_service.batch_finalizer"
TOPIC = "huleedu.llm_provider.comparison_result.v1"
REFUSALS = {
    429: ("rate_limit_error", "This request would exceed your rate limit"),
    529: ("overloaded_error", "Overloaded"),
}
COLLISION = (
    "Failed scoring finalization: (sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) <class "
    "'asyncpg.exceptions.UniqueViolationError'>: duplicate key value violates unique constraint "
    '"grade_projections_pkey" (Background on this error at: https://sqlalche.me/e/20/gkpj)'
)


class ServiceLogs:
    """Appends to the services' log files in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unwritable: set[str] = set()

    def llm(self, event: str, extra: str = "", at: datetime | None = None,
            level: str = "info") -> None:  # fmt: skip
        """Write a line of the LLM provider service."""
        self._write(LLM_LOG, event, LOGGER, extra, at, level)

    def cj(self, event: str, extra: str = "", at: datetime | None = None,
           level: str = "info", logger: str = CJ_LOGGER) -> None:  # fmt: skip
        """Write a line of the CJ assessment service."""
        self._write(CJ_LOG, event, logger, extra, at, level)

    def dispatch(self, size: int, at: datetime | None = None) -> None:
        """Say that a bundle is worked off."""
        extra = (
            f"{{'bundle_size': {size}, 'queue_processing_mode': 'serial_bundle', "
            "'provider': 'anthropic'}"
        )
        self.llm("serial_bundle_dispatch", extra, at)

    def answer(self, queue_id: str, correlation: str, at: datetime | None = None) -> None:
        """Say that the model answered, and that the callback went out."""
        self.llm(f"Request {queue_id} completed successfully, correlation_id: {correlation}", at=at)
        self._published("success", queue_id, correlation, at)

    def failure(self, queue_id: str, correlation: str, status: int) -> None:
        """Say that the model's provider refused, and that an error callback went out."""
        kind, told = REFUSALS[status]
        message = f'{{"type": "error", "error": {{"type": "{kind}", "message": "{told}"}}}}'
        extra = (
            f"{{'status_code': {status}, 'error_text': '{message}', 'correlation_id': "
            f"'{correlation}', 'provider': 'anthropic'}}"
        )
        self.llm(f"Anthropic API failure: {status}", extra, level="error")
        self.llm(
            f"Request {queue_id} failed with HuleEduError: Anthropic API call failed: {status}, "
            f"message='{message}', correlation_id: {correlation}",
            level="error",
        )
        self._published("error", queue_id, correlation, None)

    def taken(
        self, queue_id: str, correlation: str, *, is_error: bool = False, at: datetime | None = None
    ) -> None:
        """Say that CJ took a callback."""
        self.cj(
            f"Processing LLM comparison callback for request {queue_id}",
            f"{{'correlation_id': '{correlation}', 'request_id': '{queue_id}', "
            f"'is_error': {is_error}}}",
            at,
        )

    def snapshot(self, size: int, queued: int = 0, at: datetime | None = None) -> None:
        """Say how long the queue is."""
        extra = (
            f"{{'queue_processing_mode': 'serial_bundle', "
            f"'queue_current_size': {size}, 'queue_queued_count': {queued}, "
            f"'queue_usage_percent': {size / 10}, 'accepting_requests': True}}"
        )
        self.llm("queue_metrics_snapshot", extra, at)

    def stray(self, correlation: str) -> None:
        """Let the runner die of a callback that lacks its essays."""
        error = (
            f"ValueError: Comparison callback missing essay identifiers; correlation={correlation}"
        )
        line = {
            "event": "runner_publish_failed",
            "timestamp": _stamp(None),
            "level": "error",
            "error_type": "ValueError",
            "exception": f"Traceback (most recent call last):\n  File hydrator.py\n{error}",
        }
        self._append(RUNNER_LOG, orjson.dumps(line) + b"\n")

    def collision(self, batch: int) -> None:
        """Let CJ fail to store a batch's grades."""
        self.cj(
            COLLISION,
            f"{{'batch_id': {batch}, 'error_type': 'IntegrityError'}}",
            level="error",
            logger=FINALIZER,
        )

    def _published(self, kind: str, queue_id: str, correlation: str, at: datetime | None) -> None:
        self.llm(
            f"Published {kind} callback event for request {queue_id}, correlation_id: "
            f"{correlation}, topic: {TOPIC}",
            at=at,
        )

    def _write(
        self, name: str, event: str, logger: str, extra: str, at: datetime | None, level: str
    ) -> None:
        tail = f" extra={extra}" if extra else ""
        line = (
            f"{_stamp(at)} [{level:<9}] {event:<30} [{logger}]{tail} filename=queue.py lineno=1\n"
        )
        self._append(name, line.encode())

    def _append(self, name: str, line: bytes) -> None:
        """Add to a file; one that cannot be written loses the line, and its service goes on."""
        try:
            with (self._folder / name).open("ab") as file:
                file.write(line)
        except OSError as error:
            if name not in self._unwritable:
                log.warning("the demo cannot write its log %s: %s", name, error.strerror)
            self._unwritable.add(name)
        else:
            self._unwritable.discard(name)


def new_id() -> str:
    """Return an id of a request that is no comparison of a batch here."""
    return str(uuid4())


def _stamp(at: datetime | None) -> str:
    return (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
