"""A node's own logs are read: the kubelet's names of rotated files, the runtimes' lines."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.log import LogQuery, LogSearch, Role, Service
from bot.sources.log_files import LogFiles
from bot.sources.log_search import search as search_module

SERVICES = (Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),)
ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
NAME = "huleedu_cj_assessment_service.log"
STAMP = "2025-11-18T23:00:{:02}.123456789Z"
OLDEST, OLDER = f"{NAME}.20251118-230001", f"{NAME}.20251118-230002"


def console(second: int, text: str) -> str:
    return f"{STAMP.format(second)} stderr F 2025-11-18 23:00:{second:02} [error    ] {text} [cj]\n"


async def search(folder: Path, text: str = "needle") -> LogSearch:
    return await LogFiles(folder, SERVICES, UTC).search(LogQuery(any_of=(text,)))


async def test_files_that_the_kubelet_rotated_are_read_the_oldest_first(tmp_path: Path) -> None:
    (tmp_path / f"{OLDEST}.gz").write_bytes(gzip.compress(console(0, "first needle").encode()))
    (tmp_path / OLDER).write_text(console(1, "second needle"))
    (tmp_path / f"{OLDER}.gz.tmp").write_text(console(1, "half written needle"))
    (tmp_path / NAME).write_text(console(2, "third needle"))
    found = await search(tmp_path)
    said = [(event.event, event.log_file) for event in found.events]
    assert said == [
        ("first needle", ".20251118-230001.gz"),
        ("second needle", ".20251118-230002"),
        ("third needle", "newest"),
    ]


async def test_a_runtimes_line_is_the_services_and_its_pieces_are_joined(tmp_path: Path) -> None:
    json = '{"event": "callback received", "level": "info", "batch_id": 34, "needle": true}'
    lines = (
        console(0, "before needle"),
        f"{STAMP.format(1)} stdout P {json[:30]}\n",
        f"{STAMP.format(1)} stdout P {json[30:50]}\n",
        f"{STAMP.format(1)} stdout F:x {json[50:]}\n",
        console(2, "behind needle"),
    )
    (tmp_path / NAME).write_text("".join(lines))
    found = (await search(tmp_path)).events
    said = [event.event for event in found]
    assert said == ["before needle", "callback received", "behind needle"]
    assert found[1].at == datetime(2025, 11, 18, 23, 0, 1, 123456, UTC)
    assert found[2].level == "error"


async def test_a_traceback_behind_a_runtimes_stamps_is_of_its_event(tmp_path: Path) -> None:
    trace = ("Traceback (most recent call last):", '  File "a.py", line 1, in f', "    f()",
             "    g()", "    h()", "ValueError: needle")  # fmt: skip
    lines = [console(1, "it failed"), *(f"{STAMP.format(1)} stderr F {one}\n" for one in trace)]
    (tmp_path / NAME).write_text("".join(lines) + console(2, "next"))
    (event,) = (await search(tmp_path)).events
    assert event.event == "it failed"
    assert event.error is not None
    assert event.error.kind == "ValueError"


def pieces(stream: str, text: str, size: int) -> list[str]:
    cut = [text[at : at + size] for at in range(0, len(text), size)]
    tags = [*"P" * (len(cut) - 1), "F"]
    return [
        f"{STAMP.format(1)} {stream} {tag} {part}\n" for tag, part in zip(tags, cut, strict=True)
    ]


@pytest.mark.parametrize("size", [16 << 10, 8 << 10, 700], ids=["containerd", "CRI-O", "flushed"])
@pytest.mark.parametrize("thorough", [64 << 20, 0])
async def test_pieces_of_two_streams_that_come_by_turns_are_joined_each_to_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, thorough: int
) -> None:
    monkeypatch.setattr(search_module, "THOROUGH_BYTES", thorough)
    filler = '", "x": "' + "word " * (5 * size // 5)
    out = f'{{"event": "out{filler}", "needle": 1, "level": "info", "batch_id": "{ID}"}}'
    err = f'{{"event": "err{filler}", "needle": 2, "level": "error"}}'
    # The id is cut in two as well.
    shift = size - out.index(ID) % size + 18
    out = out.replace('{"event"', f'{{"pad": "{"p" * (shift % size)}", "event"')
    both = zip(pieces("stdout", out, size), pieces("stderr", err, size), strict=False)
    turns = [part for pair in both for part in pair]
    rest = [*pieces("stdout", out, size), *pieces("stderr", err, size)]
    tail = [part for part in rest if part not in turns]
    between = f'{STAMP.format(1)} stderr F {{"event": "between", "level": "info"}}\n'
    lines = [console(0, "before needle"), *turns, *tail, between, console(2, "behind needle")]
    (tmp_path / NAME).write_text("".join(lines))
    for text, wanted in (
        ("needle", ["before needle", "out", "err", "behind needle"]),
        (ID, ["out"]),
    ):
        found = (await search(tmp_path, text)).events
        assert sorted(one.event.partition('"')[0] for one in found) == sorted(wanted)
    (event,) = found
    assert (event.fields["batch_id"], event.level) == (ID, "info")


async def test_a_whole_line_between_a_lines_pieces_is_an_event_of_its_own(tmp_path: Path) -> None:
    first, second = '{"event": "first", "level": "info", ', '"needle": true}'
    between = f'{STAMP.format(1)} stderr F {{"event": "between", "level": "error"}}\n'
    lines = [
        f"{STAMP.format(1)} stdout P {first}\n", between, f"{STAMP.format(2)} stdout F {second}\n"
    ]  # fmt: skip
    (tmp_path / NAME).write_text(console(0, "before") + "".join(lines) + console(3, "behind"))
    (event,) = (await search(tmp_path)).events
    assert (event.event, event.level, event.at) == (
        "first", "info", datetime(2025, 11, 18, 23, 0, 1, 123456, UTC)
    )  # fmt: skip
    (event,) = (await search(tmp_path, "between")).events
    assert (event.event, event.level) == ("between", "error")
