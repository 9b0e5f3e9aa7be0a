"""Of what was found it is said where it lies, and what of it is too long to be read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.log import LogQuery, LogSearch, Role, Service
from bot.sources.log_files import LogFiles
from bot.sources.log_format.parser import MAX_LINE_BYTES
from bot.sources.log_search.file import LEADS_OUT

START = datetime(2025, 11, 18, 23, 0, tzinfo=UTC)
SERVICES = (Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),)
NAME = "huleedu_cj_assessment_service"
LONG = "x" * MAX_LINE_BYTES


def line(number: int, text: str) -> str:
    at = (START + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")
    return f'{{"event": "tick {number}", "timestamp": "{at}", "level": "info", "x": "{text}"}}\n'


async def search(folder: Path, *links: Path, text: str = "needle") -> LogSearch:
    logs = LogFiles(folder, SERVICES, UTC, [str(link) for link in links])
    return await logs.search(LogQuery(any_of=(text,)))


async def test_an_event_s_place_is_one_in_its_own_file(tmp_path: Path) -> None:
    for number, name in enumerate((".2", ".1", "")):
        lines = [line(10 * number + one, "needle") for one in range(3)]
        (tmp_path / f"{NAME}.log{name}").write_text("".join(lines))
    found = await search(tmp_path)
    assert {event.log_file for event in found.events} == {".2", ".1", "newest"}
    for event in found.events:
        name = f"{NAME}.log{event.log_file.removeprefix('newest')}"
        at = (tmp_path / name).read_bytes()[event.offset or 0 :]
        assert at.startswith(f'{{"event": "{event.event.raw}"'.encode())  # type: ignore[attr-defined]


async def test_a_log_of_one_file_has_one_place_for_each_event(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.log").write_text(line(0, "needle"))
    (event,) = (await search(tmp_path)).events
    assert (event.offset, event.log_file) == (0, "")


@pytest.mark.parametrize(
    ("lines", "matched", "shown", "beyond"),
    [
        ((LONG + "needle", "needle"), 2, 1, 1),
        (("needle" + LONG, "needle"), 2, 2, 0),
        ((LONG, "needle", LONG), 1, 1, 0),
        ((LONG + "needle", LONG, LONG + "needle"), 2, 0, 2),
    ],
)
async def test_what_holds_a_text_beyond_what_is_kept_of_it_is_counted_and_nothing_else_is(
    tmp_path: Path, lines: tuple[str, ...], matched: int, shown: int, beyond: int
) -> None:
    written = "".join(line(number, text) for number, text in enumerate(lines))
    (tmp_path / f"{NAME}.log").write_text(written)
    found = await search(tmp_path)
    (cover,) = found.coverage
    assert (cover.matched, len(found.events), cover.beyond) == (matched, shown, beyond)


async def test_a_traceback_that_holds_a_text_in_its_dropped_middle_is_counted_once(
    tmp_path: Path,
) -> None:
    frame = f"  {'f' * 2_000}\n"
    long = f"2025-11-18 23:00:00 [error    ] bad [cj]\n{frame * 400}  needle\n{frame * 400}"
    (tmp_path / f"{NAME}.log").write_text(f"{long}2025-11-18 23:00:01 [info     ] needle [cj]\n")
    found = await search(tmp_path)
    (cover,) = found.coverage
    assert (len(found.events), cover.beyond) == (1, 1)


def linked(tmp_path: Path) -> tuple[Path, Path]:
    """Lay a node's folders: containers/ holds links, over one more of pods/ to the Engine's."""
    containers, pods, engine = (tmp_path / name for name in ("containers", "pods", "engine"))
    for folder in (containers, pods, engine):
        folder.mkdir()
    (engine / "0.log").write_text(line(0, "needle"))
    (pods / "0.log").symlink_to(engine / "0.log")
    (containers / f"{NAME}.log").symlink_to(pods / "0.log")
    return containers, engine


async def test_a_link_into_an_allowed_folder_is_followed_over_others(tmp_path: Path) -> None:
    containers, engine = linked(tmp_path)
    found = await search(containers, engine)
    assert [(event.container, event.event) for event in found.events] == [(NAME, "tick 0")]
    assert not found.missing


async def test_a_link_that_ends_in_no_allowed_folder_is_not(tmp_path: Path) -> None:
    containers, _ = linked(tmp_path)
    found = await search(containers, tmp_path / "pods")
    assert not found.events
    assert LEADS_OUT in found.missing[0][1]
