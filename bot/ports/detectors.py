"""What detectors are, and what one tick lets them see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from pydantic import BaseModel

    from bot.domain.alert import Judgement, Sample, Window
    from bot.domain.batch import BatchSummary, BlockedSession, ErrorGroup
    from bot.domain.batch.outbox import OutboxGroup
    from bot.domain.callbacks.callback import ConsumerBacklog, SeenCallback
    from bot.domain.changes.change import Noted
    from bot.domain.evidence import Missing
    from bot.domain.followed import Followed
    from bot.domain.log import LogEvent, Role
    from bot.domain.queue import QueueFront, QueueReading
    from bot.domain.service_state import ContainerState, ServiceHealth


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

    async def fronts(self) -> Sequence[QueueFront] | Missing | None:
        """Return the front of each further queue."""
        ...

    async def open_batches(self) -> Sequence[BatchSummary] | Missing | None:
        """Return the batches that have not ended."""
        ...

    async def failed_batches(self, since: datetime) -> Sequence[BatchSummary] | Missing | None:
        """Return the batches that ended without a result since a moment."""
        ...

    async def failures(self, batch_id: int) -> Sequence[ErrorGroup] | Missing | None:
        """Return the failed comparisons of a batch, by what was answered; read at each call."""
        ...

    async def owned(self, ids: Sequence[UUID]) -> Mapping[UUID, int] | Missing | None:
        """Return which request correlation ids belong to a pair, as id -> CJ batch id."""
        ...

    async def essay_batches(self, ids: Sequence[str]) -> Mapping[str, int] | Missing | None:
        """Return the CJ batch of each of these essays; read at each call."""
        ...

    async def blocked_sessions(self) -> Sequence[BlockedSession] | Missing | None:
        """Return the database sessions that block or wait."""
        ...

    async def unpublished(self) -> Sequence[OutboxGroup] | Missing | None:
        """Return what waits in the CJ service's outbox, by event type."""
        ...

    async def health(self) -> Sequence[ServiceHealth] | Missing | None:
        """Return what the services say of themselves."""
        ...

    async def containers(self) -> Sequence[ContainerState] | Missing | None:
        """Return the services' containers, the newest instance of each first."""
        ...

    async def callbacks(self) -> Sequence[SeenCallback] | Missing | None:
        """Return the callbacks that the topic brought since the previous tick."""
        ...

    async def backlog(self) -> ConsumerBacklog | Missing | None:
        """Return how far CJ's consumer has come on the callback topic."""
        ...

    async def schema_revision(self) -> str | Missing | None:
        """Return the newest migration of the CJ database, "" where the role may not read it."""
        ...


class ChangeNoter(Protocol):
    """Notes what changed around the batches; like a detector it says which log events it wants."""

    needles: ClassVar[tuple[str, ...]]

    def wants(self, event: LogEvent) -> bool:
        """Say whether a followed log event tells of a change; cheap and pure."""
        ...

    async def note(self, watch: Watch, known: Mapping[str, Any]) -> Noted:
        """Return what changed since what was known, and what is known from now on."""
        ...


class Detector(Protocol):
    """A named watcher: `sample` reads once a tick, `judge` concludes from the window, purely.

    `window_seconds` is how far back `judge` wants to see. The constructor takes an instance of
    `Settings`, whose fields are set by DETECTOR_<NAME>_<FIELD>. `open_ticks` and `clear_ticks`
    are how many ticks in a row must be bad before an alert opens, and good before it resolves.

    A detector may also have `needles`, a tuple of words: every event that it `wants` holds one of
    them in its raw text, an empty tuple says that it wants none. When all detectors name theirs,
    other lines are never parsed, which makes following some twenty times cheaper.

    A detector that has such words also has `rests_on`, the roles whose silence it takes for one:
    while the log of such a service brings no line, its alerts neither open nor resolve.

    A detector whose conditions are events that happened once, not states that last, has
    `of_events` True: an alert of such a condition ends when a person acknowledges it.

    A detector that carries facts from sample to sample, because they outlive the window, may have
    `resume(samples)`: it is called with those that were kept, oldest first and never none, when a
    process goes on from where another one, or it itself, left.
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


def needles_of(detector: Detector | ChangeNoter) -> tuple[str, ...] | None:
    """Return what a detector looks for in raw log text; None when it needs all of it."""
    needles: tuple[str, ...] | None = getattr(detector, "needles", None)
    return needles


def rests_on(detector: Detector) -> tuple[Role, ...]:
    """Return the roles whose silence a detector takes for one."""
    roles: tuple[Role, ...] = getattr(detector, "rests_on", ())
    return roles


def all_needles(made: Iterable[Detector | ChangeNoter]) -> tuple[str, ...] | None:
    """Return what the detectors look for in raw log text; None when one of them needs all of it."""
    each = [needles_of(detector) for detector in made]
    if any(needles is None for needles in each):
        return None
    return tuple(dict.fromkeys(needle for needles in each for needle in needles or ()))
