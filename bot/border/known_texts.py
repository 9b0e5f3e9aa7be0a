"""Which words of a text stand in a sentence that software is known to write word for word.

`known_texts.txt` was read out of the sources of open software (see the README of tests/attack):
each line is what stands between two places that are filled in. What fills the places is judged as
everything else. A known text is found anywhere in a line if two of its words are services' own;
one of everyday words only where no other word stands beside it, since a person may write it, too.
"""

from bisect import bisect_right
from functools import lru_cache

from bot.border.language.tokens import Token
from bot.border.language.vocabulary import ANY, everyday, known_texts
from bot.border.shapes import is_id, is_measure
from bot.border.words import is_part

LEAST_WORDS, MOST_TOKENS = 3, 60
LEAST_OF_SERVICES = 2
# Around names in messages, in some versions of a library and not in others.
BACKTICK = "`"


def as_known(token: Token) -> str:
    """Return a token as known texts hold it: a word in lower case, ANY for what has a shape."""
    if token.kind not in ("word", "flag"):
        return token.text
    word = token.text.rstrip(".-")
    return ANY if _fills(word) else word.lower()


@lru_cache(maxsize=16_384)
def _fills(word: str) -> bool:
    return is_id(word) or is_measure(word) or is_part(word)


def marked(tokens: list[Token]) -> list[Token]:
    """Return the tokens, those of them marked that stand in a known text."""
    places = [
        place
        for place, token in enumerate(tokens)
        if token.kind != "space" and token.text != BACKTICK
    ]
    said = [as_known(tokens[place]) for place in places]
    found: set[int] = set()
    start = 0
    while start < len(said):
        size = _longest(said, start)
        if size and (_is_of_services(said[start : start + size]) or _is_whole(said, start, size)):
            found.update(places[start : start + size])
            start += size
        else:
            start += 1
    return [
        token._replace(known=True)
        if place in found and token.kind == "word" and as_known(token) != ANY
        else token
        for place, token in enumerate(tokens)
    ]


def _is_of_services(said: list[str]) -> bool:
    """Say whether enough words of a text are such as everybody's sentences do not hold."""
    rare = {word for word in said if any(map(str.isalpha, word)) and word not in everyday()}
    return len(rare) >= LEAST_OF_SERVICES


def _is_whole(said: list[str], start: int, size: int) -> bool:
    """Say whether signs, ids and ends alone stand beside a text."""
    beside = (*said[max(0, start - 1) : start], *said[start + size : start + size + 1])
    return not any(any(map(str.isalnum, word)) for word in beside)


def _longest(said: list[str], start: int) -> int:
    """Return how many tokens from `start` on are a known text, or 0."""
    texts = known_texts()
    first = " ".join(said[start : start + LEAST_WORDS])
    at = bisect_right(texts, first)
    if not any(text.startswith(first) for text in texts[max(0, at - 1) : at + 1]):
        return 0
    asked = said[start : start + MOST_TOKENS]
    while len(asked) >= LEAST_WORDS:
        known = texts[bisect_right(texts, " ".join(asked)) - 1].split(" ")
        shared = _shared(known, asked)
        if shared == len(known):
            return shared
        asked = asked[: min(shared, len(asked) - 1)]
    return 0


def _shared(one: list[str], other: list[str]) -> int:
    """Return how many tokens two texts begin with together."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
