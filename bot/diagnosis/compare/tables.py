"""The tables of a comparison: one row a step, with both sides' numbers."""

from bot.diagnosis.batch.funnel import NAMES
from bot.diagnosis.compare.compared import Side, rate_of
from bot.domain.report import Table


def whole_table(left: Side, right: Side, parts: str | None) -> Table:
    """Return a row for every step and every error pattern, then mode, latency and cost."""
    rows: list[tuple[str, ...]] = [
        (
            ("→ " if one.stage == parts else "") + one.stage.replace("_", " "),
            _number(one.count),
            _number(right.count(one.stage)),
        )
        for one in left.stages
    ]
    sides = (left, right)
    names = sorted({name for side in sides for name, _ in side.patterns})
    rows += [
        (name, *(_number(dict(side.patterns).get(name, 0)) for side in sides)) for name in names
    ]
    rows += [
        ("batches", *(str(side.batches) for side in sides)),
        ("mode", *(side.mode for side in sides)),
        ("median / p95", *(_latency(side) for side in sides)),
        ("cost each", *(_money(side.cost_each) for side in sides)),
    ]
    return Table(("step", left.name, right.name), tuple(rows), "All steps")


def short_table(left: Side, right: Side, parts: str | None) -> Table:
    """Return at most seven rows, a rate beside each number, with the row where they part marked."""
    stages = ["pairs", "answered", "stored_valid", "stored_error"]
    if parts and parts not in stages:
        stages[1] = parts
    rows: list[tuple[str, ...]] = [
        (
            ("→ " if stage == parts else "") + NAMES[stage],
            _with_rate(left, stage),
            _with_rate(right, stage),
        )
        for stage in stages
    ]
    rows += [
        ("median / p95", _latency(left), _latency(right)),
        ("cost each", _money(left.cost_each), _money(right.cost_each)),
    ]
    return Table(("step", left.name, right.name), tuple(rows), "→ is where they part first")


def _with_rate(side: Side, stage: str) -> str:
    count, rate = side.count(stage), rate_of(side, stage)
    return f"{_number(count)} ({rate})" if rate and stage != "pairs" else _number(count)


def _number(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _latency(side: Side) -> str:
    if side.response_ms is None:
        return "-"
    return f"{side.response_ms[0] / 1000:.1f} / {side.response_ms[1] / 1000:.1f} s"


def _money(cost: float | None) -> str:
    return "-" if cost is None else f"${cost:.4f}"
