"""The words people type after a slash command, as phones and chat windows really send them."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.deferred import Pattern
from bot.errors import Blank, LackingError, Misspelling, UsageError
from bot.registry import Usage

MAX_CHARS = 3_000
MAX_TOKENS = 60
SHOWN_CHARS = 60
COMMON_FLAGS = ("here", "me", "file")
# A verb and what it is about stand before what a person tells.
TOLD_FROM = 2

_LINK = Pattern(r"<([^<>|]*)(?:\|([^<>]*))?>")
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"))
_LONG_DASH = Pattern(r"(?<!\S)[\u2014\u2015]+\s?(?=\w)")
_MARKS = str.maketrans(dict.fromkeys("`'\"\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb", " "))
_STRAIGHT = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_EDGE = ".,;:!?()[]{}*_~\u2026"
_SPAN = Pattern(r"(\d{1,6})(s|min|m|h|d|w)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def tokens(text: str) -> list[str]:
    """Split a command's text into words, without what chat clients add around them.

    Removes backticks, straight and smart quotes, sentence marks at a word's end, invisible and
    control characters; `<url|label>` becomes its label and `<...>` its inside; a phone's long
    dash before an option becomes `--`. Case is kept: run labels have one. Raises UsageError when
    there is more than a person would type.
    """
    if len(text) > MAX_CHARS:
        raise UsageError(
            f"That is {len(text):,} characters; a command takes at most {MAX_CHARS:,}.",
            hint="Send only the ids or words to look for.",
        )
    plain = _LINK.sub(_link_words, _visible(text)).translate(_HYPHENS).translate(_MARKS)
    words = [word for raw in _LONG_DASH.sub("--", plain).split() if (word := _trim(raw))]
    if len(words) > MAX_TOKENS:
        raise UsageError(f"That is {len(words)} words; a command takes at most {MAX_TOKENS}.")
    return words


def prose(text: str, flags: Sequence[str] = ()) -> list[str]:
    """Return the words of a typed text as they stand, without flags, for what a person tells."""
    plain = _LONG_DASH.sub("--", _LINK.sub(_link_words, _visible(text)).translate(_HYPHENS))
    known = (*flags, *COMMON_FLAGS)
    queue: list[str] = plain.split()
    kept: list[str] = []
    while queue:
        word = queue.pop(0)
        if not _is_option(word, known) or _is_told(kept, queue, known):
            kept.append(word)
    return kept


def searched(text: str, valued: Sequence[str]) -> str:
    """Return what stands behind a command's first word as it was typed, without options.

    A line of a log holds its signs: only the marks around the whole are left out.
    """
    straight = _LINK.sub(_link_words, _visible(text)).translate(_HYPHENS).translate(_STRAIGHT)
    queue, kept = _LONG_DASH.sub("--", straight).split(), []
    while queue:
        word = queue.pop(0)
        name, _, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not name:
            kept.append(word)
        elif queue and not value and choose(name, valued):
            queue.pop(0)
    first = next((place for place, word in enumerate(kept) if _trim(word.translate(_MARKS))), 0)
    whole = " ".join(kept[first + 1 :]).rstrip(f"{_EDGE}`'\" ")
    return whole.lstrip(f"{_EDGE}`'\" ".replace("_", ""))


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that `word` most likely meant, ignoring case, or None."""
    by_fold = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold()[:SHOWN_CHARS], by_fold, n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None


