"""The base of warnings: the facts of each subject as they came over the window, judged purely."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from bot.detectors._rows import Fact, facts_in, no_facts
from bot.detectors._state import StateDetector
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.ports import Watch

Point = tuple[datetime, Fact]


class ForecastDetector(StateDetector, ABC):
    """Warns of what the facts of a subject lead to; `closing` words that it did not come to it.

    A subclass makes the sample of a tick, with `facts_of`, and the forecast of one subject.
    """

    # What came about is told by an alert of its own, which opens a tick or two later.
    clear_ticks: ClassVar[int] = 3
    closing: ClassVar[str]

    @abstractmethod
    async def sample(self, watch: Watch) -> Sample:
        """Collect the facts of one tick."""

    @abstractmethod
    def forecast(self, points: Sequence[Point], now: datetime) -> Condition | None:
        """Return what a subject's facts lead to, the newest last; None when all is well. Pure."""

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the facts of the window; pure."""
        unknown = no_facts(window)
        if unknown is not None:
            return unknown
        series = _series(window)
        newest = [str(one["subject"]) for one in facts_in(window.samples[-1])]
        told = (self.forecast(series[subject], now) for subject in newest)
        found = tuple(one for one in told if one is not None)
        return Judgement(Sight.CLEAR, found, closing=dict.fromkeys(series, self.closing))


def _series(window: Window) -> Mapping[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for sample in window.samples:
        for fact in facts_in(sample):
            found.setdefault(str(fact["subject"]), []).append((sample.at, fact))
    return found


def at_least_ago(points: Sequence[Point], now: datetime, span: timedelta) -> Point | None:
    """Return the newest point that is at least so old, None where watching is younger."""
    return next((one for one in reversed(points) if now - one[0] >= span), None)
