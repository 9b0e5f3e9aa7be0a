"""A recording's files: what can be read is, and what cannot is counted and named."""

import gzip
import zipfile
from datetime import UTC
from pathlib import Path

import pytest

from bot.domain.log import LogEvent
from bot.errors import UsageError
from bot.replay.files import MOST_FILES, opened
from bot.replay.logs import Tally, merged
from bot.replay.run import settings_told
from bot.settings import HULEEDU_SERVICES

LINE = "2025-11-18T23:20:{:02}Z [info] hello"
EARLIER = "2025-11-18T22:20:00Z [info] hello"


def _read(folder: Path) -> tuple[list[str], Tally]:
    tally = Tally()
    return [one.container for one in merged(folder, HULEEDU_SERVICES, UTC, tally)], tally


def _lines(*seconds: int) -> str:
    return "".join(f"{LINE.format(second)}\n" for second in seconds)


def test_files_are_merged_in_time_plain_and_packed(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(_lines(1, 3))
    with gzip.open(tmp_path / "b.log.gz", "wt") as packed:
        packed.write(_lines(2, 4))
    containers, tally = _read(tmp_path)
    assert containers == ["a", "b", "a", "b"]
    assert tally.told() == ["read 2 files, 4 lines"]


def test_what_cannot_be_put_on_the_clock_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(f"no time\n{_lines(1) * 600}{EARLIER}\n{_lines(2)}")
    (tmp_path / "b.log").write_bytes(b"\xff\xfe\x00\n")
    containers, tally = _read(tmp_path)
    assert containers == ["a"] * 601
    assert (tally.undated, tally.stepped_back, tally.unreadable) == (2, 1, 1)
    assert "1 stepped back in time" in tally.told()[0]


def test_a_damaged_file_gives_what_it_has_and_its_name(tmp_path: Path) -> None:
    whole = gzip.compress(_lines(*range(50)).encode())
    (tmp_path / "a.log.gz").write_bytes(whole[:-8] + b"damaged!")
    (tmp_path / "b.log").mkdir()
    (tmp_path / "c.log").symlink_to("/nowhere")
    (tmp_path / "d.log").write_text(_lines(1))
    (tmp_path / "notes.txt").touch()
    containers, tally = _read(tmp_path)
    assert "d" in containers
    assert set(tally.failed) == {"a.log.gz", "b.log", "c.log"}
    assert "not looked at, being no .log file: notes.txt" in tally.told()


def test_a_line_of_a_megabyte_is_one_event(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(f"{LINE.format(1)} {'x' * 1_500_000}\n{_lines(2)}")
    assert _read(tmp_path)[0] == ["a", "a"]


def test_a_folder_without_logs_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.log.1").touch()
    with pytest.raises(UsageError, match=r"no <container>\.log file; it holds a\.log\.1"):
        _read(tmp_path)


def test_a_recording_that_says_nothing_is_an_answer_with_the_settings_it_was_judged_by() -> None:
    assert Tally(events=1).silence() == []
    assert Tally().silence()[0].startswith("0 events, with these settings: DETECTOR_*")
    judged = settings_told(["container_gone", "no_detector"], 15.0)
    assert judged == "DETECTOR_CONTAINER_GONE_QUIET_SECONDS=900.0, TICK_SECONDS=15"
    assert Tally(samples=3, settings=judged).told() == ["read 3 samples"]
    assert Tally(settings=judged).silence() == [f"0 events, with these settings: {judged}"]


def test_blank_lines_beyond_what_an_event_keeps_are_counted_and_cost_nothing(
    tmp_path: Path,
) -> None:
    tally = Tally()
    line = "2025-11-19 00:00:01 [info     ] Processing batch 34 [cj]\n"
    (tmp_path / "a.log").write_text(line + "\n" * 3_000_000 + line + "\r\n" * 100)
    found = [one for one in merged(tmp_path, (), UTC, tally) if isinstance(one, LogEvent)]
    assert [event.event for event in found] == ["Processing batch 34"] * 2
    assert tally.lines == 3_000_102


def test_a_line_longer_than_any_is_read_from_its_beginning(tmp_path: Path) -> None:
    tally = Tally()
    line = "2025-11-19 00:00:01 [info     ] Processing batch 34 [cj]"
    (tmp_path / "a.log").write_text(f"{line} {'x' * 3_000_000}\n{line}\n{line}")
    found = [one for one in merged(tmp_path, (), UTC, tally) if isinstance(one, LogEvent)]
    assert [len(event.text) for event in found] == [1 << 20, len(line), len(line)]


def test_a_recording_of_too_many_files_is_refused_as_folder_and_as_zip(tmp_path: Path) -> None:
    names = [f"{number:05}.log" for number in range(MOST_FILES + 1)]
    packed, folder = tmp_path / "many.zip", tmp_path / "many"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    folder.mkdir()
    for name in names:
        (folder / name).touch()
    with pytest.raises(UsageError, match="holds 501 log files; at most 500"), opened(packed):
        raise AssertionError("it is not opened")
    with pytest.raises(UsageError, match="holds 501 log files; at most 500"):
        _read(folder)
