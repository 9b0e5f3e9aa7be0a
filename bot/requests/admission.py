"""Turns a typed line into a job, for those who may ask it; and the limits of all jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.errors import DeniedError, LackingError
from bot.ports import (
    Asker,
    Clock,
    CommandContext,
    CommandOptions,
    Deadline,
    Place,
    Request,
    Sources,
    Way,
)
from bot.ports.commands import ANSWER_SECONDS
from bot.registry import SlashCommand
from bot.requests.access import Access
from bot.requests.command_text import read_line
from bot.requests.job import Job


@dataclass(frozen=True, slots=True)
class Limits:
    """How many jobs run at once, how many may wait, and the times in seconds."""

    running: int = 8
    waiting: int = 200
    deadline: float = ANSWER_SECONDS
    progress_after: float = 2.0
    progress_every: float = 4.0
    grace: float = 10.0


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A line that its asker may ask, and that lacks words."""

    place: Place
    typed: str
    command: SlashCommand
    lack: LackingError


@dataclass
class Admission:
    """Who may ask what; what a job needs to run is taken from here."""

    commands: Mapping[str, SlashCommand]
    sources: Sources
    access: Access
    now: Clock
    environment: str = ""
    prefix: str = ""
    options: CommandOptions = field(default_factory=CommandOptions)

    def admit(self, place: Place, typed: str) -> Job | Incomplete:
        """Return the job that a line asks for, or what it lacks.

        Raises DeniedError or UsageError.
        """
        asker = self.access.admit(place)
        line = read_line(typed, self.commands, self.prefix)
        command, shown = line.command, line.text(self.prefix)
        try:
            request = line.request()
        except LackingError as lack:
            _allow(command, lack.verb, asker)
            return Incomplete(place, shown, command, lack)
        _allow(command, request.verb, asker)
        public = place.way is Way.MESSAGE or (is_public(request, asker.public) and not place.home)
        public = public and not (request.verb in command.dialogs and place.trigger_id)
        context = self.context(replace(asker, public=public))
        return Job(place, shown, command, request, context, public)

    def context(self, asker: Asker, seconds: float = ANSWER_SECONDS) -> CommandContext:
        """Return what a command may use; the answer must be complete after `seconds`."""
        return CommandContext(
            sources=self.sources,
            now=self.now,
            asker=asker,
            environment=self.environment,
            deadline=Deadline.after(seconds),
            options=self.options,
        )


def _allow(command: SlashCommand, verb: str, asker: Asker) -> None:
    """Let operators alone use what is theirs. Raises DeniedError."""
    if verb in command.operator_verbs and not asker.operator:
        raise DeniedError(
            f"Only operators may use {command.name} {verb}.",
            hint="Operators are listed in SLACK_OPERATORS.",
        )


def is_public(request: Request, by_place: bool) -> bool:
    """Say whether everybody in the place reads the answer: `--me` and `--here` go first."""
    if "me" in request.options:
        return False
    return by_place or "here" in request.options
