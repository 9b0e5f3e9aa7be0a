"""The /metrics of a bot that has counted something of everything."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.monitoring.metrics import Metrics
from bot.monitoring.state import PosterState, TickState
from bot.monitoring.vital_metrics import VitalMetrics
from bot.monitoring.vitals import Vitals

START = datetime(2025, 11, 18, 23, 0, tzinfo=UTC)


@dataclass
class Outbox:
    """An outbox in which two messages wait."""

    depth: int = 2
    oldest: datetime | None = START - timedelta(seconds=30)

    async def outbox_health(self) -> Any:
        """Return itself."""
        return self


async def _two() -> int:
    return 2


def busy_ticks() -> TickState:
    """Return the state of a leader with something to say of everything."""
    return TickState(
        ticks=40,
        last_at=START,
        leading=True,
        detectors=("lost_callbacks", "stuck_queue"),
        failing={"lost_callbacks": "KeyError"},
        unreadable={"stuck_queue": 4},
        unread={"llm_queue": "no route to redis://:hunter22@redis"},
        firing={("stuck_queue", "error"): 2, ("unreadable_source", "warn"): 1},
        seconds=0.4,
        lost_lines=9,
        unreadable_lines=1,
    )


async def exposed(ticks: TickState, posts: PosterState | None, *, socket_mode: bool = True) -> str:
    """Return what Prometheus reads seven seconds after START."""
    vitals = Vitals(ticks, Outbox(), lambda: START + timedelta(seconds=7), 15.0, posts=posts)
    vitals.sockets = _two if socket_mode else None
    metrics = Metrics()
    metrics.watch(VitalMetrics(vitals))
    metrics.asked.labels("batch", "ok").inc()
    metrics.answer.labels("batch").observe(0.2)
    metrics.observe("cj_database", "batch", "ok", 0.01)
    metrics.ack.observe(0.003)
    await vitals.poll()
    return metrics.exposition().decode()


async def exposed_by_all() -> str:
    """Return the metrics of a leader in Socket Mode that posts."""
    return await exposed(busy_ticks(), PosterState(sent=5, failures={"limited": 3}))
