"""The bot's own log: one line an event, without secrets, without frames."""

import io
import json
import logging

import pytest

from bot.log import Json, Redacted, set_up


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


def test_json_lines_are_objects_with_their_extras() -> None:
    row = json.loads(_line(Json(), outcome="ok"))
    assert (row["level"], row["outcome"], row["logger"]) == ("error", "ok", "bot.test")


def test_slack_loggers_never_go_below_info() -> None:
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        set_up("DEBUG", stream=stream)
        logging.getLogger("slack_sdk.web").debug("response_url")
        logging.getLogger("bot.x").debug("shown")
        assert "response_url" not in stream.getvalue()
        assert "shown" in stream.getvalue()
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
