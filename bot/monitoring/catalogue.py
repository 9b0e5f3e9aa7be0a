"""Every metric of the bot: its name, kind, meaning and labels, once.

`metrics` and `vital_metrics` give them values, `make docs` writes them into README.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

Rows = Iterable[tuple[Sequence[str], float]]


class MetricKind(StrEnum):
    """What a metric's values are."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Described:
    """A metric; `leads` says that only the process that leads shows it: another does not know."""

    name: str
    kind: MetricKind
    text: str
    labels: tuple[str, ...] = ()
    leads: bool = False

    def family(self, value: float | Rows) -> Metric:
        """Return the metric with a value, or with one for each row of its labels."""
        make = CounterMetricFamily if self.kind is MetricKind.COUNTER else GaugeMetricFamily
        family = make(self.name, self.text, labels=self.labels)
        rows: Rows = [((), float(value))] if isinstance(value, int | float) else value
        for labels, one in rows:
            family.add_metric(labels, one)
        return family

    @property
    def series(self) -> tuple[str, ...]:
        """The names under which its values are exposed."""
        if self.kind is MetricKind.HISTOGRAM:
            return tuple(f"{self.name}_{part}" for part in ("bucket", "sum", "count"))
        return (self.name,)


BUILD = Described(
    "batchbot_build_info", MetricKind.GAUGE, "The version that runs; always 1", ("version",)
)
LEADING = Described("batchbot_leading", MetricKind.GAUGE, "1 while this process ticks")
ON_TIME = Described("batchbot_ticks_on_time", MetricKind.GAUGE, "1 while no tick is overdue")
TICKS = Described("batchbot_ticks_total", MetricKind.COUNTER, "Ticks since start")
TICK_AGE = Described(
    "batchbot_tick_age_seconds", MetricKind.GAUGE, "Time since the last tick; -1 before the first"
)
TICK_SECONDS = Described("batchbot_tick_seconds", MetricKind.GAUGE, "How long the last tick took")
LOOP_LAG = Described(
    "batchbot_loop_lag_seconds", MetricKind.GAUGE, "How late the event loop last was"
)
FIRING = Described(
    "batchbot_alerts_firing",
    MetricKind.GAUGE,
    "Alerts firing at the last tick",
    ("detector", "severity"),
    leads=True,
)
DETECTOR_FAILING = Described(
    "batchbot_detector_failing",
    MetricKind.GAUGE,
    "1 while a detector fails and is tried less often, 0 while it works",
    ("detector",),
    leads=True,
)
SOURCE_UNREADABLE = Described(
    "batchbot_source_unreadable",
    MetricKind.GAUGE,
    "1 for each source that the last tick could not read; none for one that it read",
    ("source",),
    leads=True,
)
SAMPLES_UNREADABLE = Described(
    "batchbot_samples_unreadable_total",
    MetricKind.COUNTER,
    "Samples of a source that gave none",
    ("detector",),
)
LINES_LOST = Described(
    "batchbot_log_lines_lost_total", MetricKind.COUNTER, "Followed log lines dropped unread"
)
LINES_UNREADABLE = Described(
    "batchbot_log_lines_unreadable_total", MetricKind.COUNTER, "Followed log lines not parsed"
)
OUTBOX_DEPTH = Described("batchbot_outbox_depth", MetricKind.GAUGE, "Messages that wait to be said")
OUTBOX_OLDEST = Described(
    "batchbot_outbox_oldest_seconds",
    MetricKind.GAUGE,
    "Age of the oldest of them; 0 when none waits",
)
POSTS = Described(
    "batchbot_posts_total", MetricKind.COUNTER, "Alert messages by result", ("result",)
)
SOCKETS = Described(
    "batchbot_slack_sockets",
    MetricKind.GAUGE,
    "Socket Mode connections that stand; not in HTTP mode",
)
ASKED = Described(
    "batchbot_commands_total", MetricKind.COUNTER, "Commands answered", ("command", "outcome")
)
RUNNING = Described("batchbot_commands_running", MetricKind.GAUGE, "Commands running now")
ACK = Described(
    "batchbot_ack_seconds",
    MetricKind.HISTOGRAM,
    "Time until Slack's request was acknowledged; Slack gives up after 3",
)
ANSWER = Described(
    "batchbot_answer_seconds", MetricKind.HISTOGRAM, "Time until the answer was said", ("command",)
)
SOURCE = Described(
    "batchbot_source_seconds",
    MetricKind.HISTOGRAM,
    "Time that a source took for one call",
    ("source", "method", "outcome"),
)
CPU = Described(
    "process_cpu_seconds_total",
    MetricKind.COUNTER,
    "Total user and system CPU time spent in seconds.",
)
RESIDENT = Described(
    "process_resident_memory_bytes", MetricKind.GAUGE, "Resident memory size in bytes."
)
VIRTUAL = Described(
    "process_virtual_memory_bytes", MetricKind.GAUGE, "Virtual memory size in bytes."
)
STARTED = Described(
    "process_start_time_seconds",
    MetricKind.GAUGE,
    "Start time of the process since unix epoch in seconds.",
)
OPEN_FILES = Described("process_open_fds", MetricKind.GAUGE, "Number of open file descriptors.")
MOST_FILES = Described(
    "process_max_fds", MetricKind.GAUGE, "Maximum number of open file descriptors."
)
PYTHON = Described(
    "python_info",
    MetricKind.GAUGE,
    "Python platform information",
    ("implementation", "major", "minor", "patchlevel", "version"),
)

CATALOGUE = (
    *(BUILD, LEADING, ON_TIME, TICKS, TICK_AGE, TICK_SECONDS, LOOP_LAG),
    *(FIRING, DETECTOR_FAILING, SOURCE_UNREADABLE, SAMPLES_UNREADABLE),
    *(LINES_LOST, LINES_UNREADABLE, OUTBOX_DEPTH, OUTBOX_OLDEST, POSTS, SOCKETS),
    *(ASKED, RUNNING, ACK, ANSWER, SOURCE),
    *(CPU, RESIDENT, VIRTUAL, STARTED, OPEN_FILES, MOST_FILES, PYTHON),
)
