"""The state of the system: service health, containers, database sessions and runners."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.diagnosis.evidence.read import read, reading
from bot.domain.batch import BlockedSession
from bot.domain.evidence import (
    CONTAINERS,
    HEALTH,
    RUNNERS,
    SESSIONS,
    Missing,
    SourceReading,
    SourceState,
)
from bot.domain.log import LogEvent, Role
from bot.domain.runner import RunnerListing
from bot.domain.service_state import ContainerState, ServiceHealth, circuit_turn
from bot.domain.words import Text, joined, when, words
from bot.ports import Deadline, Sources

STARTED = "Queue processor started"
NO_HEALTH, _NO_CONTAINERS, _NO_SESSIONS, _NO_RUNNERS = (
    Missing(name, "not configured", SourceState.NOT_CONFIGURED)
    for name in (HEALTH, CONTAINERS, SESSIONS, RUNNERS)
)


@dataclass(frozen=True, slots=True)
class SystemState:
    """What was read of the services' state; a source that was not asked is not configured."""

    health: tuple[ServiceHealth, ...] | Missing = NO_HEALTH
    containers: tuple[ContainerState, ...] | Missing = _NO_CONTAINERS
    sessions: tuple[BlockedSession, ...] | Missing = _NO_SESSIONS
    runners: RunnerListing | Missing = _NO_RUNNERS

    @property
    def readings(self) -> tuple[SourceReading, ...]:
        """Each source as a report lists it."""
        return (
            reading(HEALTH, self.health, health_words(self.health)),
            reading(CONTAINERS, self.containers, _counted(self.containers, "inspected")),
            reading(SESSIONS, self.sessions, _counted(self.sessions, "blocked or left open")),
            reading(RUNNERS, self.runners, _runner_words(self.runners)),
        )


@dataclass(frozen=True, slots=True)
class ProviderState:
    """How the LLM provider answers: `mock_mode` None is unknown, `open_circuits` names breakers
    that stand before a model; `broker_open` says that the one before Kafka is open now.

    `circuit_at` is when the logs last said that a breaker was open, `circuit_closed_at` when they
    said after it that one closed; `broker_at` and `broker_closed_at` are Kafka's, where it is not
    open now. `answered_by_mock` says whether answers or requests that were looked at name a mock
    as who was asked.
    """

    mock_mode: bool | None = None
    open_circuits: tuple[str, ...] = ()
    circuit_at: datetime | None = None
    circuit_closed_at: datetime | None = None
    answered_by_mock: bool = False
    broker_open: bool = False
    broker_at: datetime | None = None
    broker_closed_at: datetime | None = None

    @property
    def words(self) -> Text:
        """What changes how every result reads, as a sentence; empty when there is nothing."""
        said: list[Text] = []
        if self.mock_mode:
            said.append("The LLM provider is in mock mode: no model answers.")
        elif self.answered_by_mock:
            said.append("Requests ask for the mock by name: no model answers those.")
        if self.open_circuits:
            names = ", ".join(self.open_circuits)
            said.append(f"The LLM provider's circuit breaker is open ({names}).")
        elif self.circuit_at:
            said.append(_was_open("The LLM provider's", self.circuit_at, self.circuit_closed_at))
        if self.broker_open:
            said.append("Kafka's circuit breaker is open: answers wait in the provider's memory.")
        elif self.broker_at:
            said.append(_was_open("Kafka's", self.broker_at, self.broker_closed_at))
        return joined(" ", said)

    def facts(self) -> dict[str, object]:
        """Return the state under the names that every report uses."""
        return {
            "mock_mode": self.mock_mode,
            "open_circuits": list(self.open_circuits),
            "circuit_breaker_opened_at": self.circuit_at,
        }


def _was_open(whose: str, opened: datetime, closed: datetime | None) -> Text:
    end = words(", and closed again", when(closed, " at ")) if closed else ""
    return words(f"{whose} circuit breaker was open", when(opened, " at "), end, ".")


