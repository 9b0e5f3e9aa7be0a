"""What the inner rooms need from outside; sources/, alerts/ and slack/ implement these."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol
from uuid import UUID

from pydantic import BaseModel

from bot.domain.alert import AlertMessage, Judgement, Sample, Window
from bot.domain.callback import SeenCallback
from bot.domain.evidence import Missing
from bot.domain.log import Followed, LogEvent, LogQuery, LogSearch, Service
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Report
from bot.domain.rows import (
    BatchMatch,
    BatchRows,
    BatchSummary,
    BlockedSession,
    TraceRows,
)
from bot.domain.runner import RunnerListing
from bot.domain.service_state import ContainerState, ServiceHealth

Clock = Callable[[], datetime]


class CjDatabase(Protocol):
    """Read-only view of the CJ assessment database. Every method raises SourceError."""

    name: str

    async def find(self, ref: str) -> Sequence[BatchMatch]:
        """Return the batches that `ref` may mean, by the exact meaning first.

        An exact number is a CJ id; then an exact BOS uuid; then a uuid prefix of 6 or more.
        Exact matches hide looser ones; newest first, at most 20.
        """
        ...

    async def batch(self, batch_id: int) -> BatchRows | None:
        """Return everything about one batch, or None when there is no such batch."""
        ...

    async def newest(self, *, limit: int = 20, state: str | None = None) -> Sequence[BatchSummary]:
        """Return the newest batches; `state` matches state or status, ignoring case."""
        ...

    async def open_batches(self, *, limit: int = 500) -> Sequence[BatchSummary]:
        """Return the batches that have not ended, oldest activity first."""
        ...

    async def trace(self, id: UUID, *, since: datetime | None = None) -> TraceRows:
        """Return the pairs and batches that carry a uuid in any of their id columns."""
        ...

    async def owned(self, correlation_ids: Sequence[UUID]) -> Mapping[UUID, int]:
        """Return which request correlation ids belong to a pair, as id -> CJ batch id."""
        ...

    async def blocked_sessions(self, *, older_than_seconds: float = 60) -> Sequence[BlockedSession]:
        """Return sessions idle in transaction or waiting for a lock for longer than that."""
        ...

    async def check(self) -> str:
        """Prove that the database answers; return a detail for people. Used by doctor."""
        ...


class LogSource(Protocol):
    """Bounded search and following of service logs. Every method raises SourceError."""

    name: str

    async def search(self, query: LogQuery) -> LogSearch:
        """Search the logs of the configured services."""
        ...

    async def follow(self, *, since: datetime) -> "LogFollow":
        """Start to follow all services' logs from `since`, without losing or repeating lines."""
        ...

    async def services(self) -> Sequence[tuple[Service, str]]:
        """Return what exists now: each service with the name of its container or file."""
        ...

    async def check(self) -> str:
        """Prove that the logs can be read; return a detail for people. Used by doctor."""
        ...


class LogFollow(Protocol):
    """A running follow; `take` never waits for a log line."""

    def take(self) -> Followed:
        """Return what arrived since the last call."""
        ...

    async def close(self) -> None:
        """Stop following and free what it holds."""
        ...


class LlmQueue(Protocol):
    """The LLM provider's request queue in Redis. Every method raises SourceError."""

    name: str

    async def read(self, *, max_items: int = 2_000) -> QueueReading:
        """Read both keys of the queue; an unreadable queue raises, it is never a size of 0."""
        ...

    async def find(self, id: UUID) -> Sequence[QueueItem]:
        """Return items whose queue id or correlation id is `id`."""
        ...

    async def check(self) -> str:
        """Prove that the queue answers; return a detail for people. Used by doctor."""
        ...


class CallbackTopic(Protocol):
    """The callback topic, read with a group of our own that never commits for others."""

    name: str

    def take(self) -> Sequence[SeenCallback]:
        """Return the callbacks seen since the last call."""
        ...

    async def find(self, id: UUID) -> Sequence[SeenCallback]:
        """Return remembered callbacks with that correlation or request id."""
        ...

    async def check(self) -> str:
        """Prove that the topic answers; return a detail for people. Used by doctor."""
        ...


class RunnerSource(Protocol):
    """The ENG5 runners, as containers and as processes. Every method raises SourceError."""

    name: str

    async def list(self) -> RunnerListing:
        """Return the runners that exist now; only what matches the runner patterns is one."""
        ...

    async def stop(self, id: str, *, grace_seconds: float) -> str:
        """Ask a runner to end, force it after the grace, and return in words how it ended.

        Looks again first, so that an id that is no runner any more is never touched.
        """
        ...

    async def check(self) -> str:
        """Prove that runners can be looked for; return a detail for people. Used by doctor."""
        ...


class ContainerSource(Protocol):
    """The containers of the configured services. Every method raises SourceError."""

    name: str

    async def containers(self) -> Sequence[ContainerState]:
        """Return the services' containers, stopped ones too, newest instance first."""
        ...

    async def check(self) -> str:
        """Prove that containers can be inspected; return a detail for people. Used by doctor."""
        ...


class ServiceProbe(Protocol):
    """The HTTP health and metrics of CJ and the LLM provider. Every method raises SourceError."""

    name: str

    async def health(self) -> Sequence[ServiceHealth]:
        """Return what each configured service says of itself now."""
        ...

    async def check(self) -> str:
        """Prove that the services answer; return a detail for people. Used by doctor."""
        ...


