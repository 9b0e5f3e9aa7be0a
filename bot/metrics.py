"""What the bot counts about itself, for /metrics."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

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
        self.running = Gauge(
            "batchbot_commands_running", "Commands running now", registry=self.registry
        )

    def watch(self, ticks: Any) -> None:
        """Show the state of the ticks (a TickState) whenever the metrics are read."""
        for name, words, read in (
            ("ticks", "Ticks since start", lambda: ticks.ticks),
            ("alerts_firing", "Alerts firing at the last tick", lambda: ticks.firing),
            ("leading", "1 while this process ticks", lambda: int(ticks.leading)),
            ("detectors_failing", "Detectors that fail now", lambda: len(ticks.failing)),
        ):
            Gauge(f"batchbot_{name}", words, registry=self.registry).set_function(read)

    def exposition(self) -> bytes:
        """Return all values in Prometheus' text format."""
        return generate_latest(self.registry)
