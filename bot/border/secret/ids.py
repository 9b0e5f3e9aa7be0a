"""Ids that are keys, and digests that are signatures, by what their line names."""

from itertools import pairwise

from bot.border.language.tokens import Token
from bot.border.language.vocabulary import key_words, pieces
from bot.border.secret.numbers import is_between
from bot.border.shapes import UUID
from bot.border.words import is_long_hex

_SECRET_IDS = key_words("a_secret_id")
_SIGNATURES = key_words("a_signature")
# What says of an id what it is one of; a key may be the secret itself.
_LABELS = (key_words("ids") | key_words("labels")) - key_words("no_labels")
_BARE_KEYS = frozenset({"key", "nyckel", "nyckeln"})
# What says of a key that it opens nothing: a primary one, a cache's.
_OTHER_KEYS = key_words("counted") | key_words("named") | key_words("ids")
_LINKS = key_words("paths_of_secrets")
_KEYS = key_words("before_a_secret_key")


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
    shown, count, before = list[Token](), 0, ""
    for place, token in enumerate(line):
        if token.kind == "word":
            is_theirs = UUID.fullmatch(token.text) and (
                _follows_key(line, place) or (names_secret and not _is_label(before))
            )
            if is_theirs or (is_signed and is_long_hex(token.text)):
                token, count = Token("other", mark), count + 1
            elif not is_between(token.text):
                before = token.text
        shown.append(token)
    return shown, count


def _follows_key(line: list[Token], place: int) -> bool:
    """Say whether an id follows the word "key" and nothing says of what kind that is."""
    words = [token.text.lower() for token in line[max(0, place - 4) : place : 2]]
    is_next = [token.kind for token in line[max(0, place - 2) : place]] == ["word", "space"]
    if not is_next or words[-1] not in _BARE_KEYS:
        return False
    return len(words) < 2 or _OTHER_KEYS.isdisjoint(pieces(words[-2]))


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
