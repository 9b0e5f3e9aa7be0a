from dataclasses import replace

import pytest

from bot.detectors.services.outbox_unpublished import OutboxUnpublished, OutboxUnpublishedSettings
from bot.domain.log import Followed, LogEvent, Role
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


TYPE, OWN = "assessment.result.published", "02d9cf86-d604-572f-adc7-b1ecb28a1604"


def relay(minutes: float, said: str, id: str = "e1", batch: str = "38") -> LogEvent:
    event = LogEvent(ago(minutes=minutes), "cj", "cj", Role.CJ, "error", said)
    fields = {"event_id": id, "event_type": TYPE, "aggregate_id": batch,
              "last_error": "TopicAuthorizationFailedError"}  # fmt: skip
    return replace(event, fields=fields)


LOST = "Event exceeded max retries, marking as failed"
SENT = "Successfully published event from outbox"


@pytest.mark.parametrize(
    ("lines", "told_of"),
    [
        ([relay(2, LOST)], ["38"]),
        # Each round says it anew: it is one event.
        ([relay(2, LOST), relay(1, LOST), relay(1, LOST)], ["38"]),
        ([relay(2, LOST), relay(1, LOST, "e2", OWN)], [""]),
        ([relay(2, LOST), relay(1, SENT)], []),
        ([relay(2, LOST), relay(1, SENT, "e2")], ["38"]),
        ([relay(20, LOST)], []),
        ([relay(2, SENT)], []),
    ],
)
async def test_what_the_relay_gave_up_is_told_by_its_lines_where_no_row_is_read(
    lines: list[LogEvent], told_of: list[str]
) -> None:
    detector = OutboxUnpublished(OutboxUnpublishedSettings())
    watch = GivenWatch(NOW, ago(minutes=30), logs=Followed(tuple(lines)), outbox=None)
    judgement = await judged(detector, watch)
    assert told(judgement, lambda c: c.batch) == told_of
    for one in judgement.conditions:
        assert one.known == "all 5 tries used up"
        assert f"{len({line.fields['event_id'] for line in lines if LOST in line.event})} ×" in str(
            one.title
        )


async def test_rows_know_better_than_lines_what_was_sent() -> None:
    detector = OutboxUnpublished(OutboxUnpublishedSettings())
    watch = GivenWatch(NOW, NOW, logs=Followed((relay(2, LOST),)), outbox=())
    assert told(await judged(detector, watch), lambda c: c.known) == []
    row = replace(waiting(1, retries=5), event_type=TYPE)
    again = GivenWatch(NOW, NOW, logs=Followed(()), outbox=(row,))
    (found,) = (await judged(detector, again)).conditions
    assert (found.batch, str(found.next[-1])) == ("38", "/batch investigate 38")
