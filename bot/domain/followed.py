"""What following the logs brought: the events since the last look, and how far they reach.

A log that brings no line is a source that cannot be read: by its name, and since when.
"""

import re
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.border.outside import outside, seal
from bot.domain.log import LogEvent, Role

# An idle LLM provider writes a line every 5 minutes in every mode, and CJ looks into its outbox
# every 5 seconds and for stuck batches every 5 minutes: a log that is quiet for longer has ended.
ENDED_AFTER = timedelta(minutes=6)
# The services whose lines verdicts rest on; another may write as it likes.
NEEDED = (Role.CJ, Role.LLM_PROVIDER)
# Why a log proves nothing of a time that it skips.
NOT_KEPT = "no line of the time in which comparisons were answered"
_NO_LINE = "no line since "
_SINCE = re.compile(re.escape(_NO_LINE) + r"(\S+)\Z")


@dataclass(frozen=True, slots=True)
class Followed:
    """What following the logs brought since the last look: events in arrival order.

    `containers` maps the names followed now to their roles, `lost` counts lines that were dropped
    because they came faster than they could be kept, `missing` maps a container to why it cannot
    be read, `restarted` names containers that started again, or were recreated, since the last
    look. While it is `behind`, what was written before the follow began is still being read: that
    nothing came is then no silence. `reached` maps a container to when its newest line was written,
    wanted or not; of a container that has stopped none is given, since it is not awaited.
    """

    events: tuple[LogEvent, ...] = ()
    containers: Mapping[str, Role] = field(default_factory=dict)
    lost: int = 0
    unreadable: int = 0
    missing: Mapping[str, str] = field(default_factory=dict)
    restarted: tuple[str, ...] = ()
    behind: bool = False
    reached: Mapping[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named = {outside(container): reason for container, reason in self.missing.items()}
        object.__setattr__(self, "missing", named)
        seal(self, texts=("containers", "reached", "restarted"))

    def of(self, events: tuple[LogEvent, ...]) -> "Followed":
        """Return the same look with some of its events alone; what is sealed stays so."""
        one = copy(self)
        object.__setattr__(one, "events", events)
        return one

    @property
    def is_whole(self) -> bool:
        """Whether every line since the look before was read."""
        return not (self.lost or self.missing)

    def ended_at(self, now: datetime) -> datetime | None:
        """Return when the logs ended, where that is too long ago for their silence to be one."""
        newest = max(self.reached.values(), default=None)
        if newest is None or self.behind or self.events:
            return None
        return newest if now - newest > ENDED_AFTER else None

    def silent(self) -> Mapping[Role, datetime]:
        """Return since when no line of a service came while another's log went on beyond it.

        Of several containers of one service the newest line counts.
        """
        ends = {role: self.reaches(role) for role in NEEDED}
        newest = max(filter(None, ends.values()), default=None)
        return {
            role: at for role, at in ends.items() if at and newest and newest - at > ENDED_AFTER
        }

    def reaches(self, role: Role) -> datetime | None:
        """Return when the newest line of a service was written, None where that is not known."""
        if self.behind:
            return None
        names = (name for name, one in self.containers.items() if one is role)
        return max((self.reached[name] for name in names if name in self.reached), default=None)

    def hears(self, role: Role) -> bool:
        """Say whether a log of that role is read: the silence of any other proves nothing."""
        if role in self.silent():
            return False
        return role in self.containers.values() or any(one.role is role for one in self.events)


def log_name(role: Role) -> str:
    """Return what one service's log is called among the sources."""
    return f"{role.value}_log"


def silence(since: datetime) -> str:
    """Return why a silent log proves nothing, as the reason of a source that cannot be read."""
    return f"{_NO_LINE}{since.isoformat()}"


def unread_log(role: Role, since: datetime) -> str:
    """Return the `unreadable` of a sample that needs the log of a service that is silent."""
    return f"{log_name(role)}: {silence(since)}"


def tells_silence(reason: str) -> bool:
    """Say whether a log is missing as no line came, not as it could not be read."""
    return reason == NOT_KEPT or silent_since(reason) is not None


def silent_since(reason: str) -> datetime | None:
    """Return since when a log is silent, by the reason that `silence` gave; None for another."""
    found = _SINCE.search(reason)
    try:
        return datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        return None