def choose(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that equals `word` when case is ignored (phones write `Status`)."""
    fold = word.casefold()
    return next((choice for choice in choices if choice.casefold() == fold), None)


def split_options(
    words: Sequence[str],
    *,
    valued: Sequence[str] = (),
    flags: Sequence[str] = (),
    usage: Sequence[str] = (),
    tells: bool = False,
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Split words from options: `34 --since 2h` -> (("34",), {"since": "2h"}).

    `valued` options take the next word or `--name=value`, a flag's value is "yes"; `--here`,
    `--me` and `--file` are known everywhere. In what a person `tells`, such as a command line, an
    unknown one is a word, and so is a known one with a word before and behind it. Raises
    UsageError, with the nearest match, for one that is not.
    """
    known = (*valued, *flags, *COMMON_FLAGS)
    rest: list[str] = []
    options: dict[str, str] = {}
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if not word.startswith("--") or len(word) == 2:
            rest.append(word)
            continue
        given, _, value = word[2:].partition("=")
        name = choose(given, known)
        if tells and (name is None or _is_told(rest, queue, known)):
            rest.append(word)
            continue
        if name is None:
            message = f"There is no option --{shown(given)}."
            raise _near(message, usage, given, known, mark="--")
        if name in valued and not value:
            value = queue.pop(0) if queue and not queue[0].startswith("--") else ""
            if not value:
                raise UsageError(f"--{name} needs a value after it.", usage=usage)
        options[name] = value or "yes"
    return tuple(rest), options


def _is_option(word: str, known: Sequence[str]) -> bool:
    return word.startswith("--") and choose(word[2:], known) is not None


def _is_told(before: Sequence[str], behind: Sequence[str], known: Sequence[str]) -> bool:
    """Say whether an option stands within a person's prose, which a verb and its subject begin."""
    return len(before) > TOLD_FROM and not all(_is_option(word, known) for word in behind)


def span(text: str) -> timedelta | None:
    """Return the span that `90s`, `30m`, `2h`, `1h30m`, `3d` or `1w` means, or None."""
    fold = text.casefold()
    parts = list(_SPAN.finditer(fold))
    if not parts or "".join(part.group(0) for part in parts) != fold:
        return None
    seconds = sum(int(part.group(1)) * _SECONDS[part.group(2)] for part in parts)
    return timedelta(seconds=seconds) if 0 < seconds <= 10 * 365 * 86_400 else None


def shown(word: str) -> str:
    """Return a word as it may be repeated to the one who typed it, and short enough."""
    from bot.text.redaction import clip, repeated

    return clip(repeated(word), SHOWN_CHARS)


def usage_lines(name: str, usages: Iterable[Usage]) -> tuple[str, ...]:
    """Return one line a usage: what to type, and what it does."""
    return tuple(f"{f'/{name} {usage.words}'.rstrip()} - {usage.summary}" for usage in usages)


def misuse(
    message: str, name: str, usages: Sequence[Usage], *, word: str = "", choices: Iterable[str] = ()
) -> UsageError:
    """Return the error for words that are off: usage lines, and what `word` may have meant."""
    return _near(message, usage_lines(name, usages), word, choices)


def lacking(
    message: str, name: str, usages: Sequence[Usage], *blanks: Blank, verb: str = ""
) -> LackingError:
    """Return the error for a line that lacks words: a form asks for them where there is one."""
    return LackingError(message, blanks=blanks, usage=usage_lines(name, usages), verb=verb)


def _near(
    message: str, usage: Sequence[str], word: str, choices: Iterable[str], *, mark: str = ""
) -> UsageError:
    close = nearest(word, choices) if word else None
    if close is None:
        return UsageError(message, usage=usage)
    off = Misspelling(f"{mark}{word}", f"{mark}{close}")
    return UsageError(message, usage=usage, hint=f"Did you mean {off.meant}?", misspelling=off)


def _visible(text: str) -> str:
    """Drop format characters (zero-width, direction marks) and turn other controls into spaces."""
    return "".join(
        char
        if (kind := unicodedata.category(char)) not in ("Cf", "Cc", "Cs", "Zl", "Zp")
        else ""
        if kind == "Cf"
        else " "
        for char in text
    )


def _link_words(match: re.Match[str]) -> str:
    target, label = match.group(1), match.group(2)
    if target[:1] in ("@", "#", "!"):
        return target
    return label if label else target


def _trim(word: str) -> str:
    return word.rstrip(_EDGE).lstrip(_EDGE.replace("_", ""))
