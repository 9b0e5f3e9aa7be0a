"""The base of detectors on rows: each tick's facts become a sample, the newest facts conditions."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, TypeVar

from bot.detectors._state import StateDetector, moment, unreadable_sample
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.batch import BatchSummary
from bot.domain.evidence import Missing
from bot.domain.report import plain
from bot.ports import Watch

T = TypeVar("T")
Fact = Mapping[str, Any]
NOT_CONFIGURED = "what it needs is not configured"


class AgeSettings(Protocol):
    """The settings of a detector on rows."""

    after_seconds: float


class RowDetector(StateDetector, ABC):
    """Alerts on facts that last, such as rows of a database; `after` is for how long they may.

    A subclass makes the sample of a tick, with `facts_of`, and the conditions of its facts. A
    fact is a mapping of JSON values with the key `subject`. `closing` words how an alert ended.
    """

    window_seconds: ClassVar[float] = 120.0
    closing: ClassVar[str]

    def __init__(self, settings: AgeSettings) -> None:
        self.after = timedelta(seconds=settings.after_seconds)

    @abstractmethod
    async def sample(self, watch: Watch) -> Sample:
        """Collect the facts of one tick."""

    @abstractmethod
    def conditions(self, facts: Sequence[Fact], now: datetime) -> Iterable[Condition]:
        """Return what is wrong, by the newest facts; pure."""

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the newest facts; pure."""
        unknown = no_facts(window)
        if unknown is not None:
            return unknown
        found = tuple(self.conditions(facts_in(window.samples[-1]), now))
        subjects = {str(fact["subject"]) for one in window.samples for fact in facts_in(one)}
        return Judgement(Sight.CLEAR, found, closing=dict.fromkeys(subjects, self.closing))


def lasting(
    facts: Iterable[Fact], now: datetime, after: timedelta
) -> Iterator[tuple[Fact, datetime]]:
    """Yield the facts that have lasted for longer than `after`, each with its key `since`."""
    for fact in facts:
        since = moment(fact["since"])
        if since is not None and now - since > after:
            yield fact, since


def facts_of(
    watch: Watch, answer: Sequence[T] | Missing | None, fact: Callable[[T], Fact | None]
) -> Sample:
    """Return a sample of the facts that a reading holds, as JSON values.

    A source that is not configured gives a sample without facts, from which nothing is concluded.
    """
    if isinstance(answer, Missing):
        return unreadable_sample(watch.now, answer)
    if answer is None:
        return Sample(watch.now)
    found = [one for row in answer if (one := fact(row)) is not None]
    return Sample(watch.now, {"facts": plain(found)})


def facts_in(sample: Sample) -> Sequence[Fact]:
    """Return the facts of a sample, none when it could not be read."""
    found: Sequence[Fact] = sample.data.get("facts") or ()
    return found


def with_open(sample: Sample, batches: Sequence[BatchSummary] | Missing | None) -> Sample:
    """Return the sample with the subjects of the batches that have not ended.

    A batch without a fact has either nothing wrong any more or an end.
    """
    if batches is None or isinstance(batches, Missing):
        return sample
    names = [batch_subject(one) for one in batches if not is_over(one)]
    return replace(sample, data={**sample.data, "open": names})


def batch_subject(batch: BatchSummary) -> str:
    """Return the subject of an alert on a batch."""
    return f"batch {batch.header.batch_id}"


def is_over(batch: BatchSummary) -> bool:
    """Say whether a batch has ended, well or not."""
    return batch.header.ended


def no_facts(window: Window) -> Judgement | None:
    """Return the judgement on a window whose newest sample holds no facts, else None."""
    last = window.samples[-1] if window.samples else None
    if last is None or (not last.unreadable and "facts" not in last.data):
        return Judgement(Sight.WARMING, note=NOT_CONFIGURED)
    return Judgement(Sight.UNREADABLE, note=last.unreadable) if last.unreadable else None
