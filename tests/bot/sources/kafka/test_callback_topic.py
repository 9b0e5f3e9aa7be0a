"""The callback topic is read over the wire, in no group, and a lost broker is never health."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

from bot.domain.callbacks.callback import SeenCallback
from bot.domain.callbacks.tally import tally
from bot.domain.ids import RunLabel
from bot.errors import SourceError
from bot.sources.kafka import callback_topic, reader
from bot.sources.kafka.callback_topic import CALLBACKS, REQUESTS, KafkaCallbacks
from bot.sources.kafka.consumer_group import CJ_GROUP
from bot.sources.kafka.offsets import TopicProgress
from tests.support.callbacks import (
    BATCH,
    Spoil,
    callback,
    encoded,
    failed,
    having,
    id_of,
    spoiled,
    without,
)
from tests.support.servers.kafka import Broker, Wire, kafka_broker

HINTS = ("data", "request_metadata")
Follow = Callable[..., KafkaCallbacks]
# 37 bad ones in six ways; each way with its mode, so that the report has to tell them apart.
WAYS: tuple[tuple[int, str, Spoil | None], ...] = (
    (10, "serial_bundle", without(*HINTS, "essay_a_id")),
    (8, "serial_bundle", having("abc", *HINTS, "prompt_sha256")),
    (7, "per_request", without("data", "request_id")),
    (6, "serial_bundle", without(*HINTS, "bos_batch_id")),
    (4, "per_request", having("acme", "data", "provider")),
    (2, "per_request", None),
)


@pytest.fixture
def broker() -> Iterator[Broker]:
    with kafka_broker() as broker:
        yield broker


@pytest.fixture
async def wire(broker: Broker) -> AsyncIterator[Wire]:
    """A wire to the broker that can be cut; whoever follows over it closes first."""
    wire = Wire(broker)
    await wire.mend()
    yield wire
    await wire.cut()


@pytest.fixture
async def follow() -> AsyncIterator[Follow]:
    """Make sources that are closed at the end."""
    made: list[KafkaCallbacks] = []

    def make(address: str, **options: Any) -> KafkaCallbacks:
        made.append(KafkaCallbacks(address, **{"timeout_seconds": 10, **options}))
        return made[-1]

    yield make
    for source in made:
        await source.close()


async def taken(source: KafkaCallbacks, count: int) -> Sequence[SeenCallback]:
    """Take until so many have come."""
    found: list[SeenCallback] = []
    async with asyncio.timeout(30):
        while len(found) < count:
            found += source.take()
            await asyncio.sleep(0.01)
    return found


async def outage(source: KafkaCallbacks) -> SourceError:
    """Wait until the source says that it cannot read."""
    async with asyncio.timeout(30):
        while True:
            try:
                source.take()
            except SourceError as error:
                return error
            await asyncio.sleep(0.01)


async def recovered(source: KafkaCallbacks) -> None:
    """Wait until the source reads again."""
    async with asyncio.timeout(60):
        while not source._reader.is_reading:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def messages() -> list[bytes | None]:
    """A thousand callbacks, 37 of them bad, in a mixed order."""
    made: list[bytes | None] = []
    for count, mode, spoil in WAYS:
        for _ in range(count):
            message = callback(len(made), mode=mode, preferred_bundle_size=8)
            made.append(encoded(spoiled(message, spoil)) if spoil else b"<html>not ours</html>")
    while len(made) < 1_000:
        number = len(made)
        mode = "serial_bundle" if number % 2 else "per_request"
        message = callback(number, mode=mode, preferred_bundle_size=8)
        made.append(encoded(failed(message) if number % 10 == 0 else message))
    return [made[(place * 387) % 1_000] for place in range(1_000)]


async def test_a_thousand_callbacks_with_37_bad_in_six_ways_give_exactly_these(
    broker: Broker, follow: Follow
) -> None:
    broker.publish(CALLBACKS, [encoded(spoiled(callback(9_999), without("data")))])
    source = follow(broker.address)
    await source.check()
    broker.publish(CALLBACKS, messages())
    seen = await taken(source, 1_000)
    assert len(seen) == 1_000
    assert "PLANTED" not in repr(seen)
    assert Counter(one.rejected for one in seen if one.rejected) == {
        ("essay_a_id",): 10,
        ("prompt_sha256",): 8,
        ("request_id",): 7,
        ("bos_batch_id",): 6,
        ("provider",): 4,
        ("json",): 2,
    }
    assert [one.words for one in tally(seen)] == [
        "serial_bundle 10/506 missing essay_a_id, per_request 0/492, unknown 0/2",
        "serial_bundle 8/506 malformed prompt_sha256, per_request 0/492, unknown 0/2",
        "per_request 7/492 missing request_id, serial_bundle 0/506, unknown 0/2",
        "serial_bundle 6/506 missing bos_batch_id, per_request 0/492, unknown 0/2",
        "per_request 4/492 malformed provider, serial_bundle 0/506, unknown 0/2",
        "unknown 2/2 malformed json, serial_bundle 0/506, per_request 0/492",
    ]
    assert "2 unreadable" in await source.check()
    assert source.take() == ()


async def test_what_was_published_before_the_start_is_found_and_not_handed_out(
    broker: Broker, follow: Follow
) -> None:
    broker.publish(CALLBACKS, [encoded(callback(1))])
    source = follow(broker.address)
    (found,) = await source.find(UUID(id_of("request", 1)))
    assert found.correlation_id == id_of("correlation", 1)
    assert await source.find(UUID(id_of("correlation", 2))) == ()
    assert source.take() == ()


async def test_no_group_is_joined_and_nothing_is_committed(broker: Broker, follow: Follow) -> None:
    broker.publish(CALLBACKS, [encoded(callback(1))])
    source = follow(broker.address)
    await source.check()
    broker.publish(CALLBACKS, [encoded(callback(2))])
    await taken(source, 1)
    admin = AdminClient({"bootstrap.servers": broker.address, "log_level": 0})
    groups = await asyncio.to_thread(admin.list_consumer_groups().result)
    assert groups.valid == []


async def test_a_broker_that_goes_away_is_told_and_nothing_is_lost_or_doubled(
    broker: Broker, wire: Wire, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PROOF_SECONDS", 0.2)
    broker.publish(CALLBACKS, [encoded(callback(0))])
    source = follow(wire.address, timeout_seconds=2)
    await source.check()
    broker.publish(CALLBACKS, [encoded(callback(number)) for number in range(1, 6)])
    before = await taken(source, 5)
    await wire.cut()
    error = await outage(source)
    assert "broker" in error.message
    with pytest.raises(SourceError):
        await source.find(UUID(int=1))
    assert await source.find(UUID(id_of("request", 3)))
    broker.publish(CALLBACKS, [encoded(callback(number)) for number in range(6, 11)])
    await wire.mend()
    await recovered(source)
    after = await taken(source, 5)
    ids = [one.request_id for one in (*before, *after)]
    assert sorted(ids) == sorted(id_of("request", number) for number in range(1, 11))


async def test_a_topic_made_anew_is_read_from_its_beginning(
    broker: Broker, wire: Wire, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PROOF_SECONDS", 0.2)
    broker.publish(CALLBACKS, [encoded(callback(number)) for number in range(50)])
    source = follow(wire.address, timeout_seconds=2)
    await source.check()
    await wire.cut()
    await outage(source)
    with kafka_broker() as fresh:
        fresh.publish(CALLBACKS, [encoded(callback(77))])
        await wire.mend(fresh)
        await recovered(source)
        (seen,) = await taken(source, 1)
        await source.close()
    assert seen.request_id == id_of("request", 77)


def read_as_cj(broker: Broker, count: int) -> None:
    """Consume and acknowledge so many messages as CJ's own group does."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.address, "group.id": CJ_GROUP, "log_level": 0,
            "auto.offset.reset": "earliest", "enable.auto.commit": False,
        }
    )  # fmt: skip
    consumer.subscribe([CALLBACKS])
    for _ in range(count):
        message = consumer.poll(20)
        assert message is not None
        assert message.error() is None
        consumer.commit(message, asynchronous=False)  # type: ignore[call-overload]
    consumer.close()


