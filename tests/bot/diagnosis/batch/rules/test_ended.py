"""Where the answers ended that a batch lacks is told of each, not of one sort alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.ended import answers_missing
from bot.diagnosis.comparison.evidence import ComparisonEvidence
from bot.diagnosis.comparison.log_events import clue_of
from bot.diagnosis.publishing.memory import Fate, HeldMessage
from bot.domain.batch import BatchHeader, BatchRows, PairCounts, PairRow
from bot.domain.evidence import Missing, SourceState
from bot.domain.log import LogSearch
from tests.support.fakes.sources import LPS, event

NOW = datetime(2026, 3, 17, 9, 0, tzinfo=UTC)
SENT = NOW - timedelta(hours=1)
ID = "120a8e21-c490-4d3d-8692-ac94a131b5ce"
AWAY = Missing("redis", "not configured", SourceState.NOT_CONFIGURED)


def _comparison(number: int, fate: Fate | None) -> ComparisonEvidence:
    """Return a comparison whose callback Kafka did not take; without a fate no line tells of it."""
    row = PairRow(
        number, 27, ID, "FETCHING_CONTENT", "FAILED", UUID(int=number), "",
        created_at=SENT, submitted_at=SENT,
    )  # fmt: skip
    if fate is None:
        return ComparisonEvidence(row, AWAY)
    return ComparisonEvidence(
        row, LogSearch((), ()), held=HeldMessage(SENT, fate, queue_id=f"q{number}")
    )


def _why(pending: int, *fates: Fate | None) -> str:
    header = BatchHeader(27, ID, "c", "FETCHING_CONTENT", "FAILED", SENT)
    rows = BatchRows(header, PairCounts(total=pending + 1, essay_a=1, pending=pending))
    followed = tuple(_comparison(number, fate) for number, fate in enumerate(fates, 1))
    given = BatchEvidence(rows, LogSearch((), ()), AWAY, comparisons=followed)
    found = answers_missing(given, NOW)
    assert found is not None
    return str(found.why)


LOST, HELD = "callback not published", "answered, held back from Kafka"


@pytest.mark.parametrize(
    ("pending", "fates", "why"),
    [
        (2, (Fate.RESTARTED, Fate.RESTARTED), f"Where they ended: {LOST}."),
        (3, (Fate.RESTARTED, Fate.BLOCKED, Fate.BLOCKED),
         f"Where they ended: 1 {LOST}; 2 {HELD}."),
        (2, (Fate.RESTARTED, None),
         f"Where they ended: 1 {LOST}; 1 not decidable from what was read."),
        # Of many some are followed, and of no more is it said.
        (9, (Fate.RESTARTED, Fate.BLOCKED),
         f"Where 2 that were followed ended: 1 {LOST}; 1 {HELD}."),
        (1, (None,), "Their answers never came, so its result does not hold them."),
    ],
)  # fmt: skip
def test_where_answers_ended_is_told_of_each_sort(
    pending: int, fates: tuple[Fate | None, ...], why: str
) -> None:
    assert _why(pending, *fates) == why


@pytest.mark.parametrize("unread", [("cj", "not read in time"), None])
def test_what_became_of_a_published_answer_is_not_known_where_a_log_was_not_read(
    unread: tuple[str, str] | None,
) -> None:
    said = f"Published success callback event for request q1, correlation_id: {UUID(int=1)}"
    line = event(SENT, said, LPS)
    clue = clue_of(line)
    assert clue is not None
    logs = LogSearch((line,), (), missing=(unread,) if unread else ())
    row = PairRow(
        1, 27, ID, "FETCHING_CONTENT", "FAILED", UUID(int=1), "", created_at=SENT, submitted_at=SENT
    )
    header = BatchHeader(27, ID, "c", "FETCHING_CONTENT", "FAILED", SENT)
    rows = BatchRows(header, PairCounts(total=2, essay_a=1, pending=1))
    one = ComparisonEvidence(row, logs, clues=(clue,))
    found = answers_missing(BatchEvidence(rows, logs, AWAY, comparisons=(one,)), NOW)
    assert found is not None
    assert ("never consumed" in str(found.why)) is (unread is None)
    assert ("is not known" in str(found.why)) is (unread is not None)
