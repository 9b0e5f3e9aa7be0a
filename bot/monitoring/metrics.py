"""What the bot counts about itself, for /metrics."""

from typing import Any, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector

from bot.monitoring import catalogue

ACK_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 3)
ANSWER_BUCKETS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30)

M = TypeVar("M", bound=MetricWrapperBase)


class Metrics:
    """Counters of one bot, in a registry of its own so that two bots in a process do not clash."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.asked = self._made(Counter, catalogue.ASKED)
        self.ack = self._made(Histogram, catalogue.ACK, buckets=ACK_BUCKETS)
        self.answer = self._made(Histogram, catalogue.ANSWER, buckets=ANSWER_BUCKETS)
        self.source = self._made(Histogram, catalogue.SOURCE, buckets=ANSWER_BUCKETS)
        self.running = self._made(Gauge, catalogue.RUNNING)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def _made(self, kind: type[M], one: catalogue.Described, **more: Any) -> M:
        return kind(one.name, one.text, one.labels, registry=self.registry, **more)

    def watch(self, vitals: Collector) -> None:
        """Show what the bot knows of itself whenever the metrics are read."""
        self.registry.register(vitals)

    def observe(self, source: str, method: str, outcome: str, seconds: float) -> None:
        """Take the time of one call of a source."""
        self.source.labels(source, method, outcome).observe(seconds)

    def exposition(self) -> bytes:
        """Return all values in Prometheus' text format."""
        return generate_latest(self.registry)
