"""A log of which nothing can be read is told from one that is empty."""

import threading
from datetime import UTC
from pathlib import Path

import pytest

from bot.domain.log import LogCoverage, LogQuery, Role, Service
from bot.sources.docker.engine import Engine
from bot.sources.docker.json_files import EngineFiles
from bot.sources.docker.listing import Container
from bot.sources.docker.search import Searcher

ID = "c" * 64
SERVICE = Service("cj_assessment_service", "*cj*", Role.CJ)
ENTRY = b'{"log":"hello\\n","stream":"stdout","time":"2025-11-18T23:48:23.000000001Z"}\n'


@pytest.mark.parametrize(
    ("content", "unread", "unreadable"),
    [
        (b"\0" * 700, "none of its 1 line can be read", 1),
        (b"\0" * 700 + b"\n" + ENTRY[:20] + b"\n", "none of its 2 lines can be read", 2),
        (ENTRY[:40], "none of its 1 line can be read", 1),
        (b"", "", 0),
        (b"\0" * 700 + ENTRY, "", 0),
        (ENTRY + b"spoiled\n", "", 1),
        (b"\0" * (5 << 20) + b"\n" + ENTRY, "", 1),
    ],
)
def test_damaged_entries_are_counted_and_a_log_without_another_is_unread(
    tmp_path: Path, content: bytes, unread: str, unreadable: int
) -> None:
    (tmp_path / ID).mkdir()
    (tmp_path / ID / f"{ID}-json.log").write_bytes(content)
    engine = Engine("unix:///nowhere.sock", "logs")
    parts = Searcher(UTC, EngineFiles(tmp_path, UTC)).search(
        Container(engine, ID, "cj", SERVICE, True), LogQuery(), threading.Event()
    )
    told = [one for _, one in parts if isinstance(one, str)]
    counted = [one.unreadable for _, one in parts if isinstance(one, LogCoverage)]
    assert [unread in one for one in told] == [True] * bool(unread)
    assert counted == [unreadable]
