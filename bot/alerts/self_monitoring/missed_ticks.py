"""A time in which no tick was made, so that nothing was watched: one alert; pure.

A clock that was stepped is no gap: while the process runs, its monotonic clock decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.alert import QUIET_AFTER, Condition, Judgement, Sight
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words
from bot.text.kept import kept_moment

MISSED_TICKS = "missed_ticks"
GAP_PROGRESS = "gap"
# A restart or an upgrade takes a minute or two, and the logs of that time are read afterwards.
LEAST_GAP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Gap:
    """From the last tick before to the first one after."""

    begin: datetime
    end: datetime

    def to_json(self) -> Mapping[str, str]:
        """Return what `from_json` takes, as JSON values."""
        return {"begin": self.begin.isoformat(), "end": self.end.isoformat()}

    @classmethod
    def from_json(cls, values: Any) -> "Gap | None":
        """Return what `to_json` returned, None when nothing was."""
        try:
            return cls(*(kept_moment(values[key]) for key in ("begin", "end")))
        except (TypeError, KeyError, ValueError):
            return None


def gap_between(last: datetime, now: datetime, elapsed: float | None = None) -> Gap | None:
    """Return the gap between two ticks, None when it is none.

    `elapsed` is how many seconds of a steady clock lie between them, None over a restart.
    """
    if now - last < LEAST_GAP:
        return None
    if elapsed is not None and elapsed < LEAST_GAP.total_seconds():
        return None
    return Gap(last, now)


def judge_missed_ticks(gap: Gap | None, now: datetime) -> Judgement:
    """Conclude that ticks were missed, for a quarter of an hour after they went on."""
    if gap is None or now - gap.end >= QUIET_AFTER:
        closing = {"ticks": words("on time", when(gap.end, " since "))} if gap else {}
        return Judgement(Sight.CLEAR, closing=closing)
    minutes = int((gap.end - gap.begin).total_seconds() // 60)
    between = words(when(gap.begin, "between "), when(gap.end, " and "))
    return Judgement(
        Sight.CLEAR,
        conditions=(
            Condition(
                subject="ticks",
                rule="missed-ticks",
                severity=Severity.WARN,
                confidence=Confidence.HIGH,
                title=words(
                    "The bot made no tick ",
                    between,
                    f" ({minutes} min): the queue and the database were not watched then. "
                    "Logs of that time are read now; high confidence. Next: look at the "
                    "bot's own log.",
                ),
                since=gap.begin,
                headline=f"The bot watched nothing for {minutes} min, and reads the logs of it now",
                lasts=False,
                known=gap.begin.isoformat(),
                count=0,
                next=("Look at the bot's own log for why it stood still.",),
            ),
        ),
    )
