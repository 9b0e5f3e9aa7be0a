import asyncio
import bz2
import gzip
import json
import lzma
import os
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.diagnosis.evidence.log_coverage import counted
from bot.domain.log import LogQuery, Role, Service
from bot.errors import SourceError
from bot.sources.log_files import REST, LogFiles, codec_at
from bot.sources.log_follow.follow import FileFollow
from bot.sources.log_format.codec import PlainLines
from bot.sources.log_format.parser import MAX_LINE_BYTES, LineParser
from bot.sources.log_search.file import snapshot
from bot.sources.log_search.search import NOT_IN_TIME, search_segment
from bot.sources.log_search.segment import LINE_BYTES, Segment

START = datetime(2025, 11, 18, 23, 0, tzinfo=UTC)
ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
SERVICES = (
    Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),
    Service("eng5_np_runner", "*eng5_np_runner-run-*", Role.RUNNER, "eng5*.log"),
)
CJ = "huleedu_cj_assessment_service"


def line(number: int, text: str = "tick", level: str = "info") -> str:
    at = (START + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")
    return f'{{"event": "{text} {number}", "timestamp": "{at}", "level": "{level}"}}\n'


def source(folder: Path, links: tuple[str, ...] = ()) -> LogFiles:
    return LogFiles(folder, SERVICES, UTC, links=links)


async def words(folder: Path, **query: object) -> list[str]:
    found = await source(folder).search(LogQuery(**query))  # type: ignore[arg-type]
    return [event.event for event in found.events]


async def test_services_are_told_by_container_and_file_and_the_rest_are_other(
    tmp_path: Path,
) -> None:
    for name in (CJ, "eng5-label-20251119", "huleedu_redis"):
        (tmp_path / f"{name}.log").write_text(line(1))
    (tmp_path / "notes.txt").write_text("no log")
    found = {name: service for service, name in await source(tmp_path).services()}
    assert found[CJ].role is Role.CJ
    assert found["eng5-label-20251119"].role is Role.RUNNER
    assert found["huleedu_redis"] == Service("huleedu_redis", "huleedu_redis", Role.OTHER)
    assert len(found) == 3


async def test_a_search_says_how_far_back_it_saw_and_how_much(tmp_path: Path) -> None:
    (tmp_path / f"{CJ}.log").write_text("".join(line(n) for n in range(100)) + line(200, ID))
    found = await source(tmp_path).search(LogQuery(any_of=(ID,)))
    (coverage,) = found.coverage
    assert [event.event for event in found.events] == [f"{ID} 200"]
    assert coverage.begins_at == START
    assert (coverage.scanned, coverage.matched, coverage.shown) == (101, 1, 1)
    assert (coverage.service, coverage.truncated) == ("cj_assessment_service", False)


async def test_a_search_says_when_the_newest_line_of_all_files_was_written(tmp_path: Path) -> None:
    (tmp_path / f"{CJ}.log").write_text("".join(line(n) for n in range(100)))
    (tmp_path / "eng5_np_runner-run-1.log").write_text(line(300))
    asked = START + timedelta(hours=1)
    found = await source(tmp_path).search(LogQuery(roles=(Role.CJ,), until=asked))
    assert [cover.container for cover in found.coverage] == [CJ]
    assert (found.newest, found.until) == (START + timedelta(seconds=300), asked)


@pytest.mark.parametrize("cut", ["\n", " │\n│ ", "\n│ │   "])
@pytest.mark.parametrize("at", [1, 8, 17, 18, 19, 35])
async def test_an_id_cut_by_wrapping_is_found_with_its_whole_event(
    tmp_path: Path, at: int, cut: str
) -> None:
    head = "2025-11-18 23:00:01 [error    ] broken [cj.x]\nTraceback (most recent call last):\n"
    text = head + f"  x\nValueError: for {ID[:at]}{cut}{ID[at:]}\n"
    (tmp_path / f"{CJ}.log").write_text(line(0) + text + line(2))
    (event,) = (await source(tmp_path).search(LogQuery(any_of=(ID,)))).events
    assert event.event == "broken"
    assert event.error is not None


async def test_the_newest_matches_are_kept_and_the_cut_is_said(tmp_path: Path) -> None:
    (tmp_path / f"{CJ}.log").write_text("".join(line(n) for n in range(50)))
    for query in (LogQuery(any_of=("tick",), max_events=3), LogQuery(max_events=3)):
        found = await source(tmp_path).search(query)
        assert [event.event for event in found.events] == ["tick 47", "tick 48", "tick 49"]
        assert found.coverage[0].truncated
        assert "newest 3" in found.coverage[0].note


async def test_a_byte_bound_reads_only_the_newest_part(tmp_path: Path) -> None:
    (tmp_path / f"{CJ}.log").write_text("".join(line(n) for n in range(500)))
    found = await source(tmp_path).search(LogQuery(any_of=("tick",), max_bytes=1_000))
    assert found.events[-1].event == "tick 499"
    assert len(found.events) < 20
    assert found.coverage[0].truncated


async def test_bounds_levels_and_context_narrow_and_widen(tmp_path: Path) -> None:
    text = "".join(line(n, level="error" if n % 10 == 0 else "info") for n in range(20_000))
    (tmp_path / f"{CJ}.log").write_text(text)
    since, until = START + timedelta(seconds=9_001), START + timedelta(seconds=9_020)
    bounds = {"since": since, "until": until}
    assert await words(tmp_path, levels=("error",), **bounds) == ["tick 9010", "tick 9020"]
    assert len(await words(tmp_path, any_of=("tick",), **bounds)) == 20
    around = await words(tmp_path, any_of=("tick 15000",), context=2)
    assert around == [f"tick {n}" for n in range(14_998, 15_003)]
    near = await words(tmp_path, any_of=("tick 15000", "tick 15003"), context=2)
    assert near == [f"tick {n}" for n in range(14_998, 15_006)]


@pytest.mark.parametrize("size", [70_000, 200_000, 1_000_000])
async def test_a_newest_line_that_is_very_long_does_not_slow_the_search(
    tmp_path: Path, size: int
) -> None:
    (tmp_path / f"{CJ}.log").write_text(
        "".join(line(n) for n in range(50)) + f"{START:%Y-%m-%d %H:%M:%S} [info ] {'x' * size}\n"
    )
    found = words(tmp_path, any_of=("tick 7",), since=START + timedelta(seconds=5))
    assert await asyncio.wait_for(found, 5) == ["tick 7"]


async def test_several_containers_come_in_time_order_and_roles_narrow(tmp_path: Path) -> None:
    (tmp_path / f"{CJ}.log").write_text(line(1) + line(3))
    (tmp_path / "x-eng5_np_runner-run-1.log").write_text(line(2) + "Validated\n" + line(4))
    assert await words(tmp_path) == ["tick 1", "tick 2", "Validated", "tick 3", "tick 4"]
    assert await words(tmp_path, roles=(Role.CJ,)) == ["tick 1", "tick 3"]
    assert await words(tmp_path, services=("eng5_np_runner",), any_of=("tick",)) == [
        "tick 2",
        "tick 4",
    ]


async def test_a_line_of_whole_seconds_stays_behind_the_one_it_follows(tmp_path: Path) -> None:
    half = START + timedelta(seconds=1, milliseconds=500)
    refused = f'{{"event": "refused", "timestamp": "{half.isoformat()}", "level": "error"}}\n'
    claimed = "2025-11-18 23:00:01 [info     ] claimed [provider]\n"
    (tmp_path / f"{CJ}.log").write_text(line(0) + refused + claimed + line(2))
    assert await words(tmp_path) == ["tick 0", "refused", "claimed", "tick 2"]


def rotate(path: Path) -> None:
    path.write_text(line(3))
    Path(f"{path}.1").write_text(line(2))
    Path(f"{path}.2.gz").write_bytes(gzip.compress(line(1).encode()))
    Path(f"{path}.3.gz").write_bytes(gzip.compress(line(0).encode() * 999)[:-8])


async def test_rotated_and_compressed_siblings_reach_further_back(tmp_path: Path) -> None:
    rotate(tmp_path / f"{CJ}.log")
    found = await source(tmp_path).search(LogQuery(any_of=("tick",)))
    assert [event.event for event in found.events[-3:]] == ["tick 1", "tick 2", "tick 3"]
    assert found.coverage[0].begins_at == START


async def test_an_unreadable_file_is_missing_and_a_missing_folder_an_error(tmp_path: Path) -> None:
    (tmp_path / f"{CJ}.log").write_text(line(1))
    (tmp_path / "dir.log").mkdir()
    found = await source(tmp_path).search(LogQuery())
    assert [name for name, _ in found.missing] == ["dir"]
    assert len(found.events) == 1
    assert "cannot be read: dir.log" in await source(tmp_path).check()
    with pytest.raises(SourceError, match="log folder"):
        await source(tmp_path / "none").search(LogQuery())


async def test_binary_garbage_is_survived_and_counted(tmp_path: Path) -> None:
    garbage = b"\x00\xff\xfe{\x1b[" * 50 + b"\n"
    (tmp_path / f"{CJ}.log").write_bytes(garbage + line(1).encode() + garbage + line(2).encode())
    found = await source(tmp_path).search(LogQuery())
    assert [e.event for e in found.events if e.event.startswith("tick")] == ["tick 1", "tick 2"]
    assert found.coverage[0].unreadable == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(0, 3))
