"""How the words after `batchbot ask` are read and completed: --watch, and what may stand next.

What may stand next comes from the usages of the registry.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from bot.registry import SlashCommand, Usage

WATCH = "--watch"
WATCH_SECONDS = 5.0
# Parameters that are texts already.
TEXTS = ("words",)
# A placeholder may hold spaces: `<text or id>` is one word of a usage.
_PARTS = re.compile(r"<[^>]*>|\[[^\]]*\]|\S+")
Choices = Mapping[str, Iterable[str]]
Found = tuple[str, str]


class QuickGroup(TyperGroup):
    """The command line itself: what is not given needs no library to be read."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, those that typer adds as well."""
        return _quick(super().get_params(ctx))


class AskCommand(TyperCommand):
    """`ask`: its words may look like options, and --watch may stand without its seconds."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, those that typer adds as well."""
        return _quick(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, with the seconds filled in behind a bare --watch."""
        return super().parse_args(ctx, list(with_seconds(args)))

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete the options of `ask`, then those of the command that is being typed."""
        own = super().shell_complete(ctx, incomplete)
        words = [param for param in self.params if param.name == "words"]
        return [*own, *(item for param in words for item in param.shell_complete(ctx, incomplete))]


def _quick(params: list[Any]) -> list[Any]:
    """Let each parameter take what needs no conversion as it is; the rest goes typer's way.

    Typer converts every value by pydantic, which takes longer to import than to complete a word.
    """
    for param in params:
        if not isinstance(param.process_value, partial):
            param.process_value = partial(_taken, param, param.process_value)
    return params


def _taken(param: Any, convert: Callable[[Any, Any], Any], ctx: Any, given: Any) -> Any:
    if param.name in TEXTS and (given or ctx.resilient_parsing):
        return list(given or ())
    is_many = param.nargs == -1 or param.multiple
    if param.required or is_many or not (given is None or isinstance(given, Enum)):
        return convert(ctx, given)
    return param.callback(ctx, param, given) if param.callback else given


def with_seconds(args: Iterable[str]) -> Iterator[str]:
    """Yield the arguments, with a number behind each --watch that has none."""
    is_open = False
    for word in args:
        if is_open and not _is_number(word):
            yield f"{WATCH_SECONDS:g}"
        is_open = word == WATCH
        yield word
    if is_open:
        yield f"{WATCH_SECONDS:g}"


def next_words(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return what may stand next in the command that is being typed, for the shell."""
    from bot.registry import commands

    choices = {"<service>": _Services()}
    return complete(list(ctx.params.get("words") or ()), incomplete, commands(), choices)


class _Services:
    """The words that name a service, which few lines need."""

    def __iter__(self) -> Iterator[str]:
        from bot.settings.services import HULEEDU_SERVICES
        from bot.text.log_words import service_words

        return iter(service_words(HULEEDU_SERVICES))


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def complete(
    before: Sequence[str], typed: str, commands: Mapping[str, "SlashCommand"], choices: Choices
) -> list[Found]:
    """Return what `typed` may become, each with a word on it, after the words `before`.

    `choices` maps a placeholder of the usages, such as `<service>`, to what may stand for it.
    Inside one quoted word everything up to its last space is kept.
    """
    head, space, last = typed.rpartition(" ")
    words = [word for word in " ".join([*before, head]).split() if word]
    found = _next(words, commands, choices)
    kept = head + space
    return [(kept + word, told) for word, told in found if word.startswith(last)]


def _next(
    words: Sequence[str], commands: Mapping[str, "SlashCommand"], choices: Choices
) -> list[Found]:
    if not words:
        return [(f"/{name}", command.summary) for name, command in commands.items()]
    command = commands.get(words[0].lstrip("/"))
    if command is None:
        return []
    named = {**choices, "<command>": tuple(commands)}
    found: dict[str, str] = {}
    for usage in command.usages:
        for word in _after(usage, words[1:], named):
            if word not in words[1:]:
                found.setdefault(word, usage.summary)
    return list(found.items())


def _after(usage: "Usage", words: Sequence[str], choices: Choices) -> Iterator[str]:
    """Yield what one usage has next: the next place's words, then the options still to come."""
    places, options = _places(usage.words)
    if words and words[-1] in options:
        yield from filter(None, [options[words[-1]]])
        return
    given = list(_without_options(words, options))
    if len(given) > len(places):
        return
    if not all(_fits(place, word) for place, word in zip(places, given, strict=False)):
        return
    if len(given) < len(places):
        yield from _meant(places[len(given)], choices)
    if given or not places:
        yield from options


def _places(text: str) -> tuple[list[str], dict[str, str]]:
    """Split a usage into its places in order, and its options with an example of their value."""
    places: list[str] = []
    options: dict[str, str] = {}
    open_option = ""
    for part in _PARTS.findall(text):
        bare = part.strip("[]")
        if bare.startswith("--"):
            open_option, _, value = bare.partition(" ")
            options[open_option] = value
        elif open_option and not part.startswith(("<", "[")):
            options[open_option], open_option = part, ""
        else:
            places.append(part)
            open_option = ""
    return places, options


def _without_options(words: Sequence[str], options: Mapping[str, str]) -> Iterator[str]:
    is_value = False
    for word in words:
        if word.startswith("--"):
            is_value = bool(options.get(word))
        elif is_value:
            is_value = False
        else:
            yield word


def _fits(place: str, word: str) -> bool:
    if place.startswith(("<", "[")):
        return True
    literal, variable, _ = place.partition("<")
    return word.startswith(literal) if variable else word == literal


def _meant(place: str, choices: Choices) -> Iterator[str]:
    if place in choices:
        yield from choices[place]
    elif place.startswith("[") and "|" in place:
        yield from place.strip("[]").split("|")
    elif not place.startswith(("<", "[")):
        yield place.partition("<")[0]
