"""What is shown of a run of words: all of it, all but its few unknown words, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.border.context import is_data, is_shape, may_stand
from bot.border.keys import KeyKind, kind_of
from bot.border.layout import is_value_shape, shows_as
from bot.border.tokens import Token
from bot.border.vocabulary import pieces

MARK = "…"
MOST_WORDS = 24
SOME_UNKNOWN = 0.2
MOST_UNKNOWN = 2


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

    def whole(
        self, tokens: Sequence[Token], *, known: bool, key: str = "", before: Sequence[str] = ()
    ) -> None:
        """Show a value whole or hide it whole; it stands behind a key, or behind words."""
        led = not key or shows_as(key, tokens)
        if led and _is_fine(tokens, pieces(key) or before, known=known):
            self.show_all(tokens)
        else:
            self.hide()

    def clause(self, tokens: Sequence[Token], *, strict: bool) -> None:
        """Show a run of words: whole, or without its few unknown words, or not at all."""
        if not tokens:
            return
        verdicts = _verdicts(tokens)
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
                self.hide()

    def _ids_of(self, tokens: Sequence[Token], verdicts: list[bool]) -> None:
        """Hide the words of a clause, but keep its ids and numbers and the blanks around it."""
        marked = False
        for token, shown in zip(tokens, verdicts, strict=True):
            if token.kind == "word" and shown and is_shape(token.text.rstrip(".-")):
                self.show(token.text)
                marked = False
            elif token.kind == "space":
                self.show(" ")
            elif not marked:
                self.hide()
                marked = True


def _is_fine(tokens: Sequence[Token], before: Sequence[str], *, known: bool) -> bool:
    """Say whether a value is one shape, or where `known` is true made of words that may stand."""
    words = sum(token.kind in ("word", "flag") for token in tokens)
    odd = any(token.kind == "other" and not token.text.isascii() for token in tokens)
    fine, said = known and not odd and words <= MOST_WORDS, list(before)
    shape = is_value_shape(tokens)
    for token in tokens if fine or shape else ():
        if token.kind == "equals" and said:
            fine = fine and kind_of(said[-1]) is KeyKind.KNOWN
            said = pieces(said[-1])
        elif token.kind in ("word", "flag"):
            word = token.text.rstrip(".-")
            shape = shape and not is_data(word, said)
            fine = fine and may_stand(word, said)
            said.append(word)
    return fine or shape


def _verdicts(tokens: Sequence[Token]) -> list[bool]:
    """Return of each token whether it may stand behind those before it."""
    verdicts: list[bool] = []
    before: list[str] = []
    for token in tokens:
        if token.kind not in ("word", "flag"):
            verdicts.append(True)
            continue
        word = token.text.rstrip(".-")
        verdicts.append(not word or may_stand(word, before))
        before.append(word)
    return verdicts
