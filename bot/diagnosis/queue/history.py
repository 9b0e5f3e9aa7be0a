"""The queue's size over time with what was dispatched, as a chart; pure.

Sizes come from what the bot remembers of its ticks, from the snapshots that the provider logs and
from the reading of now. Where no size is known, the chart has a gap.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from bot.diagnosis.queue.log_events import BEGINNINGS, LoopSign, Snapshot
from bot.domain.alert import Sample
from bot.domain.chart import Chart, Series
from bot.text.wording import many

MINUTE = timedelta(minutes=1)
SHOWN = timedelta(minutes=60)
LONGEST = timedelta(hours=4, minutes=30)
BEFORE = timedelta(minutes=15)
POINTS = 60
NO_HISTORY = "no history of the queue: neither the bot's memory nor the logs hold its size"


@dataclass(frozen=True, slots=True)
class Level:
    """How many items the queue held at one moment, whatever their status."""

    at: datetime
    size: int


def levels_of(samples: Iterable[Sample]) -> tuple[Level, ...]:
    """Return the sizes that the stuck queue's samples hold; a sample without a size is left out."""
    found = (_level(sample) for sample in samples)
    return tuple(level for level in found if level is not None)


def queue_chart(
    levels: Iterable[Level | Snapshot],
    signs: Sequence[LoopSign] | None,
    now: datetime,
    *,
    since: datetime | None = None,
) -> Chart | None:
    """Return the chart of the last hour, or of longer when `since` lies further back.

    A snapshot line of the provider holds a size as well as a reading does.
    `signs` is None where the logs were not read: then dispatches are unknown. None
    without two moments of known size: one number is no history.
    """
    start = max(now - LONGEST, min(now - SHOWN, since - BEFORE if since else now))
    width = (now - start) / POINTS
    known = sorted((one for one in levels if start <= one.at <= now), key=attrgetter("at"))
    if len({one.at for one in known}) < 2:
        return None
    sizes: list[float | None] = [None] * POINTS
    for one in known:
        sizes[_place(one.at, start, width)] = float(one.size)
    begun = None if signs is None else _begun(signs, start, now)
    window = (_place(since, start, width), POINTS - 1) if since and since <= now else None
    return Chart(
        title="LLM queue: size and dispatches",
        labels=tuple(f"{_minutes(width * (POINTS - n - 0.5))} ago" for n in range(POINTS)),
        series=(
            Series("size", tuple(sizes)),
            *(() if begun is None else (_dispatched(begun, start, width),)),
        ),
        alt=_alt(known, begun, start, now, since),
        y_label="items",
        window=window,
    )


def _begun(signs: Sequence[LoopSign], start: datetime, now: datetime) -> list[LoopSign]:
    return [one for one in signs if one.kind in BEGINNINGS and start <= one.at <= now]


def _dispatched(begun: Sequence[LoopSign], start: datetime, width: timedelta) -> Series:
    taken = [0.0] * POINTS
    for sign in begun:
        taken[_place(sign.at, start, width)] += (sign.bundle_size or 1) * sign.count
    return Series("dispatched", tuple(taken), summed=True)


def _level(sample: Sample) -> Level | None:
    reading = sample.data.get("reading")
    size = reading.get("size") if isinstance(reading, Mapping) else None
    if size is None:
        size = _snapshot_size(sample.data.get("snapshots"), sample.at)
    return Level(sample.at, size) if isinstance(size, int) else None


def _snapshot_size(snapshots: Any, at: datetime) -> int | None:
    """Return the size of a sample's newest snapshot, when it was written just before."""
    newest = snapshots[-1] if isinstance(snapshots, list | tuple) and snapshots else None
    if not isinstance(newest, Mapping):
        return None
    try:
        age = at - datetime.fromisoformat(str(newest.get("at")))
    except (ValueError, TypeError):
        return None
    size = newest.get("size")
    return size if isinstance(size, int) and age <= timedelta(seconds=90) else None


def _place(at: datetime, start: datetime, width: timedelta) -> int:
    return min(POINTS - 1, max(0, int((at - start) / width)))


def _alt(
    known: Sequence[Level | Snapshot],
    begun: Sequence[LoopSign] | None,
    start: datetime,
    now: datetime,
    since: datetime | None,
) -> str:
    sizes = [one.size for one in known]
    told = f"Queue in the last {_minutes(now - start)}: size {sizes[-1]} at its last reading"
    told += f", {min(sizes)} to {max(sizes)} in that time." if min(sizes) != max(sizes) else "."
    if begun is None:
        told += " Dispatches are not known: the logs were not read."
    elif begun:
        newest = max(one.at for one in begun)
        ago = f"{_minutes(now - newest)} ago" if now - newest >= MINUTE else "just now"
        told += f" {many(len(begun), 'dispatch', ('was', 'were'))} logged, the last {ago}."
    else:
        told += " No dispatch was logged in that time."
    return told + (f" Stuck for {_minutes(now - since)}." if since else "")


def _minutes(span: timedelta) -> str:
    """Return a length as a chart says it, where no reader's clock can stand."""
    return f"{span // MINUTE} min" if span >= MINUTE else f"{span.seconds} s"
