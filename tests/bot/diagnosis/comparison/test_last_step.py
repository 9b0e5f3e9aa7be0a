"""Where an answer was lost: what was published waits for a CJ that is silent, and is not lost."""

from dataclasses import replace

import pytest

from bot.diagnosis.comparison.evidence import ComparisonEvidence
from bot.diagnosis.comparison.last_step import LossPlace, lost_answer
from bot.diagnosis.comparison.ledger import build_ledger
from bot.diagnosis.comparison.log_events import clue_of
from bot.domain.log import LogQuery, LogSearch
from tests.support.fakes.sources import CJ, LPS, SERVICES, FakeLogs
from tests.support.trails import BEFORE_ALL, pair, trail_lines

UNANSWERED = replace(pair(), winner=None, completed_at=None)
# From the row to the callback that the provider published.
LINES = trail_lines()
PUBLISHED = [*LINES.values()][: [*LINES].index("published") + 1]
SILENT = "no line since 2025-11-18T23:40:00+00:00"
OF_CJ, OF_LPS = (CJ.container, SILENT), (LPS.container, SILENT)


@pytest.mark.parametrize(
    ("missing", "has_row", "place"),
    [
        ((OF_CJ,), True, LossPlace.NOT_CONSUMED),
        ((OF_CJ,), False, LossPlace.UNKNOWN),
        ((OF_CJ, OF_LPS), True, LossPlace.UNKNOWN),
    ],
)
async def test_what_was_published_waits_for_a_cj_that_alone_is_silent(
    missing: tuple[tuple[str, str], ...], has_row: bool, place: LossPlace
) -> None:
    logs = FakeLogs([*BEFORE_ALL, *PUBLISHED], missing=missing)
    found = await logs.search(LogQuery())
    assert isinstance(found, LogSearch)
    comparison = ComparisonEvidence(
        pair=UNANSWERED if has_row else None,
        logs=found,
        clues=tuple(clue for one in found.events if (clue := clue_of(one))),
        services=SERVICES,
    )
    end = lost_answer(comparison, build_ledger(comparison))
    assert end.kind is place
    assert end.waits_for_cj is (place is LossPlace.NOT_CONSUMED)
