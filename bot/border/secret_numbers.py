"""Numbers that a word before them makes a secret, whatever signs stand between: `pin (4711)`."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from bot.border.shapes import UUID, is_id, is_measure
from bot.border.tokens import Token
from bot.border.vocabulary import key_words, pieces
from bot.border.words import is_long_hex

_SECRETS = key_words("a_secret_itself")
_CODES = key_words("a_code")
_MY = frozenset({"the", "your", "my", "din", "min", "a"})
_GRADES = key_words("a_grade")
_GRADE = re.compile("[A-Fa-f][+-]?")
_VERIFIED = frozenset({"verification", "verifiering"})
# What may stand between a secret's word and its number, or between two numbers of a list.
_PLAIN_CODES = key_words("a_plain_code")
_SECRET_IDS = key_words("a_secret_id")
_SIGNATURES = key_words("a_signature")
# What says of an id what it is one of; a key may be the secret itself.
_LABELS = (key_words("ids") | key_words("labels")) - key_words("no_labels")
_LINKS = key_words("paths_of_secrets")
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
_AS = ("word", "space", "word", "space")
LEAST_DIGITS = 4
_SEPARATOR = "|"
_BLANK = Token("space", " ")


def without_secret_numbers(tokens: list[Token], mark: str) -> tuple[list[Token], int]:
    """Return the tokens with such numbers replaced by `mark`, and how many were.

    Behind a birth's word each number and month is one, whatever its length, and behind a grade's
    each letter of the scale. A code may also stand before its word: `4829 is the code`.
    """
    found, count, last = list[Token](), 0, ""
    least: int | None = None
    # An anchor's grade is its teacher's example and nobody's result.
    is_anchored = any("anchor" in pieces(token.text) for token in tokens if token.kind == "word")
    for token in tokens:
        if token.kind == "line" or (token.kind == "equals" and last in _CODES):
            least = None
        elif token.kind in ("word", "flag"):
            if _is_number_of(last, least, token.text, is_anchored=is_anchored):
                token, count = Token("other", mark), count + 1
            elif not _is_between(token.text):
                if token.text.lower() in _CODES and last not in _PLAIN_CODES:
                    count += _hides_before(found, mark)
                least, last = _least_of(token.text, last)
        found.append(token)
    return found, count


def _is_number_of(last: str, least: int | None, word: str, *, is_anchored: bool) -> bool:
    """Say whether a word is the number, date or grade that the last word of names leads to."""
    if last in _GRADES and not is_anchored:
        return _GRADE.fullmatch(word) is not None
    return least is not None and _is_told(word, least, is_code=last in _CODES)


def _hides_before(found: list[Token], mark: str) -> int:
    """Hide the number before a code's word, if only plain words and signs stand between."""
    for place in range(len(found) - 1, -1, -1):
        token = found[place]
        if token.kind == "line":
            return 0
        if token.kind == "word" and _is_told(token.text, LEAST_DIGITS, is_code=True):
            found[place] = Token("other", mark)
            return 1
        if token.kind == "word" and not (_is_between(token.text) or token.text.lower() in _MY):
            return 0
    return 0


def without_secret_ids(tokens: list[Token], mark: str) -> tuple[list[Token], int]:
    """Return the tokens without the ids that are keys and digests that are signatures.

    A line that names a key or a password may tell it anywhere: `… is not a valid API key`. An id
    stays where the word before it says of what it is one.
    """
    found: list[Token] = []
    count = start = 0
    for end in range(len(tokens) + 1):
        if end == len(tokens) or tokens[end].kind == "line":
            line = tokens[start : end + 1]
            shown, hidden = _of_line(line, mark)
            found, count, start = found + shown, count + hidden, end + 1
    return found, count


def _of_line(line: list[Token], mark: str) -> tuple[list[Token], int]:
    named = [pieces(token.text) for token in line if token.kind in ("word", "flag")]
    names_secret = any(map(_names_secret, named, [[], *named]))
    is_signed = any(not _SIGNATURES.isdisjoint(words) for words in named)
    if not names_secret and not is_signed:
        return line, 0
    shown, count, before = list[Token](), 0, ""
    for token in line:
        if token.kind == "word":
            is_theirs = names_secret and UUID.fullmatch(token.text) and not _is_label(before)
            if is_theirs or (is_signed and is_long_hex(token.text)):
                token, count = Token("other", mark), count + 1
            elif not _is_between(token.text):
                before = token.text
        shown.append(token)
    return shown, count


def _names_secret(words: list[str], before: list[str]) -> bool:
    if not _SECRET_IDS.isdisjoint(words):
        return True
    both = pairwise([*before[-1:], *words])
    return any(
        (other in ("key", "code", "codes") and one in _KEYS) or (other == "link" and one in _LINKS)
        for one, other in both
    )


def _is_label(word: str) -> bool:
    return not _LABELS.isdisjoint(pieces(word)[-1:])


def without_secret_words(tokens: list[Token], mark: str) -> tuple[list[Token], int]:
    """Return the tokens without the word that one before them makes a secret: `password queue`.

    Known words are passwords too, so that only the words that speak of a secret may follow one,
    whatever signs stand between. What stands behind `:` and `=` is a key's, and judged as such.
    """
    found: list[Token] = []
    count, before, leads, judges = 0, "", False, False
    for place, token in enumerate(tokens):
        judges = (judges and token.kind != "line") or leads
        is_close = token.kind == "comma" and tokens[place + 1 : place + 2] != [_BLANK]
        if (
            (token.kind in _ENDS and not is_close)
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
    """Hide the word of `'word' as` or `word as`, which a secret's name follows."""
    kinds = tuple(token.kind for token in found[-4:])
    if kinds == _AS and found[-2].text.lower() == "as" and not _may_follow(found[-4].text):
        found[-4] = Token("other", mark)
        return 1
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


def _is_told(word: str, least: int, *, is_code: bool = False) -> bool:
    """Say whether a word is a number of so many digits; for a birth also part of a date."""
    if least < LEAST_DIGITS:
        return all(one.isdigit() or one in _WITHIN_DATES for one in pieces(word))
    digits = word.strip(".-")
    # Five are the code of an error in SQL.
    return digits.isdigit() and len(digits) >= least and (len(digits) != 5 or not is_code)


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
    is_code = last in _CODES and (before, *words)[-2] not in _PLAIN_CODES
    return LEAST_DIGITS if last in _SECRETS or last in _VERIFIED or is_code else None, last


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
