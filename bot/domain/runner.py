"""A runner of the ENG5 experiment as it exists now: a container or a process of this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.border.outside import seal

SHORT_ID = 12


class RunnerKind(StrEnum):
    """Where a runner lives."""

    CONTAINER = "container"
    PROCESS = "process"


@dataclass(frozen=True, slots=True)
class Runner:
    """One runner. `id` is a container's whole id or `p<pid>`; `options` are the allow-listed
    options of its command line by name (`mode`, `batch-id`, `completion-timeout`, ...), never
    the whole line; `running` is False for a container that ended and was not removed.
    """

    id: str
    kind: RunnerKind
    name: str
    started_at: datetime | None = None
    running: bool = True
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        seal(self, texts=("name", "options"))

    @property
    def short_id(self) -> str:
        """The id as people read it; only the whole one stops a runner."""
        return self.id[:SHORT_ID]

    @property
    def started(self) -> str:
        """When it started, as whole seconds since 1970; a number may name another process later."""
        return str(int(self.started_at.timestamp())) if self.started_at else "unknown"


@dataclass(frozen=True, slots=True)
class RunnerListing:
    """The runners found, newest first, and which place could not be looked at, with the reason.

    `looked_at` names in words where they were looked for: containers, whose processes.
    """

    runners: tuple[Runner, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    looked_at: tuple[str, ...] = ()
