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

# What people call the stages; a chart's label has room for twenty characters.
NAMES = {
    "budget": "asked for",
    "pairs": "made",
    "submitted": "sent",
    "queued": "queued",
    "dispatched": "dispatched",
    "retried_dispatches": "tried again",
    "answered": "answered",
    "callbacks_ok": "answer stored",
    "callbacks_rejected": "rejected",
    "stored_valid": "valid",
    "stored_error": "stored as failed",
    "projections": "grades",
}
LOST = "lost"


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
    """Return the stages of the way as bars with their shares, beside what was lost by then.

    None when nothing was counted.
    """
    line = main_line(stages)
    if not line:
        return None
    whole = max(one.count or 0 for one in line)
    reached = tuple(float(one.count or 0) for one in line)
    lost = tuple(whole - one for one in reached)
    shares = [f"{one / whole:.0%}" if whole else "-" for one in reached]
    names = [NAMES[one.stage] for one in line]
    told = ", ".join(f"{name} {one.count}" for name, one in zip(names, line, strict=True))
    series = [Series("reached", reached)]
    return Chart(
        title="How far the comparisons came",
        labels=tuple(f"{name} {share}" for name, share in zip(names, shares, strict=True)),
        series=(*series, Series(LOST, lost)) if any(lost) else tuple(series),
        alt=f"Comparisons: {told}.{_aside(stages)} {_leaked(line, leak)}",
        kind=ChartKind.BAR,
    )


def _aside(stages: Sequence[Stage]) -> str:
    """Return what stands beside the way, and what nothing counted."""
    beside = [
        f"{one.count} {NAMES[one.stage]}" for one in stages if one.stage in BESIDE and one.count
    ]
    missing = [
        NAMES[one.stage] for one in stages if one.count is None and one.stage not in OTHER_UNIT
    ]
    told = f" Beside that: {', '.join(beside)}." if beside else ""
    return f"{told} Not counted: {', '.join(missing)}." if missing else told


def _leaked(line: Sequence[Stage], leak: str | None) -> str:
    for before, after in pairwise(line):
        if after.stage == leak:
            gone = (before.count or 0) - (after.count or 0)
            return (
                f"The first loss is at \u201c{NAMES[after.stage]}\u201d: {gone} of {before.count}."
            )
    return "No comparison was lost." if line[0].count else "No comparison is stored."
