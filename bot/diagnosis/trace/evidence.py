"""What was read about one uuid."""

from dataclasses import dataclass
from uuid import UUID

from bot.diagnosis.comparison.log_events import LogClue, clues_of
from bot.diagnosis.comparison.queue_fate.fates import LostRequest
from bot.diagnosis.evidence.system_state import NO_HEALTH, ProviderState, provider_state
from bot.diagnosis.publishing.memory import HeldMessage
from bot.domain.batch import BatchRows, PairRow, TraceRows
from bot.domain.callbacks.callback import SeenCallback
from bot.domain.evidence import Missing
from bot.domain.log import LogEvent, LogSearch, Service
from bot.domain.queue import QueueItem
from bot.domain.report import Finding
from bot.domain.service_state import ServiceHealth


@dataclass(frozen=True, slots=True)
class QueueLoss:
    """How the LLM queue lost a comparison: its fate, and what its batch's investigation finds."""

    fate: LostRequest
    of_batch: Finding


@dataclass(frozen=True, slots=True)
class TraceEvidence:
    """What was read about one uuid; `ids` are all ids that belong to it, lower case.

    `held` is its callback where Kafka did not take it, `unsent` are lines without an id that may
    say that it was never handed over. `loss` is how the queue lost it, where that is known.
    """

    id: UUID
    rows: TraceRows | Missing
    items: tuple[QueueItem, ...] | Missing
    callbacks: tuple[SeenCallback, ...] | Missing
    logs: LogSearch | Missing
    dispatches: tuple[LogEvent, ...] = ()
    services: tuple[Service, ...] = ()
    ids: frozenset[str] = frozenset()
    batch: BatchRows | Missing | None = None
    queue_findings: tuple[Finding, ...] = ()
    health: tuple[ServiceHealth, ...] | Missing = NO_HEALTH
    held: HeldMessage | None = None
    unsent: tuple[LogEvent, ...] = ()
    loss: QueueLoss | None = None

    @property
    def provider(self) -> ProviderState:
        """How the LLM provider answers, by its health, its log lines and the answer."""
        names = [pair.provider or "" for pair in self.pairs]
        names += [item.provider for item in self.items] if isinstance(self.items, tuple) else []
        answered = self.subject.completed_at if self.subject else None
        return provider_state(self.health, self.events, names, answered)

    @property
    def pairs(self) -> tuple[PairRow, ...]:
        """The pairs that carry the id; none when the database was not read."""
        return self.rows.pairs if isinstance(self.rows, TraceRows) else ()

    @property
    def events(self) -> tuple[LogEvent, ...]:
        """The log events found; none when the logs were not read."""
        return self.logs.events if isinstance(self.logs, LogSearch) else ()

    @property
    def clues(self) -> tuple[LogClue, ...]:
        """The log events that show a step of the comparison."""
        return clues_of(self.events, self.ids)

    @property
    def subject(self) -> PairRow | None:
        """The pair whose own correlation id it is; else the first that has it as its error's."""
        own = (pair for pair in self.pairs if str(pair.request_correlation_id) in self.ids)
        return next(own, next(iter(self.pairs), None))

    @property
    def item(self) -> QueueItem | None:
        """The queue item, where the comparison is in the queue."""
        return next(iter(self.items), None) if isinstance(self.items, tuple) else None
