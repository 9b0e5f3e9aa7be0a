import pytest

from bot.detectors.services.outbox_unpublished import OutboxUnpublished, OutboxUnpublishedSettings
from bot.domain.outbox import OutboxGroup
from tests.support.scenes import NOW, ago, judged, told
from tests.support.watches import GivenWatch

EVENT = "huleedu.cj_assessment.completed.v1"


def waiting(minutes: float, retries: int = 0, error: str = "") -> OutboxGroup:
    at = ago(minutes=minutes)
    return OutboxGroup(EVENT, 2, at, at, 2, at, retries, error)


@pytest.mark.parametrize(
    ("groups", "known"),
    [
        ((waiting(6),), ["waiting"]),
        ((waiting(1, retries=5),), ["all 5 tries used up"]),
        ((waiting(1, retries=2),), []),
        ((OutboxGroup(EVENT, 9, ago(hours=2), ago(hours=1)),), []),
        ((), []),
    ],
)
async def test_what_the_relay_does_not_publish_is_told(
    groups: tuple[OutboxGroup, ...], known: list[str]
) -> None:
    detector = OutboxUnpublished(OutboxUnpublishedSettings())
    judgement = await judged(detector, GivenWatch(NOW, NOW, outbox=groups))
    assert told(judgement, lambda c: c.known) == known


async def test_the_relays_error_is_redacted() -> None:
    detector = OutboxUnpublished(OutboxUnpublishedSettings())
    row = waiting(9, error="KafkaError at kafka://me:hunter2@broker:9092")
    judgement = await judged(detector, GivenWatch(NOW, NOW, outbox=(row,)))
    assert "hunter2" not in str(judgement)
