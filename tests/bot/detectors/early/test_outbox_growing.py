"""An outbox that is not sent is told while its events still have tries left."""

from collections.abc import Iterable

import pytest

from bot.detectors.early.outbox_growing import OutboxGrowing, OutboxGrowingSettings
from bot.domain.alert import Sight
from bot.domain.evidence import Missing
from tests.support.forecasts import EVENT_TYPE, outbox
from tests.support.scenes import NOW, judged, played
from tests.support.watches import GivenWatch


def detector() -> OutboxGrowing:
    return OutboxGrowing(OutboxGrowingSettings())


@pytest.mark.parametrize(
    ("watches", "known"),
    [
        (outbox(15), []),
        (outbox(50, grown=9), []),
        (outbox(75), []),
        (outbox(75, grown=3), ["growing"]),
        (outbox(75, tries=2), ["growing"]),
        (outbox(135), ["waiting"]),
    ],
)
async def test_only_what_waits_for_too_long_is_warned_of(
    watches: Iterable[GivenWatch], known: list[str]
) -> None:
    judgement = await played(detector(), watches)
    assert [one.known for one in judgement.conditions] == known


async def test_the_warning_says_what_it_forecasts_and_how_long_there_is() -> None:
    (condition,) = (await played(detector(), outbox(120, grown=3))).conditions
    assert str(condition.headline) == (
        "Forecast: CJ's outbox is stuck in 3 min, 4 events wait, growing"
    )
    assert (condition.subject, condition.rule) == (EVENT_TYPE, "outbox-growing")


async def test_an_empty_outbox_is_well_and_one_that_cannot_be_read_proves_nothing() -> None:
    well = await judged(detector(), GivenWatch(NOW, NOW, outbox=()))
    assert (well.sight, well.conditions) == (Sight.CLEAR, ())
    for unread, sight in (
        (Missing("cj_database", "gone"), Sight.UNREADABLE),
        (None, Sight.WARMING),
    ):
        assert (await judged(detector(), GivenWatch(NOW, NOW, outbox=unread))).sight is sight
