"""Known words that together are a person's name: `Grant Page`."""

from bot.border.context import is_called
from bot.border.language.tokens import Token
from bot.border.language.vocabulary import key_words
from bot.border.words import NAMES, ONLY_NAMES, may_show

_FIRST_NAMES = key_words("first_name")


def without_full_names(tokens: list[Token], mark: str) -> tuple[list[Token], int]:
    """Return the tokens without first names and surnames in a row, whatever sign follows them."""
    found, count = list(tokens), 0
    for place in range(len(tokens) - 2):
        one, blank, other = tokens[place : place + 3]
        if blank.text == " " and _is_name(one.text.rstrip("."), other.text.rstrip(".-")):
            for at in (place, place + 2):
                count += found[at].text != mark
                found[at] = Token("other", mark)
    return found, count


def _is_name(one: str, other: str) -> bool:
    """Say whether two words in capitals, one at least known, are a name: `Grace Page`."""
    if not (one.istitle() and other.istitle() and one.isalpha() and other.isalpha()):
        return False
    if is_called(other, [one]) or (other.lower() in ONLY_NAMES and one.lower() in NAMES):
        return True
    if one.lower() in _FIRST_NAMES or (may_show(other) and not may_show(one)):
        return True
    return one.lower() in NAMES and not may_show(other)
