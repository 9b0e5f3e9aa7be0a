"""The law that no button leads to nothing finds those that do, and lets the others pass."""

import pytest

from bot.domain.batch import BatchHeader, BatchRows
from bot.domain.report import Report
from bot.ports import Sources
from tests.support.fakes.sources import FakeDatabase, at, context
from tests.support.leads import leads_to_nothing

NOW = at("2025-11-19 00:30")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("/batch status 34", ""),
        ("/batch status 99", "offers /batch status 99: "),
        ("/batch statsu 34 35 36", "offers /batch statsu 34 35 36: "),
        ("/trace", ""),
        ("/queue", ""),
    ],
)
async def test_a_command_that_finds_nothing_is_told(line: str, wrong: str) -> None:
    header = BatchHeader(34, "b", "b", "PENDING", None, NOW)
    sources = Sources(database=FakeDatabase([BatchRows(header)]))
    found = await leads_to_nothing(Report("x", "x", actions=(line,)), context(sources, NOW))
    assert len(found) == bool(wrong)
    assert wrong in "".join(found)
