from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.log import LogEvent, Role
from bot.sources.log_format.error import holds
from bot.sources.log_format.event import MOST_BLANK_LINES, Fold
from bot.sources.log_format.head import head_of, split_stamp, starts_event
from bot.sources.log_format.parser import LineParser, parse_lines
from bot.text.redaction import without_escapes
from tests.support.log_lines import COLOUR, ID, ISO, JSON, LINES
from tests.support.paths import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "structlog"
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def events(
    lines: Iterable[str | bytes], role: Role = Role.CJ, zone: tzinfo = UTC
) -> list[LogEvent]:
    raw = [line.encode() if isinstance(line, str) else line for line in lines]
    return list(parse_lines(raw, service="s", container="c", role=role, zone=zone))


def one(*lines: str, role: Role = Role.CJ, zone: tzinfo = UTC) -> LogEvent:
    found = events(lines, role, zone)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("prefix", ["", "2025-11-18T23:48:24.000000001Z "])
@pytest.mark.parametrize("line", [ISO, COLOUR, JSON, COLOUR + "\r"])
def test_every_format_of_a_dispatch_reads_the_same(line: str, prefix: str) -> None:
    event = one(prefix + line + "\n")
    assert event.at == datetime(2025, 11, 18, 23, 48, 23, 771020, tzinfo=UTC)
    assert (event.level, event.event) == ("info", "serial_bundle_dispatch")
    assert event.logger == "llm_provider_service.queue_processor"
    assert (event.file, event.line) == ("queue_processor_impl.py", 431)
    assert event.fields["bundle_size"] == 8
    assert "\x1b" not in event.text


def test_fields_keep_types_nesting_dotted_keys_and_lose_uuid_wrapping() -> None:
    console, json = one(ISO).fields, one(JSON).fields
    assert console["model_override"] is None
    assert console["hint"] == {"a": [1, "x y"]}
    assert json["id"] == ID
    assert json["service.name"] == "llm_provider_service"
    wrapped = ISO.replace("'model_override': None", f"'request_id': UUID('{ID}')")
    assert one(wrapped).fields["request_id"] == ID


def test_a_dict_that_is_no_literal_is_read_pair_by_pair() -> None:
    line = ISO.replace("None", "<object at 0x7f>").replace("'provider': ", "'rate': 0.5, 'p': ")
    fields = one(line).fields
    assert (fields["bundle_size"], fields["rate"], fields["p"]) == (8, 0.5, "anthropic")


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        (UTC, datetime(2025, 11, 18, 22, 41, 13, tzinfo=UTC)),
        (STOCKHOLM, datetime(2025, 11, 18, 21, 41, 13, tzinfo=UTC)),
    ],
)
def test_the_default_console_has_naive_time_of_the_given_zone(zone: tzinfo, at: datetime) -> None:
    event = one(
        "2025-11-18 22:41:13 [info     ] Queue processor started        "
        "[llm_provider_service.queue_processor] key=value other='a b'",
        zone=zone,
    )
    assert (event.at, event.event) == (at, "Queue processor started")
    assert event.fields == {"key": "value", "other": "a b"}


@pytest.mark.parametrize(
    ("template", "arguments", "event"),
    [
        ("Batch %s completed_comparisons: %s", "[34, 7]", "Batch 34 completed_comparisons: 7"),
        ("Batch %s of %d", "[34]", "Batch 34 of %d"),
        ("100%! done", "[34]", "100%! done"),
        ("%999999999d", "[34]", "%999999999d"),
        ("rate %.1f%%", "[0.25]", "rate 0.2%"),
        ("%(a)s", '{"a": 5}', "5"),
        ("id %s", f"[\"UUID('{ID}')\"]", f"id {ID}"),
    ],
)
def test_templates_are_filled_as_far_as_their_arguments_go(
    template: str, arguments: str, event: str
) -> None:
    line = f'{{"event": "{template}", "positional_args": {arguments}, "level": "info"}}'
    assert one(line).event == event


