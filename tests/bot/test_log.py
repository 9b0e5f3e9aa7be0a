"""The bot's own log: one line an event, without secrets, without frames."""

import io
import json
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC

import pytest

from bot.domain.log import Role
from bot.log import Json, Redacted, set_up
from bot.sources.log_format.parser import parse_lines
from tests.support.paths import ROOT

KEYS = {
    *("timestamp", "level", "event", "logger", "logger_name", "service.name"),
    *("deployment.environment", "filename", "func_name", "lineno", "exception"),
}
ESSAY = "Anna Lind skrev att sommaren var för kort och att ingen lyssnade"


def _fail() -> None:
    raise ValueError("token=hunter22 in [parameters: ('Anna')]")


def _line(formatter: logging.Formatter, **extra: object) -> str:
    try:
        _fail()
    except ValueError as error:
        record = logging.getLogger("bot.test").makeRecord(
            "bot.test", logging.ERROR, __file__, 1, "dsn postgresql://u:hunter22@h/db\nnext", (),
            (ValueError, error, error.__traceback__), extra=extra,
        )  # fmt: skip
    return formatter.format(record)


@pytest.mark.parametrize("formatter", [Redacted(), Json()])
def test_a_line_holds_no_secret_and_no_second_line(formatter: logging.Formatter) -> None:
    line = _line(formatter, url="https://hooks.slack.com/services/T/B/secretpath")
    assert "hunter22" not in line
    assert "Anna" not in line
    assert "secretpath" not in line
    assert "ValueError" in line
    assert "\n" not in line


def test_json_lines_have_the_keys_that_huleedus_promtail_reads() -> None:
    row = json.loads(_line(Json("prod"), outcome="ok"))
    assert set(row) == KEYS | {"outcome"}
    assert (row["level"], row["outcome"], row["logger_name"]) == ("error", "ok", "bot.test")
    assert (row["service.name"], row["deployment.environment"]) == ("batchbot", "prod")
    assert row["exception"].startswith("ValueError")
    # Go's RFC3339, as promtail's timestamp stage reads it.
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row["timestamp"])


def test_no_extra_takes_the_place_of_a_key_of_every_line() -> None:
    row = json.loads(_line(Json(), level="fine", timestamp="never", event="nothing"))
    assert row["level"] == "error"
    assert row["timestamp"] != "never"
    assert "postgresql" in row["event"]


def test_the_bot_reads_its_own_json_as_it_reads_a_services() -> None:
    (event,) = parse_lines(
        [_line(Json()).encode()], service="batchbot", container="c", role=Role.OTHER, zone=UTC
    )
    assert (event.level, event.logger, event.at is not None) == ("error", "bot.test", True)


@pytest.mark.parametrize("formatter", [Redacted(), Json("prod")])
@pytest.mark.parametrize("logger", ["asyncpg.pool", "py.warnings", "slack_sdk.web"])
def test_the_border_holds_for_what_libraries_log(formatter: logging.Formatter, logger: str) -> None:
    error = RuntimeError(f"row was: {ESSAY}")
    error.__cause__ = ValueError(f"{ESSAY}\nnext")
    record = logging.getLogger(logger).makeRecord(
        logger, logging.ERROR, __file__, 1, "%s failed\nfor %r", (ESSAY, {"text": ESSAY}),
        (RuntimeError, error, None), extra={"row": RuntimeError(ESSAY)},
    )  # fmt: skip
    line = formatter.format(record)
    assert not {"Anna", "Lind", "sommaren", "lyssnade"} & set(re.findall(r"\w+", line))
    assert "RuntimeError" in line
    assert "\n" not in line


@pytest.mark.parametrize(("level", "said"), [("ERROR", False), ("WARNING", True)])
def test_a_level_holds_for_the_loggers_of_libraries_too(level: str, said: bool) -> None:
    with _logging(level) as stream:
        logging.getLogger("aiokafka.client").warning("away")
        assert bool(stream.getvalue()) is said


def test_a_warning_of_python_is_a_line_of_the_log() -> None:
    with warnings.catch_warnings(), _logging("INFO", as_json=True) as stream:
        warnings.simplefilter("always")
        warnings.warn_explicit("old", UserWarning, "x.py", 1)
        assert json.loads(stream.getvalue())["logger"] == "py.warnings"


# What Python itself prints, frames and all, of a failure that nobody waits for.
UNAWAITED = {
    "a thread": "import threading; threading.Thread(target=fail).start()",
    "a finaliser": "type('F', (), {'__del__': lambda self: fail()})()",
    "a task": "import asyncio\n"
    "async def main(): asyncio.get_running_loop().call_soon(fail); await asyncio.sleep(0)\n"
    "asyncio.run(main())",
    "the program": "fail()",
}


@pytest.mark.parametrize("where", UNAWAITED)
def test_a_failure_that_nobody_waits_for_is_a_line_of_the_log(where: str) -> None:
    program = (
        "from bot.log import log_what_nobody_awaits, set_up\n"
        "set_up(as_json=True)\nlog_what_nobody_awaits()\n"
        f"def fail(*_): raise ValueError({ESSAY!r} + chr(10) + 'token=hunter22')\n"
        f"{UNAWAITED[where]}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    (row,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert row["level"] in ("error", "critical")
    assert row["exception"].startswith("ValueError")
    assert not {"Anna", "Lind", "sommaren", "hunter22"} & set(re.findall(r"\w+", done.stderr))


@contextmanager
def _logging(level: str, *, as_json: bool = False) -> Iterator[io.StringIO]:
    """Set the log up for a while, onto what is yielded."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers, before = root.handlers[:], root.level
    try:
        set_up(level, as_json=as_json, stream=stream)
        yield stream
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers
        root.setLevel(before)


def test_slack_loggers_never_go_below_info() -> None:
    with _logging("DEBUG") as stream:
        logging.getLogger("slack_sdk.web").debug("response_url")
        logging.getLogger("bot.x").debug("shown")
        assert "response_url" not in stream.getvalue()
        assert "shown" in stream.getvalue()
