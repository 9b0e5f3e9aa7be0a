"""`/batch compare`: two batches, or two modes, side by side along the funnel; pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.diagnosis.batch.funnel import NAMES, Stage
from bot.diagnosis.evidence.read import without_rights
from bot.diagnosis.evidence.system_state import ProviderState
from bot.domain.batch import ErrorGroup
from bot.domain.evidence import SourceReading, SourceState
from bot.domain.report import Finding, Report, Severity, Table
from bot.domain.words import Text, joined, parts_of, words

# Two shares of one stage differ when they lie further apart than this.
PART_SHARE = 0.05
MOST_ALONE = 3
_ORDER = {Severity.ERROR: 0, Severity.WARN: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: a batch, or all batches of a mode in a stretch of time.

    `patterns` are error patterns by name (an error code with its provider, an exception with its
    constraint) and how often; `response_ms` is (median, 95th percentile), `cost` the sum over
    `priced` comparisons. `provider` is how the LLM provider answered that side,
    `hidden` the tables of it that the role may not read.
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
        }


def diagnose(left: Side, right: Side, **more: Any) -> Report:
    """Return the two sides with the first step where they part; `more` are further facts."""
    parts = first_difference(left, right)
    only = [_only(left.patterns, right.patterns), _only(right.patterns, left.patterns)]
    return Report(
        command="batch compare",
        title=f"{left.name} and {right.name}",
        facts={
            "left": left.facts(),
            "right": right.facts(),
            "first_difference": parts,
            "only_left": only[0],
            "only_right": only[1],
            "rules_only_left": [rule for rule in left.rules if rule not in right.rules],
            "rules_only_right": [rule for rule in right.rules if rule not in left.rules],
            **more,
        },
        findings=_findings(left, right),
        sources=_sources(left, right),
        unreadable_need=bool(left.hidden or right.hidden),
        summary=_summary(left, right, parts),
        headline=_headline(left, right, parts),
        lines=tuple(_alone(left, right)),
        tables=(_short_table(left, right, parts),),
        folded=(_table(left, right, parts),),
        actions=tuple(f"/batch investigate {one.number}" for one in (left, right) if one.number),
    )


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


def _only(mine: Sequence[tuple[str, int]], other: Sequence[tuple[str, int]]) -> dict[str, int]:
    theirs = {name for name, _ in other}
    return {name: count for name, count in mine if name not in theirs}


def _findings(left: Side, right: Side) -> tuple[Finding, ...]:
    """Both sides' findings, each with the side it is about; info stays with its own report."""
    named = [
        replace(finding, what=words(f"{side.name}: ", finding.what))
        for side in (left, right)
        for finding in side.findings
        if finding.severity is not Severity.INFO
    ]
    return tuple(sorted(named, key=lambda finding: _ORDER[finding.severity]))


def _sources(left: Side, right: Side) -> tuple[SourceReading, ...]:
    """Return each source once; of two readings the one that failed."""
    told: dict[str, SourceReading] = {}
    for one in (*left.sources, *right.sources):
        if one.name not in told or one.state not in (SourceState.OK, told[one.name].state):
            told[one.name] = one
    return tuple(told.values())


def _summary(left: Side, right: Side, parts: str | None) -> Text:
    unread = without_rights(tuple(dict.fromkeys((*left.hidden, *right.hidden))))
    told = (_parting(left, right, parts), unread, *_provider_words(left, right))
    return joined(" ", filter(None, told))


def _provider_words(left: Side, right: Side) -> list[Text]:
    """What changes how a side reads: once where it is the same of both."""
    if left.provider.words == right.provider.words:
        return [left.provider.words] if left.provider.words else []
    sides = (one for one in (left, right) if one.provider.words)
    return [words(f"{one.name}: ", one.provider.words) for one in sides]


def _parting(left: Side, right: Side, parts: str | None) -> str:
    if parts is None:
        told = "They part at no step that was counted"
        own = [f"only {side.name}: {', '.join(rules)}" for side, rules in _own(left, right)]
        return f"{told}; {'; '.join(own)}." if own else f"{told}."
    return (
        f"They part at {parts.replace('_', ' ')}: {_cell(left, parts)} in {left.name}, "
        f"{_cell(right, parts)} in {right.name}."
    )


def _own(left: Side, right: Side) -> list[tuple[Side, list[str]]]:
    both = ((left, right), (right, left))
    rows = [(one, [rule for rule in one.rules if rule not in other.rules]) for one, other in both]
    return [(one, rules) for one, rules in rows if rules]


def _cell(side: Side, stage: str) -> str:
    count = side.count(stage)
    if count is None:
        return "not counted"
    base = side.count("budget" if stage == "pairs" else "pairs")
    return str(count) if stage in ("budget", "projections") or not base else f"{count} of {base}"


def _table(left: Side, right: Side, parts: str | None) -> Table:
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


def _headline(left: Side, right: Side, parts: str | None) -> Text:
    """Return where they part first, with the share of each."""
    both = f"{left.name} and {right.name}"
    if not (left.batches and right.batches):
        return f"{both}: nothing to compare, one side has no batch"
    if parts is None:
        return f"{both} part nowhere that was counted"
    mine, other = _rate(left, parts), _rate(right, parts)
    shares = f": {mine} and {other}" if mine and other else ""
    return f"{both} part at \u201c{NAMES[parts]}\u201d{shares}"


def _short_table(left: Side, right: Side, parts: str | None) -> Table:
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
    return Table(("", left.name, right.name), tuple(rows), "→ is where they part first")


def _with_rate(side: Side, stage: str) -> str:
    count, rate = side.count(stage), _rate(side, stage)
    return f"{_number(count)} ({rate})" if rate and stage != "pairs" else _number(count)


def _rate(side: Side, stage: str) -> str:
    share = None if stage == "projections" else _share(side, stage)
    return "" if share is None else f"{share:.0%}"


def _alone(left: Side, right: Side) -> Iterator[Text]:
    """Yield what only one side has: its findings and error patterns, in words."""
    for side, other in ((left, right), (right, left)):
        loud = (one for one in side.findings if one.severity is not Severity.INFO)
        found: list[Text] = [one.what for one in loud if one.rule not in other.rules]
        found += [
            f"{name} {count}×" for name, count in _only(side.patterns, other.patterns).items()
        ]
        if found:
            yield words(f"Only {side.name}: ", joined("; ", map(_unended, found[:MOST_ALONE])))


def _unended(text: Text) -> Text:
    """Return a text without its full stop, for a list of several."""
    *others, last = parts_of(text) or ("",)
    return words(*others, last.rstrip(".") if isinstance(last, str) else last)


def _number(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _latency(side: Side) -> str:
    if side.response_ms is None:
        return "-"
    return f"{side.response_ms[0] / 1000:.1f} / {side.response_ms[1] / 1000:.1f} s"


def _money(cost: float | None) -> str:
    return "-" if cost is None else f"${cost:.4f}"
