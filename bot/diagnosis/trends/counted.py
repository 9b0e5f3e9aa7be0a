"""Counts what batches of a stretch of time came to; pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.diagnosis.batch.marks import ended_well, look_needed
from bot.diagnosis.comparison.failure_reasons import reason_of_group
from bot.diagnosis.comparison.failure_words import WORDS, FailureReason
from bot.domain.batch import BatchSummary, ComparisonTotals
from bot.domain.batch.header import missing_essays
from bot.domain.evidence import Missing

PARTS = 7


@dataclass(frozen=True, slots=True)
class Counted:
    """Batches counted; `ended` are those to which nothing more comes, `well` those among them.

    A batch ended well where `/batch list` has no mark at it and it has grades.
    """

    batches: int = 0
    ended: int = 0
    well: int = 0
    comparisons: int = 0
    valid: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def under_way(self) -> int:
        """How many have not ended."""
        return self.batches - self.ended


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the stretch of time, which begins `age` before its end."""

    age: timedelta
    counted: Counted


@dataclass(frozen=True, slots=True)
class Spent:
    """What answers took and cost: p50 and p95 in ms, and what a valid comparison cost."""

    p50: float | None = None
    p95: float | None = None
    cost: float | None = None
    cost_each: float | None = None


def counted(batches: Iterable[BatchSummary], now: datetime) -> Counted:
    """Count batches."""
    some = list(batches)
    return Counted(
        batches=len(some),
        ended=sum(one.header.ended for one in some),
        well=sum(ended_well(one, now) for one in some),
        comparisons=sum(one.pairs.total for one in some),
        valid=sum(one.pairs.valid for one in some),
        failed=sum(one.pairs.error for one in some),
        waiting=sum(one.pairs.pending for one in some),
    )


def parts_of(
    batches: Sequence[BatchSummary],
    since: datetime,
    until: datetime,
    now: datetime,
    parts: int = PARTS,
) -> tuple[Part, ...]:
    """Return the stretch in equal parts, oldest first, each with the batches begun in it."""
    width = (until - since) / parts
    places: list[list[BatchSummary]] = [[] for _ in range(parts)]
    for one in batches:
        place = int((one.header.created_at - since) / width) if width else 0
        places[min(max(place, 0), parts - 1)].append(one)
    return tuple(
        Part(width * (parts - place), counted(some, now)) for place, some in enumerate(places)
    )


def not_well(batches: Iterable[BatchSummary], now: datetime) -> Counter[str]:
    """Return why batches that have ended did not end well, and how many, by kind."""
    bad = (one for one in batches if one.header.ended and not ended_well(one, now))
    return Counter(_kind(one, now) for one in bad)


def _kind(one: BatchSummary, now: datetime) -> str:
    """Return the mark of a batch without its numbers."""
    header, pairs, mark = one.header, one.pairs, look_needed(one, now)
    if not mark:
        return "forced by the monitor" if header.forced else "ended without grades"
    if mark[:1].isdigit():
        if missing_essays(header, pairs.total, one.essays):
            return "essays missing"
        return "failed comparisons" if mark.split()[1].startswith("error") else "answers missing"
    return mark


def failures_of(sums: ComparisonTotals | Missing | None) -> list[tuple[FailureReason, int, int]]:
    """Return each reason with its failed comparisons and the real failures behind them."""
    if sums is None or isinstance(sums, Missing):
        return []
    rows: Counter[FailureReason] = Counter()
    roots: Counter[FailureReason] = Counter()
    for group in sums.errors:
        reason = reason_of_group(group)
        rows[reason] += group.rows
        roots[reason] += group.roots
    return [(reason, count, roots[reason]) for reason, count in rows.most_common()]


def reason_words(reason: FailureReason) -> str:
    """Return a reason in people's words."""
    return "not recorded" if reason is FailureReason.UNKNOWN else WORDS[reason].short


def spent_of(sums: ComparisonTotals | Missing | None) -> Spent:
    """Return what answers took and cost; nothing where it was not read or not recorded."""
    if sums is None or isinstance(sums, Missing):
        return Spent()
    p50, p95 = sums.response_ms or (None, None)
    each = sums.cost / sums.priced if sums.cost is not None and sums.priced else None
    return Spent(p50, p95, sums.cost, each)
