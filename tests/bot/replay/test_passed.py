"""What is passed over is told apart unread: the clock and the wanted events are alike."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.log import LogEvent, Role
from bot.replay.passed import PassedEvent, Recorded
from bot.replay.wanted import MOST_HELD_BYTES, Wanted
from bot.sources.log_format.parser import LineParser

WORD = "Requeueing request"
STOCKHOLM = ZoneInfo("Europe/Stockholm")
TICK = timedelta(seconds=15)
AT = "2026-03-04T08:00:01.000000Z"
JSON = orjson.dumps({"event": "Stored a chunk", "timestamp": AT, "level": "info"})
CONSOLE = f"{AT} [info     ] Stored a chunk [app.storage] lineno=7".encode()
LOCAL = b"2026-03-04 08:00:04 [debug    ] Stored a chunk [app.storage]"
COLOURED = (
    b"\x1b[2m2026-03-04 08:00:05\x1b[0m [\x1b[32m\x1b[1minfo     \x1b[0m] \x1b[1mStored\x1b[0m a "
    b"chunk [\x1b[0m\x1b[1m\x1b[34mapp.storage\x1b[0m]"
)
BOX = "\x1b[31m│\x1b[0m \x1b[34m│\x1b[0m   chunk = 'Ö' \x1b[34m│\x1b[0m".encode()
LINES = (
    JSON, CONSOLE,
    JSON.replace(b"Stored", WORD.encode()), CONSOLE.replace(b"Stored", WORD.encode()),
    CONSOLE.replace(b" lineno=7", b""), CONSOLE.replace(b" [app.storage] lineno=7", b""),
    CONSOLE.replace(b"Stored", "Åt".encode()), CONSOLE.replace(b"Stored", b"\x1b[31mStored\x1b[0m"),
    CONSOLE.replace(b"Stored", b"St\x00red"), CONSOLE.replace(b"Stored", b"St\xffred"),
    CONSOLE + b"\r", CONSOLE.replace(b"2026", b"1970"), CONSOLE.replace(b"03-04", b"13-44"),
    b"2026-03-04T08:00:02.5Z " + JSON, b"2026-03-04T08:00:02.5Z " + CONSOLE,
    b"2026-03-04 08:00:03 [warning] Said so", b"2026-03-04T08:00:03,123 INFO app: Said so",
    JSON.replace(b"}", b""), JSON.replace(b'"timestamp"', b'"time"'),
    JSON.replace(f'"{AT}"'.encode(), b"0"), JSON.replace(AT.encode(), b""),
    JSON.replace(f'"{AT}"'.encode(), b'0,"time":1772000000'), b'{"said": "so"}', b"{}",
    JSON.replace(b"Stored", b"\\ud800"), JSON.replace(b"Stored", b"St\xffred"),
    b"", b"  ", b"and the rest of it", b"    at " + WORD.encode(),
    LOCAL, LOCAL.replace(b"Stored", WORD.encode()), LOCAL.replace(b" 08:", b"T08:"),
    LOCAL.replace(b"03-04", b"13-44"), LOCAL.replace(b"Stored", b"\x1b]0;St\x07ored"),
    COLOURED, COLOURED.replace(b"Stored", WORD.encode()), COLOURED.replace(b"[0m [", b"[0m["),
    COLOURED.replace(b"\x1b[2m", b"\x1b]0;x\x07"), COLOURED.replace(b"\x1b[0m [", b"\x9b0m ["),
    BOX, BOX.replace(b"chunk", WORD.encode()), BOX.replace("│".encode(), b""),
    BOX.replace("│".encode(), "①".encode()), BOX.replace("Ö".encode(), b"\xd6"),
    BOX.replace("Ö".encode(), "\ufffd".encode()), BOX.replace(b"\x1b[31m", b"\x1b[31"),
    BOX.replace("│".encode(), b"2026-03-04 08:00:06 [info ] Said"), "² is the rest".encode(),
    b"\x1b[0m", b"\r", b"[2026-03-04 08:00:07 +0000] [7] [INFO] Running", b"[and so on", b"7 more",
    b"Traceback (most recent call last):",
    b'  File "a.py", line 1, in run', b"ValueError: of no use", WORD.encode(), b"INFO: started",
)  # fmt: skip
MANY = st.lists(st.sampled_from(LINES) | st.binary(max_size=40), max_size=40)


def _read(
    blocks: Iterable[Sequence[bytes]], words: Sequence[str] | None, role: Role = Role.CJ
) -> tuple[list[Recorded], LineParser, Wanted]:
    parser, wanted = LineParser("cj", "huleedu_cj", role, STOCKHOLM), Wanted({"one": words})
    reading = wanted.reading(parser, role, STOCKHOLM)
    events = [event for block in blocks for event in reading.events(block)]
    last = reading.last()
    return [*events, *([] if last is None else [last])], parser, wanted


@settings(max_examples=600)
@given(MANY, st.integers(min_value=1, max_value=40), st.sampled_from((Role.CJ, Role.OTHER)))
def test_events_and_counts_are_those_of_the_parser(
    lines: list[bytes], cut: int, role: Role
) -> None:
    lines = [line.replace(b"\n", b"") for line in lines]
    whole, all_of, _ = _read([lines[:cut], lines[cut:]], None, role)
    found, some, wanted = _read([lines[:cut], lines[cut:]], [WORD], role)
    assert [(one.at, one.container, one.role) for one in found] == [
        (one.at, one.container, one.role) for one in whole
    ]
    assert (some.lines, some.unreadable) == (all_of.lines, all_of.unreadable)
    assert all(one == whole[n] for n, one in enumerate(found) if isinstance(one, LogEvent))
    named = [one for one in whole if isinstance(one, LogEvent) and WORD in one.text]
    assert [one for one in found if wanted.holds(one)] == named


def test_most_lines_of_no_use_are_not_read() -> None:
    found, parser, _ = _read([[JSON, CONSOLE] * 50], [WORD])
    assert [type(one) for one in found] == [PassedEvent] * 100
    assert parser.lines == 100


def test_what_was_raised_is_passed_over_with_its_event_and_read_where_it_holds_a_word() -> None:
    raised = [LOCAL, b"Traceback (most recent call last):", b'  File "a.py", line 1', BOX, b""]
    found, parser, _ = _read([[*raised, COLOURED, *raised, LOCAL]], [WORD])
    assert [type(one) for one in found] == [PassedEvent] * 4
    assert parser.lines == 12
    found, _, wanted = _read([[*raised, WORD.encode()], [LOCAL]], [WORD])
    assert [wanted.holds(one) for one in found] == [True, False]


def test_an_event_that_never_ends_is_not_held() -> None:
    lines = [LOCAL, *[b" " * 1_000] * (2 * MOST_HELD_BYTES // 1_000), LOCAL]
    reading = (wanted := Wanted({"one": [WORD]})).reading(
        parser := LineParser("cj", "huleedu_cj", Role.CJ, UTC), Role.CJ, UTC
    )
    assert [type(one) for one in reading.events(lines)] == [LogEvent]
    assert not wanted.holds(LogEvent(None, "cj", "huleedu_cj", Role.CJ, "", "", offset=0))
    assert parser.lines == len(lines) - 1


@given(st.lists(st.tuples(st.integers(0, 120), st.booleans())))
def test_of_each_tick_its_last_event_is_kept_and_every_wanted_one(
    said: list[tuple[int, bool]],
) -> None:
    start = datetime(2026, 3, 4, 8, tzinfo=UTC)
    events: list[Recorded] = [
        LogEvent(start + timedelta(seconds=at), "cj", "c", Role.CJ, "info", "e")
        if is_read
        else PassedEvent(start + timedelta(seconds=at), "c", Role.CJ)
        for at, is_read in sorted(said)
    ]
    kept = list(Wanted({"one": [WORD]}, TICK).thinned(events))
    lasts: dict[int, Recorded] = {}
    for one in events:
        assert one.at is not None
        lasts[(one.at - start) // TICK] = one
    ids = {id(one) for one in lasts.values()}
    assert kept == [one for one in events if id(one) in ids or isinstance(one, LogEvent)]
    assert list(Wanted({"one": [WORD]}).thinned(events)) == events
