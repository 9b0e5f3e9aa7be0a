"""One side of a comparison, and what of it is held against the other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.diagnosis.batch.changes import BatchChanges
from bot.diagnosis.batch.funnel import Stage
from bot.diagnosis.evidence.system_state import ProviderState
from bot.domain.batch import ErrorGroup
from bot.domain.evidence import SourceReading
from bot.domain.report import Finding, Severity

# Two shares of one stage differ when they lie further apart than this.
PART_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a batch, or all batches of a mode in a stretch of time.

    `patterns` are error patterns by name (an error code with its provider, an exception with its
    constraint) and how often; `response_ms` is (median, 95th percentile), `cost` the sum over
    `priced` comparisons. `provider` is how the LLM provider answered that side,
    `hidden` the tables of it that the role may not read, `changes` what changed around a batch.
    """

    name: str
    mode: str
    stages: tuple[Stage, ...]
    batches: int = 1
    patterns: tuple[tuple[str, int], ...] = ()
    response_ms: tuple[float, float] | None = None
    cost: float | None = None
    priced: int = 0
    findings: tuple[Finding, ...] = ()
    sources: tuple[SourceReading, ...] = ()
    provider: ProviderState = field(default_factory=ProviderState)
    hidden: tuple[str, ...] = ()
    changes: BatchChanges = field(default_factory=BatchChanges)

    @property
    def number(self) -> str:
        """The batch's number, empty where the side is a mode."""
        number = self.name.removeprefix("batch ")
        return number if number.isdecimal() else ""

    def count(self, stage: str) -> int | None:
        """Return how many comparisons reached a stage."""
        return next((one.count for one in self.stages if one.stage == stage), None)

    @property
    def cost_each(self) -> float | None:
        """What one answered comparison cost."""
        return self.cost / self.priced if self.cost is not None and self.priced else None

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that found something to act on."""
        loud = (one.rule for one in self.findings if one.severity is not Severity.INFO)
        return tuple(dict.fromkeys(loud))

    def facts(self) -> dict[str, Any]:
        """Return the side as plain values."""
        latency = self.response_ms
        return {
            "name": self.name,
            "batches": self.batches,
            "mode": self.mode,
            "funnel": [one.as_fact() for one in self.stages],
            "error_patterns": dict(self.patterns),
            "latency_ms": {"median": latency[0], "p95": latency[1]} if latency else None,
            "cost": self.cost,
            "cost_per_comparison": self.cost_each,
            "priced_comparisons": self.priced,
            "rules": list(self.rules),
            **self.provider.facts(),
            **(self.changes.facts() if self.number else {}),
        }


def first_difference(left: Side, right: Side) -> str | None:
    """Return the first stage that different shares of the two sides' comparisons reached.

    Pairs are held against the budget, later stages against the pairs, projections against none
    at all; a stage that one side did not count is left out.
    """
    if not (left.batches and right.batches):
        return None
    for stage in (one.stage for one in left.stages if one.stage != "budget"):
        mine, other = _share(left, stage), _share(right, stage)
        if mine is not None and other is not None and abs(mine - other) > PART_SHARE:
            return stage
    return None


def patterns_of(
    groups: Sequence[ErrorGroup], raised: Sequence[str] = ()
) -> tuple[tuple[str, int], ...]:
    """Return error patterns with their counts, most frequent first."""
    counts: Counter[str] = Counter(raised)
    for group in groups:
        counts[f"{group.code} ({group.provider})"] += group.rows
    return tuple(counts.most_common(20))


def _share(side: Side, stage: str) -> float | None:
    count = side.count(stage)
    if count is None:
        return None
    if stage == "projections":
        return float(count > 0)
    base = side.count("budget" if stage == "pairs" else "pairs")
    if base is None:
        return None
    return min(1.0, count / base) if base else float(count > 0)


def rate_of(side: Side, stage: str) -> str:
    """Return the share that reached a stage in per cent, empty where none was counted."""
    share = None if stage == "projections" else _share(side, stage)
    return "" if share is None else f"{share:.0%}"