def test_a_console_template_is_filled_too() -> None:
    line = "2026-01-09 10:00:01 [warning  ] Batch %s: %s [cj.x] positional_args=(34, 'a b')"
    assert one(line).event == "Batch 34: a b"


def test_brackets_in_a_message_are_not_its_logger() -> None:
    line = (
        "2025-11-18T23:48:43.1Z [error    ] Error in callback processing: "
        "[CJ_CALLBACK_CORRELATION_FAILED] Cannot find comparison pair for callback with "
        f"correlation ID: {ID} [cj_assessment_service.batch_callback_handler] "
        "extra={'request_id': 'q', 'exception_type': 'HuleEduError'} lineno=7"
    )
    event = one(line)
    assert event.event.endswith(f"correlation ID: {ID}")
    assert event.logger == "cj_assessment_service.batch_callback_handler"
    assert event.error is not None
    assert event.error.kind == "HuleEduError"


def test_a_head_broken_over_lines_keeps_its_fields_and_code() -> None:
    event = one(
        "2025-11-18T23:48:43.1Z [error    ] Failed scoring finalization: (sqlalchemy.dialects."
        "postgresql.asyncpg.IntegrityError) <class 'asyncpg.exceptions.UniqueViolationError'>: "
        'duplicate key value violates unique constraint "grade_projections_pkey"',
        f"DETAIL:  Key (els_essay_id, cj_batch_id)=({ID}, 34) already exists.",
        "[SQL: INSERT INTO grade_projections]",
        "[parameters: ('x', 34)]",
        "(Background on this error at: https://sqlalche.me/e/20/gkpj) [cj.finalizer] "
        "extra={'batch_id': 34, 'error_type': 'IntegrityError'} lineno=12",
    )
    assert (event.logger, event.line, event.fields["batch_id"]) == ("cj.finalizer", 12, 34)
    assert event.error is not None
    assert (event.error.kind, event.error.code) == ("IntegrityError", "gkpj")
    assert event.error.constraint == "grade_projections_pkey"
    assert event.error.chain == ("UniqueViolationError", "IntegrityError")


@pytest.mark.parametrize("name", ["default", "console", "json"])
def test_what_structlog_really_writes_is_four_events(name: str) -> None:
    lines = (FIXTURES / f"{name}.log").read_bytes().splitlines()
    found = events(lines)
    assert [event.level for event in found] == ["info", "error", "error", "info"]
    for event in found[1:3]:
        assert event.error is not None
        assert event.error.kind == "IntegrityError"
        assert event.error.chain == ("UniqueViolationError", "IntegrityError")
        assert (event.error.code, event.error.constraint) == ("gkpj", "grade_projections_pkey")
        assert "essay" not in event.error.message
        assert "secret" not in event.error.message
    assert found[0].fields["id"] == "00000000-0000-0000-0000-000000000005"
    assert found[1].fields["batch_id"] == 34
    assert found[2].fields["correlation_id"] == ID
    assert (found[3].event, found[3].fields["a"]) == ("done x=1", "b c")


def test_a_pending_rollback_names_its_own_code_not_its_origin() -> None:
    event = one(
        "2025-11-18 23:48:43 [error    ] Error in callback processing  [cj.x]",
        "Traceback (most recent call last):",
        '  File "a.py", line 1, in f',
        "    session.commit()",
        "sqlalchemy.exc.PendingRollbackError: This Session's transaction has been rolled back. "
        "Original exception was: (x.IntegrityError) duplicate (Background on this error at: "
        "https://sqlalche.me/e/20/gkpj) (Background on this error at: https://sqlalche.me/e/20/7s",
        "2a)",
    )
    assert event.error is not None
    assert (event.error.kind, event.error.code) == ("PendingRollbackError", "7s2a")


