"""The bot's own log: one redacted line an event, on standard error, for people or collectors."""

import json
import logging
import sys
import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from bot.border.outside import Outside
from bot.errors import BatchbotError
from bot.text.redaction import presented, redact

LINE_CHARS = 1_000
SERVICE = "batchbot"
QUIET = ("apscheduler", "aiohttp.access", "asyncio", "docker", "urllib3", "aiokafka")
# What a pool says of each attempt is said by who wanted a session.
SILENT = ("asyncpg",)
# Loggers whose words are ours; the scheduler's are its own and our jobs' names.
OURS = ("bot", "commands", "batchbot", "apscheduler")
AT_LEAST_INFO = ("slack_bolt", "slack_sdk")
log = logging.getLogger(__name__)
_PLAIN = set(vars(logging.makeLogRecord({}))) | {"message", "taskName", "asctime"}


class Redacted(logging.Formatter):
    """Writes a record as one line; nothing of a secret's shape passes, no traceback frame shows.

    A traceback is reduced to its classes and the line of ours it came from, since frames and
    messages may quote student text.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        text = _message(record)
        told = " ".join(f"{key}={value}" for key, value in _extras(record).items())
        error = record.exc_info[1] if record.exc_info else None
        cause = f" | {cause_line(error)}" if error is not None else ""
        return f"{at}Z {record.levelname:<7} {record.name} {text}{' ' if told else ''}{told}{cause}"


class Json(Redacted):
    """The same as one JSON object a line, with the keys that HuleEdu's services write.

    Its promtail reads timestamp, level, event and logger_name, whichever service wrote them
    (observability/promtail/promtail-config.yml); `logger` is structlog's own word for the latter.
    """

    def __init__(self, environment: str = "") -> None:
        super().__init__()
        self._environment = environment

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one JSON object."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        row = {
            **_extras(record),
            "timestamp": at,
            "level": record.levelname.lower(),
            "event": _message(record),
            "logger": record.name,
            "logger_name": record.name,
            "service.name": SERVICE,
            "deployment.environment": self._environment,
            "filename": record.filename,
            "func_name": record.funcName,
            "lineno": record.lineno,
        }
        if record.exc_info and record.exc_info[1]:
            row["exception"] = cause_line(record.exc_info[1])
        return json.dumps(row)


def set_up(
    level: str = "INFO",
    *,
    as_json: bool = False,
    environment: str = "",
    stream: TextIO | None = None,
) -> None:
    """Send every logger's lines to `stream` (standard error), redacted; Python's warnings too.

    The loggers of Slack's libraries never go below INFO: at DEBUG they print whole payloads,
    and a payload's response_url is as good as a password.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Json(environment) if as_json else Redacted())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for names, least in (
        (QUIET, logging.WARNING), (AT_LEAST_INFO, logging.INFO), (SILENT, logging.CRITICAL),
    ):  # fmt: skip
        for name in names:
            logging.getLogger(name).setLevel(max(least, root.level))
    logging.captureWarnings(capture=True)
    logging.Formatter.converter = time.gmtime


def log_what_nobody_awaits() -> None:
    """Log what Python would print itself, frames and all: of threads, of finalisers, of the end."""
    sys.excepthook = _broke
    threading.excepthook = _thread_broke
    sys.unraisablehook = _finaliser_broke


def _broke(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    log.critical("an error ended the program", exc_info=(kind, error, trace))


def _thread_broke(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is None or isinstance(told.exc_value, SystemExit):
        return
    about = (told.exc_type, told.exc_value, told.exc_traceback)
    log.error("an error ended a thread", exc_info=about)


def _finaliser_broke(told: "sys.UnraisableHookArgs") -> None:
    if told.exc_value is None:
        return
    about = (told.exc_type, told.exc_value, told.exc_traceback)
    log.error("an error where none can be raised", exc_info=about)


def writes_json() -> bool:
    """Say whether the log is one for collectors."""
    return any(isinstance(one.formatter, Json) for one in logging.getLogger().handlers)


def _extras(record: logging.LogRecord) -> dict[str, str]:
    extras = {key: value for key, value in vars(record).items() if key not in _PLAIN}
    return {key: presented(_argument(value), 200) for key, value in sorted(extras.items())}


def _message(record: logging.LogRecord) -> str:
    """Return a record's text: what a library logs is outside text, and so is its errors' text."""
    if record.name.partition(".")[0] not in OURS:
        return redact(record.getMessage(), LINE_CHARS)
    given = record.args
    if isinstance(given, tuple):
        told = logging.makeLogRecord({"msg": record.msg, "args": tuple(map(_shown, given))})
        return presented(told.getMessage(), LINE_CHARS)
    return presented(record.getMessage(), LINE_CHARS)


def _shown(value: object) -> object:
    """Return an argument as it may be formatted; numbers stay numbers."""
    return value if isinstance(value, int | float) else _argument(value)


def _argument(value: object) -> str:
    foreign = isinstance(value, BaseException) and not isinstance(value, BatchbotError)
    return str(Outside(str(value))) if foreign else str(value)


def cause_line(cause: BaseException) -> str:
    """Return an error and what caused it in one redacted line: classes, first lines, our places."""
    error: BaseException | None = cause
    parts: list[str] = []
    while error is not None and len(parts) < 6:
        parts.append(f"{type(error).__name__}: {_argument(error)}{_place(error)}")
        error = error.__cause__ or error.__context__
    return presented(" <- ".join(parts), LINE_CHARS)


def _place(error: BaseException) -> str:
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        if "/bot/" in code.co_filename or "/commands/" in code.co_filename:
            name = code.co_filename.rsplit("/", 2)
            place = f" (at {'/'.join(name[-2:])}:{trace.tb_lineno})"
        trace = trace.tb_next
    return place