async def test_what_cjs_group_has_acknowledged_is_told_without_touching_it(
    broker: Broker, follow: Follow
) -> None:
    broker.publish(CALLBACKS, [encoded(callback(0))])
    source = follow(broker.address)
    (before,) = await source.find(UUID(id_of("request", 0)))
    assert (before.consumed, (await source.backlog()).behind) == (None, None)
    await asyncio.to_thread(read_as_cj, broker, 1)
    (handled,) = await source.find(UUID(id_of("request", 0)))
    assert (handled.consumed, (await source.backlog()).behind) == (True, 0)
    # Only of a partition that the group has read from can a message be told to wait.
    partition = next(one for _, one, _ in source._remembered)[1]
    broker.producer.produce(CALLBACKS, encoded(callback(1)), partition=partition)
    assert broker.producer.flush(20) == 0
    await taken(source, 1)
    (waiting,) = await source.find(UUID(id_of("request", 1)))
    assert (waiting.consumed, (await source.backlog()).behind) == (False, 1)
    assert "1 behind" in await source.check()


async def test_a_group_beyond_the_end_of_its_topic_is_told(
    broker: Broker, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ahead(_: str, partitions: Iterable[Any], **__: Any) -> dict[Any, int]:
        return dict.fromkeys(partitions, 99)

    monkeypatch.setattr(callback_topic, "acknowledged", ahead)
    broker.publish(CALLBACKS, [encoded(callback(0))])
    source = follow(broker.address)
    assert (await source.backlog()).beyond_end
    assert "beyond the end of the topic" in await source.check()


async def test_requests_teach_run_labels(broker: Broker, follow: Follow) -> None:
    broker.publish(CALLBACKS, [b"{}"])
    request = {"metadata": {"batch_label": "serial-1"}, "data": {"entity_id": BATCH}}
    broker.publish(REQUESTS, [encoded(request), b"junk", None])
    heard: list[RunLabel] = []
    source = follow(broker.address, on_label=heard.append)
    learned = await source.label("serial-1")
    assert learned is not None
    assert learned.bos_batch_id == BATCH
    assert heard == [learned]
    assert await source.label("other") is None


async def test_a_topic_that_does_not_exist_is_an_error_and_is_not_created(
    broker: Broker, follow: Follow
) -> None:
    source = follow(broker.address)
    with pytest.raises(SourceError, match="there is no topic"):
        await source.check()
    metadata = await asyncio.to_thread(lambda: broker.producer.list_topics(timeout=5))
    assert metadata.topics == {}


@pytest.mark.parametrize("address", ["host:notaport", ":::", "http://host:1", "u:p@host:1", " , "])
def test_what_names_no_broker_is_refused_without_a_part_of_it(address: str) -> None:
    with pytest.raises(SourceError, match="KAFKA_BOOTSTRAP_SERVERS") as refused:
        KafkaCallbacks(address)
    assert address.strip(" ,") == "" or address not in str(refused.value)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nonsense"])
async def test_an_unreachable_broker_is_an_error_and_never_an_empty_answer(
    follow: Follow, address: str
) -> None:
    source = follow(address)
    with pytest.raises(SourceError):
        source.take()
    for ask in (source.check, lambda: source.find(UUID(int=1)), lambda: source.label("x")):
        with pytest.raises(SourceError):
            await ask()


async def test_memory_is_bounded_and_the_loss_is_counted(
    broker: Broker, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback_topic, "MAX_WAITING", 10)
    broker.publish(CALLBACKS, [b"{}"])
    source = follow(broker.address)
    await source.check()
    broker.publish(CALLBACKS, [encoded(callback(number)) for number in range(30)])
    async with asyncio.timeout(30):
        while source.read < 30:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (len(source.take()), source.lost) == (10, 20)
    assert "20 lost" in await source.check()


async def test_a_reader_that_broke_off_is_begun_anew_and_was_no_health(
    broker: Broker, follow: Follow
) -> None:
    broker.publish(CALLBACKS, [encoded(callback(0))])
    source = follow(broker.address)
    await source.check()
    task = source._reader._task
    assert task is not None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(SourceError, match="broke off"):
        source.take()
    await recovered(source)
    assert source.take() == ()


def test_the_way_back_is_shared_by_the_partitions_and_happens_once() -> None:
    one, two = ("t", 0), ("t", 1)
    progress = TopicProgress({"t": 100})
    progress.begin([one, two], {one: 0, two: 0}, {one: 500, two: 20})
    assert (progress.next, progress.live_from) == ({one: 450, two: 0}, {one: 500, two: 20})
    progress.advance(one, 500)
    progress.advance(two, 20)
    assert progress.caught_up
    three = ("t", 2)
    progress.begin([one, two, three], {one: 0, two: 15, three: 0}, {one: 600, two: 30, three: 4})
    assert progress.next == {one: 500, two: 20, three: 0}
    assert progress.is_live(three, 0)
    assert progress.is_live(one, 500)
    progress.begin([one], {one: 0}, {one: 3})
    assert progress.next[one] == 0
    assert progress.is_live(one, 0)


def test_a_position_that_goes_back_means_a_topic_made_anew_with_or_without_a_message() -> None:
    one, two = ("t", 0), ("t", 1)
    progress = TopicProgress({"t": 100})
    progress.begin([one, two], {one: 0, two: 0}, {one: 50, two: 20})
    progress.advance(one, 50)
    progress.advance(two, 20)
    progress.advance(one, 0)
    assert (progress.recreations["t"], progress.is_live(one, 0)) == (1, True)
    assert [progress.is_live(two, offset) for offset in range(3)] == [True] * 3
    progress.advance(two, 3)
    assert progress.recreations["t"] == 2
