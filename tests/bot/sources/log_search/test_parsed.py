"""An event far longer than is kept of one costs no call a line, and says what it said line by line.

What it costs is counted in lines taken apart, not in time.
"""

from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain.log import LogEvent, LogQuery, Role
from bot.sources.log_format.codec import PlainLines
from bot.sources.log_format.parser import LineParser
from bot.sources.log_format.time import Stamp
from bot.sources.log_search.parsed import parsed
from bot.sources.log_search.search import search_segment
from bot.sources.log_search.segment import Segment

HEAD = "2025-11-18 23:52:10 [error    ] Failed [x]\nTraceback (most recent call last):\n"
FRAME = '  File "needle.py", line 7\n    await go()\n'
WORD = "looked_for"
# What is kept of one event, and how far a time is looked for: small, so that little is a lot.
HALF_CHARS, REACH_BYTES = 8 << 10, 256 << 10


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.sources.log_format.event.MAX_HALF_CHARS", HALF_CHARS)
    for module in ("segment", "bounds"):
        monkeypatch.setattr(f"bot.sources.log_search.{module}.REACH_BYTES", REACH_BYTES)
    monkeypatch.setattr("bot.sources.log_search.search.MAX_REGION_BYTES", REACH_BYTES)


class CountingParser(LineParser):
    """A parser that counts the lines that it takes one by one."""

    counts: Counter[str]

    def feed(self, line: bytes, stamp: Stamp = None, offset: int | None = None) -> LogEvent | None:
        self.counts["lines"] += 1
        return super().feed(line, stamp, offset)


class CountingLines(PlainLines):
    """A file's lines, which counts how often one is asked for its time."""

    def __init__(self, counts: Counter[str]) -> None:
        super().__init__(UTC)
        self.counts = counts

    def time_of(self, raw: bytes) -> datetime | None:
        self.counts["times"] += 1
        return super().time_of(raw)


def _counted(path: Path, frames: int) -> Counter[str]:
    path.write_text(f"{HEAD}{FRAME * frames}")
    counts = CountingParser.counts = Counter()
    moment = datetime(2025, 11, 18, tzinfo=UTC)
    query = LogQuery(
        any_of=("needle",), since=moment, until=moment.replace(day=19), max_events=40, counts=True
    )
    with closing(Segment(path, CountingLines(counts))) as segment:
        search_segment(segment, query, lambda: CountingParser("cj", "cj", Role.CJ, UTC))
    return counts


def test_a_deep_traceback_is_read_at_once_and_its_times_are_looked_for_once(
    tmp_path: Path,
) -> None:
    frames = 4 * REACH_BYTES // len(FRAME)
    counts = _counted(tmp_path / "cj.log", frames)
    assert counts["lines"] < 100
    # Each line is come past once from before, and those at the end once from behind.
    assert counts["times"] < 2 * frames * 1.5


def _alone(text: str, role: Role) -> tuple[list[LogEvent], LineParser]:
    parser = LineParser("cj", "cj", role, UTC)
    parser.looked_for = (WORD,)
    raws, place, events = text.encode().removesuffix(b"\n").split(b"\n"), 0, []
    for raw in raws:
        events.append(parser.feed(raw, None, place))
        place += len(raw) + 1
    return [one for one in (*events, parser.flush()) if one], parser


LONG = FRAME * (2 * HALF_CHARS // len(FRAME))
HALF = HALF_CHARS // len(FRAME) * FRAME


def _edges(more: int) -> tuple[str, str, str]:
    """Return texts in which what is kept ends a character further on each time."""
    return (
        HEAD + HALF + "  " + "x" * more + "\n" + HALF + "  a\n",
        HEAD + LONG + "  " + "y" * more + "\n" + FRAME * 9,
        HEAD + "  " + "z" * (HALF_CHARS - len(HEAD) - more) + "\n" + LONG,
    )


@pytest.mark.parametrize("role", [Role.CJ, Role.OTHER])
@pytest.mark.parametrize(
    "text",
    [
        HEAD + LONG,
        HEAD + LONG + LONG + "ValueError: x\n",
        HEAD + LONG + f"  {WORD}\n" + LONG + LONG,
        HEAD + f"  {WORD}\n" + LONG + f"  {WORD}\n" + LONG,
        HEAD + LONG + f"  {WORD[:4]}\n  {WORD[4:]}\n" + LONG,
        HEAD + LONG + "\n" * 4 + LONG,
        HEAD + LONG + "\n" * 40 + LONG,
        HEAD + LONG + "  " + "x" * 3 * HALF_CHARS + "\n",
        HEAD + LONG + "  " + "x" * 3 * HALF_CHARS + f"{WORD}\n" + LONG,
        HEAD + "  " + "x" * 3 * HALF_CHARS + "\n" + LONG,
        "    await go()\n" + LONG + LONG,
        "    await go()\n" + LONG + LONG + "ValueError: x\n",
        "    await go()\n" + LONG + "  Traceback (most recent call last):\n" + LONG + "Odd: x\n",
        HEAD + LONG + "2025-11-18 23:52:11 [info     ] Next [x]\n" + LONG,
        *(text for more in range(4) for text in _edges(more)),
    ],
)  # fmt: skip
def test_what_is_taken_at_once_says_what_its_lines_say(text: str, role: Role) -> None:
    alone, slow = _alone(text, role)
    quick = LineParser("cj", "cj", role, UTC)
    quick.looked_for = (WORD,)
    at_once = parsed(text.encode(), 0, PlainLines(UTC), quick)
    assert at_once == alone
    assert [one.offset for one in at_once] == [one.offset for one in alone]
    assert (quick.lines, quick.beyond, quick.unreadable) == (
        slow.lines, slow.beyond, slow.unreadable,
    )  # fmt: skip
