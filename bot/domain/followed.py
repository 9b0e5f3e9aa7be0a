"""What following the logs brought: the events since the last look, and how far they reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.border.outside import outside, seal
from bot.domain.log import LogEvent, Role

# An idle LLM provider writes a line every 5 minutes in every mode, so that whole logs which are
# quiet for longer have ended.
ENDED_AFTER = timedelta(minutes=6)


@dataclass(frozen=True, slots=True)
class Followed:
    """What following the logs brought since the last look: events in arrival order.

    `containers` maps the names followed now to their roles, `lost` counts lines that were dropped
    because they came faster than they could be kept, `missing` maps a container to why it cannot
    be read, `restarted` names containers that started again, or were recreated, since the last
    look. While it is `behind`, what was written before the follow began is still being read: that
    nothing came is then no silence. `newest` is as in LogSearch.
    """

    events: tuple[LogEvent, ...] = ()
    containers: Mapping[str, Role] = field(default_factory=dict)
    lost: int = 0
    unreadable: int = 0
    missing: Mapping[str, str] = field(default_factory=dict)
    restarted: tuple[str, ...] = ()
    behind: bool = False
    newest: datetime | None = None

    def __post_init__(self) -> None:
        named = {outside(container): reason for container, reason in self.missing.items()}
        object.__setattr__(self, "missing", named)
        seal(self, texts=("containers", "restarted"))

    @property
    def is_whole(self) -> bool:
        """Whether every line since the look before was read."""
        return not (self.lost or self.missing)

    def ended_at(self, now: datetime) -> datetime | None:
        """Return when the logs ended, where that is too long ago for their silence to be one."""
        if self.newest is None or self.behind or self.events:
            return None
        return self.newest if now - self.newest > ENDED_AFTER else None

    def hears(self, role: Role) -> bool:
        """Say whether a log of that role is followed: the silence of any other proves nothing."""
        return role in self.containers.values() or any(one.role is role for one in self.events)
