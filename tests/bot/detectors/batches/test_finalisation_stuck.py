import pytest

from bot.detectors.batches.finalisation_stuck import FinalisationStuck, FinalisationStuckSettings
from bot.domain.alert import Sight
from bot.domain.batch import BatchSummary
from bot.domain.evidence import Missing
from tests.support.scenes import NOW, ago, batch, judged, told
from tests.support.watches import GivenWatch

SETTINGS = FinalisationStuckSettings()


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        (batch(state="SCORING", last_activity_at=ago(minutes=11)), ["finalisation-stuck"]),
        (batch(state="SCORING", last_activity_at=ago(minutes=9)), []),
        (batch(state="WAITING_CALLBACKS", last_activity_at=ago(minutes=50)), []),
        # Cosmetic damage of a second finalisation: results exist.
        (batch(state="SCORING", status="COMPLETE_STABLE", last_activity_at=ago(hours=1)), []),
    ],
)
async def test_a_batch_that_rests_in_scoring_without_a_result_is_told(
    row: BatchSummary, rules: list[str]
) -> None:
    watch = GivenWatch(NOW, NOW, batches=(row,))
    judgement = await judged(FinalisationStuck(SETTINGS), watch)
    assert told(judgement) == rules
    assert told(judgement, lambda c: c.subject) == ["batch 34"] * len(rules)


async def test_an_unread_database_is_no_health_and_none_at_all_is_no_opinion() -> None:
    detector = FinalisationStuck(SETTINGS)
    away = await judged(detector, GivenWatch(NOW, NOW, batches=Missing("cj_database", "away")))
    assert away.sight is Sight.UNREADABLE
    absent = await judged(detector, GivenWatch(NOW, NOW))
    assert absent.sight is Sight.WARMING