def test_a_box_of_thousands_of_lines_folds_into_its_event_and_an_id_cut_in_it_is_found() -> None:
    box = [f"│ \x1b[31m{n}\x1b[0m │ locals {'x' * 60} │" for n in range(5_000)]
    box[2_500] = f"│ correlation_id = UUID('{ID[:20]} │"
    box[2_501] = f"│         {ID[20:]}') │"
    box[9] = "│ text = 'Traceback (most recent call last)' │"
    event, after = events(
        [
            "2025-11-18 23:48:43 [error    ] Error in callback processing  [cj.x]",
            "╭───── Traceback (most recent call last) ─────╮",
            *box,
            "╰─────────────────────────────────────────────╯",
            "ValueError: broken",
            ISO,
        ]
    )
    assert event.error is not None
    assert (event.error.kind, event.error.message) == ("ValueError", "broken")
    assert holds(event.text, [ID])
    assert not holds(event.text, ["00000000-0000-0000-0000-000000000000"])
    assert after.event == "serial_bundle_dispatch"


def test_a_runners_plain_lines_are_events_of_their_own() -> None:
    found = events(
        [
            JSON,
            "Canonical batch UUID: 3e2d8a4c-6f1b-4d7e-9a52-0c84ebf6a133 (label: serial-bundle-1)",
            "2025-11-18 23:18:01 [info     ] early                          [eng5.cli] a=1",
            "Validated 24 essays",
            "",
            "  and 12 anchors",
            f"Kafka publish failed (ValueError: Comparison callback missing essay identifiers; "
            f"correlation={ID}). Use --no-kafka to skip publishing.",
            JSON,
        ],
        Role.RUNNER,
    )
    assert [event.event.split("\n")[0][:20] for event in found] == [
        "serial_bundle_dispat",
        "Canonical batch UUID",
        "early",
        "Validated 24 essays",
        "Kafka publish failed",
        "serial_bundle_dispat",
    ]
    assert found[1].at is None
    assert found[4].error is not None
    assert found[4].error.kind == "ValueError"


def test_an_engine_timestamp_dates_a_line_without_its_own_time() -> None:
    event = one("2025-11-18T23:18:02.500000000Z Canonical batch UUID: x", role=Role.RUNNER)
    assert event.at == datetime(2025, 11, 18, 23, 18, 2, 500000, tzinfo=UTC)
    assert event.event == "Canonical batch UUID: x"


@pytest.mark.parametrize("before", [ISO, JSON, JSON[:99]], ids=["console", "json", "cut"])
@pytest.mark.parametrize("time", ["2025-11-18T23:48:24Z", "0000-01-01T00:00:00Z"])
def test_a_time_behind_an_event_without_a_carriers_stays_in_the_text(
    before: str, time: str
) -> None:
    found = events([before, f"{time} took 2 s"], role=Role.OTHER)
    assert (found[1].event, found[1].text) == ("took 2 s", f"{time} took 2 s")


def test_an_engine_timestamp_before_json_is_no_part_of_the_next_lines_text() -> None:
    found = events([f"2025-11-18T23:48:23Z {JSON}", "2025-11-18T23:48:24Z took 2 s"])
    assert found[1].text == "took 2 s"


def test_a_server_line_between_events_is_not_folded_into_the_one_before() -> None:
    found = events([ISO, "[2025-11-18 23:48:25 +0000] [7] [INFO] Running on http://0.0.0.0", ISO])
    assert found[1].event == "Running on http://0.0.0.0"
    assert found[1].at == datetime(2025, 11, 18, 23, 48, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        JSON[:-40].encode(),
        b'{"event": "x", "level": "info"',
        b"\xff\xfe\x00garbage",
    ],
)
def test_a_line_that_cannot_be_read_is_counted_and_kept(line: bytes) -> None:
    parser = LineParser("s", "c", Role.CJ, UTC)
    assert parser.feed(line) is None
    event = parser.flush()
    assert (parser.lines, parser.unreadable) == (1, 1)
    assert event is not None


def test_json_with_infinity_or_a_lone_surrogate_is_read() -> None:
    event = one('{"event": "x \\ud83d y", "extra": {"se": Infinity, "b": NaN}, "level": "WARN"}')
    assert event.level == "warning"
    assert event.fields["se"] == float("inf")
    event.event.encode()


