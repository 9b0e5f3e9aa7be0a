"""The base of detectors that count what log events report, by subject, over a window."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from bot.border.outside import let_out_all
from bot.detectors._read_once import ReadOnce
from bot.detectors._state import NOTHING_READ, unreadable_reason
from bot.domain.alert import (
    SOURCE_UNREADABLE,
    UNREADABLE_SUBJECT,
    Condition,
    Judgement,
    Sample,
    Sight,
    Window,
)
from bot.domain.evidence import EvidenceLine, Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Severity
from bot.domain.words import Text, when, words
from bot.ports import Watch

KEPT_EXAMPLES = 3
EPISODES = "episodes"
# What is said of each occurrence, and not of the examples alone.
TALLIED = ("batch", "answer", "unreachable", "away", "refused", "fault")
NOTHING_MORE: Mapping[str, Any] = {}
Tally = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One thing that a log event reported; `text` is redacted, `extra` holds JSON values.

    `counts` is 0 for one that was counted before: it shows only that its subject goes on. It is
    negative for what was counted and is taken back.
    """

    subject: str
    at: datetime
    source: str
    text: str
    extra: Mapping[str, Any]
    counts: int = 1


@dataclass(frozen=True, slots=True)
class EventCount:
    """All occurrences of one subject in a window; `fresh` counts those of the newest sample.

    `tally` counts them by what they said of `TALLIED`: a few examples do not stand for all. `back`
    is how many were taken back.
    """

    subject: str
    count: int
    fresh: int
    first_at: datetime
    last_at: datetime
    examples: tuple[EvidenceLine, ...]
    extras: tuple[Mapping[str, Any], ...]
    tally: Tally = field(default_factory=dict)
    back: int = 0

    @property
    def is_taken_back(self) -> bool:
        """Say whether nothing is left of what was counted."""
        return self.back > 0 and self.count <= 0

    def told(self, what: str) -> Mapping[str, int]:
        """Return how many occurrences said each value of one of `TALLIED`."""
        return self.tally.get(what, {})


class QuietSettings(BaseModel):
    """When what was counted is over."""

    quiet_seconds: float = Field(900, gt=0, description="over after so long without another")


class EventCountDetector(ABC):
    """Alerts on what log events report, until it was quiet for `quiet_after`.

    A subclass makes the sample of a tick, with `sampled`, and the condition of one subject.
    """

    open_ticks: ClassVar[int] = 1
    clear_ticks: ClassVar[int] = 1
    Settings: ClassVar[type[BaseModel]] = QuietSettings

    def __init__(self, settings: QuietSettings) -> None:
        self.quiet_after = timedelta(seconds=settings.quiet_seconds)
        self._episodes: dict[str, dict[str, Any]] = {}
        self._sample_counts = ReadOnce(lambda sample, _: counted_in(sample))

    def resume(self, samples: Sequence[Sample]) -> None:
        """Go on from the last sample that was kept: another process may have made it."""
        found = samples[-1].data.get(EPISODES)
        self._episodes = dict(found) if isinstance(found, Mapping) else {}

    def sampled(
        self,
        watch: Watch,
        found: Iterable[Occurrence],
        other: object = None,
        known: Mapping[str, Any] = NOTHING_MORE,
    ) -> Sample:
        """Return a tick's sample: what lines report, and when each episode that lasts began.

        An episode may last longer than the window that is looked back over, so its count is there,
        too. `other` is what a second source gave; one of them counts while the other cannot be
        read. `known` is what `resume` goes on from besides, as JSON values.
        """
        missing = next((one for one in (watch.logs, other) if isinstance(one, Missing)), None)
        groups = let_out_all(groups_of(found))
        unreadable = unreadable_reason(missing) if missing else ""
        if missing and not groups:
            return Sample(watch.now, {}, unreadable)
        for subject, group in groups.items():
            before = self._episodes.get(subject)
            goes_on = before and _between(before["last"], group["first"]) < self.quiet_after
            one = before if before and goes_on else {"first": group["first"], "count": 0}
            tally = tallied(one.get("tally") or {}, group["tally"])
            self._episodes[subject] = {
                "first": one["first"],
                "last": max(one.get("last", ""), group["last"]),
                "count": one["count"] + group["count"],
                "tally": tally,
            }
        self._episodes = {
            subject: one
            for subject, one in self._episodes.items()
            if not (one["count"] <= 0 and groups.get(subject, {}).get("back"))
            and watch.now - datetime.fromisoformat(one["last"]) < 2 * self.quiet_after
        }
        data = {"groups": groups, EPISODES: dict(self._episodes), **known}
        return Sample(watch.now, data, unreadable)

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        return self.quiet_after.total_seconds() + 300

    @abstractmethod
    def condition(self, counted: EventCount) -> Condition:
        """Return the condition of a subject that is not over."""

    def closing(self, counted: EventCount) -> Text:
        """Return how a subject ended."""
        return words("no more came", when(counted.last_at, " since "))

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the window; a subject is over when it was quiet for long; pure."""
        last = window.samples[-1] if window.samples else None
        if last is None:
            return Judgement(Sight.WARMING, note=NOTHING_READ)
        counted = self._sample_counts.of(window.samples)
        counts = event_counts(counted, self.quiet_after, last.data.get(EPISODES))
        conditions = tuple(
            self.condition(one)
            for one in counts
            if now - one.last_at < self.quiet_after and not one.is_taken_back
        )
        closing = {one.subject: self.closing(one) for one in counts}
        if last.unreadable:
            return Judgement(
                Sight.UNREADABLE, (*conditions, _unreadable(last)), last.unreadable, closing
            )
        return Judgement(
            Sight.CLEAR,
            conditions,
            closing={UNREADABLE_SUBJECT: "the logs can be read again", **closing},
        )


def groups_of(found: Iterable[Occurrence]) -> dict[str, dict[str, Any]]:
    """Return a tick's occurrences by subject: their counts and a few examples."""
    groups: dict[str, dict[str, Any]] = {}
    for one in found:
        group = groups.setdefault(
            one.subject, {"count": 0, "first": one.at.isoformat(), "examples": [], "tally": {}}
        )
        said = {
            key: {str(one.extra[key]): -1 if one.counts < 0 else 1}
            for key in TALLIED
            if one.extra.get(key)
        }
        group["tally"] = tallied(group["tally"], said)
        group["count"] += one.counts
        group["last"] = one.at.isoformat()
        if one.counts < 0:
            group["back"] = group.get("back", 0) - one.counts
        elif one.counts and len(group["examples"]) < KEPT_EXAMPLES:
            example = {"source": one.source, "at": one.at.isoformat(), "text": one.text}
            group["examples"].append({**example, "extra": dict(one.extra)})
    return groups


