"""The time that a question names, and how a command takes it; pure."""

from dataclasses import dataclass
from datetime import datetime, time


@dataclass(frozen=True, slots=True)
class AskedTime:
    """The time that a question names.

    `since` is its begin as a command takes it, `begin` the same as a moment. It ends at `end`, or
    goes on until now. `is_moment` says that one minute is meant, `is_odd` that there is none such;
    `said` is how it was typed.
    """

    since: str = ""
    begin: datetime | None = None
    end: datetime | None = None
    is_moment: bool = False
    is_odd: bool = False
    said: str = ""

    @property
    def is_said(self) -> bool:
        """Whether a time was read, which a command can take: its begin, its end or both."""
        return bool(self.since or self.end)

    @property
    def moment(self) -> str:
        """The one minute that is meant, as a command takes it; "" for a longer time."""
        return self.since if self.is_moment else ""

    def is_over(self, now: datetime) -> bool:
        """Say whether it ended before now."""
        return self.is_moment or (self.end is not None and self.end <= now)

    def window(self, now: datetime) -> str:
        """Return its begin and, where it is over, its end as options; "" for no time."""
        begin = f"--since {self.since}" if self.since else ""
        return " ".join(filter(None, (begin, self.end_of(now))))

    def end_of(self, now: datetime) -> str:
        """Return its end as an option; "" where it goes on until now."""
        if self.end is None or not self.is_over(now):
            return ""
        last = self.end.date().isoformat()
        if clock := "" if self.end.time() == time() else self.end.time().isoformat("minutes"):
            last = clock if self.end.date() == now.date() else f"{last}T{clock}"
        return f"--until {last}"
