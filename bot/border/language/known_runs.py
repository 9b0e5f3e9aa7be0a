"""Whether words stand in an order in which software writes them: three in a row at a time.

`known_runs.bin` holds of each three words in a row of the texts that were read (see
`tests/attack/harvest.py`) a checksum. A line of software that was not read shows where two of each
three of its words are such as services use and everybody's sentences do not.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from zlib import crc32

from bot.border.language.tokens import Token
from bot.border.language.vocabulary import ANY, everyday, key_words, known_runs, vocabulary

# A word of a sentence that can never be shown: in no order that is known.
UNKNOWN = "?"
# So few words, or one or two again and again, are judged by what they are alone.
SHORT, FEW = 4, 3
# Where so many of words are services', or so many of each three, their order is not asked for.
MOST, LEAST_OF_SERVICES = 0.6, 2
_PERSON = key_words("of_a_person")
# What is said of one part of a system may be said of each.
_SYSTEMS = key_words("of_a_system")
# Other letters name something: a unit, a variable.
_LETTERS = frozenset("aiåö")
# What a sentence goes on behind; a quoted word or a bracket may be filled in.
_WITHIN = frozenset({"comma", "space"})


def is_operations(tokens: Iterable[Token]) -> bool:
    """Say whether each three words in a row of tokens are some that software writes so."""
    orders = orders_of(tokens)
    words = [word for said in orders for word in said]
    plain_words = [word for word in words if word != ANY]
    if len(plain_words) < SHORT or len(set(plain_words)) < FEW or _are_of_services(words):
        return True
    return all(_is_written(run) for said in orders for run in runs_of(said))


def _are_of_services(words: Sequence[str]) -> bool:
    """Say whether most words, none of a person's own among them, are services'."""
    of_services = sum(map(_is_of_services, words))
    return _PERSON.isdisjoint(words) and of_services >= MOST * len(words)


def orders_of(tokens: Iterable[Token]) -> list[list[str]]:
    """Return the words that follow one another, ANY for what is no plain word of a sentence."""
    orders: list[list[str]] = [[]]
    tokens = list(tokens)
    is_loud = _is_loud(token.text for token in tokens if token.kind == "word")
    for place, token in enumerate(tokens):
        if token.kind in ("word", "flag") and not token.known:
            if _begins(tokens, place):
                orders.append([])
            orders[-1].append(plain(token.text.lower() if is_loud else token.text))
            if token.text.endswith("."):
                orders.append([])
        elif token.known or token.kind not in _WITHIN:
            orders.append([])
    return orders


def _begins(tokens: Sequence[Token], place: int) -> bool:
    """Say whether a line that was joined to the one before begins here: `mode Input should be`."""
    if not tokens[place].text.istitle():
        return False
    around = tokens[max(0, place - 2) : place + 3 : 2]
    return len(around) == 3 and around[0].text.islower() and around[2].text.islower()


def _is_loud(words: Iterable[str]) -> bool:
    """Say whether words are a sentence in capitals; one such word among others is a name."""
    kinds = [word.isupper() for word in words if len(word) > 1 and word.isalpha()]
    return 2 * sum(kinds) > len(kinds)


def runs_of(words: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """Return each three words in a row."""
    return zip(words, words[1:], words[2:], strict=False)


@lru_cache(maxsize=16_384)
def plain(word: str) -> str:
    """Return a word of a sentence in lower case, ANY for an id, a name, a part, or UNKNOWN."""
    word = word.rstrip(".-")
    letters = word.replace("'", "").replace("’", "")
    is_word = letters.isalpha() and (letters[1:].islower() or letters.lower() in _LETTERS)
    low = word.lower().replace("’", "'")
    if not is_word or low in _SYSTEMS:
        return ANY
    return low if _is_usual(low) else UNKNOWN if word.islower() else ANY


def _is_usual(word: str) -> bool:
    return len(word) == 1 or all(part in vocabulary() or len(part) == 1 for part in word.split("'"))


def checksum(run: Sequence[str]) -> int:
    """Return the number that stands for three words in a row."""
    return crc32(" ".join(run).encode())


@lru_cache(maxsize=65_536)
def _is_written(run: tuple[str, ...]) -> bool:
    if _PERSON.isdisjoint(run) and sum(map(_is_of_services, run)) >= LEAST_OF_SERVICES:
        return True
    sums, asked = known_runs(), checksum(run)
    place = bisect_left(sums, asked)
    return place < len(sums) and sums[place] == asked


def _is_of_services(word: str) -> bool:
    """Say whether a word is no everyday one; a shortened one, `it's`, is."""
    return word == ANY or (len(word) > 1 and "'" not in word and word not in everyday())
