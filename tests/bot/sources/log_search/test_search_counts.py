"""How many lines match is counted past those that are shown, or is said to be a least count."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.log import LogCoverage, LogQuery, Role, Service
from bot.sources.log_files import LogFiles
from bot.sources.log_search import search as search_module

START = datetime(2025, 11, 18, 23, 0, tzinfo=UTC)
SERVICES = (Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),)
NAME = "huleedu_cj_assessment_service.log"
# A line each second, half of them in a packed file.
LINES = 2_000


def _line(number: int) -> str:
    at = (START + timedelta(seconds=number)).isoformat().replace("+00:00", "Z")
    return f'{{"event": "tick {number}", "timestamp": "{at}", "level": "info"}}\n'


def _written(folder: Path) -> None:
    older = "".join(map(_line, range(LINES // 2))).encode()
    (folder / f"{NAME}.1.gz").write_bytes(gzip.compress(older))
    (folder / NAME).write_text("".join(map(_line, range(LINES // 2, LINES))))


async def _covered(folder: Path, query: LogQuery) -> LogCoverage:
    found = await LogFiles(folder, SERVICES, UTC).search(query)
    (cover,) = found.coverage
    assert cover.shown <= query.max_events
    return cover


@pytest.mark.parametrize("begins", [0, 300, 999, 1_000, 1_700])
@pytest.mark.parametrize("ends", [LINES, 1_400, 700])
async def test_the_lines_of_the_time_asked_for_are_counted_in_every_file(
    tmp_path: Path, begins: int, ends: int
) -> None:
    _written(tmp_path)
    query = LogQuery(
        any_of=("tick",), since=START + timedelta(seconds=begins),
        until=START + timedelta(seconds=ends - 1), max_events=10, counts=True,
    )  # fmt: skip
    cover = await _covered(tmp_path, query)
    assert (cover.matched, cover.is_least) == (max(0, ends - begins), False)


async def test_who_does_not_ask_for_a_count_is_told_that_it_is_a_least_one(tmp_path: Path) -> None:
    _written(tmp_path)
    cover = await _covered(tmp_path, LogQuery(any_of=("tick",), max_events=10))
    assert (cover.matched, cover.is_least) == (LINES // 2, True)


async def test_what_a_bound_left_out_makes_a_least_count(tmp_path: Path) -> None:
    _written(tmp_path)
    query = LogQuery(any_of=("tick",), max_events=10, max_bytes=4_000, counts=True)
    cover = await _covered(tmp_path, query)
    assert 10 < cover.matched < LINES
    assert cover.is_least


async def test_what_time_left_out_makes_a_least_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _written(tmp_path)
    searched = search_module.search_segment
    monkeypatch.setattr(
        "bot.sources.log_files.search_segment",
        lambda segment, query, parser, _: searched(segment, query, parser, lambda: True),
    )
    cover = await _covered(tmp_path, LogQuery(any_of=("tick",), max_events=10, counts=True))
    assert cover.is_least
