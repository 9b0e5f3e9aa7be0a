"""A batch's evidence as files for a bug report, with a folder that `batchbot replay` accepts; pure.

The log lines are written from what was understood of them: allow-listed fields and redacted
texts, an error by its class, code and constraint. Detectors conclude the same from them.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from bot.domain.log import EXCERPT, LogError, LogEvent
from bot.domain.report import Report, plain
from bot.text.redaction import redact
from bot.text.times import UtcTimes

REPLAY = "replay"
# Numbers, states and ids; no text of a service is among them.
FIELDS = frozenset(
    {
        "accepting_requests", "batch_id", "bos_batch_id", "bundle_size", "cj_batch_id",
        "cj_llm_batching_mode", "completed_comparisons", "completion_rate", "correlation_id",
        "duration_ms", "error_code", "error_type", "event_count", "event_id", "exception_type",
        "failed_comparisons", "is_error", "iteration_complete", "message_size", "model_override",
        "processed", "provider", "queue_current_size", "queue_processing_mode",
        "queue_queued_count", "queue_usage_percent", "request_id", "runner_status", "status_code",
        "submitted_comparisons", "total_comparisons", "winner",
    }
)  # fmt: skip
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_WHOLE = 2_000
_EXCERPT = b"""These logs hold the lines around one batch alone. That a service is silent in them is
no sign that its log has ended; `batchbot replay` knows by this file.
"""


def files(
    report: Report, documents: Mapping[str, bytes], logs: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return the bundle's files by name: a presentable report, its documents and its log lines."""
    return {
        "report.json": json.dumps(report.as_json(), indent=2, ensure_ascii=False).encode(),
        "README.md": _readme(report).encode(),
        **documents,
        f"{REPLAY}/{EXCERPT}": _EXCERPT,
        **{f"{REPLAY}/{name}": content for name, content in logs.items()},
    }


def log_files(events: Iterable[LogEvent]) -> dict[str, bytes]:
    """Return the events as one JSON-lines log for each container, redacted."""
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for event in events:
        if event.at is not None:
            name = _UNSAFE.sub("_", event.container)[:100] or "log"
            lines[f"{name}.log"].append(json.dumps(_line(event), ensure_ascii=False))
    return {name: ("\n".join(rows) + "\n").encode() for name, rows in lines.items()}


def _line(event: LogEvent) -> dict[str, object]:
    at = event.at.astimezone(UTC) if event.at else datetime.min.replace(tzinfo=UTC)
    line: dict[str, object] = {
        "event": redact(event.event, _WHOLE),
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "level": event.level or "info",
        "logger_name": event.logger,
        "extra": _fields(event.fields),
    }
    if event.error is not None:
        line["exception"] = "\n".join(_trace(event.error))
    return line


def _fields(fields: Mapping[str, object]) -> dict[str, object]:
    kept = {key: value for key, value in fields.items() if key in FIELDS}
    return {
        key: redact(value) if isinstance(value, str) else plain(value)
        for key, value in kept.items()
    }


def _trace(error: LogError) -> Iterator[str]:
    """Write an error's chain as a traceback without frames."""
    for kind in [kind for kind in error.chain if kind != error.kind]:
        yield "Traceback (most recent call last):"
        yield f"{kind}: …"
        yield ""
        yield "During handling of the above exception, another exception occurred:"
        yield ""
    yield "Traceback (most recent call last):"
    constraint = f' violates unique constraint "{error.constraint}"' if error.constraint else ""
    known = constraint and error.constraint in error.message
    yield f"{error.kind}: {redact(error.message)}{'' if known else constraint}"
    if error.code:
        yield f"(Background on this error at: https://sqlalche.me/e/20/{error.code})"


def _readme(report: Report) -> str:
    times = UtcTimes()
    return (
        f"# {times.text(report.title)}\n\n"
        f"{times.text(report.summary)}\n\n"
        "- `investigation.html`: the investigation as a page for a browser or paper\n"
        "- `investigation.md`: the same as text\n"
        "- `report.json`: the same as data\n"
        f"- `{REPLAY}/`: the log lines it rests on; run `batchbot replay --logs {REPLAY}`\n\n"
        "Student text, secrets and people's ids are left out.\n"
    )
