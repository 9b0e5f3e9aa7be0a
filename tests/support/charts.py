"""Charts of the incident, as several tests draw them."""

from bot.domain.chart import Chart, ChartKind, Series

QUEUE = Chart(
    title="LLM queue: size and dispatches",
    labels=tuple(f"{59 - minute} min ago" for minute in range(60)),
    series=(
        Series("size", tuple([0.0] * 20 + [None] * 4 + [9.0, 8.0] + [1.0] * 34)),
        Series("dispatched", tuple([0.0] * 24 + [8.0, 2.0] + [0.0] * 34), summed=True),
    ),
    alt="Queue in the last 60 min: size 1 at its last reading, 0 to 9 in that time.",
    y_label="items",
    window=(26, 59),
)
FUNNEL = Chart(
    title="Funnel of the comparisons",
    labels=("budget", "pairs", "submitted", "callbacks ok", "stored valid", "stored error"),
    series=(Series("comparisons", (100.0, 100.0, 100.0, 34.0, 34.0, 66.0)),),
    alt="Comparisons by stage: budget 100, pairs 100, submitted 100, callbacks ok 34.",
    kind=ChartKind.BAR,
    y_label="comparisons",
)
LATENCY = Chart(
    title="Response time by mode",
    labels=("per_request", "serial_bundle"),
    series=(Series("median", (2.1, 14.25)), Series("p95", (5.5, 41.0))),
    alt="Response times: per_request median 2.1 s, p95 5.5 s; serial_bundle 14.2 s, 41.0 s.",
    kind=ChartKind.BAR,
    y_label="seconds",
)
