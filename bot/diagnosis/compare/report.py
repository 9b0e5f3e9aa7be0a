"""`/batch compare`: two batches, or two modes, side by side along the funnel; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.diagnosis.batch.funnel import NAMES
from bot.diagnosis.compare.compared import Side, first_difference, rate_of
from bot.diagnosis.compare.tables import short_table, whole_table
from bot.diagnosis.evidence.read import without_rights
from bot.domain.evidence import SourceReading, SourceState
from bot.domain.report import Finding, Report, Severity
from bot.domain.words import Text, joined, parts_of, words
from bot.text.wording import many

MOST_ALONE = 3
_ORDER = {Severity.ERROR: 0, Severity.WARN: 1, Severity.INFO: 2}


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
        lines=(*_alone(left, right), *_changed(left, right)),
        tables=(short_table(left, right, parts),),
        folded=(whole_table(left, right, parts),),
        actions=tuple(f"/batch investigate {one.number}" for one in (left, right) if one.number),
    )


def _changed(left: Side, right: Side) -> Iterator[Text]:
    """Yield what changed around either batch."""
    for side in (left, right):
        yield from (words(f"{side.name}: ", line) for line in side.changes.lines())


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
        if causes := _causes(left, right):
            whys = (f"{side.name}: {why}" for side, why in zip((left, right), causes, strict=True))
            told = f"{told}, and in why: {'; '.join(whys)}"
        own = [
            f"{side.name} has {many(count, 'finding')} of its own"
            for side, count in _own(left, right)
        ]
        return f"{'; '.join((told, *own))}."
    return (
        f"They part at {parts.replace('_', ' ')}: {_cell(left, parts)} in {left.name}, "
        f"{_cell(right, parts)} in {right.name}."
    )


def _causes(left: Side, right: Side) -> tuple[str, str] | None:
    """Return what each side's first finding names as its cause, where one rule names two."""
    told = [{one.rule: _cause(one) for one in side.findings} for side in (left, right)]
    both = ((told[0][rule], told[1].get(rule, "")) for rule in left.rules)
    return next(((a, b) for a, b in both if a and b and a != b), None)


def _cause(finding: Finding) -> str:
    """Return what stands behind the colon of what was found: why that came about."""
    return str(words(finding.what)).partition(": ")[2].rstrip(".")


def _own(left: Side, right: Side) -> list[tuple[Side, int]]:
    """Return each side that has findings of its own, and how many rules found them."""
    both = ((left, right), (right, left))
    counts = [(one, len(set(one.rules) - set(other.rules))) for one, other in both]
    return [(one, count) for one, count in counts if count]


def _cell(side: Side, stage: str) -> str:
    count = side.count(stage)
    if count is None:
        return "not counted"
    base = side.count("budget" if stage == "pairs" else "pairs")
    return str(count) if stage in ("budget", "projections") or not base else f"{count} of {base}"


def _headline(left: Side, right: Side, parts: str | None) -> Text:
    """Return where they part first, with the share of each."""
    both = f"{left.name[:1].upper()}{left.name[1:]} and {right.name}"
    if not (left.batches and right.batches):
        return f"{both}: nothing to compare, one side has no batch"
    if parts is None:
        if _causes(left, right):
            return f"{both} part at no step, but for different causes"
        return f"{both} part nowhere that was counted"
    mine, other = rate_of(left, parts), rate_of(right, parts)
    shares = f": {mine} and {other}" if mine and other else ""
    return f"{both} part at \u201c{NAMES[parts]}\u201d{shares}"


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
