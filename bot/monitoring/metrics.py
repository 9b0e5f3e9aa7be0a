"""What the bot counts about itself, for /metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.registry import Collector

ACK_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 3)
ANSWER_BUCKETS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30)


class Metrics:
    """Counters of one bot, in a registry of its own so that two bots in a process do not clash."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.asked = Counter(
            "batchbot_commands_total",
            "Commands answered",
            ("command", "outcome"),
            registry=self.registry,
        )
        self.ack = Histogram(
            "batchbot_ack_seconds",
            "Time until Slack's request was acknowledged; Slack gives up after 3",
            buckets=ACK_BUCKETS,
            registry=self.registry,
        )
        self.answer = Histogram(
            "batchbot_answer_seconds",
            "Time until the answer was said",
            ("command",),
            buckets=ANSWER_BUCKETS,
            registry=self.registry,
        )
        self.source = Histogram(
            "batchbot_source_seconds",
            "Time that a source took for one call",
            ("source", "method", "outcome"),
            buckets=ANSWER_BUCKETS,
            registry=self.registry,
        )
        self.running = Gauge(
            "batchbot_commands_running", "Commands running now", registry=self.registry
        )

    def watch(self, vitals: Collector) -> None:
        """Show what the bot knows of itself whenever the metrics are read."""
        self.registry.register(vitals)

    def observe(self, source: str, method: str, outcome: str, seconds: float) -> None:
        """Take the time of one call of a source."""
        self.source.labels(source, method, outcome).observe(seconds)

    def exposition(self) -> bytes:
        """Return all values in Prometheus' text format."""
        return generate_latest(self.registry)