def tallied(one: Tally, more: Tally) -> dict[str, dict[str, int]]:
    """Return two tallies as one; what comes to nothing is no part of it."""
    both = {key: Counter(one.get(key) or {}) for key in dict.fromkeys((*one, *more))}
    for key, counts in more.items():
        both[key].update(counts)
    return {key: {said: n for said, n in counts.items() if n} for key, counts in both.items()}


def counted_in(sample: Sample) -> tuple[EventCount, ...]:
    """Return what one sample counted, each as fresh as in the newest; most counted nothing."""
    groups = sample.data.get("groups")
    return tuple(map(_count, groups.items())) if isinstance(groups, dict) else ()


def event_counts(
    counted: Sequence[Sequence[EventCount]],
    over_after: timedelta,
    begun: Mapping[str, Any] | None = None,
) -> tuple[EventCount, ...]:
    """Add up what each sample counted, by subject, of the newest episode alone.

    What comes after a silence of `over_after` is a new episode; `begun` is what the newest sample
    knows of those that began before the window.
    """
    found: dict[str, EventCount] = {}
    for one in chain.from_iterable(counted):
        before = found.get(one.subject)
        goes_on = (
            before is not None
            and not before.is_taken_back
            and one.first_at - before.last_at < over_after
        )
        found[one.subject] = _added(before, one) if before and goes_on else one
    fresh = {one.subject for one in counted[-1]} if counted else set()
    told = (one if one.subject in fresh else replace(one, fresh=0) for one in found.values())
    return tuple(_of_episode(one, begun or {}) for one in told)


def _of_episode(counted: EventCount, begun: Mapping[str, Any]) -> EventCount:
    """Return a count with what its episode had before the window."""
    whole = begun.get(counted.subject)
    if whole is None or datetime.fromisoformat(whole["first"]) >= counted.first_at:
        return counted
    first = datetime.fromisoformat(whole["first"])
    count, tally = max(counted.count, int(whole["count"])), whole.get("tally") or counted.tally
    return replace(counted, first_at=first, count=count, tally=tally)


def _between(before: str, after: str) -> timedelta:
    return datetime.fromisoformat(after) - datetime.fromisoformat(before)


def _count(told: tuple[str, Mapping[str, Any]]) -> EventCount:
    subject, group = told
    count, (first, last) = int(group["count"]), (group["first"], group["last"])
    lines = tuple(
        EvidenceLine(item["source"], datetime.fromisoformat(item["at"]), item["text"])
        for item in group["examples"]
    )
    return EventCount(
        subject,
        count,
        count,
        datetime.fromisoformat(first),
        datetime.fromisoformat(last),
        lines,
        tuple(item["extra"] for item in group["examples"]),
        group.get("tally") or {},
        int(group.get("back", 0)),
    )


def _added(counted: EventCount, more: EventCount) -> EventCount:
    return EventCount(
        more.subject,
        counted.count + more.count,
        more.fresh,
        min(counted.first_at, more.first_at),
        max(counted.last_at, more.last_at),
        (*counted.examples, *more.examples)[-KEPT_EXAMPLES:],
        (*counted.extras, *more.extras)[-KEPT_EXAMPLES:],
        tallied(counted.tally, more.tally),
        counted.back + more.back,
    )


def dated_events(watch: Watch) -> tuple[tuple[datetime, LogEvent], ...]:
    """Return the log events of this tick that carry a time, with it."""
    if not isinstance(watch.logs, Followed):
        return ()
    return tuple((event.at, event) for event in watch.logs.events if event.at is not None)


def _unreadable(sample: Sample) -> Condition:
    return Condition(
        subject=UNREADABLE_SUBJECT,
        rule=SOURCE_UNREADABLE,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        title=words(
            "Logs cannot be read",
            when(sample.at, " since "),
            f" ({sample.unreadable}). Run `batchbot doctor`; nothing opens or resolves meanwhile.",
        ),
        since=sample.at,
        headline="Logs cannot be read: nothing opens or resolves meanwhile",
        known="unreadable",
        next=("Ask `batchbot doctor` on the bot's machine what to mend.",),
    )
