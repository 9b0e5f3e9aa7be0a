"""What became of each bundle of a batch, in the order of their dispatch, as the logs show it; pure.

A dispatch names no ids. The worker works bundles off one by one, so an answer belongs to the last
dispatch of its container before it; a request that was dispatched alone is a bundle of one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS
from bot.domain.log import LogEvent

MOST_BUNDLES = 150


class BundleFate(StrEnum):
    """What became of a comparison in a bundle, by the last that the logs say of it."""

    ANSWERED = "answered"
    FAILED = "failed"
    REQUEUED = "requeued"
    REJECTED = "rejected"
    EXPIRED = "expired"


_ANSWERS: Mapping[Outcome, BundleFate] = {
    Outcome.DONE: BundleFate.ANSWERED,
    Outcome.FAILED: BundleFate.FAILED,
    Outcome.REQUEUED: BundleFate.REQUEUED,
    Outcome.EXPIRED: BundleFate.EXPIRED,
}


@dataclass(slots=True)
class Bundle:
    """One dispatch: when, how many the line says went with it, and the fate of each of ours.

    `others` counts the answers to comparisons of other batches; then its size says nothing of ours.
    """

    at: datetime | None
    size: int
    fates: dict[str, BundleFate] = field(default_factory=dict)
    others: int = 0

    def as_fact(self) -> dict[str, object]:
        """Return the bundle as plain values; `unseen` counts those without any further line."""
        counts = Counter(self.fates.values())
        size = len(self.fates) if self.others else max(self.size, len(self.fates))
        told = {fate.value: counts[fate] for fate in BundleFate if counts[fate]}
        unseen = size - len(self.fates)
        return {"at": self.at, "size": size, **told, **({"unseen": unseen} if unseen else {})}


def bundles_of(
    events: Iterable[LogEvent], clue_of: Callable[[LogEvent], LogClue | None], members: Set[str]
) -> tuple[Bundle, ...]:
    """Return the bundles in which comparisons with these correlation ids were worked off.

    `clue_of` gives what an event shows of a comparison.
    """
    strip = _Strip(members)
    for event in sorted((one for one in events if one.at), key=_moment):
        strip.take(event, clue_of(event))
    mine = [place for place, one in enumerate(strip.found) if one.fates]
    if not mine:
        return ()
    # Between its first and last bundle one that nobody answered is the batch's own, too.
    return tuple(one for one in strip.found[mine[0] : mine[-1] + 1] if one.fates or not one.others)


class _Strip:
    """Puts each answer to the bundle that was dispatched last before it, line by line."""

    def __init__(self, members: Set[str]) -> None:
        self.found: list[Bundle] = []
        self._members = members
        self._last: dict[str, Bundle] = {}
        self._of: dict[str, Bundle] = {}
        self._owners: dict[str, str] = {}

    def take(self, event: LogEvent, clue: LogClue | None) -> None:
        """Read one line; lines come in the order of their times."""
        if event.event.strip() in DISPATCH_EVENTS:
            size = event.fields.get("bundle_size")
            bundle = self._begin(event, size if isinstance(size, int) else 0)
            self._last[event.container] = bundle
            return
        if clue is None:
            return
        if clue.queue_id and clue.correlation_id:
            self._owners[clue.queue_id] = clue.correlation_id
        id = clue.correlation_id or self._owners.get(clue.queue_id, "")
        if clue.step is Step.DISPATCHED and id in self._members:
            self._last[event.container] = self._begin(event, 1)
        elif clue.step is Step.ANSWERED:
            self._answer(event, id, _ANSWERS.get(clue.outcome))
        elif _is_refusal(clue) and id in self._of:
            self._of[id].fates[id] = BundleFate.REJECTED

    def _begin(self, event: LogEvent, size: int) -> Bundle:
        bundle = Bundle(event.at, size)
        self.found.append(bundle)
        return bundle

    def _answer(self, event: LogEvent, id: str, fate: BundleFate | None) -> None:
        bundle = self._last.get(event.container) or (
            self._begin(event, 1) if id in self._members else None
        )
        if bundle is None or fate is None:
            return
        if id not in self._members:
            bundle.others += bool(id)
            return
        bundle.fates[id] = fate
        self._of[id] = bundle


def _moment(event: LogEvent) -> datetime:
    assert event.at is not None  # noqa: S101 - only dated events are sorted
    return event.at


def _is_refusal(clue: LogClue) -> bool:
    return clue.step is Step.CONSUMED and clue.outcome in (Outcome.REJECTED, Outcome.STRAY)
