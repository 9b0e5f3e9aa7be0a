"""Numbers that a word before them makes a secret, whatever signs stand between: `pin (4711)`."""

from collections.abc import Iterator
from functools import lru_cache

from bot.border.shapes import is_id, is_measure
from bot.border.tokens import Token
from bot.border.vocabulary import key_words, pieces

_SECRETS = key_words("a_secret_itself")
_CODES = key_words("a_code")
_OF_A_CODE = key_words("before_a_code")
# What may stand between a secret's word and its number, or between two numbers of a list.
_BETWEEN = key_words("between_numbers")
_BIRTHS = key_words("a_birth")
_WITHIN_DATES = key_words("within_a_date")
# Words that lead to a secret in plain words, and those that may follow one and are none.
_LEADS = key_words("before_a_secret_word")
_KEYS = key_words("before_a_secret_key")
_FOLLOWS = key_words("after_a_secret")
# What is said of a secret before it is named: `api key provided: …`.
_VERDICTS = key_words("verdicts_on_a_secret")
_ON_THE_WAY = _BETWEEN | key_words("on_the_way_to_a_secret")
_ENDS = frozenset({"comma", "line", "colon", "equals"})
_QUOTED_AS = ("quote", "word", "quote", "space", "word", "space")
LEAST_DIGITS = 4
_SEPARATOR = "|"


def without_secret_numbers(tokens: list[Token], mark: str) -> tuple[list[Token], int]:
    """Return the tokens with such numbers replaced by `mark`, and how many were.

    Behind a birth's word each number and month is one, whatever its length.
    """
    found, count, last = [], 0, ""
    least: int | None = None
    for token in tokens:
        if token.kind == "line":
            least = None
        elif token.kind in ("word", "flag"):
            if least is not None and _is_told(token.text, least):
                token, count = Token("other", mark), count + 1
            elif not _is_between(token.text):
                least, last = _least_of(token.text, last)
        found.append(token)
    return found, count


def without_secret_words(tokens: list[Token], mark: str) -> tuple[list[Token], int]:
    """Return the tokens without the word that one before them makes a secret: `password queue`.

    Known words are passwords too, so that only the words that speak of a secret may follow one,
    whatever signs stand between. What stands behind `:` and `=` is a key's, and judged as such.
    """
    found: list[Token] = []
    count, before, leads, judges = 0, "", False, False
    for token in tokens:
        judges = (judges and token.kind != "line") or leads
        if (
            token.kind in _ENDS
            or token.text == mark
            or (token.kind == "close" and token.text != ">")
        ):
            leads = False
        elif token.kind == "word":
            is_told = (leads and not _may_follow(token.text)) or (judges and is_id(token.text))
            is_led = _is_on_the_way(token.text)
            judges = judges and (is_led or token.text.lower() in _VERDICTS)
            if is_told and not is_led:
                token, count = Token("other", mark), count + 1
            leads = leads and is_led
            if _leads_on(token.text, before):
                leads = True
                count += _hides_quoted(found, mark)
            before = token.text
        found.append(token)
    return found, count


def _hides_quoted(found: list[Token], mark: str) -> int:
    """Hide the word of `'word' as`, which a secret's name follows."""
    if tuple(token.kind for token in found[-6:]) != _QUOTED_AS or found[-2].text.lower() != "as":
        return 0
    found[-5] = Token("other", mark)
    return 1


@lru_cache(maxsize=16_384)
def _is_on_the_way(word: str) -> bool:
    return _ON_THE_WAY.issuperset(pieces(word))


@lru_cache(maxsize=16_384)
def _may_follow(word: str) -> bool:
    return is_measure(word) or not _FOLLOWS.isdisjoint(pieces(word)[:1])


def _leads_on(word: str, before: str) -> bool:
    """Say whether a plain word behind this one may be a secret."""
    words = (*pieces(before)[-1:], *pieces(word))
    if word == "AUTH" or [one.lower() for one in (before, word)] == ["identified", "by"]:
        return True
    return words[-1:] != () and (
        words[-1] in _LEADS or (words[-1] == "key" and words[-2:-1] != () and words[-2] in _KEYS)
    )


@lru_cache(maxsize=16_384)
def _is_between(word: str) -> bool:
    return _BETWEEN.issuperset(pieces(word))


def _is_told(word: str, least: int) -> bool:
    """Say whether a word is a number of so many digits; for a birth also part of a date."""
    if least < LEAST_DIGITS:
        return all(one.isdigit() or one in _WITHIN_DATES for one in pieces(word))
    digits = word.strip(".-")
    return digits.isdigit() and len(digits) >= least


@lru_cache(maxsize=16_384)
def _least_of(word: str, before: str) -> tuple[int | None, str]:
    """Return from how many digits on a number behind a word is a secret, and its last piece.

    None says that no number is. A code's own word says so together with its kind, which stands
    in it or before it.
    """
    words = pieces(word)
    last = words[-1]
    if last in _BIRTHS:
        return 1, last
    is_code = last in _CODES and (before, *words)[-2] in _OF_A_CODE
    return LEAST_DIGITS if last in _SECRETS or is_code else None, last


def without_secret_columns(text: str, mark: str) -> str:
    """Return `text` with the rows of each table left out whose head names a secret's column."""
    if f" {_SEPARATOR} " not in text or "\n" not in text:
        return text
    return "\n".join(_rows(text.split("\n"), mark))


def _rows(lines: list[str], mark: str) -> Iterator[str]:
    is_secret = False
    for line in lines:
        if _SEPARATOR not in line and "+" not in line:
            is_secret = False
        elif not is_secret:
            cells = [pieces(cell) for cell in line.split(_SEPARATOR)]
            is_secret = len(cells) > 1 and any(
                len(words) <= 2 and words and words[-1] in _SECRETS for words in cells
            )
        elif _SEPARATOR in line:
            line = mark
        yield line
