"""The log parser reads every format that one stream may mix."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.log import LogEvent, Role
from bot.sources.log_line import LineParser, parse_lines, time_of


def _parsed(*lines: bytes, role: Role = Role.CJ) -> list[LogEvent]:
    return list(parse_lines(lines, "cj_assessment_service", "huleedu_cj", role))


CONSOLE = (
    b"\x1b[2m2025-11-18T23:48:23.771020Z\x1b[0m [\x1b[32minfo     \x1b[0m] "
    b"\x1b[1mserial_bundle_dispatch         \x1b[0m [\x1b[34mllm.queue_processor\x1b[0m]\x1b[0m "
    b"\x1b[36mextra\x1b[0m=\x1b[35m{'bundle_size': 8, 'request_id': "
    b"UUID('301c0000-0000-0000-0000-000000000000'), 'model_override': None}\x1b[0m "
    b"\x1b[36mfilename\x1b[0m=\x1b[35mqueue.py\x1b[0m lineno=431"
)
PLAIN = (
    b"2025-11-18 22:41:13 [info     ] Queue processor started        [llm.queue_processor] key=v"
)
TEMPLATE = (
    b'{"logger_name": "cj", "positional_args": [34, 7], "event": "Batch %s completed: %s", '
    b'"timestamp": "2026-01-09T10:00:01.000001Z", "level": "info", '
    b'"extra": {"request_id": "UUID(\'301c0000-0000-0000-0000-000000000000\')"}}'
)


def test_console_lines_give_their_nested_fields_without_colours() -> None:
    (event,) = _parsed(CONSOLE)
    assert event.event == "serial_bundle_dispatch"
    assert event.at == datetime(2025, 11, 18, 23, 48, 23, 771020, UTC)
    assert event.fields == {
        "bundle_size": 8,
        "request_id": "301c0000-0000-0000-0000-000000000000",
        "model_override": None,
    }
    assert (event.file, event.line, event.logger) == ("queue.py", 431, "llm.queue_processor")


def test_default_console_lines_are_read_in_the_given_zone() -> None:
    (event,) = _parsed(PLAIN)
    assert event.at == datetime(2025, 11, 18, 22, 41, 13, tzinfo=UTC)
    assert event.event == "Queue processor started"
    assert event.fields == {"key": "v"}


def test_json_lines_fill_their_template_and_flatten_extra() -> None:
    (event,) = _parsed(TEMPLATE)
    assert event.event == "Batch 34 completed: 7"
    assert event.fields["request_id"] == "301c0000-0000-0000-0000-000000000000"


@pytest.mark.parametrize("line", [CONSOLE, PLAIN, TEMPLATE])
def test_a_docker_timestamp_in_front_changes_nothing_else(line: bytes) -> None:
    (bare,) = _parsed(line)
    (stamped,) = _parsed(b"2025-11-18T23:48:23.123456789Z " + line)
    assert stamped == bare


def test_a_head_broken_over_lines_and_its_boxed_traceback_are_one_event() -> None:
    events = _parsed(
        b"2025-11-18T23:48:43.1Z [error    ] Failed scoring finalization: (x.IntegrityError) "
        b'duplicate key value violates unique constraint "grade_projections_pkey"',
        b"DETAIL:  Key already exists.",
        b"[parameters: ('secret essay',)]",
        b"(Background on this error at: https://sqlalche.me/e/20/gkpj) [cj.finalizer] "
        b"extra={'batch_id': 34}",
        "╭─ Traceback (most recent call last) ─╮".encode(),
        *("│ api_key = 'sk-secret' │".encode() for _ in range(1_000)),
        b"IntegrityError: (sqlalchemy) duplicate key value",
        PLAIN,
    )
    assert len(events) == 2
    error = events[0].error
    assert error is not None
    assert (error.kind, error.code, error.constraint) == (
        "IntegrityError",
        "gkpj",
        "grade_projections_pkey",
    )
    assert events[0].fields == {"batch_id": 34}
    assert "sk-secret" not in f"{error} {events[0].event}"


def test_a_runner_s_plain_sentence_is_an_event_of_its_own() -> None:
    events = _parsed(TEMPLATE, b"Canonical batch UUID: U (label: L)", role=Role.RUNNER)
    assert events[1].event == "Canonical batch UUID: U (label: L)"


def test_what_cannot_be_read_is_counted_and_costs_nothing_else() -> None:
    parser = LineParser("s", "c")
    for line in (b"\xff\xfe", b'{"broken', PLAIN):
        parser.feed(line)
    assert parser.flush() is not None
    assert parser.lines == 3
    assert parser.unreadable >= 2


@given(st.lists(st.binary(max_size=300)))
def test_no_bytes_make_the_parser_fail(lines: list[bytes]) -> None:
    parser = LineParser("s", "c")
    for line in lines:
        parser.feed(line)
    parser.flush()
    assert parser.lines == len(lines)


@given(st.text(max_size=200))
def test_no_tail_of_a_console_line_makes_the_parser_fail(tail: str) -> None:
    (event, *_) = _parsed(
        b"2025-11-18T23:48:43Z [info     ] x [a.b] extra={" + tail.encode("utf-8", "replace")
    )
    assert event.level == "info"


@pytest.mark.parametrize("text", ["", "9999-99-99T00:00:00Z", "0001-01-01T00:00:00+23:59", "x"])
def test_an_impossible_time_is_no_time(text: str) -> None:
    assert time_of(text) is None
