"""What a typed text asks for: the command that it is, else the one that its question means."""

import re
from collections.abc import Iterable, Mapping

from bot.deferred import Pattern
from bot.domain.ids import IdKind, kind_of
from bot.domain.log import Service
from bot.errors import LackingError, UsageError
from bot.ports import Request
from bot.registry import SlashCommand
from bot.requests.command_text import CommandLine, read_line, unwrapped
from bot.text.log_words import services_named

# What people write behind a text to look for, where `--since` is meant.
_TIMED = Pattern(
    r"\b(?:since|after|before|between|until|last|past|sedan|sen|efter|före|innan|mellan|senaste"
    r"|sista) (?:(?:the|kl\.?|klockan) )?(?:\d|half|kvart|hour|day|week|night|timm|dag|dygn|vecka)"
    r"|\b(?:today|yesterday|tonight|i ?dag|i ?går|i ?natt)\W*$"
    r"| \d{1,2}[:.]\d\d ?[-–] ?\d{1,2}[:.]\d\d\W*$",
    re.IGNORECASE,
)
# `batch 57??`: the marks behind an id ask, and are no part of it.
_ASKED = Pattern(r"(?<=[0-9a-f])[?!]+$")


def typed_command(
    text: str,
    commands: Mapping[str, SlashCommand],
    prefix: str = "",
    services: Iterable[Service] = (),
) -> CommandLine | None:
    """Return the command that a text is as it stands, also one that lacks words; else None.

    Text with a slash is a command even where it is wrong: its own words say how it is used. Raises
    UsageError for a slash without a command.
    """
    plain = unwrapped(text)
    if plain.startswith("/"):
        return read_line(plain, commands, prefix)
    plain = _ASKED.sub("", plain)
    try:
        line = read_line(plain, commands, prefix)
        request = line.request()
    except LackingError:
        return read_line(plain, commands, prefix)
    except UsageError:
        return None
    return None if _is_a_sentence(request, services) else line


def _is_a_sentence(request: Request, services: Iterable[Service]) -> bool:
    """Say whether a command that takes any word was given one that names nothing."""
    if request.command == "logs":
        is_known = services_named(request.words[0], services) is not None
        return not is_known or bool(_TIMED.search(request.words[1]))
    bare = request.command == "trace" and kind_of(request.words[0]) is IdKind.LABEL
    return bare and not any(char.isdigit() for char in request.words[0])
