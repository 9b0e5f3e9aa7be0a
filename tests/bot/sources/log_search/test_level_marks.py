"""Of a word that stands in every line, only the events at the level asked for are read."""

import json
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from bot.domain.log import LogQuery, Role
from bot.sources.log_format.codec import PlainLines
from bot.sources.log_format.parser import LineParser
from bot.sources.log_search.level_marks import MANY_HITS
from bot.sources.log_search.search import search_segment
from bot.sources.log_search.segment import Segment

AT = "2025-11-18T23:48:23.771020Z"
LINES = 2 * MANY_HITS
INFO = json.dumps(
    {"event": "Updated after an error, 0 errors", "timestamp": AT, "level": "info", "error": None}
)
TRACE = ["Traceback (most recent call last):", *["  Updated in a frame"] * 3, "ValueError: Updated"]
WRITTEN = [
    [json.dumps({"event": "Updated badly", "timestamp": AT, "level": "error"})],
    [json.dumps({"event": "Updated badly", "timestamp": AT, "severity": "FATAL"})],
    [json.dumps({"msg": "Updated badly", "time": AT, "level": 50})],
    [f"{AT} [error    ] Updated badly [cj.worker] batch=7"],
    [f"{AT} [error    ] Failed [cj.worker]", *TRACE],
    [f"\x1b[2m{AT}\x1b[0m [\x1b[31m\x1b[1merror    \x1b[0m] \x1b[1mUpdated badly\x1b[0m"],
    ["2025-11-18 23:48:23,771 - cj.worker - ERROR - Updated badly"],
    ["2025-11-18 23:48:23.771 UTC [7] PANIC:  Updated badly"],
    [f"level=error ts={AT} caller=a.go:1 Updated badly"],
    ["%3|1763509703.771|FAIL|rdkafka#a-1| Updated badly"],
]


@pytest.mark.parametrize("event", WRITTEN, ids=lambda event: event[0][:60])
@pytest.mark.parametrize("place", [0, LINES // 2, LINES])
def test_a_rare_level_is_found_and_little_else_is_read(
    tmp_path: Path, event: list[str], place: int
) -> None:
    path, parsers = tmp_path / "cj.log", []
    lines = [*[INFO] * place, *event, *[INFO] * (LINES - place)]
    path.write_text("\n".join(lines) + "\n")

    def parser() -> LineParser:
        parsers.append(LineParser("cj", "cj", Role.CJ, UTC))
        return parsers[-1]

    asked = LogQuery(any_of=("Updated",), levels=("error", "critical"), counts=True)
    with closing(Segment(path, PlainLines(UTC))) as segment:
        (found,), coverage = search_segment(segment, asked, parser)
    assert found.level in asked.levels
    assert "Updated" in found.text
    assert (coverage.truncated, coverage.matched >= LINES) == (False, True)
    assert len(parsers) < 10
