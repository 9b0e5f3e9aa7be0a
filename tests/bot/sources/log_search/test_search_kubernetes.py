"""A node's own logs are read: the kubelet's names of rotated files, the runtimes' lines."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.log import LogQuery, LogSearch, Role, Service
from bot.sources.log_files import LogFiles

SERVICES = (Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),)
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
