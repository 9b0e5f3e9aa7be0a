"""Puts a plain question to the reader, with what its thread is about where that matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from bot.errors import UnreadError, UsageError
from bot.ports import Place, ReplySender, Way
from bot.registry import SlashCommand
from bot.requests.admission import Admission
from bot.requests.command_text import read_line, unwrapped
from bot.requests.questions.line import typed_command
from bot.requests.questions.reading import ORDERS
from bot.text.redaction import redact

if TYPE_CHECKING:
    from bot.requests.questions.reading import Reading

# How alike a word and a command must be: `retry` is no misspelt `runner`.
MISSPELT = 0.75
MOST_OFFERS = 3


@dataclass(frozen=True, slots=True)
class MeantLine:
    """A command line, whether it was read from a plain question, and what it leaves out of it."""

    typed: str
    is_read: bool = False
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Questions:
    """Reads what people write to the bot; slash commands and buttons are commands already."""

    admission: Admission
    sender: ReplySender

    async def meant(self, place: Place, typed: str) -> MeantLine:
        """Return the line that is meant. Raises DeniedError, and UnreadError with three offers."""
        if place.way not in (Way.MENTION, Way.MESSAGE):
            return MeantLine(typed)
        admission, options = self.admission, self.admission.options
        admission.access.admit(place)
        if typed_command(typed, admission.commands, admission.prefix, options.services):
            return MeantLine(typed)
        if misuse := misspelt_change(typed, admission.commands, admission.prefix):
            raise misuse
        from bot.requests.questions.reader import needs_subject, read_question

        has_thread = bool(place.thread_ts) and not place.quiet_thread
        asks = has_thread and needs_subject(typed, options.services, admission.now())
        subject = await self.sender.subject(place) if asks else ""
        reading = read_question(
            typed,
            subject=subject,
            services=options.services,
            now=admission.now(),
            zone=options.zone,
        )
        if reading.line:
            return MeantLine(f"/{admission.prefix}{reading.line[1:]}", True, reading.left_out)
        raise unread(reading, misuse_of(typed, admission.commands, admission.prefix))


def misspelt_change(
    typed: str, commands: Mapping[str, SlashCommand], prefix: str = ""
) -> UsageError | None:
    """Return what is wrong with a command whose misspelt verb would change something.

    Reading it as a question would answer with something else, as if that had been asked for.
    """
    try:
        line = read_line(typed, commands, prefix)
    except UsageError:
        return None
    try:
        line.request()
    except UsageError as error:
        off = error.misspelling
        return error if off and off.meant in line.command.changes else None
    return None


def misuse_of(
    typed: str, commands: Mapping[str, SlashCommand], prefix: str = ""
) -> UsageError | None:
    """Return what is wrong with a line that begins with a command's name, or nearly with one."""
    try:
        line = read_line(typed, commands, prefix)
    except UsageError as error:
        return error if is_misspelt(typed, commands, prefix) else None
    try:
        line.request()
    except UsageError as error:
        # `batch 34 35 – same cause?` names batches, and no verb of the command.
        return None if _begins_with_ids(line.words) else error
    return None


def _begins_with_ids(words: str) -> bool:
    first = words.split()[:2]
    return len(first) > 1 and all(one.strip("#,.?").isdecimal() for one in first)


def is_misspelt(text: str, commands: Mapping[str, SlashCommand], prefix: str = "") -> bool:
    """Say whether a text begins with a misspelt command, and not with a word of its own."""
    first = (unwrapped(text).casefold().split(maxsplit=1) or [""])[0].lstrip("/")
    known = [f"{prefix}{name}" for name in commands] + list(commands)
    return bool(get_close_matches(first, known, n=1, cutoff=MISSPELT))


def unread(reading: Reading, misuse: UsageError | None = None) -> UnreadError:
    """Return the answer to what could not be read: what is not understood, and three commands."""
    to_type = (
        f" To change something, type the command: {reading.to_type}." if reading.to_type else ""
    )
    if misuse is not None and reading.problem != ORDERS:
        offers = dict.fromkeys((*misuse.offers, *reading.offers))
        return UnreadError(
            misuse.message,
            offers=tuple(offers)[:MOST_OFFERS],
            hint=misuse.hint + to_type,
            usage=misuse.usage,
        )
    if reading.problem.endswith("."):
        seen = f" I read {reading.understood} in it." if reading.understood else ""
        problem = f"{reading.problem}{seen}"
    else:
        seen = f"I understood {reading.understood}, but not" if reading.understood else ""
        problem = f"{seen or 'I did not understand'} {reading.problem}."
    return UnreadError(
        f"{problem} Nothing was run.",
        offers=reading.offers,
        hint=f"Ask like: why is batch 34 stuck?{to_type}",
    )


def subject_of(line: str) -> str:
    """Return what an answer is about, as a later question in its thread may leave it out.

    It is kept in the answer's message, so it holds nothing that not everybody may read.
    """
    subject = _subject_of(line.lstrip("/").split())
    return subject if redact(subject) == subject else ""


def _subject_of(words: list[str]) -> str:
    match words:
        case ["batch", "status" | "investigate" | "bundle", id, *_]:
            return f"batch {id}"
        case ["batch", id] if any(char.isdigit() for char in id):
            return f"batch {id}"
        case ["trace", id, *_]:
            return f"trace {id}"
        case ["queue", *_]:
            return "queue"
        case _:
            return ""
