"""Which fields of a log's line are shown behind it: ids, counts and states, each in one word."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.border.keys import KeyKind, counts, is_known_key, kind_of, names_an_id
from bot.border.language.vocabulary import key_words, pieces
from bot.border.outside import raw
from bot.border.passing import let_out
from bot.border.phrases import MARK

DEEPEST, MOST_FIELDS, MOST_VALUE_CHARS = 3, 200, 160
_TOLD = key_words("told")


def flat(fields: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of nested fields; what is nested deeper than DEEPEST is one value."""
    for key, value in fields.items():
        path = f"{prefix}.{raw(str(key))}" if prefix else raw(str(key))
        if isinstance(value, Mapping) and depth < DEEPEST:
            yield from flat(value, path, depth + 1)
        else:
            yield path, value


def told(key: str, value: object) -> str | None:
    """Return a field's value where it may be shown behind its key, or None.

    The key is one of ids, counts or states, the value one word, and the border replaces nothing
    of both.
    """
    is_count = type(value) in (int, float) and counts(key)
    if not is_known_key(key) or not (is_count or kind_of(key) is KeyKind.KNOWN):
        return None
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return _behind(key, str(value), quote="")
    if not isinstance(value, str) or not (names_an_id(key) or counts(key) or _is_state(key)):
        return None
    word = raw(value)
    if not word or len(word) > MOST_VALUE_CHARS or word.strip() != word or len(word.split()) != 1:
        return None
    return _behind(key, word, quote='"')


def _is_state(key: str) -> bool:
    words = [word for word in pieces(key) if not word.isdigit()]
    return bool(words) and words[-1] in _TOLD


def _behind(key: str, word: str, *, quote: str) -> str | None:
    """Return the word where the border lets it out behind its key as it is."""
    line = f'{{"{key}": {quote}{word}{quote}}}'
    return word if MARK not in word and let_out(line, len(line)).text == line else None
