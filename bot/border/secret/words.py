"""Known words that are passwords where they stand: `password queue`, `login worker / start`."""

from collections.abc import Iterator
from functools import lru_cache

from bot.border.language.tokens import Token
from bot.border.language.vocabulary import key_words, pieces
from bot.border.shapes import is_id, is_measure
from bot.deferred import Pattern

# Words that lead to a secret in plain words, and those that may follow one and are none.
_LEADS = key_words("before_a_secret_word")
_KEYS = key_words("before_a_secret_key")
_FOLLOWS = key_words("after_a_secret")
# What is said of a secret before it is named: `api key provided: …`.
_VERDICTS = key_words("verdicts_on_a_secret")
_ON_THE_WAY = key_words("between_numbers") | key_words("on_the_way_to_a_secret")
_COUNTED = key_words("counted")
_LOGINS = key_words("before_a_login")
_SETS = key_words("sets_a_secret")
# What is said behind a password's word before the password is: `for worker was changed to …`.
_PASSWORD = Pattern(
    rf"(?:^|(?<= ))(?:{'|'.join(sorted(key_words('a_secret_itself')))})"
    r"(?: (?:for|of|on|in|av|för|på|till)(?: [^ ]+){1,3}?)?"
    rf"(?: (?:has|have|had|been|blev|was|were|is|{'|'.join(sorted(_SETS))}))*"
    r" (?:was |is |been |be )?(to|till|is|was|are|är|var) ([^ ]+)"
)
# Words that dashes join behind one of these may be a passphrase.
_OPENED = frozenset({"key", "token", "session", "bearer", "code"})
_PHRASE = Pattern(r"[a-zåäö]{2,20}(?:-[a-zåäö]{2,20}){2,7}")
_ENDS = frozenset({"comma", "line", "colon", "equals"})
_QUOTED_AS = ("quote", "word", "quote", "space", "word", "space")
_AS = ("word", "space", "word", "space")
_BLANK = Token("space", " ")


def without_secret_words(tokens: list[Token], mark: str) -> tuple[list[Token], int]:
    """Return the tokens without the word that one before them makes a secret: `password queue`.

    Known words are passwords too, so that only the words that speak of a secret may follow one,
    whatever signs stand between. What stands behind `:` and `=` is a key's, and judged as such.
    """
    told = set(_places_told(tokens))
    tokens = [Token("other", mark) if place in told else one for place, one in enumerate(tokens)]
    found: list[Token] = []
    count, before, leads, judges = len(told), "", False, False
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
            is_phrase = before.lower() in _OPENED and _PHRASE.fullmatch(token.text) is not None
            if is_phrase and not is_told and _opens(found):
                token, count = Token("other", mark), count + 1
            leads = leads and is_led
            if _leads_on(token.text, before):
                leads = True
                count += _hides_quoted(found, mark)
            before = token.text
        found.append(token)
    return found, count


def _opens(found: list[Token]) -> bool:
    """Say whether the word before is no routing's or cache's key."""
    words = [token.text.lower() for token in found[-4:] if token.kind == "word"]
    return _COUNTED.isdisjoint(words[:-1])


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


def _places_told(tokens: list[Token]) -> Iterator[int]:
    """Yield the places of the words that a clause says are somebody's password, or a login."""
    clause: list[int] = []
    for place, token in enumerate((*tokens, Token("line", "\n"))):
        if token.kind == "word":
            clause.append(place)
        elif token.kind in _ENDS:
            yield from _passwords(tokens, clause)
            clause = []
        elif token.text == "/" and _is_login(tokens, place):
            yield from (place - 2, place + 2)


def _passwords(tokens: list[Token], clause: list[int]) -> Iterator[int]:
    words = [tokens[place].text.lower() for place in clause]
    text = " ".join(words)
    for found in _PASSWORD.finditer(text):
        is_set = found[1] in ("to", "till")
        word = found[2].rstrip(".")
        if (
            not _SETS.isdisjoint(words)
            if is_set
            else not (_may_follow(word) or _is_on_the_way(word))
        ):
            yield clause[text.count(" ", 0, found.start(2))]


def _is_login(tokens: list[Token], slash: int) -> bool:
    """Say whether a slash parts a name and a password: `login worker / start`."""
    around = tokens[max(0, slash - 4) : slash + 3]
    kinds = [token.kind for token in around]
    return (
        kinds == ["word", "space", "word", "space", "other", "space", "word"]
        or kinds == ["colon", "space", "word", "space", "other", "space", "word"]
    ) and any(token.text.lower() in _LOGINS for token in tokens[max(0, slash - 5) : slash - 2])
