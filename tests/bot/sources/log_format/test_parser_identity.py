"""Reading lazily says what reading at once said: every part of every event, and its type."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.border.outside import Outside
from bot.demo.incident.write_logs import files
from bot.domain.log import LogEvent, Role
from bot.sources.log_format.parser import LineParser
from tests.support.log_lines import COLOUR, ISO, JSON, LINES
from tests.support.paths import ROOT
from tests.support.reference_parser.parser import LineParser as Reference

SAMPLES = sorted((ROOT / "tests" / "fixtures").rglob("*.log"))
STOCKHOLM = ZoneInfo("Europe/Stockholm")
CUT = JSON.encode()[:99]
PARTS = [one.name for one in fields(LogEvent)]
ODD = [
    b'{"event": "a \x9b31m b", "timestamp": 1763509703771}', '{"event": "\ufffd"}'.encode(),
    b'{"event": "x", "extra": {"a": "UUID(\'8f3a11d7-9411-4ca2-9999-59a9d18c5da9\')"}}\r\n',
    b'{"event": NaN, "timestamp": "2025-W47-2T23:48:23.771020Z"}',
    b'{"a": 1}', b'{"event": "a\x00"}',
    b'{"message": {"stringValue": "x"}, "ts": 1.5e9, "severityText": "WARN", "essay": "a text"}',
    b'{"event": "%(a)s", "positional_args": {"a": 1}, "lineno": true, "8f3a11d7-9411-4ca2-9999-5'
    b'9a9d18c5da9": 1, "student_name": "x", "number": 123456789}', b'{"event": "cut off',
    b"2025-11-18 23:48:23 [info     ] a b [x.y] a={'b': 1}c d='e\\'f' g=(1, [2, {3: 4}]) lineno=7",
    b"2025-11-18 23:48:23 [info     ] a [x] extra={'id': UUID('8f3a11d7-9411-4ca2-9999-59a9d18c5d"
    b"a9'), 'state': <State.DONE: 'done'>, 'n': 08, 'f': 1.0, 'm': -3, 'b': None} positional_args"
    b"=('x', 2)", b"2025-11-18 23:48:23 [info     ] %s [x] positional_args=(1,) extra='{\"a\": 1}'",
    b"2025-11-18 23:48:23 [info     ] a [x] extra={'a': 'b', 'a': \"it's\", 'c': 'd\\u00e5'} a=1"
    b" a=2",
    b"2025-11-18 23:48:23 [error    ] a [x]", b"Traceback (most recent call last):", b"E: x",
]  # fmt: skip


def _told(value: object) -> object:
    """Return a value with the type of each part of it, and outside text as it is."""
    if isinstance(value, Mapping):
        return "mapping", [(_told(key), _told(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [_told(item) for item in value]
    return type(value), value.raw if isinstance(value, Outside) else repr(value)


def _all(parser: LineParser | Reference, lines: Iterable[bytes]) -> list[object]:
    """Feed every line and return all that is said, at which line, in every part."""
    found: list[object] = []
    for number, line in enumerate(lines):
        event = parser.feed(line, offset=number)
        found.append((number, parser.is_open, parser.lines, parser.unreadable))
        if event is not None:
            found.append([(part, _told(getattr(event, part))) for part in PARTS])
    last = parser.flush()
    return [*found, last and [(part, _told(getattr(last, part))) for part in PARTS]]


def _assert_alike(lines: list[bytes], role: Role = Role.CJ, zone: tzinfo = UTC) -> None:
    assert _all(LineParser("s", "c", role, zone), lines) == _all(
        Reference("s", "c", role, zone), lines
    )


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("role", [Role.CJ, Role.OTHER])
def test_every_sample_says_the_same(path: Path, role: Role) -> None:
    _assert_alike(path.read_bytes().splitlines(keepends=True), role, STOCKHOLM)


def test_the_demos_night_says_the_same() -> None:
    for text in files().values():
        _assert_alike(text.encode().splitlines(keepends=True)[:3_000])


def test_odd_lines_say_the_same() -> None:
    for role in Role:
        _assert_alike([*ODD, *reversed(ODD)], role, STOCKHOLM)


@example([CUT, b"2000-01-01T00:00:00Z \x00"], Role.CJ, UTC)
@example([CUT, b"0000-01-01T00:00:00Z \x00"], Role.CJ, UTC)
@example([JSON.encode(), b"0000-01-01T00:00:00Z x"], Role.CJ, UTC)
@example([ISO.encode(), b"0000-00-00T00:00:00Z \x00"], Role.CJ, UTC)
@given(
    LINES, st.sampled_from(Role), st.sampled_from([UTC, STOCKHOLM, timezone(timedelta(hours=14))])
)
def test_random_bytes_say_the_same(lines: list[bytes], role: Role, zone: tzinfo) -> None:
    _assert_alike(lines, role, zone)


@given(
    st.sampled_from([ISO, COLOUR, JSON, *(line.decode("latin-1") for line in ODD)]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.text(max_size=4)), max_size=4),
)
def test_a_line_with_pieces_changed_says_the_same(
    line: str, changes: list[tuple[int, int, str]]
) -> None:
    for place, length, text in changes:
        line = line[:place] + text + line[place + length :]
    _assert_alike([line.encode("utf-8", "surrogatepass"), ISO.encode()])