def test_an_offset_is_converted_to_utc() -> None:
    line = JSON.replace("23:48:23.771020Z", "23:48:23+01:00")
    event = one(line)
    assert event.at == datetime(2025, 11, 18, 22, 48, 23, tzinfo=UTC)
    assert event.at.utcoffset() == timedelta(0)


def test_one_event_never_holds_unbounded_text() -> None:
    parser = LineParser("s", "c", Role.CJ, UTC)
    parser.feed(ISO.encode())
    for number in range(3_000):
        parser.feed(b"x" * 1_000 + str(number).encode())
    parser.feed(b"ValueError: the end")
    event = parser.flush()
    assert event is not None
    assert len(event.text) < 1_200_000
    assert event.text.startswith(ISO[:50])
    assert event.text.endswith("the end")


@pytest.mark.parametrize(
    "zero", ["0001-01-01T00:00:00Z", "1970-01-01 00:00:00", "9999-12-31T23:59:59Z"]
)
def test_the_zero_of_a_clock_is_no_time(zero: str) -> None:
    assert one(f"{zero} [info     ] boot [x]").at is None
    stamped = one(f"2025-11-18T23:48:23.5Z {zero} [info     ] boot [x]")
    assert stamped.at == datetime(2025, 11, 18, 23, 48, 23, 500_000, tzinfo=UTC)


@given(
    LINES, st.sampled_from(Role), st.sampled_from([UTC, STOCKHOLM, timezone(timedelta(hours=14))])
)
def test_no_bytes_make_it_raise_and_every_time_is_utc(
    lines: list[bytes], role: Role, zone: tzinfo
) -> None:
    parser = LineParser("s", "c", role, zone)
    found = [event for line in lines if (event := parser.feed(line))]
    last = parser.flush()
    assert parser.lines == len(lines)
    assert parser.unreadable <= 2 * len(lines)
    for event in [*found, *([last] if last else [])]:
        assert event.at is None or event.at.utcoffset() == timedelta(0)
        (event.event + event.text).encode()


@given(st.uuids(), st.integers(1, 35), st.sampled_from(["\n", " │\n│ ", "\n\t  ", "│\n│ │ "]))
def test_an_id_cut_anywhere_by_wrapping_is_found(id: object, cut: int, gap: str) -> None:
    whole = str(id)
    assert holds(f"before {whole[:cut]}{gap}{whole[cut:]} after", [whole])


@pytest.mark.parametrize("prefix", ["", "2025-11-18T23:48:24.000000001Z "])
@pytest.mark.parametrize(
    ("line", "starts"),
    [
        (ISO, True),
        (COLOUR, True),
        (JSON, True),
        ("2025-11-18 22:41:13 [info     ] x", True),
        ("[2025-11-18 23:48:25 +0000] [7] [INFO] x", True),
        ("2025-11-18 23:48:25,123 - name - INFO - x", True),
        ("│ x = '2025-11-18T23:48:23.771020Z [info     ] x'", False),
        ("DETAIL:  Key", False),
        ("    raise ValueError", False),
        ("", False),
        ("\x1b[31m│\x1b[0m", False),
    ],
)
def test_the_cheap_test_for_a_head_agrees_with_the_parser(
    line: str, starts: bool, prefix: str
) -> None:
    raw = (prefix + line).encode()
    assert starts_event(raw) is starts
    bare = without_escapes(split_stamp(raw)[1].decode())
    assert (head_of(bare) is not None) is starts


def test_blank_lines_stay_in_the_event_but_not_without_end() -> None:
    assert [event.level for event in events([ISO, *["\n"] * 1_000, ISO])] == ["info", "info"]
    parser = LineParser("s", "c", Role.CJ, UTC)
    for line in (ISO.encode(), b"\n", b"a", *[b"\r\n"] * 100_000, b"b"):
        assert parser.feed(line) is None
    assert isinstance(parser._open, Fold)
    assert parser._open.following == ["", "a", *[""] * MOST_BLANK_LINES, "b"]
    assert parser.lines == 100_004


