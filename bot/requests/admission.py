"""A question that was admitted and understood, and the bounds within which it is answered."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.errors import BatchbotError, DeniedError, LackingError
from bot.ports import (
    Asker,
    Clock,
    CommandContext,
    CommandOptions,
    Deadline,
    Place,
    Request,
    Sources,
)
from bot.ports.commands import ANSWER_SECONDS
from bot.registry import Command
from bot.requests.access import Access
from bot.requests.command_text import read_phrase


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much work is done at once, how much may wait, and the times in seconds."""

    running: int = 8
    waiting: int = 200
    deadline: float = ANSWER_SECONDS
    progress_after: float = 2.0
    progress_every: float = 4.0
    grace: float = 10.0


@dataclass(frozen=True, slots=True)
class Order:
    """A question that was admitted and understood; `typed` is it as a slash command."""

    place: Place
    typed: str
    command: Command
    request: Request
    context: CommandContext
    public: bool


@dataclass
class Progress:
    """What a running command last said of itself."""

    began: float
    note: str = ""

    def __call__(self, note: str) -> None:
        """Take a note from the command."""
        self.note = note

    def told(self, now: float) -> str:
        """Return the note with the time that has gone by."""
        return f"{self.note + ', ' if self.note else ''}{int(now - self.began)} s"


@dataclass
class Counter:
    """Turns what was typed into an order, for those who may ask it."""

    commands: Mapping[str, Command]
    sources: Sources
    access: Access
    now: Clock
    environment: str = ""
    prefix: str = ""
    options: CommandOptions = field(default_factory=CommandOptions)

    def read(self, typed: str) -> tuple[Command, str]:
        """Return the command that a line begins with, and its words. Raises UsageError."""
        return read_phrase(typed, self.commands, self.prefix)

    def line(self, command: Command, words: str) -> str:
        """Return a question as it is typed, whichever door it came through."""
        return f"/{self.prefix}{command.name} {words}".strip()

    def take(self, place: Place, typed: str, *, closing: bool = False) -> Order:
        """Return the order. Raises DeniedError, UsageError or LackingError; nothing is taken
        while the bot is `closing`.
        """
        if closing:
            raise BatchbotError("I am being restarted.", hint="Ask again in a minute.")
        asker = self.access.admit(place)
        command, words = self.read(typed)
        try:
            request = command.parse(words)
        except LackingError as lack:
            _allow(command, lack.verb, asker)
            raise
        _allow(command, request.verb, asker)
        public = is_public(request, asker.public) and not place.home
        context = self.context(replace(asker, public=public))
        return Order(place, self.line(command, words), command, request, context, public)

    def context(self, asker: Asker, seconds: float = ANSWER_SECONDS) -> CommandContext:
        """Return what a command may use; the answer must be complete after `seconds`."""
        return CommandContext(
            sources=self.sources,
            now=self.now,
            asker=asker,
            environment=self.environment,
            deadline=Deadline.after(seconds),
            progress=Progress(time.monotonic()),
            options=self.options,
        )


def _allow(command: Command, verb: str, asker: Asker) -> None:
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