class BotMemory(Protocol):
    """The bot's own Postgres as commands see it. Every method raises SourceError."""

    name: str

    async def alias(self, label: str) -> str | None:
        """Return the id that a run label stands for."""
        ...

    async def set_alias(self, label: str, ref: str, *, by: str) -> None:
        """Remember what a run label stands for."""
        ...

    async def audit(self, who: str, where: str, what: str, outcome: str) -> None:
        """Write one line of the audit trail."""
        ...

    async def alerts(
        self, *, history: bool = False, limit: int = 50
    ) -> Sequence[Mapping[str, Any]]:
        """Return open alerts (or all, newest first) as plain rows."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of one environment; None means not configured.

    A source may also be a Missing: it is configured and could not even be built (wrong address).
    """

    database: CjDatabase | Missing | None = None
    logs: LogSource | Missing | None = None
    queue: LlmQueue | Missing | None = None
    callbacks: CallbackTopic | Missing | None = None
    memory: BotMemory | Missing | None = None
    runners: RunnerSource | Missing | None = None
    containers: ContainerSource | Missing | None = None
    probe: ServiceProbe | Missing | None = None


Progress = Callable[[str], None]


def no_progress(_: str) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, where; `operator` may change things, `public`: everybody there may read it."""

    user: str
    channel: str
    operator: bool = False
    public: bool = False


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What a command may use while it runs; the same for Slack and for the terminal."""

    sources: Sources
    now: Clock
    asker: Asker
    environment: str = ""
    timeout_seconds: float = 20.0
    progress: Progress = no_progress
    options: Mapping[str, Any] = field(default_factory=dict)


class Messenger(Protocol):
    """Posts alert messages. Every method raises PostError; none retries by itself.

    `token` travels in the message's metadata, so that `find` can tell whether a post whose
    answer never came was accepted all the same.
    """

    async def post(
        self, message: AlertMessage, *, channel: str, token: str, thread_ts: str = ""
    ) -> str:
        """Post a head message, or a reply into `thread_ts`; return the message's ts."""
        ...

    async def edit(self, message: AlertMessage, *, channel: str, ts: str) -> None:
        """Edit a head message so that it shows what is known now."""
        ...

    async def find(
        self, *, channel: str, token: str, since: datetime, thread_ts: str = ""
    ) -> str | None:
        """Return the ts of the message that carries `token`, or None when there is none."""
        ...


class Renderer(Protocol):
    """Turns a report into a message; app.py knows only this."""

    def report(self, report: Report) -> Mapping[str, Any]:
        """Return the message's `text` and `blocks`."""
        ...

    def error(self, error: Exception, *, error_id: str = "") -> Mapping[str, Any]:
        """Return the message for an error, for the asker alone."""
        ...

    def working(self, typed: str, note: str, *, run_id: str = "") -> Mapping[str, Any]:
        """Return the message that stands where an answer will be; `run_id` offers to cancel."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was asked, and so where it is answered.

    `response_url` is Slack's own way back to the asker: five uses within 30 minutes, and it is
    as good as a password. `thread_ts` is the thread's head, empty outside threads.
    """

    channel: str
    user: str
    thread_ts: str = ""
    response_url: str = ""


class Speech(Protocol):
    """Says answers in Slack. No method raises for what Slack refuses: each falls back by itself,
    from blocks to plain text and from one way of posting to the next, and logs what it could not.
    """

    async def public(self, place: Place, message: Mapping[str, Any], *, ts: str = "") -> str:
        """Post for everybody in the place, or edit `ts`; return the message's ts, "" if unknown."""
        ...

    async def private(self, place: Place, message: Mapping[str, Any]) -> None:
        """Show a message to the asker alone."""
        ...

    async def home(self, user: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Publish the user's App Home."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed command: the subcommand's name, its ids and words in order, and its options."""

    command: str
    verb: str
    words: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


class Watch(Protocol):
    """What one tick can see; each source is read at most once a tick, whoever asks.

    `now` is the tick's time and `since` the previous tick's; `logs` holds what followed logs
    brought between the two. None means not configured, a Missing that it could not be read.
    """

    now: datetime
    since: datetime
    environment: str
    logs: Followed | Missing | None

    async def queue(self) -> QueueReading | Missing | None:
        """Return the queue as it is now."""
        ...

    async def open_batches(self) -> Sequence[BatchSummary] | Missing | None:
        """Return the batches that have not ended."""
        ...

    async def owned(self, ids: Sequence[UUID]) -> Mapping[UUID, int] | Missing | None:
        """Return which request correlation ids belong to a pair, as id -> CJ batch id."""
        ...

    async def blocked_sessions(self) -> Sequence[BlockedSession] | Missing | None:
        """Return the database sessions that block or wait."""
        ...


class Detector(Protocol):
    """A named watcher: `sample` reads once a tick, `judge` concludes from the window, purely.

    `window_seconds` is how far back `judge` wants to see. The constructor takes an instance of
    `Settings`, whose fields are set by DETECTOR_<NAME>_<FIELD>. `open_ticks` and `clear_ticks`
    are how many ticks in a row must be bad before an alert opens, and good before it resolves.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    open_ticks: ClassVar[int]
    clear_ticks: ClassVar[int]
    Settings: ClassVar[type[BaseModel]]

    def __init__(self, settings: Any) -> None: ...

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        ...

    def wants(self, event: LogEvent) -> bool:
        """Say whether a followed log event matters to this detector; cheap and pure."""
        ...

    async def sample(self, watch: Watch) -> Sample:
        """Read what this detector needs from one tick."""
        ...

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the samples; pure."""
        ...
