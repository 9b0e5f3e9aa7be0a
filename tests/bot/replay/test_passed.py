"""What is passed over is told apart unread: the clock and the wanted events are alike."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.log import LogEvent, Role
from bot.replay.passed import PassedEvent, Recorded
from bot.replay.wanted import Wanted
from bot.sources.log_format.parser import LineParser

WORD = "Requeueing request"
TICK = timedelta(seconds=15)
AT = "2026-03-04T08:00:01.000000Z"
JSON = orjson.dumps({"event": "Stored a chunk", "timestamp": AT, "level": "info"})
CONSOLE = f"{AT} [info     ] Stored a chunk [app.storage] lineno=7".encode()
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
    b"Traceback (most recent call last):",
    b'  File "a.py", line 1, in run', b"ValueError: of no use", WORD.encode(), b"INFO: started",
)  # fmt: skip
MANY = st.lists(st.sampled_from(LINES) | st.binary(max_size=40), max_size=40)


def _read(
    blocks: Iterable[Sequence[bytes]], words: Sequence[str] | None
) -> tuple[list[Recorded], LineParser, Wanted]:
    parser, wanted = LineParser("cj", "huleedu_cj", Role.CJ, UTC), Wanted({"one": words})
    reading = wanted.reading(parser, Role.CJ, UTC)
    events = [event for block in blocks for event in reading.events(block)]
    last = reading.last()
    return [*events, *([] if last is None else [last])], parser, wanted


@settings(max_examples=600)
@given(MANY, st.integers(min_value=1, max_value=40))
def test_events_and_counts_are_those_of_the_parser(lines: list[bytes], cut: int) -> None:
    lines = [line.replace(b"\n", b"") for line in lines]
    whole, all_of, _ = _read([lines[:cut], lines[cut:]], None)
    found, some, wanted = _read([lines[:cut], lines[cut:]], [WORD])
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


@given(st.lists(st.tuples(st.integers(0, 120), st.booleans())))
def test_of_each_tick_its_first_event_is_kept_and_every_wanted_one(
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
    firsts: dict[int, Recorded] = {}
    for one in events:
        assert one.at is not None
        firsts.setdefault((one.at - start) // TICK, one)
    ids = {id(one) for one in firsts.values()}
    assert kept == [one for one in events if id(one) in ids or isinstance(one, LogEvent)]
    assert list(Wanted({"one": [WORD]}).thinned(events)) == events
