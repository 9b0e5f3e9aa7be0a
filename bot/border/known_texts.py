"""Which words of a text stand in a sentence that software is known to write word for word.

`known_texts.txt` was read out of the sources of open software (see the README of tests/attack):
each line is what stands between two places that are filled in. What fills the places is judged as
everything else. A known text is found anywhere in a line if two of its words are services' own;
one of everyday words only where no other word stands beside it, since a person may write it, too.
"""

from functools import lru_cache

from bot.border.language.tokens import Token
from bot.border.language.vocabulary import ANY, everyday, known_texts
from bot.border.shapes import is_id, is_measure

LEAST_WORDS, MOST_TOKENS = 3, 60
LEAST_OF_SERVICES, LEAST_OF_A_BEGINNING = 2, 5
# Around names in messages, in some versions of a library and not in others.
BACKTICK = "`"


def as_known(token: Token) -> str:
    """Return a token as known texts hold it: in lower case, ANY for an id, a number or a time."""
    if token.kind not in ("word", "flag"):
        return token.text
    word = token.text.rstrip(".-")
    return ANY if _has_shape(word) else word.lower()


@lru_cache(maxsize=16_384)
def _has_shape(word: str) -> bool:
    return is_id(word) or is_measure(word)


def marked(tokens: list[Token]) -> list[Token]:
    """Return the tokens, those of them marked that stand in a known text."""
    places = [place for place, token in enumerate(tokens) if is_said(token)]
    said = [as_known(tokens[place]) for place in places]
    filled = [_may_fill(tokens[place]) for place in places]
    found: dict[int, str] = {}
    start = 0
    while start < len(said):
        text = _longest(said, filled, start)
        stop = start + len(text)
        if text and (_is_of_services(text) or _is_whole(tokens, places[start:stop])):
            found.update(zip(places[start:stop], text, strict=True))
            start = stop
        else:
            start += 1
    return [
        token._replace(known=True)
        if token.kind == "word" and found.get(place, ANY) != ANY
        else token
        for place, token in enumerate(tokens)
    ]


def is_said(token: Token) -> bool:
    """Say whether a token counts in known texts."""
    return token.kind != "space" and token.text != BACKTICK


def _may_fill(token: Token) -> bool:
    """Say whether a token may stand where a text is filled in: no word of a sentence may."""
    return token.kind == "word" and not _is_plain(token.text.rstrip(".-"))


def _is_plain(word: str) -> bool:
    return word.isalpha() and (word[1:].islower() or len(word) == 1)


def _is_of_services(text: list[str]) -> bool:
    """Say whether enough words of a text are such as everybody's sentences do not hold."""
    rare = {word for word in text if any(map(str.isalpha, word)) and word not in everyday()}
    return len(rare) >= LEAST_OF_SERVICES


def _is_whole(tokens: list[Token], places: list[int]) -> bool:
    """Say whether no word of a sentence stands beside a text."""
    before = [token for token in tokens[max(0, places[0] - 2) : places[0]] if is_said(token)]
    after = [token for token in tokens[places[-1] + 1 : places[-1] + 3] if is_said(token)]
    return not any(_is_plain(token.text.rstrip(".-")) for token in (*before[-1:], *after[:1]))


def _longest(said: list[str], filled: list[bool], start: int) -> list[str]:
    """Return the longest known text that begins at `start`, by its tokens; none is empty.

    A word is taken for itself where a text goes on with it, and else for what fills a place.
    """
    size, way = 0, list[str]()
    for place in range(start, min(len(said), start + MOST_TOKENS)):
        for word in (said[place], ANY) if filled[place] else (said[place],):
            asked = " ".join((*way, word))
            found = _first_from(asked)
            if f"{found} ".startswith(f"{asked} "):
                way.append(word)
                size = len(way) if found == asked else size
                break
        else:
            break
    # Of a text that is cut short, or goes on otherwise in another version, its beginning is known.
    return way if sum(map(str.isalpha, way)) >= LEAST_OF_A_BEGINNING else way[:size]


@lru_cache(maxsize=65_536)
def _first_from(asked: str) -> str:
    """Return the first known text that does not stand before one that is asked for."""
    texts, wanted = known_texts(), asked.encode()
    low, high = 0, len(texts)
    while low < high:
        middle = (low + high) // 2
        start, end = texts.rfind(b"\n", 0, middle) + 1, texts.index(b"\n", middle)
        if texts[start:end] < wanted:
            low = end + 1
        else:
            high = start
    return texts[low : max(low, texts.find(b"\n", low))].decode()
