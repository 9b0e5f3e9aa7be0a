"""Which command a typed line means, the same from a slash command, mention, button or terminal."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bot.deferred import Pattern
from bot.errors import UsageError
from bot.ports import Request
from bot.registry import SlashCommand, Usage
from bot.text.redaction import repeated

HELP = "help"
MAX_IDS = 5
_BOT_MENTION = Pattern(r"^\s*(?:(?:<@[A-Z0-9]+(?:\|[^>]*)?>|@batchbot\b)[\s,:]*)+", re.I)
_EDGES = "/`'\"\u2018\u2019\u201c\u201d.,:;!?\u200b\u00a0*_~()\uff1f"
_QUOTED = Pattern(r"^(?:(?:&gt;|>)\s*|(?:[-•*]|\d{1,2}[.)])\s+)+")
_WRAPPED = Pattern(
    r"^(?:([*_~]|`{1,3})((?:(?!\1).)+)\1|\((?P<inside>[^()]+)\))(?P<marks>[?!.,;:\s]*)$", re.DOTALL
)
_MOST_WRAPPINGS = 4
_MARKS = "?!.,;:"
# As keyboards of wide scripts write Latin signs and digits.
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
# Nobody types a longer line; one that was pasted is read from its beginning.
MOST_TYPED = 4_096
_UUID = Pattern(
    r"(?<![0-9a-fA-F-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F-])"
)
_BATCH = Pattern(r"\bbatch(?:[ _]?id)?[\s:=#]{1,3}(\d{1,9})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A typed line: the command that it begins with, and the words after it."""

    command: SlashCommand
    words: str

    def request(self) -> Request:
        """Return the words understood. Raises UsageError, and LackingError when some lack.

        Of all ways to call the command the error names those of what was asked for.
        """
        try:
            return self.command.parse(self.words)
        except UsageError as error:
            if self.offers_meant(error):
                raise
            if meant := _meant(self.command, self.words):
                error.usage = tuple(_usage_line(self.command.name, one) for one in meant)
                error.hint = f"{error.hint} Such as {meant[0].example}".strip()
            raise

    def offers_meant(self, error: UsageError) -> bool:
        """Have an error offer the line that was meant, where one word of this one is off."""
        off = error.misspelling
        if off is None:
            return False
        word = Pattern(rf"(?<![\w-]){re.escape(off.typed)}(?![\w-])")
        line = CommandLine(self.command, word.sub(lambda _: off.meant, self.words, count=1))
        if not _is_understood(line):
            return False
        error.offers = (line.text(),)
        usages = _meant(line.command, line.words)
        error.usage = tuple(_usage_line(self.command.name, one) for one in usages)
        return True

    def text(self, prefix: str = "") -> str:
        """Return it as it is typed in Slack, wherever it came from."""
        return f"/{prefix}{self.command.name} {' '.join(self.words.split())}".strip()


def read_line(text: str, commands: Mapping[str, SlashCommand], prefix: str = "") -> CommandLine:
    """Return the command that `text` begins with and the words after it.

    Mentions of the bot, a slash, the workspace's command prefix, quotes and capitals do not
    matter. Nothing at all means help. Raises UsageError that names the nearest command.
    """
    first, rest = (*unwrapped(text).split(maxsplit=1), "", "")[:2]
    name = first.strip(_EDGES).casefold()
    if prefix and name.startswith(prefix.casefold()):
        name = name[len(prefix) :]
    if not name and HELP in commands:
        return CommandLine(commands[HELP], rest)
    if name in commands:
        return CommandLine(commands[name], rest.strip())
    raise _unknown(name, rest.strip(), commands, prefix)


def unwrapped(text: str) -> str:
    """Return a line without what it was pasted in: a mention, a quotation, bold, a lone mark."""
    typed = text[:MOST_TYPED].translate(_WIDE)
    plain = _QUOTED.sub("", _BOT_MENTION.sub("", typed).strip())
    plain = _BOT_MENTION.sub("", plain).strip()
    for _ in range(_MOST_WRAPPINGS):
        if (inner := _WRAPPED.match(plain)) is None:
            break
        plain = f"{inner[2] or inner['inside']}{inner['marks']}".strip()
    return _without_lone_marks(plain).strip()


def _without_lone_marks(text: str) -> str:
    """Return a text without the marks that stand alone at its end, such as a lone `?`."""
    end = len(text)
    while True:
        mark = end
        while mark and text[mark - 1] in _MARKS:
            mark -= 1
        if mark in (0, end) or not text[mark - 1].isspace():
            return text[:end]
        end = len(text[:mark].rstrip())


def traces_in(message: Any) -> list[str]:
    """Return the commands that look up what a message mentions: uuids first, then batches.

    `message` is a Slack message as JSON; its text, blocks, attachments and buttons are searched.
    """
    texts = list(_texts(message))
    ids = dict.fromkeys(str(UUID(found)) for text in texts for found in _UUID.findall(text))
    batches = dict.fromkeys(found for text in texts for found in _BATCH.findall(text))
    lookups = [f"/trace {id}" for id in ids] + [f"/batch status {number}" for number in batches]
    return lookups[:MAX_IDS]


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if depth > 12:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in ("token", "response_url", "client_msg_id", "metadata"):
                yield from _texts(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, depth + 1)


def _meant(command: SlashCommand, words: str) -> list[Usage]:
    """Return the usages of the verb that was typed, or those without a verb; [] for neither."""
    typed = words.split(maxsplit=1)
    begins = [(usage.words.split(" ", 1)[0], usage) for usage in command.usages]
    verb = typed[0].strip(_EDGES).casefold() if typed else ""
    named = [usage for first, usage in begins if first == verb and verb]
    meant = named or [usage for first, usage in begins if first.startswith("<")]
    options = [word.partition("=")[0] for word in words.split() if word.startswith("--")]
    return sorted(meant, key=lambda usage: -sum(one in usage.words for one in options))


def _usage_line(name: str, usage: Usage) -> str:
    return f"/{name} {usage.words} - {usage.summary}"


def _is_understood(line: CommandLine) -> bool:
    try:
        line.command.parse(line.words)
    except UsageError:
        return False
    return True


def _mended(line: CommandLine) -> CommandLine | None:
    """Return a line as it is understood, one word of it put right if need be; None for another."""
    try:
        line.request()
    except UsageError as error:
        meant = (one.partition(" ")[2] for one in error.offers)
        return next((CommandLine(line.command, words) for words in meant), None)
    return line


def _unknown(name: str, rest: str, commands: Mapping[str, SlashCommand], prefix: str) -> UsageError:
    shown = name[:40]
    close = difflib.get_close_matches(shown, commands, n=1, cutoff=0.5)
    meant = _mended(CommandLine(commands[close[0]], rest)) if close else None
    named = meant.text() if meant else f"/{prefix}{close[0]}" if close else ""
    lines = [f"/{prefix}{command.name} - {command.summary}" for command in commands.values()]
    return UsageError(
        f"There is no command /{repeated(shown)}." if shown else "Which command?",
        usage=lines,
        hint=f"Did you mean {named}?" if named else f"/{prefix}help shows all with examples.",
        offers=(named,) if meant else (),
    )
