"""Reads Kafka topics in a background task, in no group and without a commit, through outages."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.errors import SourceError
from bot.sources.kafka.errors import HINT, RAISED, kafka_error
from bot.sources.kafka.offsets import Partition, TopicProgress
from bot.sources.kafka.probe import connection_trouble, login_error
from bot.sources.kafka.security import KafkaSecurity

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

log = logging.getLogger(__name__)

POLL_RECORDS = 500
POLL_SECONDS = 0.5
PROOF_SECONDS = 5.0
SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
REASSIGN_SECONDS = 60.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a topic; `is_live` when it came after the reader's start."""

    partition: Partition
    offset: int
    at: datetime
    value: bytes | None
    is_live: bool


class TopicReader:
    """Gives each message of some topics to `keep`; `name` is the asking source's.

    `history` holds the topics, with how many messages of each are read back at the start;
    `needed` is the one without which nothing is read at all. A lost broker is noticed within
    about ten seconds, named by `raise_problem`, and read on from where it was lost.
    """

    def __init__(
        self,
        name: str,
        servers: str,
        history: Mapping[str, int],
        keep: Callable[[Message], None],
        *,
        needed: str,
        timeout_seconds: float,
        security: KafkaSecurity = KafkaSecurity(),  # noqa: B008 - it is frozen
    ) -> None:
        self._name = name
        self._security = security
        self._servers = servers
        self._topics = tuple(history)
        self._keep = keep
        self._needed = needed
        self._timeout = timeout_seconds
        self._task: asyncio.Task[None] | None = None
        self._problem: SourceError | None = SourceError(name, "not connected yet", hint=HINT)
        self._settled = asyncio.Event()
        self.progress = TopicProgress(history)
        self.since: datetime | None = None

    @property
    def is_reading(self) -> bool:
        """Whether everything up to a few seconds ago was read."""
        return self._problem is None

    def begin(self) -> None:
        """Begin to read, in the background; called again it does nothing.

        A task that an unexpected error ended is started again and does not count as reading.
        """
        if self._task is not None and self._task.done():
            self._problem = SourceError(self._name, "its reader broke off", hint=HINT)
            self._task = None
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name=self._name)

    async def close(self) -> None:
        """Stop reading."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def ready(self) -> None:
        """Wait until the history was read or connecting failed. Raises SourceError in the end."""
        self.begin()
        try:
            async with asyncio.timeout(self._timeout):
                await self._settled.wait()
        except TimeoutError as error:
            raise SourceError(
                self._name, "the broker did not answer in time", hint=HINT, timed_out=True
            ) from error

    def raise_problem(self) -> None:
        """Raise why nothing is being read; do nothing while something is.

        The error is always a new one: one that is raised again grows its traceback.
        """
        if (problem := self._problem) is not None:
            raise SourceError(
                problem.source,
                problem.message,
                hint=problem.hint,
                permanent=problem.permanent,
                timed_out=problem.timed_out,
            )

    async def _follow(self) -> None:
        clock, pause = asyncio.get_running_loop().time, SHORTEST_PAUSE
        while True:
            started = clock()
            try:
                await self._session()
            except SourceError as error:
                if self.is_reading or not self._settled.is_set():
                    log.warning("%s: %s", self._name, error.message)
                self._problem = error
                self._settled.set()
            pause = SHORTEST_PAUSE if clock() - started > LONGEST_PAUSE else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _session(self) -> None:
        """Read until the broker goes away. Raises SourceError."""
        from aiokafka import AIOKafkaConsumer
        from aiokafka.errors import KafkaError

        # It logs every attempt as an error, several a second; what is needed of it is logged here.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            client_id="batchbot",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=int(self._timeout * 1_000),
            metadata_max_age_ms=30_000,
            retry_backoff_ms=200,
            fetch_max_bytes=8 << 20,
            max_partition_fetch_bytes=4 << 20,
            **self._security.options(self._name),
        )
        try:
            async with asyncio.timeout(self._timeout):
                await consumer.start()
            await self._assign(consumer)
            await self._read_on(consumer)
        except TimeoutError as error:
            raise SourceError(
                self._name, "the broker does not answer", hint=HINT, timed_out=True
            ) from error
        except (KafkaError, *RAISED) as error:
            doing = "the topic cannot be read"
            trouble = await connection_trouble(
                self._name, self._servers, self._security, self._timeout
            )
            if trouble is not None:
                message = f"{doing}: {trouble.message}"
                raise replace(trouble, message=message).error(self._name, hint=HINT) from error
            refused = await login_error(self._name, self._servers, self._security, self._timeout)
            raise kafka_error(self._name, refused or error, doing) from error
        finally:
            await _stopped(consumer, self._timeout)

    async def _assign(self, consumer: "AIOKafkaConsumer") -> None:
        """Assign every partition: read on where we were, else from a bounded way back."""
        from aiokafka import TopicPartition

        topics = await _existing(consumer, self._topics)
        if self._needed not in topics:
            raise self._no_topic()
        async with asyncio.timeout(self._timeout):
            # The client learns of a topic's partitions once any of them is assigned.
            consumer.assign([TopicPartition(topic, 0) for topic in topics])
            while not (partitions := _partitions(consumer, topics)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            consumer.assign(partitions)
            begin = await consumer.beginning_offsets(partitions)
            end = await consumer.end_offsets(partitions)
        self.progress.begin(partitions, begin, end)
        for partition in partitions:
            consumer.seek(partition, self.progress.next[partition])

    def _no_topic(self) -> SourceError:
        """A broker with ACLs does not list what the user may not see."""
        message = f"there is no topic {self._needed}"
        if self._security.protocol == "PLAINTEXT":
            return SourceError(self._name, message, hint=HINT)
        hint = f"Give the user DESCRIBE and READ on it (kafka-acls). {HINT}"
        return SourceError(self._name, f"{message}, or the user may not see it", hint=hint)

    async def _read_on(self, consumer: "AIOKafkaConsumer") -> None:
        """Read until the topics get other partitions. Raises what the client raises."""
        clock = asyncio.get_running_loop().time
        self.since = self.since or datetime.now(UTC)
        proved = looked = clock()
        while True:
            found, now = await self._poll(consumer), clock()
            if found:
                proved = now
            elif now - proved > PROOF_SECONDS:
                # The client itself waits for a lost broker in silence for ever.
                async with asyncio.timeout(self._timeout):
                    await consumer.end_offsets(list(consumer.assignment()))
                proved = now
            if now - looked > REASSIGN_SECONDS:
                topics = await _existing(consumer, self._topics)
                if set(_partitions(consumer, topics)) != consumer.assignment():
                    return
                looked = now

    async def _poll(self, consumer: "AIOKafkaConsumer") -> bool:
        """Take in what has come; say whether it was anything."""
        wait = int(POLL_SECONDS * 1_000)
        found = await consumer.getmany(timeout_ms=wait, max_records=POLL_RECORDS)
        for partition, records in found.items():
            for record in records:
                self._keep(self._message(partition, record))
        async with asyncio.timeout(self._timeout):
            for partition in consumer.assignment():
                # Markers of transactions take offsets and are no messages.
                self.progress.advance(partition, await consumer.position(partition))
        if self.progress.caught_up:
            self._problem = None
            self._settled.set()
        return bool(found)

    def _message(self, partition: "TopicPartition", record: "ConsumerRecord") -> Message:
        is_live = self.progress.is_live(partition, record.offset)
        at = _published_at(record)
        return Message(partition, record.offset, at, record.value, is_live)


async def _stopped(consumer: "AIOKafkaConsumer", timeout: float) -> None:
    """Stop a consumer, for a bounded time, and close its connections in any case.

    aiokafka 0.14 that is stopped during an outage raises the cancellation of a task of its own,
    which would end ours as well, and leaves its connections open.
    """
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait([stopping], timeout=timeout)
    if not stopping.done() or stopping.cancelled() or stopping.exception() is not None:
        stopping.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await asyncio.gather(stopping, consumer._client.close(), return_exceptions=True)


async def _existing(consumer: "AIOKafkaConsumer", wanted: Sequence[str]) -> list[str]:
    """Which topics exist; only all are asked for, since asking for one by name may create it."""
    known = await consumer.topics()
    return [topic for topic in wanted if topic in known]


def _partitions(consumer: "AIOKafkaConsumer", topics: Sequence[str]) -> "list[TopicPartition]":
    """The partitions of all topics; none while those of any are not known yet."""
    from aiokafka import TopicPartition

    numbers = {topic: consumer.partitions_for_topic(topic) for topic in topics}
    if not all(numbers.values()):
        return []
    return sorted(TopicPartition(topic, one) for topic in topics for one in numbers[topic] or ())


def _published_at(record: "ConsumerRecord") -> datetime:
    stamp = timedelta(milliseconds=record.timestamp if record.timestamp > 0 else 0)
    try:
        return _EPOCH + stamp
    except OverflowError:
        return _EPOCH
