"""The callback topic in Kafka, read without affecting its consumers.

No consumer group is joined at all: partitions are assigned by hand and positions are kept in
memory, so nothing is ever committed and no rebalance is caused. What arrives after the
start is handed out by `take`; a bounded history before it only answers `find`, so that a trace
does not call a callback missing that was published a minute earlier.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from bot.domain.callbacks.callback import ConsumerBacklog, SeenCallback
from bot.domain.callbacks.contract import NOT_JSON, seen_of
from bot.domain.evidence import TOPIC
from bot.domain.ids import RunLabel, label_of_request
from bot.errors import SourceError
from bot.sources.kafka.consumer_group import CJ_GROUP, acknowledged
from bot.sources.kafka.offsets import Partition
from bot.sources.kafka.reader import Message, TopicReader
from bot.sources.kafka.security import KafkaSecurity
from bot.sources.kafka.servers import servers_of
from bot.text.wording import many

CALLBACKS = "huleedu.llm_provider.comparison_result.v1"
REQUESTS = "huleedu.els.cj_assessment.requested.v1"
HISTORY = {CALLBACKS: 2_000, REQUESTS: 500}
MAX_REMEMBERED = 10_000
MAX_WAITING = 20_000
MAX_LABELS = 2_000


class KafkaCallbacks:
    """Follows the callback topic in a background task; implements CallbackTopic.

    Raises SourceError where what names the brokers names none.

    `start` returns at once and may be called again; the other methods start it too.
    `on_label` is called with each run label that a request holds. Memory is bounded: the oldest
    callbacks are dropped first, and `lost` counts those that `take` had not returned.
    """

    name = TOPIC

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        timeout_seconds: float = 5.0,
        on_label: Callable[[RunLabel], None] | None = None,
        security: KafkaSecurity = KafkaSecurity(),  # noqa: B008 - it is frozen
    ) -> None:
        self._security = security
        self._servers = servers_of(bootstrap_servers)
        self._timeout = timeout_seconds
        self._on_label = on_label
        self._reader = TopicReader(
            TOPIC,
            self._servers,
            HISTORY,
            self._keep,
            needed=CALLBACKS,
            timeout_seconds=timeout_seconds,
            security=security,
        )
        self._waiting: deque[SeenCallback] = deque()
        self._remembered: deque[tuple[SeenCallback, Partition, int]] = deque(maxlen=MAX_REMEMBERED)
        self._labels: dict[str, RunLabel] = {}
        self.read = 0
        self.unreadable = 0
        self.lost = 0

    async def start(self) -> None:
        """Begin to follow, in the background."""
        self._reader.begin()

    async def close(self) -> None:
        """Stop following."""
        await self._reader.close()

    def take(self) -> Sequence[SeenCallback]:
        """Return the callbacks since the last call, bad ones too.

        Raises SourceError when there is none to return and the topic is not being read: silence
        of a broker that is gone is not health.
        """
        self._reader.begin()
        if not self._waiting:
            self._reader.raise_problem()
        taken = tuple(self._waiting)
        self._waiting.clear()
        return taken

    async def find(self, id: UUID) -> Sequence[SeenCallback]:
        """Return remembered callbacks with that correlation or request id, oldest first.

        Raises SourceError when none is remembered and the topic is not being read.
        """
        await self._reader.ready()
        wanted = str(id)
        found = [
            row for row in self._remembered if wanted in (row[0].correlation_id, row[0].request_id)
        ]
        if not found:
            self._reader.raise_problem()
        return await self._with_consumption(found)

    async def backlog(self) -> ConsumerBacklog:
        """Return how far CJ's consumer group is behind what was read here."""
        await self._reader.ready()
        self._reader.raise_problem()
        ends = {one: end for one, end in self._reader.progress.next.items() if one[0] == CALLBACKS}
        known = await acknowledged(
            self._servers, ends, timeout=self._timeout, security=self._security
        )
        behind = sum(max(0, ends[one] - offset) for one, offset in known.items())
        beyond = any(offset > ends[one] for one, offset in known.items())
        made_anew = dict(self._reader.progress.recreations)
        return ConsumerBacklog(CJ_GROUP, behind if known else None, beyond, made_anew, CALLBACKS)

    async def label(self, label: str) -> RunLabel | None:
        """Return what a run label stands for according to a request, or None."""
        await self._reader.ready()
        if label not in self._labels:
            self._reader.raise_problem()
        return self._labels.get(label)

    async def check(self) -> str:
        """Prove that the topic is read; return what was seen of it."""
        await self._reader.ready()
        self._reader.raise_problem()
        told = [f"{many(len(self._remembered), 'callback')} known, {self.read} of them new"]
        told += [f"{len(self._labels)} run labels"]
        unreadable = sum(NOT_JSON in seen.rejected for seen, *_ in self._remembered)
        told += [f"{unreadable} unreadable"] if unreadable else []
        told += [f"{self.lost} lost"] if self.lost else []
        try:
            told += backlog_words(await self.backlog())
        except SourceError as error:
            told += [f"how far CJ has read cannot be told: {error.message}"]
        return ", ".join(told)

    async def _with_consumption(
        self, found: Sequence[tuple[SeenCallback, Partition, int]]
    ) -> Sequence[SeenCallback]:
        """Add whether CJ has acknowledged each; that it cannot be asked changes nothing else."""
        known: Mapping[Partition, int] = {}
        if found and self._reader.is_reading:
            with suppress(SourceError):
                partitions = {partition for _, partition, _ in found}
                known = await self._acknowledged(partitions)
        return tuple(
            replace(seen, consumed=offset < known[partition]) if partition in known else seen
            for seen, partition, offset in found
        )

    async def _acknowledged(self, partitions: Iterable[Partition]) -> Mapping[Partition, int]:
        return await acknowledged(
            self._servers, partitions, timeout=self._timeout, security=self._security
        )

    def _keep(self, message: Message) -> None:
        if message.partition[0] == REQUESTS:
            self._learn(label_of_request(message.value, message.at, TOPIC))
            return
        seen = seen_of(message.value, message.at)
        self._remembered.append((seen, message.partition, message.offset))
        if message.is_live:
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
        if self._on_label is not None:
            self._on_label(learned)


def backlog_words(backlog: ConsumerBacklog) -> list[str]:
    """Return in words what is worth saying of a backlog."""
    if backlog.beyond_end:
        return ["CJ's consumer group waits beyond the end of the topic"]
    return [f"CJ's consumer group is {backlog.behind} behind"] if backlog.behind else []