async def collect(sources: Sources, deadline: Deadline, *, runners: bool = True) -> SystemState:
    """Read every source of the system's state at once, within the same time."""
    health, containers, sessions, listing = await asyncio.gather(
        read(HEALTH, sources.probe, lambda source: source.health(), deadline.next_timeout()),
        read(
            CONTAINERS,
            sources.containers,
            lambda source: source.containers(),
            deadline.next_timeout(),
        ),
        read(
            SESSIONS,
            sources.database,
            lambda source: source.blocked_sessions(),
            deadline.next_timeout(),
        ),
        read(
            RUNNERS,
            sources.runners if runners else None,
            lambda one: one.list(),
            deadline.next_timeout(),
        ),
    )
    return SystemState(
        health if isinstance(health, Missing) else tuple(health),
        containers if isinstance(containers, Missing) else tuple(containers),
        sessions if isinstance(sessions, Missing) else tuple(sessions),
        listing,
    )


async def health(sources: Sources, deadline: Deadline) -> tuple[ServiceHealth, ...] | Missing:
    """Ask the services for their health alone."""
    answer = await read(
        HEALTH, sources.probe, lambda source: source.health(), deadline.next_timeout()
    )
    return answer if isinstance(answer, Missing) else tuple(answer)


def provider_state(
    health: Iterable[ServiceHealth] | Missing,
    events: Iterable[LogEvent] = (),
    providers: Iterable[str] = (),
    last: datetime | None = None,
) -> ProviderState:
    """Return how the LLM provider answers, by its health, its lines, and who gave the answers.

    `providers` are names as answers and queue items carry them. "mock" among them proves that a
    request asked for it, not that the service is in mock mode; other names disprove nothing,
    since in mock mode a mock answers under a real one's name. `last` is the end of the time that
    is asked about, None for now: a breaker that opened after it did nothing to what ended by then,
    and what lines of a time that is over leave open need not be open now.
    """
    told, events = () if isinstance(health, Missing) else tuple(health), tuple(events)
    modes = [one.mock_mode for one in told if one.mock_mode is not None]
    seen = any(is_mock(name) for name in providers)
    circuits = {name for one in told for name in one.open_circuits}
    opened, closed = _circuit(events, last, of_broker=False)
    broker_at, broker_closed = _circuit(events, last, of_broker=True)
    brokers = [one.broker_circuit_open for one in told if one.broker_circuit_open is not None]
    by_lines = last is None and broker_at is not None and broker_closed is None
    return ProviderState(
        mock_mode=any(modes) if modes else None,
        open_circuits=tuple(sorted(circuits)),
        circuit_at=opened,
        circuit_closed_at=closed,
        answered_by_mock=seen,
        broker_open=any(brokers) if brokers else by_lines,
        broker_at=broker_at if last is not None else None,
        broker_closed_at=broker_closed if last is not None else None,
    )


def _circuit(
    events: Iterable[LogEvent], last: datetime | None, *, of_broker: bool
) -> tuple[datetime | None, datetime | None]:
    """Return when a breaker opened last, until `last`, and when all that had were closed again.

    The process that opened it keeps it open: one that starts in its place begins closed, and what
    it kept went with the process before it.
    """
    opened: datetime | None = None
    open_in: dict[str, bool] = {}
    closed: datetime | None = None
    for event in events:
        turn = circuit_turn(event)
        started = event.role is Role.LLM_PROVIDER and event.event.startswith(STARTED)
        if not (started or (turn is not None and turn.is_brokers is of_broker)):
            continue
        is_open = turn is not None and turn.is_open
        if event.at is None or (is_open and last is not None and event.at > last):
            continue
        if is_open:
            opened, closed = event.at, None
        elif open_in.get(event.container):
            closed = event.at
        open_in[event.container] = is_open
    return opened, None if any(open_in.values()) else closed


def is_mock(provider: str) -> bool:
    """Say whether a provider's name, as answers and queue items carry it, is a mock's."""
    return "mock" in provider.casefold()


def health_words(health: tuple[ServiceHealth, ...] | Missing) -> str:
    """Return what each service said of itself, in a line."""
    if isinstance(health, Missing):
        return health.reason
    return "; ".join(f"{one.service} {one.status or 'said nothing'}" for one in health)


def _counted(answer: tuple[object, ...] | Missing, noun: str) -> str:
    return answer.reason if isinstance(answer, Missing) else f"{len(answer)} {noun}"


def _runner_words(listing: RunnerListing | Missing) -> str:
    if isinstance(listing, Missing):
        return listing.reason
    unread = (f"{where}: {reason}" for where, reason in listing.unreadable)
    return "; ".join((f"{len(listing.runners)} found", *unread))