def test_any_bytes_can_be_searched_or_are_said_to_be_no_log(
    chunks: list[bytes], context: int
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{CJ}.log"
        path.write_bytes(b"\n".join([*chunks, line(1).encode(), *chunks]))
        query = LogQuery(any_of=("tick", ID), context=context)
        found = asyncio.run(source(Path(folder)).search(query))
        assert len(found.coverage) + len(found.missing) == 1


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Following:
    """A follow that is polled by hand; each look lets the quiet time pass."""

    def __init__(
        self, folder: Path, since: datetime, needles: tuple[str, ...] | None = None
    ) -> None:
        self.clock = Clock()
        files = source(folder)
        self.follow = FileFollow(
            files._files, UTC, since=since, needles=needles, codec=codec_at, clock=self.clock
        )
        self.follow._begin()

    def look(self, *, quiet: bool = True) -> list[str]:
        self.follow.poll()
        if quiet:
            self.clock.now += 5
            self.follow.poll()
        return [event.event for event in self.follow.take().events]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / f"{CJ}.log"


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_following_begins_at_since_and_repeats_nothing(path: Path) -> None:
    path.write_text("".join(line(n) for n in range(300)))
    follow = Following(path.parent, START + timedelta(seconds=298))
    assert follow.look() == ["tick 298", "tick 299"]
    assert follow.look() == []
    append(path, line(300))
    assert follow.look() == ["tick 300"]


def test_a_follow_is_behind_until_what_stood_there_was_handed_on(path: Path) -> None:
    path.write_text("".join(line(n) for n in range(3)))
    follow = Following(path.parent, START)
    told = [follow.follow.take()]
    for seconds in (0.5, 0.25, 1):
        follow.follow.poll()
        follow.clock.now += seconds
        told.append(follow.follow.take())
    follow.follow.poll()
    told.append(follow.follow.take())
    assert [(len(one.events), one.behind) for one in told] == [
        (0, True), (2, True), (0, True), (0, True), (1, False)
    ]  # fmt: skip


def test_a_look_that_hangs_is_no_silence(path: Path) -> None:
    path.write_text(line(1))
    follow = Following(path.parent, START)
    follow.look()
    follow.look()
    told = []
    for seconds, looks in ((4, False), (2, False), (0, True)):
        follow.clock.now += seconds
        if looks:
            follow.follow.poll()
        told.append(follow.follow.take().behind)
    assert told == [False, True, False]


def test_a_half_written_line_waits_for_its_end_and_a_traceback_for_its_event(path: Path) -> None:
    path.write_text("")
    follow = Following(path.parent, START)
    append(path, line(1)[:20])
    assert follow.look() == []
    append(path, line(1)[20:])
    assert follow.look(quiet=False) == []
    append(path, line(2))
    assert follow.look(quiet=False) == ["tick 1"]
    assert follow.look() == ["tick 2"]


def test_rotation_by_rename_loses_and_repeats_nothing(path: Path) -> None:
    path.write_text(line(1))
    follow = Following(path.parent, START)
    assert follow.look() == ["tick 1"]
    append(path, line(2))
    path.rename(f"{path}.1")
    path.write_text(line(3))
    assert follow.look() == ["tick 2", "tick 3"]


def test_rotating_twice_between_two_looks_loses_nothing(path: Path) -> None:
    path.write_text(line(1))
    follow = Following(path.parent, START)
    assert follow.look() == ["tick 1"]
    append(path, line(2))
    path.rename(f"{path}.2")
    Path(f"{path}.1").write_text(line(3))
    later = path.parent.joinpath(f"{path.name}.2").stat().st_mtime_ns + 1_000_000
    os.utime(f"{path}.1", ns=(later, later))
    path.write_text(line(4))
    assert follow.look() == ["tick 2", "tick 3", "tick 4"]


def engine_gzip(path: Path, text: str, said: str) -> None:
    """Write a compressed log as the Engine does: the header says when it was written last."""
    packed = bytearray(gzip.compress(text.encode()))
    extra = b'{"lastTime":"%s"}' % said.encode()
    packed[3] |= 4
    packed[10:10] = len(extra).to_bytes(2, "little") + extra
    path.write_bytes(packed)


@pytest.mark.parametrize("said", ["2025-11-18T23:00:02Z", "2025-11-18T23:00:09Z"])
def test_a_followed_file_that_grew_and_was_compressed_between_two_looks_is_not_repeated(
    path: Path, said: str
) -> None:
    path.write_text(line(1))
    follow = Following(path.parent, START)
    assert follow.look() == ["tick 1"]
    append(path, line(2))
    engine_gzip(Path(f"{path}.1.gz"), path.read_text(), said)
    path.unlink()
    path.write_text(line(3))
    assert follow.look() == ["tick 2", "tick 3"]


def test_a_file_that_came_and_was_compressed_between_two_looks_is_not_lost(path: Path) -> None:
    path.write_text(line(1))
    follow = Following(path.parent, START)
    assert follow.look() == ["tick 1"]
    engine_gzip(Path(f"{path}.2.gz"), path.read_text(), "2025-11-18T23:00:01Z")
    engine_gzip(Path(f"{path}.1.gz"), line(2), "2025-11-18T23:00:02Z")
    path.unlink()
    path.write_text(line(3))
    assert follow.look() == ["tick 2", "tick 3"]


def test_truncation_starts_anew_and_the_copy_gives_what_was_not_read(path: Path) -> None:
    path.write_text(line(1))
    follow = Following(path.parent, START)
    assert follow.look() == ["tick 1"]
    append(path, line(2))
    Path(f"{path}.1").write_text(path.read_text())
    path.write_text(line(3))
    assert follow.look() == ["tick 2", "tick 3"]


def test_a_truncated_file_that_grew_past_the_old_end_is_read_from_its_beginning(path: Path) -> None:
    path.write_text(line(1))
    follow = Following(path.parent, START)
    assert follow.look() == ["tick 1"]
    path.write_text(line(2) + line(3))
    assert follow.look() == ["tick 2", "tick 3"]


def test_a_file_that_appears_or_goes_is_followed_or_let_go(path: Path) -> None:
    follow = Following(path.parent, START)
    assert follow.look() == []
    path.write_text(line(1))
    assert follow.look() == ["tick 1"]
    assert follow.follow.take().containers == {CJ: Role.CJ}
    append(path, line(2))
    path.unlink()
    assert follow.look() == ["tick 2"]
    assert follow.follow.take().containers == {}


def test_a_file_that_was_away_goes_on_where_it_stood(path: Path) -> None:
    path.write_text("".join(line(n) for n in range(9)))
    follow = Following(path.parent, START + timedelta(seconds=8))
    assert follow.look() == ["tick 8"]
    away = path.rename(path.with_suffix(".away"))
    assert follow.look() == []
    path.mkdir()
    assert follow.look() == []
    assert follow.follow.missing == {CJ: "Is a directory"}
    append(away, line(9))
    path.rmdir()
    away.rename(path)
    assert follow.look() == ["tick 9"]
    copy = path.with_suffix(".copy")
    copy.write_text(path.read_text() + line(10))
    copy.rename(path)
    assert follow.look() == ["tick 10"]


def test_old_lines_of_a_file_that_took_anothers_place_are_no_news(path: Path) -> None:
    path.write_text("")
    follow = Following(path.parent, START + timedelta(seconds=5))
    append(path, line(7))
    assert follow.look() == ["tick 7"]
    path.unlink()
    path.write_text("".join(line(n) for n in (0, 6, 8)))
    assert follow.look() == ["tick 8"]
    path.unlink()
    follow.look()
    path.write_text("".join(line(n) for n in (1, 3, 6, 9)))
    assert follow.look() == ["tick 9"]
    path.write_text("".join(line(n) for n in (2, 10)))
    assert follow.look() == ["tick 10"]


def test_a_service_without_a_file_is_not_among_those_followed(path: Path) -> None:
    path.write_text(line(1))
    follow = Following(path.parent, START)
    follow.look()
    taken = follow.follow.take()
    assert (taken.containers, taken.missing) == ({CJ: Role.CJ}, {})


def test_words_keep_only_their_events_whole(path: Path) -> None:
    path.write_text("")
    follow = Following(path.parent, START, needles=("wanted",))
    append(path, line(1) + line(2, "wanted") + line(3) + line(4, "wanted"))
    assert follow.look() == ["wanted 2", "wanted 4"]


def test_too_much_is_dropped_oldest_first_and_counted(path: Path) -> None:
    from bot.sources.log_follow.buffer import EventBuffer

    path.write_text("")
    files = source(path.parent)
    follow = FileFollow(files._files, UTC, since=START, buffer=EventBuffer(max_events=5))
    follow._begin()
    append(path, "".join(line(n) for n in range(20)))
    follow.poll()
    taken = follow.take()
    assert [event.event for event in taken.events] == [f"tick {n}" for n in range(14, 19)]
    assert taken.lost == 14


def test_a_folder_that_went_away_is_said(path: Path) -> None:
    path.write_text(line(1))
    follow = Following(path.parent, START)
    path.unlink()
    path.parent.rmdir()
    follow.follow.poll()
    assert follow.follow.missing
    with pytest.raises(SourceError, match="No such file"):
        follow.follow.take()


@pytest.fixture
async def running(path: Path) -> AsyncIterator[FileFollow]:
    append(path, line(1) + line(2))
    follow = await source(path.parent).follow(since=START)
    yield follow
    await follow.close()


async def test_a_running_follow_hands_out_what_came_and_stops(running: FileFollow) -> None:
    found: list[str] = []
    while not found:
        await asyncio.sleep(0.01)
        found += [event.event for event in running.take().events]
    assert found[0] == "tick 1"


async def test_a_folder_without_a_log_is_not_called_readable(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no log")
    with pytest.raises(SourceError, match=r"holds no <container>\.log file"):
        await source(tmp_path).search(LogQuery())
    with pytest.raises(SourceError, match=r"holds no <container>\.log file"):
        await source(tmp_path).check()


async def test_a_folder_without_a_log_is_no_silence_also_while_it_is_followed(
    tmp_path: Path,
) -> None:
    with pytest.raises(SourceError, match=r"holds no <container>\.log"):
        await source(tmp_path).follow(since=START)
    path = tmp_path / f"{CJ}.log"
    path.write_text("")
    follow = await source(tmp_path).follow(since=START)
    assert follow.take().events == ()
    path.unlink()
    follow.poll()
    with pytest.raises(SourceError, match=r"holds no <container>\.log"):
        follow.take()
    await follow.close()


async def test_a_pipe_by_the_name_of_a_log_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"{CJ}.log")
    (tmp_path / "huleedu_redis.log").write_text(line(1))
    found = await source(tmp_path).search(LogQuery())
    assert found.missing == ((CJ, "cannot be read: a pipe, a device or a socket, not a file"),)
    assert [event.event for event in found.events] == ["tick 1"]
    assert f"1 cannot be read: {CJ}.log" in await source(tmp_path).check()


async def test_a_folder_of_pipes_alone_holds_no_log(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"{CJ}.log")
    with pytest.raises(SourceError, match="holds no"):
        await source(tmp_path).check()


FOREIGN = (
    (line(1, ID).encode("utf-16"), "its text is in UTF-16"),
    (line(1, ID).encode("utf-16-be"), "its text is in UTF-16"),
    (line(1, ID).encode("utf-32"), "its text is in UTF-32"),
    (gzip.compress(line(1, ID).encode()), "it is compressed, and its name does not end in .gz"),
    (bz2.compress(line(1, ID).encode()), "it is compressed by bzip2"),
    (lzma.compress(line(1, ID).encode()), "it is compressed by xz"),
)


@pytest.mark.parametrize(("content", "why"), FOREIGN)
async def test_a_file_that_is_no_text_in_utf_8_is_no_silence(
    tmp_path: Path, content: bytes, why: str
) -> None:
    (tmp_path / f"{CJ}.log").write_bytes(content)
    found = await source(tmp_path).search(LogQuery(any_of=(ID,)))
    assert found.missing == ((CJ, f"cannot be read: {why}"),)
    with pytest.raises(SourceError, match=why):
        await source(tmp_path).check()


async def test_a_log_that_was_truncated_while_it_was_written_is_read(tmp_path: Path) -> None:
    (tmp_path / f"{CJ}.log").write_bytes(bytes(4096) + b"\n" + line(1, ID).encode())
    assert await words(tmp_path, any_of=(ID,)) == [f"{ID} 1"]


@pytest.mark.parametrize("any_of", [(ID,), ()])
def test_what_cannot_be_unpacked_in_time_hides_no_line_of_what_is_newer(
    tmp_path: Path, any_of: tuple[str, ...]
) -> None:
    path = tmp_path / f"{CJ}.log"
    path.write_text(line(9, ID))
    (tmp_path / f"{CJ}.log.1").write_text(line(8, ID))
    (tmp_path / f"{CJ}.log.2.gz").write_bytes(gzip.compress(line(7, ID).encode() * 100_000))
    (tmp_path / f"{CJ}.log.3").write_text(line(6, ID))
    parts, lacks_older, _ = snapshot(path, lambda: True)
    with closing(Segment(parts, PlainLines(UTC), lacks_older=lacks_older)) as segment:
        events, coverage = search_segment(
            segment, LogQuery(any_of=any_of), lambda: LineParser("cj", CJ, Role.CJ, UTC)
        )
    assert [event.event for event in events] == [f"{ID} 8", f"{ID} 9"]
    assert (coverage.truncated, coverage.note) == (True, NOT_IN_TIME)
    assert coverage.begins_at == START + timedelta(seconds=8)


def test_a_file_without_a_line_s_end_costs_no_reading_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / f"{CJ}.log"
    with path.open("wb") as hole:
        hole.truncate(1 << 40)
    with closing(Segment(path, PlainLines(UTC))) as segment:
        middle = segment.size // 2
        assert segment.line_start(middle) == middle - LINE_BYTES
        assert segment.line_end(middle, segment.size) == middle + LINE_BYTES
        assert segment.first_time() is segment.last_time() is None


async def test_of_much_log_the_lines_are_about_so_many_and_never_fewer_than_match(
    tmp_path: Path,
) -> None:
    (tmp_path / f"{CJ}.log").write_text(
        "".join(f"{line(1, ID)}{'x ' * 20_000}\n" for _ in range(300))
    )
    found = await source(tmp_path).search(LogQuery(any_of=(ID,)))
    (coverage,) = found.coverage
    assert coverage.matched == 300 <= coverage.scanned
    assert coverage.is_estimate
    assert ", about " in counted(found)


@pytest.mark.parametrize("name", [f"{CJ}.log", f"{CJ}.log.1", f"{CJ}.log.2.gz"])
async def test_a_link_out_of_the_folder_is_not_read_but_said(tmp_path: Path, name: str) -> None:
    folder, other = tmp_path / "logs", tmp_path / "elsewhere.log"
    folder.mkdir()
    (folder / "huleedu_redis.log").write_text(line(1))
    (folder / f"{CJ}.log").write_text(line(2))
    other.write_bytes(gzip.compress(line(3).encode()) if name.endswith("gz") else line(3).encode())
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(other)
    found = await source(folder).search(LogQuery())
    rotated = name.removeprefix(f"{CJ}.log")
    which = f"its rotated file {rotated} " if rotated else ""
    assert found.missing == ((CJ, f"{which}cannot be read: a link that leads out of the folder"),)
    read = ["tick 1", "tick 2"] if rotated else ["tick 1"]
    assert [event.event for event in found.events] == read
    follow = Following(folder, START)
    assert "tick 3" not in [*follow.look(), *follow.look()]
    assert follow.follow.missing == {CJ: "a link that leads out of the folder"}


@pytest.mark.parametrize("folders", [(), ("logs",)])
async def test_a_link_that_leads_to_itself_costs_its_own_log_alone(
    tmp_path: Path, folders: tuple[str, ...]
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "huleedu_redis.log").write_text(line(1))
    (folder / f"{CJ}.log").symlink_to(f"{CJ}.log")
    (folder / "here.log").symlink_to("there.log")
    (folder / "there.log").symlink_to("here.log")
    links = tuple(str(tmp_path / name) for name in folders)
    found = await source(folder, links=links).search(LogQuery())
    assert [event.event for event in found.events] == ["tick 1"]
    assert {str(name): why for name, why in found.missing} == dict.fromkeys(
        (CJ, "here", "there"), "cannot be read: Too many levels of symbolic links"
    )
    follow = Following(folder, START)
    assert [*follow.look(), *follow.look()] == ["tick 1"]
    assert follow.follow.missing[CJ] == "Too many levels of symbolic links"


@pytest.mark.parametrize(
    "text",
    [f"tick {'x' * MAX_LINE_BYTES} {ID}", "tick\\n" + f"  {'x' * 1000}\n" * 1500 + f"  {ID}"],
)
async def test_an_id_beyond_what_is_read_of_an_event_is_no_id_that_is_not_there(
    tmp_path: Path, text: str
) -> None:
    long = f"{START.isoformat()} [info     ] {text} more [cj.worker]\n" + f"  {'y' * 999}\n" * 1500
    (tmp_path / f"{CJ}.log").write_text(line(1) + long + line(2))
    found = await source(tmp_path).search(LogQuery(any_of=(ID,)))
    (coverage,) = found.coverage
    assert (found.events, coverage.matched, coverage.beyond) == ((), 1, 1)
    assert coverage.truncated
    assert "1 very long event" in coverage.note
    before = await source(tmp_path).search(LogQuery(any_of=("tick 2",)))
    assert before.coverage[0].beyond == 0


async def test_a_log_that_takes_all_the_time_is_named_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (CJ, "huleedu_redis", "huleedu_kafka"):
        (tmp_path / f"{name}.log").write_text(line(1))

    def slow(segment: Segment, query: LogQuery, parser: Any, stopped: Any) -> Any:
        while segment.path.stem == CJ and not stopped():
            threading.Event().wait(0.01)
        return search_segment(segment, query, parser, stopped)

    async def over(tasks: Sequence[asyncio.Future[Any]], _: float) -> set[asyncio.Future[Any]]:
        """The time is over once the others are read, and what is told to stop does so."""
        late, most = {*tasks}, 1 if len(tasks) > 1 else 0
        while len(late) > most:
            late = (await asyncio.wait(late, return_when=asyncio.FIRST_COMPLETED))[1]
        return late

    monkeypatch.setattr("bot.sources.log_files.search_segment", slow)
    monkeypatch.setattr("bot.sources.log_search.in_time._wait", over)
    found = await source(tmp_path).search(LogQuery(any_of=("tick",)))
    cut = {str(one.container): one.note for one in found.coverage if one.truncated}
    assert cut == {CJ: NOT_IN_TIME}
    assert {event.container for event in found.events} == {"huleedu_redis", "huleedu_kafka"}


async def test_a_link_to_another_name_in_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "current").write_text(line(1))
    (tmp_path / f"{CJ}.log").symlink_to(tmp_path / "current")
    assert await words(tmp_path) == ["tick 1"]
    assert "1 log files" in await source(tmp_path).check()


