"""Says how batches did over a stretch of time, and what was read for it; pure."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from bot.diagnosis.evidence.read import rows_reading, without_rights
from bot.diagnosis.trends.collect import MODE, TrendEvidence
from bot.diagnosis.trends.counted import (
    Counted,
    Part,
    Spent,
    counted,
    failures_of,
    not_well,
    parts_of,
    reason_words,
    spent_of,
)
from bot.domain.batch.modes import UNKNOWN
from bot.domain.chart import Chart, ChartKind, Series
from bot.domain.evidence import Missing
from bot.domain.report import Report, Table
from bot.domain.words import Span, Text, Words, joined, when, words
from bot.text.wording import many, part_of

COMMAND = "batch trends"


def diagnose(evidence: TrendEvidence) -> Report:
    """Return the trends of the batches that were read."""
    now, batches = evidence.now, evidence.batches
    whole, spent = counted(batches, now), spent_of(evidence.sums.get(""))
    parts = parts_of(batches, evidence.since, evidence.until, now)
    hidden = evidence.hidden
    return Report(
        command=COMMAND,
        title=words("Batches of ", _time(evidence)),
        facts=_facts(evidence, whole, parts),
        sources=(rows_reading(batches, hidden, _covered(evidence)),),
        unreadable_need=bool(hidden or evidence.ungrouped)
        or not evidence.is_whole
        or _unsummed(evidence),
        headline=_headline(whole, evidence),
        summary=joined(" ", tuple(_notes(evidence))),
        matters=tuple(_matters(whole, spent)),
        tables=tuple(_tables(evidence)),
        charts=(_chart(parts, evidence),) if batches else (),
        actions=_actions(evidence),
    )


def _time(evidence: TrendEvidence) -> Words:
    """Return the time that was asked for: `the last 2 h`, or `28 min until 1 h ago`."""
    length = Span(evidence.until - evidence.since)
    if evidence.end is None:
        return words("the last ", length)
    return words(length, " until ", Span(evidence.now - evidence.end), " ago")


def _headline(whole: Counted, evidence: TrendEvidence) -> Words:
    time = _time(evidence)
    if not whole.batches:
        if not evidence.is_whole:
            return words("Not known, so far back was not read: batches of ", time)
        return words("No batch was begun in ", time)
    if not whole.ended:
        return words(f"{many(whole.batches, 'batch', ('is', 'are'))} under way, none has ended")
    if not evidence.is_whole:
        return words(f"{whole.well:,} of the newest {many(whole.ended, 'batch')} ended well")
    ended = part_of(whole.well, whole.ended, "batch")
    begun = "" if evidence.end is None else " of those begun"
    return words(f"{ended} ended well{begun} in ", time)


def _matters(whole: Counted, spent: Spent) -> Iterator[tuple[str, Text]]:
    if whole.ended:
        yield "Ended well", f"{_share(whole.well, whole.ended)} ({whole.well} of {whole.ended})"
    if whole.comparisons:
        told = (
            f"{_share(whole.valid, whole.comparisons)} ({whole.valid:,} of {whole.comparisons:,})"
        )
        yield "Comparisons valid", told
    if spent.p50 is not None:
        yield "Answers take (half / 95 %)", _latency(spent)
    if spent.cost_each is not None:
        yield "A valid comparison costs", _money(spent)


def _notes(evidence: TrendEvidence) -> Iterator[Text]:
    """Yield what limits the answer: what was not read, and over how many batches sums are."""
    batches = evidence.batches
    if evidence.end is not None:
        begun = words(when(evidence.since, "since "), when(evidence.end, " until "))
        yield words("Of the batches begun ", begun, ", as their rows stand now.")
    if evidence.ungrouped:
        yield f"Not told by {evidence.by}, which could not be read: {evidence.ungrouped}."
    if not evidence.is_whole:
        which = f"Only the newest {len(batches):,} of that time were" if batches else "It was not"
        yield f"{which} read: {evidence.stopped}."
    if len(batches) > evidence.summed.get("", 0):
        yield f"Causes, times and costs are of the newest {evidence.summed.get('', 0):,}."
    if _unsummed(evidence):
        yield "Causes, times and costs could not be read."
    modeless = sum(one == UNKNOWN for one in evidence.groups.values())
    if evidence.by == MODE and modeless:
        which = many(modeless, "batch", ("has", "have"))
        yield f"{which} no known mode: the rows hold none, and no logs were read for this."
    if evidence.hidden:
        yield without_rights(evidence.hidden)


def _unsummed(evidence: TrendEvidence) -> bool:
    return any(isinstance(one, Missing) for one in evidence.sums.values())


def _covered(evidence: TrendEvidence) -> str:
    more = "" if evidence.is_whole else f", older ones not: {evidence.stopped}"
    return f"{many(len(evidence.batches), 'batch')} of that time{more}"


def _tables(evidence: TrendEvidence) -> Iterator[Table]:
    if evidence.by:
        yield Table(
            (evidence.by, "how many", "ended well", "valid", "half / 95 %", "each"),
            tuple(_group_rows(evidence)),
        )
    bad = not_well(evidence.batches, evidence.now)
    if bad:
        kinds = tuple((kind, many(count, "batch")) for kind, count in bad.most_common())
        yield Table(("did not end well", "how many"), kinds)
    if failed := failures_of(evidence.sums.get("")):
        reasons = tuple(
            (reason_words(one), many(count, "comparison"), many(roots, "failure"))
            for one, count, roots in failed
        )
        yield Table(("failed for", "how many", "behind it"), reasons)


def _group_rows(evidence: TrendEvidence) -> Iterator[tuple[Text, ...]]:
    for name, mine in _grouped(evidence).items():
        spent = spent_of(evidence.sums.get(name))
        yield (
            name,
            many(mine.batches, "batch"),
            f"{mine.well}/{mine.ended}",
            f"{mine.valid:,}/{mine.comparisons:,}",
            _latency(spent) if spent.p50 is not None else "-",
            _money(spent) if spent.cost_each is not None else "-",
        )


def _grouped(evidence: TrendEvidence) -> dict[str, Counted]:
    """Return the groups that were summed, the largest first."""
    of = evidence.groups
    return {
        name: counted(
            (one for one in evidence.batches if of.get(one.header.batch_id) == name),
            evidence.now,
        )
        for name in evidence.sums
        if name
    }


def _chart(parts: tuple[Part, ...], evidence: TrendEvidence) -> Chart:
    """Return how many batches ended well and how many did not, by when they were begun."""
    good = tuple(float(one.counted.well) for one in parts)
    bad = tuple(float(one.counted.ended - one.counted.well) for one in parts)
    over = evidence.now - evidence.until
    newest = f"{_age(parts[-1].age + over)} ago" if over else f"last {_age(parts[-1].age)}"
    worst = max(parts, key=lambda one: one.counted.ended - one.counted.well)
    most = worst.counted.ended - worst.counted.well
    told = f"{sum(good):.0f} ended well and {sum(bad):.0f} did not"
    until = f" until {_age(over)} ago" if over else ""
    most_of = f", most of these begun within {_age(worst.age + over)}" if most else ""
    return Chart(
        title="Batches by when they were begun",
        labels=(*(f"{_age(one.age + over)} ago" for one in parts[:-1]), newest),
        series=(Series("ended well", good, summed=True), Series("did not", bad, summed=True)),
        alt=f"Batches of {_age(evidence.until - evidence.since)}{until}: {told}{most_of}.",
        kind=ChartKind.BAR,  # one line would hide behind the other where they are the same
        y_label="batches",
    )


def _facts(evidence: TrendEvidence, whole: Counted, parts: tuple[Part, ...]) -> dict[str, Any]:
    spent = spent_of(evidence.sums.get(""))
    return {
        "since": evidence.since,
        "until": evidence.until,
        "is_whole": evidence.is_whole,
        **asdict(whole),
        "under_way": whole.under_way,
        "response_ms": {"p50": spent.p50, "p95": spent.p95} if spent.p50 is not None else None,
        "cost": spent.cost,
        "cost_per_valid": spent.cost_each,
        "summed_batches": evidence.summed.get("", 0),
        "did_not_end_well": dict(not_well(evidence.batches, evidence.now)),
        "failures": [
            {"reason": reason.value, "comparisons": rows, "failures": roots}
            for reason, rows, roots in failures_of(evidence.sums.get(""))
        ],
        "by": [
            {evidence.by: name, **asdict(mine), **asdict(spent_of(evidence.sums.get(name)))}
            for name, mine in _grouped(evidence).items()
        ],
        "parts": [{"from": evidence.until - one.age, **asdict(one.counted)} for one in parts],
    }


def _actions(evidence: TrendEvidence) -> tuple[str, ...]:
    span = evidence.now - evidence.since
    hours = max(1, round(span.total_seconds() / 3_600))
    since = f"{hours}h" if hours % 24 else f"{hours // 24}d"
    others = [way for way in ("mode", "model") if way != evidence.by]
    return ("/batch list", *(f"/batch trends --since {since} --by {way}" for way in others))


def _age(span: timedelta) -> str:
    """Return a span in hours or days, for a chart, whose labels hold no typed words."""
    hours = span.total_seconds() / 3_600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} d"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def _latency(spent: Spent) -> str:
    return f"{(spent.p50 or 0) / 1000:.1f} / {(spent.p95 or 0) / 1000:.1f} s"


def _money(spent: Spent) -> str:
    return f"{spent.cost_each or 0:.4f} USD"
