"""The callback topic in Kafka, watched without disturbing those who work from it.

No consumer group is joined at all: partitions are assigned by hand and positions are kept in
memory, so nothing is ever committed and nobody's rebalance is caused. What arrives after the
start is handed out by `take`; a bounded history before it only answers `find`, so that a trace
does not call a callback missing that was published a minute earlier.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from bot.domain.callback import ConsumerBacklog, SeenCallback
from bot.domain.callback_contract import NOT_JSON, seen_of
from bot.domain.run_label import RunLabel, label_of_request
from bot.errors import SourceError
from bot.sources.consumer_group import CJ_GROUP, acknowledged
from bot.sources.topic_progress import Partition, Progress

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

log = logging.getLogger(__name__)

NAME = "callback_topic"
CALLBACKS = "huleedu.llm_provider.comparison_result.v1"
REQUESTS = "huleedu.els.cj_assessment.requested.v1"
HISTORY = {CALLBACKS: 2_000, REQUESTS: 500}
MAX_REMEMBERED = 10_000
MAX_WAITING = 20_000
MAX_LABELS = 2_000
POLL_RECORDS = 500
POLL_SECONDS = 0.5
PROOF_SECONDS = 5.0
LONGEST_PAUSE = 15.0
REASSIGN_SECONDS = 60.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HINT = "Check KAFKA_BOOTSTRAP_SERVERS, and that the broker's advertised address is reachable."


class KafkaCallbacks:
    """Follows the callback topic in a background task; implements CallbackTopic.

    `start` returns at once and may be called again; the other methods start it too.
    `hear` is told each run label that a request teaches. Memory is bounded: the oldest callbacks
    are dropped first, and `lost` counts those that nobody had taken.
    """

    name = NAME

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        timeout_seconds: float = 5.0,
        hear: Callable[[RunLabel], None] | None = None,
    ) -> None:
        self._servers = bootstrap_servers
        self._timeout = timeout_seconds
        self._hear = hear
        self._task: asyncio.Task[None] | None = None
        self._progress = Progress(HISTORY)
        self._waiting: deque[SeenCallback] = deque()
        self._remembered: deque[tuple[SeenCallback, Partition, int]] = deque(maxlen=MAX_REMEMBERED)
        self._labels: dict[str, RunLabel] = {}
        self._since: datetime | None = None
        self._problem: SourceError | None = SourceError(NAME, "not connected yet", hint=HINT)
        self._settled = asyncio.Event()
        self.read = 0
        self.unreadable = 0
        self.lost = 0

    async def start(self) -> None:
        """Begin to follow, in the background."""
        self._begin()

    def _begin(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name="callback topic")

    async def close(self) -> None:
        """Stop following."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def take(self) -> Sequence[SeenCallback]:
        """Return the callbacks since the last call, bad ones too.

        Raises SourceError when there is none to return and the topic is not being read: silence
        of a broker that is gone is not health.
        """
        self._begin()
        if self._problem is not None and not self._waiting:
            raise _again(self._problem)
        taken = tuple(self._waiting)
        self._waiting.clear()
        return taken

    async def find(self, id: UUID) -> Sequence[SeenCallback]:
        """Return remembered callbacks with that correlation or request id, oldest first.

        Raises SourceError when none is remembered and the topic is not being read.
        """
        await self._ready()
        wanted = str(id)
        found = [
            row for row in self._remembered if wanted in (row[0].correlation_id, row[0].request_id)
        ]
        if not found and self._problem is not None:
            raise _again(self._problem)
        return await self._with_consumption(found)

    async def backlog(self) -> ConsumerBacklog:
        """Return how far CJ's consumer group is behind what was read here."""
        await self._ready()
        if self._problem is not None:
            raise _again(self._problem)
        ends = {one: end for one, end in self._progress.next.items() if one[0] == CALLBACKS}
        known = await acknowledged(self._servers, ends, timeout=self._timeout)
        behind = sum(max(0, ends[one] - offset) for one, offset in known.items())
        beyond = any(offset > ends[one] for one, offset in known.items())
        return ConsumerBacklog(CJ_GROUP, behind if known else None, beyond)

    async def label(self, label: str) -> RunLabel | None:
        """Return what a request said a run label stands for, or None."""
        await self._ready()
        if label not in self._labels and self._problem is not None:
            raise _again(self._problem)
        return self._labels.get(label)

    async def check(self) -> str:
        """Prove that the topic is read; return what was seen of it."""
        await self._ready()
        if self._problem is not None:
            raise _again(self._problem)
        since = f" since {self._since:%H:%M:%S} UTC" if self._since else ""
        told = [f"{len(self._remembered)} callbacks known, {self.read} of them new{since}"]
        told += [f"{len(self._labels)} run labels"]
        told += [f"{self.unreadable} unreadable"] if self.unreadable else []
        told += [f"{self.lost} lost"] if self.lost else []
        with suppress(SourceError):
            told += backlog_words(await self.backlog())
        return ", ".join(told)

    async def _with_consumption(
        self, found: Sequence[tuple[SeenCallback, Partition, int]]
    ) -> Sequence[SeenCallback]:
        """Add whether CJ has acknowledged each; that it cannot be asked changes nothing else."""
        known: Mapping[Partition, int] = {}
        if found and self._problem is None:
            with suppress(SourceError):
                partitions = {partition for _, partition, _ in found}
                known = await acknowledged(self._servers, partitions, timeout=self._timeout)
        return tuple(
            replace(seen, consumed=offset < known[partition]) if partition in known else seen
            for seen, partition, offset in found
        )

    async def _ready(self) -> None:
        """Wait until the history was read or connecting failed, for a bounded time."""
        await self.start()
        try:
            async with asyncio.timeout(self._timeout):
                await self._settled.wait()
        except TimeoutError as error:
            raise SourceError(
                NAME, "the broker did not answer in time", hint=HINT, timed_out=True
            ) from error

    async def _follow(self) -> None:
        pause = 0.25
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._session()
            except SourceError as error:
                if self._problem is None or not self._settled.is_set():
                    log.warning("callback topic: %s", error.message)
                self._problem = error
                self._settled.set()
            lasted = asyncio.get_running_loop().time() - started
            pause = 0.25 if lasted > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _session(self) -> None:
        """Read until the broker goes away. Raises SourceError."""
        from aiokafka import AIOKafkaConsumer
        from aiokafka.errors import KafkaError

        # It logs every attempt as an error, several a second; what matters of it is said here.
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
        )
        try:
            async with asyncio.timeout(self._timeout):
                await consumer.start()
            await self._assign(consumer)
            await self._read_on(consumer)
        except TimeoutError as error:
            raise SourceError(
                NAME, "the broker does not answer", hint=HINT, timed_out=True
            ) from error
        except (KafkaError, OSError, ValueError) as error:
            message = f"the broker cannot be read ({type(error).__name__})"
            raise SourceError(NAME, message, hint=HINT) from error
        finally:
            await _stopped(consumer, self._timeout)

    async def _assign(self, consumer: "AIOKafkaConsumer") -> None:
        """Assign every partition: read on where we were, else from a bounded way back."""
        from aiokafka import TopicPartition

        topics = await _existing(consumer)
        if CALLBACKS not in topics:
            raise SourceError(NAME, f"there is no topic {CALLBACKS}", hint=HINT)
        async with asyncio.timeout(self._timeout):
            # The client learns of a topic's partitions once any of them is assigned.
            consumer.assign([TopicPartition(topic, 0) for topic in topics])
            while not (partitions := _partitions(consumer, topics)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            consumer.assign(partitions)
            begin = await consumer.beginning_offsets(partitions)
            end = await consumer.end_offsets(partitions)
        self._progress.begin(partitions, begin, end)
        for partition in partitions:
            consumer.seek(partition, self._progress.next[partition])

    async def _read_on(self, consumer: "AIOKafkaConsumer") -> None:
        """Read until the topics get other partitions. Raises what the client raises."""
        clock = asyncio.get_running_loop().time
        self._since = self._since or datetime.now(UTC)
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
                topics = await _existing(consumer)
                if set(_partitions(consumer, topics)) != consumer.assignment():
                    return
                looked = now

    async def _poll(self, consumer: "AIOKafkaConsumer") -> bool:
        """Take in what has come; say whether it was anything."""
        wait = int(POLL_SECONDS * 1_000)
        found = await consumer.getmany(timeout_ms=wait, max_records=POLL_RECORDS)
        for partition, records in found.items():
            self._keep(partition, records)
        async with asyncio.timeout(self._timeout):
            for partition in consumer.assignment():
                # Markers of transactions take offsets and are no messages.
                self._progress.advance(partition, await consumer.position(partition))
        if self._progress.caught_up:
            self._problem = None
            self._settled.set()
        return bool(found)

    def _keep(self, partition: "TopicPartition", records: "Sequence[ConsumerRecord]") -> None:
        for record in records:
            at = _published_at(record)
            if partition.topic == REQUESTS:
                self._learn(label_of_request(record.value, at, NAME))
                continue
            seen = seen_of(record.value, at)
            self._remembered.append((seen, partition, record.offset))
            if self._progress.is_live(partition, record.offset):
                self._hand_out(seen)

    def _hand_out(self, seen: SeenCallback) -> None:
        self.read += 1
        self.unreadable += NOT_JSON in seen.rejected
        self._waiting.append(seen)
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self.lost += 1

    def _learn(self, learned: RunLabel | None) -> None:
        if learned is None:
            return
        self._labels.pop(learned.label, None)
        self._labels[learned.label] = learned
        if len(self._labels) > MAX_LABELS:
            del self._labels[next(iter(self._labels))]
        if self._hear is not None:
            self._hear(learned)


def _again(error: SourceError) -> SourceError:
    """A new error like one that was kept: an error that is raised again grows its traceback."""
    return SourceError(error.source, error.message, hint=error.hint, timed_out=error.timed_out)


def backlog_words(backlog: ConsumerBacklog) -> list[str]:
    """Return in words what is worth saying of a backlog."""
    if backlog.beyond_end:
        return ["CJ's consumer group waits beyond the end of the topic"]
    return [f"CJ's consumer group is {backlog.behind} behind"] if backlog.behind else []


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


async def _existing(consumer: "AIOKafkaConsumer") -> list[str]:
    """Which topics exist; only all are asked for, since asking for one by name may create it."""
    known = await consumer.topics()
    return [topic for topic in HISTORY if topic in known]


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
