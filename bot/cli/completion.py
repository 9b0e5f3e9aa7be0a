"""What may stand next in a command that is being typed after `batchbot ask`; from the registry."""

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.registry import Command, Usage

# A placeholder may hold spaces: `<text or id>` is one word of a usage.
_PARTS = re.compile(r"<[^>]*>|\[[^\]]*\]|\S+")
Choices = Mapping[str, Sequence[str]]
Found = tuple[str, str]


def complete(
    before: Sequence[str], typed: str, commands: Mapping[str, Command], choices: Choices
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


def _next(words: Sequence[str], commands: Mapping[str, Command], choices: Choices) -> list[Found]:
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


def _after(usage: Usage, words: Sequence[str], choices: Choices) -> Iterator[str]:
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
