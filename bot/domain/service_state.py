"""What services and their containers say of themselves, as facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.border.outside import seal

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

    def __post_init__(self) -> None:
        seal(self, texts=("container", "modes"), names=("state",))
