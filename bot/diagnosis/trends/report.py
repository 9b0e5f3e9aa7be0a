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
from bot.domain.words import Span, Text, Words, words
from bot.text.wording import many, part_of

COMMAND = "batch trends"


def diagnose(evidence: TrendEvidence) -> Report:
    """Return the trends of the batches that were read."""
    now, batches = evidence.until, evidence.batches
    whole, span = counted(batches, now), Span(now - evidence.since)
    parts, spent = parts_of(batches, evidence.since, now), spent_of(evidence.sums.get(""))
    hidden = evidence.hidden
    return Report(
        command=COMMAND,
        title=words("Batches of the last ", span),
        facts=_facts(evidence, whole, parts),
        sources=(rows_reading(batches, hidden, _covered(evidence)),),
        unreadable_need=bool(hidden or evidence.ungrouped)
        or not evidence.is_whole
        or _unsummed(evidence),
        headline=_headline(whole, span, is_whole=evidence.is_whole),
        summary=" ".join(_notes(evidence)),
        matters=tuple(_matters(whole, spent)),
        tables=tuple(_tables(evidence)),
        charts=(_chart(parts, evidence),) if batches else (),
        actions=_actions(evidence),
    )


def _headline(whole: Counted, span: Span, *, is_whole: bool) -> Words:
    if not whole.batches:
        return words("No batch was begun in the last ", span)
    if not whole.ended:
        return words(f"{many(whole.batches, 'batch', ('is', 'are'))} under way, none has ended")
    if not is_whole:
        return words(f"{whole.well:,} of the newest {many(whole.ended, 'batch')} ended well")
    ended = part_of(whole.well, whole.ended, "batch")
    return words(f"{ended} ended well in the last ", span)


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


def _notes(evidence: TrendEvidence) -> Iterator[str]:
    """Yield what limits the answer: what was not read, and over how many batches sums are."""
    batches = evidence.batches
    if evidence.ungrouped:
        yield f"Not told by {evidence.by}, which could not be read: {evidence.ungrouped}."
    if not evidence.is_whole:
        yield f"Only the newest {len(batches):,} of that time were read: {evidence.stopped}."
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
    bad = not_well(evidence.batches, evidence.until)
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
            evidence.until,
        )
        for name in evidence.sums
        if name
    }


def _chart(parts: tuple[Part, ...], evidence: TrendEvidence) -> Chart:
    """Return how many batches ended well and how many did not, by when they were begun."""
    good = tuple(float(one.counted.well) for one in parts)
    bad = tuple(float(one.counted.ended - one.counted.well) for one in parts)
    worst = max(parts, key=lambda one: one.counted.ended - one.counted.well)
    most = worst.counted.ended - worst.counted.well
    told = f"{sum(good):.0f} ended well and {sum(bad):.0f} did not"
    when = f", most of these begun within {_age(worst.age)}" if most else ""
    return Chart(
        title="Batches by when they were begun",
        labels=(*(f"{_age(one.age)} ago" for one in parts[:-1]), f"last {_age(parts[-1].age)}"),
        series=(Series("ended well", good, summed=True), Series("did not", bad, summed=True)),
        alt=f"Batches of the last {_age(evidence.until - evidence.since)}: {told}{when}.",
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
        "did_not_end_well": dict(not_well(evidence.batches, evidence.until)),
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
    span = evidence.until - evidence.since
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
