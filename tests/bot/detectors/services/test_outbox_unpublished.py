from dataclasses import replace

import pytest

from bot.detectors.services.outbox_unpublished import OutboxUnpublished, OutboxUnpublishedSettings
from bot.domain.alert import Judgement, Sample, Window
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from tests.support.scenes import NOW, TICK, ago, judged, told
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


RELAYING = "Publishing event from outbox to Kafka"
BLOCKED = (
    "Circuit breaker is open for Kafka publisher 'cj_assessment_producer', queuing message for "
    "topic 'huleedu.assessment.result.published.v1'"
)
KEPT = (
    "Queued message for retry: topic='huleedu.assessment.result.published.v1', "
    "event_id=e64fef1a-b7e0-4cf1-b85c-a774c81ca020, queue_size=1"
)
DELIVERED = KEPT.replace("Queued message for retry", "Successfully published queued message")
HELD_BACK = (RELAYING, BLOCKED, KEPT, SENT)
STARTED = "Starting Kafka recovery loop"


async def over_ticks(*ticks: tuple[str, ...], restarts: bool = False) -> Judgement:
    """Return the judgement after these ticks; the bot itself may restart before each."""
    detector = OutboxUnpublished(OutboxUnpublishedSettings())
    kept: list[Sample] = []
    for n, lines in enumerate(ticks):
        if restarts and kept:
            detector = OutboxUnpublished(OutboxUnpublishedSettings())
            detector.resume(kept[-1:])
        at = NOW + TICK * n
        events = tuple(replace(relay(0, said), at=at) for said in lines)
        watch = GivenWatch(at, at - TICK, logs=Followed(events), outbox=None)
        kept.append(await detector.sample(watch))
    return detector.judge(Window(tuple(kept[-8:]), NOW), NOW + TICK * (len(ticks) - 1))


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(
    ("ticks", "headline"),
    [
        ([HELD_BACK], "1 event waits in CJ's memory"),
        ([HELD_BACK[:2], HELD_BACK[2:]], "1 event waits in CJ's memory"),
        ([HELD_BACK, (), ()], "1 event waits in CJ's memory"),
        ([HELD_BACK, (STARTED,), ()], "1 event was lost with CJ's restart"),
        ([HELD_BACK, (STARTED,), HELD_BACK],
         "1 event lost with its restart, 1 held"),
        ([HELD_BACK, (DELIVERED,)], ""),
        ([(RELAYING, SENT)], ""),
        # The relay itself saw the refusal, and tries again.
        ([(RELAYING, KEPT)], ""),
    ],
)  # fmt: skip
async def test_what_only_cj_s_memory_holds_is_told_though_the_outbox_says_published(
    ticks: list[tuple[str, ...]], headline: str, restarts: bool
) -> None:
    if restarts and ticks[0] != HELD_BACK:
        return
    judgement = await over_ticks(*ticks, restarts=restarts)
    told_of = told(judgement, lambda one: str(one.headline))
    assert told_of == ([f"Kafka takes no events of CJ: {headline}"] if headline else [])
    assert {one.batch for one in judgement.conditions} <= {"38"}


async def test_what_was_lost_with_a_restart_does_not_end_as_published() -> None:
    over = await over_ticks(HELD_BACK, (STARTED,), *[()] * 61)
    assert told(over) == []
    before = await over_ticks(HELD_BACK, (STARTED,), ())
    assert "1 event lost before do not come back" in str(before.closing["events in CJ's memory"])
    sent = await over_ticks(HELD_BACK, (DELIVERED,))
    assert "Kafka took what waited" in str(sent.closing["events in CJ's memory"])
