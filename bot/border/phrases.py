"""What is shown of a run of words: all of it, all but its few unknown words, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.border.context import is_called, is_data, is_shape, may_stand
from bot.border.keys import HIDDEN_KINDS, KeyKind, kind_of
from bot.border.language.known_runs import is_operations
from bot.border.language.tokens import Token
from bot.border.language.vocabulary import pieces
from bot.border.layout import is_value_shape, shows_as
from bot.border.words import (
    NAMES,
    ONLY_NAMES,
    finds_of_a_text,
    is_error,
    is_part,
    is_prose,
    may_show,
    names_a_system,
)
from bot.deferred import Pattern

MARK = "…"
MOST_WORDS = 24
SOME_UNKNOWN = 0.2
MOST_UNKNOWN = 2
# A person's sentence goes on behind a comma, a quoted word and a bracket.
_SENTENCE_ENDS = frozenset({"colon", "equals", "line"})
# What an item of a list begins with, and of how many tokens a sentence is at least.
_BULLET = Pattern(r"[-*•–·]|\d{1,2}\.")
LEAST_OF_AN_ITEM = 3
_PARTS_ENDS = _SENTENCE_ENDS | {"open", "close", "other"}


@dataclass(slots=True)
class JudgedText:
    """What of a text may be shown, in the order of its tokens."""

    parts: list[str] = field(default_factory=list)
    hidden: int = 0

    def show(self, text: str) -> None:
        """Add a text as it is."""
        self.parts.append(text)

    def show_all(self, tokens: Sequence[Token]) -> None:
        """Add tokens as they are."""
        self.parts.extend(token.text for token in tokens)

    def hide(self) -> None:
        """Add the mark of what was left out."""
        self.hidden += 1
        self.parts.append(MARK)

    def hide_word(self, word: str) -> None:
        """Add the mark in a word's place; of a dotted name the error's class at its end stays."""
        self.hide()
        tail = word.rstrip(".-").rpartition(".")[2]
        if tail != word and is_error(tail) and may_show(tail):
            self.show(tail)

    def whole(
        self, tokens: Sequence[Token], *, known: bool, key: str = "", before: Sequence[str] = ()
    ) -> None:
        """Show a value whole or hide it whole; it stands behind a key, or behind words."""
        led = not key or shows_as(key, tokens)
        if led and _is_fine(tokens, pieces(key) or before, known=known):
            self.show_all(tokens)
        else:
            self.hide()

    def clause(self, tokens: Sequence[Token], *, strict: bool, led: Sequence[str] = ()) -> None:
        """Show a run of words behind those of `led`: whole, or without its few unknown, or not."""
        if not tokens:
            return
        verdicts = _verdicts(tokens, led)
        words = sum(token.kind == "word" for token in tokens)
        unknown = sum(not shown for shown in verdicts)
        allowed = 0 if strict else max(1, min(MOST_UNKNOWN, int(words * SOME_UNKNOWN)))
        if unknown > allowed:
            self._ids_of(tokens, verdicts)
            return
        for token, shown in zip(tokens, verdicts, strict=True):
            if shown:
                self.show(token.text)
            else:
                self.hide_word(token.text)

    def ids_of(self, tokens: Sequence[Token], led: Sequence[str] = ()) -> None:
        """Show of a run of words its ids and numbers alone."""
        self._ids_of(tokens, _verdicts(tokens, led))

    def _ids_of(self, tokens: Sequence[Token], verdicts: list[bool]) -> None:
        """Hide the words of a clause, but keep its ids, numbers, names and blanks."""
        marked = False
        for token, shown in zip(tokens, verdicts, strict=True):
            word = token.text.rstrip(".-")
            is_plain = token.known or is_shape(word) or is_part(word) or is_error(word)
            if token.kind == "word" and shown and is_plain:
                self.show(token.text)
                marked = False
            elif token.kind == "space":
                self.show(" ")
            elif not marked:
                self.hide_word(token.text)
                marked = True


def _is_fine(tokens: Sequence[Token], before: Sequence[str], *, known: bool) -> bool:
    """Say whether a value is one shape, or where `known` is true made of words that may stand."""
    words = sum(token.kind in ("word", "flag") for token in tokens)
    odd = any(token.kind == "other" and not token.text.isascii() for token in tokens)
    fine, said = known and not odd and words <= MOST_WORDS, list(before)
    fine = fine and not _is_of_people(tokens)
    shape = is_value_shape(tokens)
    for token in tokens if fine or shape else ():
        if token.kind == "equals" and said:
            fine = fine and kind_of(said[-1]) is KeyKind.KNOWN
            said = pieces(said[-1])
        elif token.kind == "colon" and said:
            fine = fine and kind_of(said[-1]) not in HIDDEN_KINDS
        elif token.kind in ("word", "flag"):
            word = token.text.rstrip(".-")
            shape = shape and not is_data(word, said)
            fine = fine and (token.known or may_stand(word, said))
            said.append(word)
    return fine or shape


def _verdicts(tokens: Sequence[Token], led: Sequence[str]) -> list[bool]:
    """Return of each token whether it may stand behind those before it."""
    verdicts: list[bool] = []
    before = list(led)
    for token in tokens:
        if token.kind not in ("word", "flag"):
            verdicts.append(True)
            continue
        word = token.text.rstrip(".-")
        verdicts.append(token.known or not word or may_stand(word, before))
        before.append(word)
    _hide_first_names(tokens, verdicts)
    return verdicts


def _hide_first_names(tokens: Sequence[Token], verdicts: list[bool]) -> None:
    """Hide a name before one that was hidden: `Grant Page` is known as one by its second word."""
    words = [place for place, token in enumerate(tokens) if token.kind in ("word", "flag")]
    for one, other in zip(reversed(words[:-1]), reversed(words[1:]), strict=True):
        first, second = (tokens[at].text.rstrip(".-") for at in (one, other))
        called = is_called(second, [first]) and first[:1].isupper()
        called = called or (second.lower() in ONLY_NAMES and first.lower() in NAMES)
        if not verdicts[other] and called:
            verdicts[one] = False


def prose_places(tokens: Sequence[Token]) -> set[int]:
    """Return the places of the tokens that stand within a person's sentences.

    A sentence may fill a line, or what stands in its brackets or between its dashes alone.
    """
    found = _prose_between(tokens, _SENTENCE_ENDS) | _prose_between(tokens, _PARTS_ENDS)
    return found | _bullets(tokens)


def _bullets(tokens: Sequence[Token]) -> set[int]:
    """Return the places of a list's items that name nothing of a system: `- No clear message`."""
    places: set[int] = set()
    start = 0
    for end in range(len(tokens) + 1):
        if end == len(tokens) or tokens[end].kind == "line":
            line = tokens[start:end]
            is_item = line and _BULLET.fullmatch(line[0].text) and _is_item(line[1:])
            if is_item or finds_of_a_text([t.text for t in line if t.kind == "word"]):
                places.update(range(start, end))
            start = end + 1
    return places


def _is_item(tokens: Sequence[Token]) -> bool:
    """Say whether what follows a bullet are a person's words."""
    words = [token.text for token in tokens if token.kind == "word"]
    return (
        len(tokens) > LEAST_OF_AN_ITEM
        and tokens[0].kind == "space"
        and all(word.isalpha() and not word.isupper() for word in words)
        and not any(token.known or token.kind in ("equals", "quote", "open") for token in tokens)
        and not names_a_system(words)
    )


def _prose_between(tokens: Sequence[Token], ends: frozenset[str]) -> set[int]:
    places: set[int] = set()
    start = 0
    for end in range(len(tokens) + 1):
        if end == len(tokens) or tokens[end].kind in ends:
            run = tokens[start:end]
            if _is_of_people(run):
                places.update(range(start, end))
            start = end + 1
    return places


def _is_of_people(tokens: Sequence[Token]) -> bool:
    """Say whether words are a person's sentence, or in no order in which software writes."""
    words = (token.text for token in tokens if token.kind == "word" and not token.known)
    return is_prose(words) or not is_operations(tokens)
