"""The way of a batch's comparisons as a funnel: how many reached each stage; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.domain.chart import Chart, ChartKind, Series

STAGES = (
    "budget",
    "pairs",
    "submitted",
    "queued",
    "dispatched",
    "retried_dispatches",
    "answered",
    "callbacks_ok",
    "callbacks_rejected",
    "stored_valid",
    "stored_error",
    "projections",
)
# Counts beside the way: they grow when something goes wrong, and are no stage to pass through.
BESIDE = ("retried_dispatches", "callbacks_rejected", "stored_error")
# Projections count student essays, not comparisons, so they are not held against the stage before.
OTHER_UNIT = ("budget", "projections")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage and how many comparisons reached it; None means that nothing counted them."""

    stage: str
    count: int | None = None

    def as_fact(self) -> dict[str, object]:
        """Return the stage as plain values."""
        return {"stage": self.stage, "count": self.count}


def funnel(evidence: BatchEvidence, logged: Mapping[str, int] | None = None) -> tuple[Stage, ...]:
    """Return the stages of one batch; `logged` holds counts that only log lines give."""
    pairs = evidence.pairs
    counts: dict[str, int | None] = {
        "budget": evidence.header.true_budget,
        "pairs": pairs.total,
        "submitted": pairs.total - pairs.unsent,
        "callbacks_ok": pairs.with_winner,
        "stored_valid": pairs.valid,
        "stored_error": pairs.error,
        "projections": None
        if "grade_projections" in evidence.rows.hidden
        else evidence.rows.projections.count,
        **(logged or {}),
    }
    return tuple(Stage(name, counts.get(name)) for name in STAGES)


def main_line(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Return the counted stages that every comparison has to pass, in order."""
    return tuple(
        one
        for one in stages
        if one.count is not None and one.stage not in BESIDE and one.stage not in OTHER_UNIT
    )


def first_leak(stages: Sequence[Stage]) -> str | None:
    """Return the first stage that fewer comparisons reached than the one before; None if none."""
    line = main_line(stages)
    for before, after in pairwise(line):
        if (after.count or 0) < (before.count or 0):
            return after.stage
    return None


def funnel_chart(stages: Sequence[Stage], leak: str | None) -> Chart | None:
    """Return the counted stages as bars; None when nothing was counted."""
    counted = [one for one in stages if one.count is not None and one.stage != "projections"]
    if not counted:
        return None
    told = ", ".join(f"{_words(one.stage)} {one.count}" for one in counted)
    missing = [_words(one.stage) for one in stages if one.count is None]
    uncounted = f" Not counted: {', '.join(missing)}." if missing else ""
    where = f"The first leak is at {_words(leak)}." if leak else "No comparison was lost."
    return Chart(
        title="Funnel of the comparisons",
        labels=tuple(_words(one.stage) for one in counted),
        series=(Series("comparisons", tuple(float(one.count or 0) for one in counted)),),
        alt=f"Comparisons by stage: {told}.{uncounted} {where}",
        kind=ChartKind.BAR,
        y_label="comparisons",
    )


def _words(stage: str) -> str:
    return stage.replace("_", " ")