TIMED = b"2025-11-18T23:00:01Z [info     ] began [cj]", b"2025-11-18T23:00:02.5Z pool is full"


@pytest.mark.parametrize("role", list(Role))
def test_a_line_of_a_time_and_text_is_an_event_of_its_own_with_its_time(role: Role) -> None:
    carried = ((line, datetime(2025, 11, 19, tzinfo=UTC)) for line in (*TIMED, TIMED[1]))
    for lines in (((line, None) for line in (*TIMED, TIMED[1])), carried):
        parser = LineParser("cj", "cj", role, UTC)
        events = [parser.feed(line, stamp) for line, stamp in lines] + [parser.flush()]
        found = [(one.event, one.at and one.at.second) for one in events if one is not None]
        assert found == [("began", 1), ("pool is full", 2), ("pool is full", 2)]


def test_a_runtimes_stamps_before_the_lines_of_a_traceback_begin_no_event() -> None:
    at = b"2025-11-18T23:00:02.5Z "
    lines = [
        at + TIMED[0],
        at + b"raw text",
        at + b"Traceback (most recent call last):",
        at + b"KeyError",
    ]
    (one,) = parse_lines(lines, service="cj", container="cj", role=Role.CJ, zone=UTC)
    assert one.event == "began"


def test_a_record_of_a_container_runtime_is_read_as_the_line_that_it_carries() -> None:
    text = r"2025-11-18T23:00:01Z [error ] Bad [cj] response_preview=text\n"
    event = one(f'{{"log": "{text}", "stream": "stderr", "time": "2025-11-18T23:00:02Z"}}')
    assert (event.event, event.level) == ("Bad", "error")
    assert "response_preview" in event.fields
    assert "text" not in str(event.fields)


POSTGRES = "2025-11-18 22:41:13.123 UTC [55] "
ENGINES = "2025-11-18T22:41:14.000000001Z "


@pytest.mark.parametrize("prefix", ["", ENGINES])
@pytest.mark.parametrize(
    ("said", "level", "event"),
    [
        ("LOG:  checkpoint starting: time", "info", "checkpoint starting: time"),
        ("cj@cj_db ERROR:  deadlock detected", "error", "deadlock detected"),
        ("FATAL:  sorry, too many clients already", "critical", "sorry, too many clients already"),
        ("PANIC:  could not write", "critical", "could not write"),
        ("DEBUG2:  autovacuum", "debug", "autovacuum"),
        ("DETAIL:  Process 55 waits", "", "DETAIL: Process 55 waits"),
    ],
)
def test_a_line_of_postgres_has_its_time_level_and_process(
    said: str, level: str, event: str, prefix: str
) -> None:
    before, found, after = events(
        [ISO, f"{prefix}{POSTGRES}{said}", f"{prefix}{POSTGRES}LOG:  ready"], Role.OTHER, STOCKHOLM
    )
    assert found.at == datetime(2025, 11, 18, 22, 41, 13, 123000, tzinfo=UTC)
    assert (found.level, found.event, found.fields) == (level, event, {"process": 55})
    assert (before.event, after.event) == ("serial_bundle_dispatch", "ready")
    assert starts_event(f"{prefix}{POSTGRES}{said}".encode())


def test_the_statement_of_postgres_has_its_further_lines() -> None:
    first, second = events(
        [f"{POSTGRES}STATEMENT:  SELECT 1", "\t  FROM x", f"{POSTGRES}LOG:  y"], Role.OTHER
    )
    assert (first.event, second.event) == ("STATEMENT: SELECT 1\n\t  FROM x", "y")


def test_an_offset_without_minutes_and_a_plain_zone_are_read() -> None:
    (found,) = events(["2025-11-18 22:41:13.123 +01 [7] LOG:  x"], Role.OTHER)
    assert found.at == datetime(2025, 11, 18, 21, 41, 13, 123000, tzinfo=UTC)
