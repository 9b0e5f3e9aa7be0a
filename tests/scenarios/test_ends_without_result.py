"""A batch that ended without a result is well nowhere: in no command, no list, no exit code."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.cli.formats import Exit
from bot.cli.output import exit_code
from bot.domain.batch import BatchHeader, BatchRows, PairCounts, ScoreCounts
from bot.domain.report import Report, Verdict
from bot.ports import Place, Sources
from bot.registry import commands
from bot.requests.admission import Admission
from bot.requests.app_home import AppHome
from bot.requests.replies import Replies
from bot.slack.blocks.renderer import BlockKit
from commands.batch.command import parse, run
from tests.support.fakes.sources import FakeDatabase, FakeLogs, FakeQueue, context
from tests.support.slack.bot import ACCESS

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
SENT = NOW - timedelta(minutes=40)
WELL = {"total": 12, "essay_a": 7, "essay_b": 5}
# Status, state, comparisons, and how many of six essays took part.
ENDS: Mapping[str, tuple[str, str, Mapping[str, int], int]] = {
    "failed by the monitor": ("FETCHING_CONTENT", "FAILED", {"total": 4, "pending": 4}, 6),
    "too few valid": ("ERROR_PROCESSING", "FAILED", {"total": 12, "essay_a": 6, "error": 6}, 6),
    "an error beside an open state": ("ERROR_ESSAY_PROCESSING", "SCORING", {"total": 0}, 6),
    "answers missing": ("COMPLETE_STABLE", "COMPLETED",
                        {"total": 12, "essay_a": 5, "essay_b": 4, "pending": 3}, 6),
    "essays missing": ("COMPLETE_STABLE", "COMPLETED", {"total": 1, "essay_a": 1}, 2),
    "no essay was there": ("COMPLETE_INSUFFICIENT_ESSAYS", "COMPLETED", {"total": 0}, 0),
    "cancelled": ("PERFORMING_COMPARISONS", "CANCELLED", {"total": 12, "essay_a": 6}, 6),
}  # fmt: skip
# Of the others there is a result, or somebody wanted none: a warning leaves with 0.
NO_RESULT = ("failed by the monitor", "too few valid", "an error beside an open state")


def rows(number: int, status: str, state: str, counts: Mapping[str, int], essays: int) -> BatchRows:
    """Return a batch of which six essays were expected."""
    name = f"abcdef00-0000-4000-8000-{number:012}"
    header = BatchHeader(
        number, name, name, status, state, SENT, last_activity_at=NOW, expected_essay_count=6
    )
    pending = SENT if counts.get("pending") else None
    given: dict[str, Any] = {**counts, "first_submitted_at": SENT}
    pairs = PairCounts(**given, pending_first_submitted_at=pending)
    return BatchRows(header, pairs, scores=ScoreCounts(essays=essays))


def sources_of(end: str) -> Sources:
    """Return sources of a batch 1 that ended so, beside a batch 2 that ended well."""
    found = (rows(1, *ENDS[end]), rows(2, "COMPLETE_STABLE", "COMPLETED", WELL, 6))
    return Sources(database=FakeDatabase(found), logs=FakeLogs([]), queue=FakeQueue())


async def asked(line: str, end: str) -> Report:
    """Return what a command says of it."""
    return await run(parse(line), context(sources_of(end), NOW))


@pytest.mark.parametrize("line", ["status 1", "investigate 1", "compare 1 2", "compare 2 1"])
@pytest.mark.parametrize("end", ENDS)
async def test_it_is_well_in_no_answer_and_no_exit_code(end: str, line: str) -> None:
    report = await asked(line, end)
    assert report.verdict in (Verdict.WARN, Verdict.ERROR)
    if end in NO_RESULT:
        assert (report.verdict, exit_code(report)) == (Verdict.ERROR, Exit.ERROR)
    assert "✅" not in str(report.first_line)


@pytest.mark.parametrize("end", ENDS)
async def test_a_list_marks_it_and_the_lists_own_exit_code_is_that_of_the_reading(
    end: str,
) -> None:
    report = await asked("list", end)
    marks = {one["batch_id"]: bool(one["mark"]) for one in report.facts["batches"]}
    assert marks == {1: True, 2: False}
    assert {row[1]: row[0] for row in report.tables[0].rows}["1"] == "⚠️"
    assert "/batch status 1" in report.actions
    assert "1 needs a look" in str(report.summary)
    assert exit_code(report) == Exit.FINE


class Shown:
    """Keeps the home that was published."""

    def __init__(self) -> None:
        self.blocks: list[Any] = []

    async def home(self, user: str, blocks: Any) -> None:
        self.blocks = list(blocks)


@pytest.mark.parametrize("end", ENDS)
async def test_the_home_says_that_it_needs_a_look(end: str) -> None:
    shown, user = Shown(), "U0ONCALL0"
    admission = Admission(commands(), sources_of(end), ACCESS, lambda: NOW)
    home = AppHome(admission, Replies(None, shown, BlockKit()))  # type: ignore[arg-type]
    await home.publish(Place(user, user, home=True))
    assert "1 needs a look" in str(shown.blocks)
