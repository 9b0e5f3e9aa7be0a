"""What a match costs is counted in reads and lines taken apart, not in time."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.border.outside import raw
from bot.domain.log import LogEvent, LogQuery, Role
from bot.sources.docker.codec import JsonFileLines
from bot.sources.log_format import json_line as json_line_module
from bot.sources.log_format.codec import Codec, PlainLines, looked_back
from bot.sources.log_format.json_line import json_fields
from bot.sources.log_format.parser import LineParser
from bot.sources.log_format.time import Stamp
from bot.sources.log_search import bounds as bounds_module
from bot.sources.log_search import search as search_module
from bot.sources.log_search.search import MOST_LATE, NOT_IN_TIME, search_segment
from bot.sources.log_search.segment import Segment

ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
AT = "2025-11-18T23:52:10.114233Z"
NOISE = f"{AT} [info     ] Published success callback event [cj.worker] batch=34"
FRAMES = [line for n in range(60) for line in (f'  File "m{n}.py", line {n}', "    await go()")]


class CountingSegment(Segment):
    """A log that counts how often it is read and how much."""

    def __init__(self, path: Path, codec: Codec, counts: Counter[str]) -> None:
        super().__init__(path, codec)
        self.counts = counts

    def read(self, start: int, end: int) -> bytes:
        self.counts["reads"] += 1
        found = super().read(start, end)
        self.counts["bytes"] += len(found)
        return found


class CountingParser(LineParser):
    """A parser that counts the lines that it takes one by one."""

    counts: Counter[str]

    def feed(self, line: bytes, stamp: Stamp = None, offset: int | None = None) -> LogEvent | None:
        self.counts["lines"] += 1
        return super().feed(line, stamp, offset)


def _plain(line: str) -> bytes:
    return f"{line}\n".encode()


def _json_file(line: str) -> bytes:
    return f'{{"log":{json.dumps(line)[:-1]}\\n","stream":"stderr","time":"{AT}"}}\n'.encode()


def _line(_: int) -> list[str]:
    return [f"{AT} [info     ] Request {ID} completed [cj.worker] batch=34"]


def _traceback(frames: int) -> list[str]:
    return [f"{AT} [error    ] Failed [x]", "Traceback (most recent call last):", *FRAMES[:frames],
            f"ValueError: {ID}"]  # fmt: skip


CARRIERS: list[tuple[Codec, Callable[[str], bytes]]] = [
    (PlainLines(UTC), _plain), (JsonFileLines(UTC), _json_file),
]  # fmt: skip


def _searched(
    path: Path, codec: Codec, carried: Callable[[str], bytes], event: Sequence[str], *,
    matches: int, apart: int,
) -> Counter[str]:  # fmt: skip
    path.write_bytes(b"".join(map(carried, [*[NOISE] * apart, *event])) * matches)
    counts: Counter[str] = Counter()
    CountingParser.counts = counts
    with closing(CountingSegment(path, codec, counts)) as segment:
        events, _ = search_segment(
            segment, LogQuery(any_of=(ID,), max_events=10_000),
            lambda: CountingParser("cj", "cj", Role.CJ, UTC),
        )  # fmt: skip
    assert len(events) == matches
    assert all(ID in one.text for one in events)
    return counts


@pytest.mark.parametrize(("codec", "carried"), CARRIERS, ids=["plain", "json-file"])
@pytest.mark.parametrize("event", [_line(0), _traceback(20)], ids=["line", "traceback"])
def test_a_match_costs_the_same_in_a_log_of_any_size(
    tmp_path: Path, codec: Codec, carried: Callable[[str], bytes], event: list[str]
) -> None:
    few = _searched(tmp_path / "a", codec, carried, event, matches=50, apart=200)
    many = _searched(tmp_path / "b", codec, carried, event, matches=500, apart=200)
    for what in ("reads", "bytes", "lines"):
        assert many[what] <= 10 * few[what], what
    # What is told of the whole log is read besides.
    assert many["reads"] <= 500 * 2 + 10
    assert many["bytes"] <= 500 * (bounds_module.BEFORE_BYTES + bounds_module.AFTER_BYTES) * 2


def _starts_looked_for(path: Path, lines: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Count for how many of an event's lines it is looked up where the event begins."""
    path.write_bytes(b"".join(map(_plain, [NOISE, *[f"{ID} {n}" for n in range(lines)], NOISE])))
    looks: list[int] = []
    event_start = bounds_module.Bounds.event_start

    def counted(bounds: bounds_module.Bounds, offset: int, *, events: int = 0) -> int:
        looks.append(offset)
        return event_start(bounds, offset, events=events)

    with monkeypatch.context() as patch, closing(Segment(path, PlainLines(UTC))) as segment:
        patch.setattr(bounds_module.Bounds, "event_start", counted)
        events, _ = search_segment(
            segment, LogQuery(any_of=(ID,), context=3), lambda: LineParser("cj", "cj", Role.CJ, UTC)
        )
    assert any(f"{ID} {lines - 1}" in one.text for one in events)
    return len(looks)


def test_an_event_with_many_matches_is_looked_up_once_with_context_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = _starts_looked_for(tmp_path / "a", 10, monkeypatch)
    assert _starts_looked_for(tmp_path / "b", 1_000, monkeypatch) == few


