"""What a command is given: its sources, who asked, the clock and the bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from bot.ports.deadline import Deadline

if TYPE_CHECKING:
    from bot.domain.evidence import Missing
    from bot.domain.log import Service
    from bot.domain.words import Text
    from bot.ports.memory import BotMemory
    from bot.ports.sources import (
        CallbackTopic,
        CjDatabase,
        ContainerSource,
        LlmQueue,
        LogSource,
        RunnerSource,
        ServiceProbe,
    )

ANSWER_SECONDS = 30.0

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of one environment; None means not configured.

    A source may also be a Missing: it is configured and could not even be built (wrong address).
    """

    database: CjDatabase | Missing | None = None
    logs: LogSource | Missing | None = None
    queue: LlmQueue | Missing | None = None
    callbacks: CallbackTopic | Missing | None = None
    memory: BotMemory | Missing | None = None
    runners: RunnerSource | Missing | None = None
    containers: ContainerSource | Missing | None = None
    probe: ServiceProbe | Missing | None = None


Progress = Callable[[str], None]


def no_progress(_: str) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, where; `operator` may change things, `public`: everybody there may read it."""

    user: str
    channel: str
    operator: bool = False
    public: bool = False
    thread_ts: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that could fill in what a command lacks: the word, and how people know it."""

    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """The settings that commands read, and `names`: users and channels in words, by Slack id.

    `opens_after` is how long nothing may move in the queue until the alert opens: answers agree.
    """

    queue_prefix: str = ""
    queue_prefixes: tuple[str, ...] = ()
    runner_stop: bool = False
    queue_repair: bool = False
    opens_after: timedelta = timedelta(minutes=5)
    services: tuple[Service, ...] = ()
    zone: tzinfo = UTC
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What a command may use while it runs; the same for Slack and for the terminal."""

    sources: Sources
    now: Clock
    asker: Asker
    environment: str = ""
    deadline: Deadline = field(default_factory=lambda: Deadline.after(ANSWER_SECONDS))
    progress: Progress = no_progress
    options: CommandOptions = field(default_factory=CommandOptions)


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed command: the subcommand's name, its ids and words in order, and its options."""

    command: str
    verb: str
    words: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