async def test_a_file_s_name_is_shown_as_a_service_only_as_far_as_it_may_be(tmp_path: Path) -> None:
    (tmp_path / "eleven Karin Lindqvist 9B.log").write_text(line(1))
    (tmp_path / "huleedu_redis.log").write_text(line(1))
    found = await source(tmp_path).search(LogQuery(any_of=("tick",)))
    assert sorted(str(event.service) for event in found.events) == ["huleedu_redis", "… 9B"]


async def test_of_very_many_files_those_written_last_are_searched_and_the_rest_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sources.log_files.MOST_FILES", 4)
    for number in range(12):
        path = tmp_path / f"stranger{number:02}.log"
        path.write_text(line(number, ID))
        os.utime(path, (number + 1_000, number + 1_000))
    (tmp_path / f"{CJ}.log").write_text(line(99, ID))
    os.utime(tmp_path / f"{CJ}.log", (1, 1))
    found = await source(tmp_path).search(LogQuery(any_of=(ID,)))
    assert [cover.container for cover in found.coverage] == [
        CJ, "stranger09", "stranger10", "stranger11",
    ]  # fmt: skip
    assert found.missing == ((REST, "9 files: a search reads the 4 that were written last"),)
    assert "9 more not looked at" in await source(tmp_path).check()