@pytest.mark.parametrize(("codec", "carried"), CARRIERS, ids=["plain", "json-file"])
def test_a_tracebacks_lines_are_not_read_one_by_one(
    tmp_path: Path, codec: Codec, carried: Callable[[str], bytes]
) -> None:
    short = _searched(tmp_path / "a", codec, carried, _traceback(8), matches=20, apart=200)
    long = _searched(tmp_path / "b", codec, carried, _traceback(120), matches=20, apart=200)
    assert long["lines"] == short["lines"] <= 20


@pytest.mark.parametrize(("codec", "carried"), CARRIERS, ids=["plain", "json-file"])
def test_where_no_line_is_long_nothing_is_looked_back_at(
    tmp_path: Path, codec: Codec, carried: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    look: Any = looked_back

    def counted(read: Callable[[int, int], bytes], start: int) -> bytes:
        looks.append(start)
        found: bytes = look(read, start)
        return found

    monkeypatch.setattr(bounds_module, "looked_back", counted)
    _searched(tmp_path / "a", codec, carried, _line(0), matches=40, apart=200)
    assert looks == []
    long = [*_line(0), NOISE + "y" * 20_000]
    _searched(tmp_path / "b", JsonFileLines(UTC), _json_file, long, matches=40, apart=200)
    assert looks


def test_a_carriers_time_is_read_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def read(stamp: Stamp, zone: object) -> datetime | None:
        asked.append(stamp)
        return None

    monkeypatch.setattr("bot.sources.log_format.event.stamped", read)
    parser = LineParser("cj", "cj", Role.CJ, UTC)
    for line, stamp in JsonFileLines(UTC).lines([_json_file(NOISE)[:-1]] * 3):
        parser.feed(line, stamp)
    event = parser.flush()
    assert event is not None
    assert event.at is not None
    assert asked == []


@pytest.mark.parametrize("most", [10, 2_000])
def test_a_scan_that_is_out_of_time_leaves_out_the_oldest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(search_module, "STRETCH_BYTES", 1_000)
    path = tmp_path / "cj.log"
    path.write_bytes(b"".join(_plain(f"{AT} [info     ] {n} of {ID} [cj]") for n in range(500)))
    asked: Counter[str] = Counter()

    def is_over() -> bool:
        asked["times"] += 1
        return asked["times"] > 60

    with closing(Segment(path, PlainLines(UTC))) as segment:
        events, coverage = search_segment(
            segment,
            LogQuery(any_of=(ID,), max_events=most),
            lambda: LineParser("cj", "cj", Role.CJ, UTC),
            is_over,
        )
    numbers = [int(one.event.split()[0]) for one in events]
    assert 10 <= len(numbers) < 100
    assert numbers == [*range(500 - len(numbers), 500)]
    assert coverage.truncated
    assert NOT_IN_TIME in coverage.note


MANY = 2 * MOST_LATE


def test_a_search_that_is_out_of_time_gives_the_newest_that_it_read(tmp_path: Path) -> None:
    path = tmp_path / "cj.log"
    path.write_bytes(b"".join(_plain(f"{AT} [info     ] {n} of {ID} [cj]") for n in range(MANY)))
    asked: Counter[str] = Counter()

    def is_over() -> bool:
        asked["times"] += 1
        return asked["times"] > 100

    with closing(Segment(path, PlainLines(UTC))) as segment:
        events, coverage = search_segment(
            segment, LogQuery(any_of=(ID,)), lambda: LineParser("cj", "cj", Role.CJ, UTC), is_over
        )
    assert MOST_LATE <= len(events) <= MOST_LATE + 100
    numbers = [int(one.event.split()[0]) for one in events]
    assert numbers == [*range(MANY - len(events), MANY)]
    assert (coverage.truncated, coverage.note) == (True, NOT_IN_TIME)


def test_a_json_line_s_message_and_level_are_read_while_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = 0

    def counted(text: str | bytes) -> dict[str, Any] | None:
        nonlocal decoded
        decoded += 1
        return json_fields(text)

    monkeypatch.setattr(json_line_module, "json_fields", counted)
    path = tmp_path / "cj.log"
    line = json.dumps({"event": f"Request {ID}", "timestamp": AT, "level": "info", "batch": 34})
    path.write_text(f"{line}\n" * 9)
    with closing(Segment(path, PlainLines(UTC))) as segment:
        events, _ = search_segment(
            segment, LogQuery(any_of=(ID,)), lambda: LineParser("cj", "cj", Role.CJ, UTC)
        )
    assert [(one.level, raw(one.event)) for one in events] == [("info", f"Request {ID}")] * 9
    assert [one.at.isoformat() for one in events if one.at] == [AT.replace("Z", "+00:00")] * 9
    assert decoded == 0
    assert [one.fields["batch"] for one in events] == [34] * 9
    assert decoded == 9


@pytest.mark.parametrize(("codec", "carried"), CARRIERS, ids=["plain", "json-file"])
def test_one_parser_reads_all_matches_of_a_stretch(
    codec: Codec, carried: Callable[[str], bytes], tmp_path: Path
) -> None:
    path, made = tmp_path / "cj.log", Counter[str]()
    odd = f"{AT} [info     ] Request {ID} \ufffd [cj.worker] batch=34"
    path.write_bytes(b"".join(map(carried, [NOISE, odd, *_line(0), *_traceback(60)])) * 5)

    def parser() -> LineParser:
        made["parsers"] += 1
        return LineParser("cj", "cj", Role.CJ, UTC)

    with closing(Segment(path, codec)) as segment:
        events, coverage = search_segment(segment, LogQuery(any_of=(ID,)), parser)
    assert len(events) == 15
    assert coverage.unreadable == 5
    # And one names whose log it is.
    assert made["parsers"] == 2
