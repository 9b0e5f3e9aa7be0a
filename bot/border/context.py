"""Which words may be shown where they stand: what comes before a word can make it data."""

from bot.border.keys import KeyKind, counts, is_known_key, kind_of
from bot.border.shapes import UUID, is_id, is_long_number, is_measure
from bot.border.vocabulary import key_words, pieces
from bot.border.words import is_long_hex, may_show

_SECRET_BEFORE = key_words("before_a_secret")
_TRACE_BEFORE = key_words("before_a_trace")
_PEOPLE = key_words("before_a_name")


def may_stand(word: str, before: list[str]) -> bool:
    """Say whether a word may be shown behind the words `before` it."""
    near = {piece for one in before[-3:] for piece in pieces(one)}
    if is_long_hex(word):
        return bool(near & _TRACE_BEFORE) and not near & _SECRET_BEFORE
    if is_long_number(word):
        return (
            bool(before)
            and len(before[-1].strip("-")) > 1
            and not near & (_SECRET_BEFORE | _PEOPLE)
        )
    if before and _says_who(word) and _leads_to_data(before[-1]):
        return False
    digits = any(c.isdigit() for c in word) and not word.isdigit()
    if near & _SECRET_BEFORE and digits and not UUID.search(word):
        return False
    return may_show(word)


def _says_who(word: str) -> bool:
    """Say whether a word behind a person's mark or a secret's may be theirs: no plain word."""
    return word[:1].isupper() or any(char.isdigit() for char in word)


def _leads_to_data(word: str) -> bool:
    """Say whether what stands behind a word is a person's, or a secret."""
    said = kind_of(word) if is_known_key(word) and not counts(word) else KeyKind.UNKNOWN
    return word.lower() in _PEOPLE or said in (KeyKind.SECRET, KeyKind.PERSONAL)


def is_sign(char: str) -> bool:
    """Say whether a character carries no text: punctuation, or a picture."""
    return (
        char in "!?—–-…+*/\\^~#%$@."
        or "\u2600" <= char <= "\u27bf"
        or ("\U0001f300" <= char <= "\U0001faff")
    )


def is_shape(text: str) -> bool:
    """Say whether a text is one id, number, time, version or address."""
    return is_id(text) or is_measure(text)
