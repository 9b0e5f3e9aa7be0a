"""Sessions of the database that wait for one another; pids and ages only, no query text."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.border.outside import seal


@dataclass(frozen=True, slots=True)
class BlockedSession:
    """A session of the database that waits or is left open; pids and ages only, no query text."""

    pid: int
    state: str
    wait: str
    age_seconds: float
    blocked_by: tuple[int, ...] = ()
    relation: str = ""
    application: str = ""

    def __post_init__(self) -> None:
        seal(self, texts=("state", "wait"), names=("relation", "application"))


def lock_waits(
    sessions: Sequence[BlockedSession], seconds: float
) -> tuple[tuple[BlockedSession, ...], tuple[int, ...]]:
    """Return the sessions that have waited for another for longer, and the pids at the root.

    An open transaction that no session waits for blocks nothing, whoever left it open.
    """
    waiting = tuple(one for one in sessions if one.blocked_by and one.age_seconds > seconds)
    holding = {pid for one in waiting for pid in one.blocked_by}
    roots = holding - {one.pid for one in waiting}
    return waiting, tuple(sorted(roots or holding))