async def test_a_folder_is_not_listed_once_for_each_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(50):
        (tmp_path / f"s{number}.log").write_text(line(number, ID))
    (tmp_path / "s7.log.1").write_text(line(7, ID))
    os.utime(tmp_path, (1_000, 1_000))
    listed, listdir = [], os.listdir

    def counting(path: Path) -> list[str]:
        listed.append(path)
        return listdir(path)

    monkeypatch.setattr(os, "listdir", counting)
    found = await source(tmp_path).search(LogQuery(any_of=(ID,)))
    assert len(found.events) == 51
    assert len(listed) <= 8


def json_file(*lines: str) -> str:
    """Return lines as an Engine's json-file driver writes them."""
    behind = '"stream":"stdout","time":"2025-11-18T23:00:02.5Z"'
    return "".join(f'{{"log":{json.dumps(text + chr(10))},{behind}}}\n' for text in lines)


TRACED = (
    f"2025-11-18T23:00:01Z [error    ] Batch 34 failed [cj] batch_id={ID}",
    "Traceback (most recent call last):", '  File "a.py", line 1, in run', "ValueError: x",
)  # fmt: skip


async def test_an_engines_json_file_in_a_plain_folder_is_read_as_its_lines(tmp_path: Path) -> None:
    (tmp_path / f"{CJ}.log").write_text(
        json_file(*TRACED, "2025-11-18T23:00:03Z [info ] next [cj]")
    )
    (one,) = (await source(tmp_path).search(LogQuery(any_of=("ValueError",)))).events
    assert (one.event, one.level) == ("Batch 34 failed", "error")
    assert one.error is not None
    assert one.error.kind == "ValueError"
    assert "not understood" not in await source(tmp_path).check()


def test_an_engines_json_file_is_followed_though_it_was_empty_at_first(path: Path) -> None:
    path.write_text("")
    follow = Following(path.parent, START)
    assert follow.look() == []
    append(path, json_file(*TRACED))
    assert follow.look() == ["Batch 34 failed"]
