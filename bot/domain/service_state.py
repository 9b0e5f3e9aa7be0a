"""What services, their circuit breakers and their containers say of themselves, as facts.

The LLM provider has a breaker for Kafka beside those for the models. That Kafka's is open says
nothing of a model: answers are made and wait in the provider's memory.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.border.outside import seal
from bot.domain.log import LogEvent, Role

UNREACHABLE = "unreachable"
UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """What one service's /healthz and /metrics said; None means that it did not say.

    `status` is the service's own word (healthy, unhealthy, degraded, ...), `unreachable` when it
    gave no answer, `unreadable` when its answer held no status (a proxy's page, say).
    `mock_mode`: the LLM provider answers without a model. `open_circuits` names model providers
    whose circuit breaker is open, `broker_circuit_open` says it of the one before Kafka.
    `queue_total` and `queue_queued` are the queue depth gauges, which stand still while a bundle
    runs.
    """

    service: str
    at: datetime
    status: str = ""
    mock_mode: bool | None = None
    open_circuits: tuple[str, ...] = ()
    queue_total: int | None = None
    queue_queued: int | None = None
    broker_circuit_open: bool | None = None

    def __post_init__(self) -> None:
        seal(
            self,
            names=(
                "status",
                "open_circuits",
            ),
        )


@dataclass(frozen=True, slots=True)
class ContainerState:
    """One container as its Engine sees it; nothing of its environment but the batching mode.

    `state` is the Engine's word (running, exited, restarting, ...), `restarts` its restart
    count. `modes` holds the batching settings only: CJ's LLM_BATCHING_MODE and the LLM
    provider's QUEUE_PROCESSING_MODE (with or without the service's prefix), by the key found.
    `image` is the image's name and `image_id` the first digits of its id; `health` is the word of
    the container's own health check, empty where it has none.
    """

    service: str
    container: str
    id: str
    state: str
    started_at: datetime | None = None
    restarts: int = 0
    exit_code: int | None = None
    out_of_memory: bool = False
    modes: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    image_id: str = ""
    health: str = ""

    def __post_init__(self) -> None:
        seal(self, texts=("container", "modes", "image", "image_id"), names=("state", "health"))


CIRCUIT_TEXTS = ("Circuit breaker open", "transitioned to OPEN", "transitioned to CLOSED")
_BROKER = "kafka"
_TURNED = re.compile(r"Circuit breaker (?:'([^']*)' )?transitioned to (OPEN|CLOSED)\b")


@dataclass(frozen=True, slots=True)
class CircuitTurn:
    """A breaker that opened or closed; `name` is empty where the line names none."""

    name: str
    is_open: bool

    @property
    def is_brokers(self) -> bool:
        """Whether it stands before Kafka, and not before a model."""
        return is_brokers(self.name)


def is_brokers(name: str) -> bool:
    """Say whether a circuit breaker of that name stands before Kafka, and not before a model."""
    return _BROKER in name.casefold()


def circuit_turn(event: LogEvent) -> CircuitTurn | None:
    """Return which breaker a line of the LLM provider says to be open or closed, else None."""
    if event.role is not Role.LLM_PROVIDER:
        return None
    turned = _TURNED.search(event.event)
    if turned is None:
        return CircuitTurn("", True) if CIRCUIT_TEXTS[0] in event.event else None
    return CircuitTurn(turned[1] or "", turned[2] == "OPEN")
