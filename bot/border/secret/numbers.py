"""Numbers that a word before them makes a secret, whatever signs stand between: `pin (4711)`."""

from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus

from bot.border.language.tokens import Token
from bot.border.language.vocabulary import key_words, pieces
from bot.border.secret.accounts import without_account_numbers
from bot.deferred import Pattern

_SECRETS = key_words("a_secret_itself")
_CODES = key_words("a_code")
_PLAIN_CODES = key_words("a_plain_code")
_ENTERS = key_words("enters_by_a_code")
_MY = frozenset({"the", "your", "my", "din", "min", "a"})
_GRADES = key_words("a_grade")
_GRADE = Pattern("[A-Fa-f][+-]?")
_VERIFIED = frozenset({"verification", "verifiering"})
# What may stand between a secret's word and its number, or between two numbers of a list.
_BETWEEN = key_words("between_numbers")
_ERRORS_OF_SQL = key_words("an_error_of_sql")
_STATUSES = {str(status.value) for status in HTTPStatus}
_BIRTHS = key_words("a_birth")
_WITHIN_DATES = key_words("within_a_date")
LEAST_DIGITS = 4
_SEPARATOR = "|"
_SIGNS_OF_GROUPS = (" ", "-", "–", ".")


def without_secret_numbers(tokens: list[Token], mark: str) -> tuple[list[Token], int]:
    """Return the tokens with such numbers replaced by `mark`, and how many were.

    Behind a birth's word each number and month is one, whatever its length, and behind a grade's
    each letter of the scale. A code may also stand before its word: `4829 is the code`.
    """
    tokens, count = without_account_numbers(tokens, mark)
    found, last = list[Token](), ""
    least: int | None = None
    # An anchor's grade is its teacher's example and nobody's result.
    said = [pieces(token.text) for token in tokens if token.kind == "word"]
    is_anchored = any("anchor" in words for words in said)
    is_entered = any(not _ENTERS.isdisjoint(words) for words in said)
    for place, token in enumerate(tokens):
        if token.kind == "line" or (token.kind == "equals" and last in _CODES and not is_entered):
            least = None
        elif token.kind in ("word", "flag"):
            is_group = least == LEAST_DIGITS and _is_group(tokens, place)
            if is_group or _is_number_of(last, least, token.text, is_anchored=is_anchored):
                token, count = Token("other", mark), count + 1
            elif not is_between(token.text):
                if token.text.lower() in _CODES and last not in _PLAIN_CODES:
                    count += _hides_before(found, mark)
                least, last = _least_of(token.text, last)
        found.append(token)
    return found, count


def _is_group(tokens: list[Token], place: int) -> bool:
    """Say whether a number is one of the groups in which a longer one is written: `993 201`."""
    start = stop = place
    while start > 1 and _parts_groups(tokens, start - 1) and _is_short(tokens[start - 2]):
        start -= 2
    while (
        stop + 2 < len(tokens) and _parts_groups(tokens, stop + 1) and _is_short(tokens[stop + 2])
    ):
        stop += 2
    groups = [token.text for token in tokens[start : stop + 1 : 2]]
    is_list = _STATUSES.issuperset(groups)
    return _is_short(tokens[place]) and sum(map(len, groups)) >= LEAST_DIGITS and not is_list


def _parts_groups(tokens: list[Token], place: int) -> bool:
    return tokens[place].text in _SIGNS_OF_GROUPS


def _is_short(token: Token) -> bool:
    return token.text.isdigit() and len(token.text) <= LEAST_DIGITS


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
        if token.kind == "word" and not (is_between(token.text) or token.text.lower() in _MY):
            return 0
    return 0


@lru_cache(maxsize=16_384)
def is_between(word: str) -> bool:
    """Say whether a word may stand between a secret's word and its number."""
    return _BETWEEN.issuperset(pieces(word))


def _is_told(word: str, least: int, *, is_code: bool = False) -> bool:
    """Say whether a word is a number of so many digits; for a birth also part of a date."""
    if least < LEAST_DIGITS:
        return all(one.isdigit() or one in _WITHIN_DATES for one in pieces(word))
    digits = word.replace("-", "").rstrip(".")
    return digits.isdigit() and len(digits) >= least and not (is_code and digits in _ERRORS_OF_SQL)


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
