"""Judges a piece of outside text word by word: known words, ids and numbers stay, data goes.

Runs in one pass over tokens; brackets and quotes are matched beforehand, so that hostile nesting
costs no more than plain text.
"""

from dataclasses import dataclass, field

from bot.border.context import is_shape, is_sign, may_stand
from bot.border.keys import KeyKind, counts, is_known_key, kind_of
from bot.border.shapes import is_number
from bot.border.tokens import Token, partners, tokens_of
from bot.border.vocabulary import pieces
from bot.border.words import is_long_hex, may_show

MARK = "…"
DEEPEST = 12
MOST_WORDS = 24
SOME_UNKNOWN = 0.2
MOST_UNKNOWN = 2
_HIDDEN_KINDS = (KeyKind.SECRET, KeyKind.PERSONAL, KeyKind.FREE_TEXT)
_YES_OR_NO = frozenset({"None", "null", "true", "false", "True", "False"})


@dataclass(slots=True)
class _Output:
    parts: list[str] = field(default_factory=list)
    hidden: int = 0

    def show(self, text: str) -> None:
        self.parts.append(text)

    def hide(self) -> None:
        self.hidden += 1
        self.parts.append(MARK)


def judged(text: str) -> tuple[str, int]:
    """Return readable `text` with its data replaced by MARK, and how many pieces were replaced."""
    tokens = tokens_of(text)
    reader = _Reader(tokens)
    reader.read(0, len(tokens), strict=False, depth=0)
    return "".join(reader.out.parts), reader.out.hidden


class _Reader:
    """Walks tokens; each is visited once, but for the look ahead to a value's end."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.out = _Output()
        self.partner = partners(tokens)

    def read(self, start: int, end: int, *, strict: bool, depth: int) -> None:
        """Judge the tokens from `start` to before `end`; `strict` allows no unknown word."""
        clause: list[int] = []
        index = start
        while index < end:
            token = self.tokens[index]
            sep = self._separator_after(index, end)
            if token.kind in ("word", "flag") and sep is not None:
                self._clause(clause, strict=strict)
                index, strict = self._pair(
                    index, sep, end, strict=strict, depth=depth, prose=bool(clause)
                )
                clause = []
                continue
            if token.kind == "flag" and kind_of(token.text) is not KeyKind.KNOWN:
                self._clause(clause, strict=strict)
                clause = []
                index = self._flag(index, end)
                continue
            if token.kind in ("word", "space", "flag"):
                clause.append(index)
                index += 1
                continue
            self._clause(clause, strict=strict)
            clause = []
            if token.kind in ("quote", "open"):
                index = self._enclosed(index, end, depth=depth)
                continue
            self.out.show(token.text if token.kind != "other" or is_sign(token.text) else MARK)
            index += 1
            if token.kind == "line":
                strict = False if depth == 0 else strict
        self._clause(clause, strict=strict)

    def _separator_after(self, index: int, end: int) -> int | None:
        """Return where the `=` or `:` behind a key stands, or None when no key stands here."""
        after = index + 1
        if (
            after < end
            and self.tokens[after].kind == "quote"
            and index
            and self.tokens[index - 1].kind == "quote"
        ):
            return None
        while after < end and self.tokens[after].kind == "space":
            after += 1
        if after < end and self.tokens[after].kind in ("equals", "colon"):
            return after
        return None

    def _pair(
        self, index: int, sep: int, end: int, *, strict: bool, depth: int, prose: bool
    ) -> tuple[int, bool]:
        """Judge a key and its value; return where to go on, and how strictly."""
        key = self.tokens[index].text
        kind = KeyKind.KNOWN if is_shape(key) else kind_of(key)
        self._key(index)
        for between in range(index + 1, sep + 1):
            self.out.show(self.tokens[between].text)
        value = sep + 1
        while value < end and self.tokens[value].kind in ("space", "equals", "colon"):
            self.out.show(self.tokens[value].text)
            value += 1
        return self._value(
            (key, kind),
            value,
            end,
            depth=depth,
            colon=self.tokens[sep].kind == "colon",
            strict=strict,
        )

    def _value(
        self,
        keyed: tuple[str, KeyKind],
        value: int,
        end: int,
        *,
        depth: int,
        colon: bool,
        strict: bool,
    ) -> tuple[int, bool]:
        if value >= end:
            return value, strict
        token, (key, kind) = self.tokens[value], keyed
        if self._is_plain(key, value, end) or (
            colon and is_long_hex(token.text) and may_stand(token.text, pieces(key))
        ):
            self.out.show(token.text)
            return value + 1, strict
        if kind in _HIDDEN_KINDS:
            return self._hidden(kind, value, end), strict
        if token.kind in ("quote", "open"):
            if kind is KeyKind.KNOWN and token.kind == "quote":
                return self._quoted(key, value, end), strict
            if kind is KeyKind.KNOWN:
                return self._enclosed(value, end, depth=depth), strict
            stop = min(self.partner.get(value, end - 1) + 1, end)
            if self._is_shape(value + 1, stop - 1):
                self._shown(value, stop)
            else:
                self.out.hide()
            return stop, strict
        if colon:
            return value, True
        stop = value
        while stop < end and self.tokens[stop].kind not in (
            "space",
            "comma",
            "line",
            "close",
            "open",
            "quote",
        ):
            stop += 1
        self._strictly(value, stop, known=kind is KeyKind.KNOWN, key=key)
        return stop, strict

    def _hidden(self, kind: KeyKind, value: int, end: int) -> int:
        """Hide a value to its end."""
        self.out.hide()
        return self._value_end(value, end, kind)

    def _is_plain(self, key: str, value: int, end: int) -> bool:
        """Say whether a value is one bare word that says yes, no or how many."""
        word = self.tokens[value].text
        after = value + 1
        if after < end and self.tokens[after].kind not in ("space", "comma", "close", "line"):
            return False
        return word in _YES_OR_NO or (counts(key) and is_number(word))

    def _value_end(self, value: int, end: int, kind: KeyKind) -> int:
        """Return where a value that is hidden ends: its quote or bracket, or the next key."""
        token = self.tokens[value]
        if token.kind in ("quote", "open"):
            stop = self.partner.get(value)
            return end if stop is None or stop >= end else stop + 1
        stop = value + 1
        while stop < end:
            here = self.tokens[stop]
            if here.kind == "close" or (
                here.kind in ("comma", "line") and kind is not KeyKind.FREE_TEXT
            ):
                break
            if here.kind == "word" and self.tokens[stop - 1].kind in ("space", "comma", "line"):
                after = self._separator_after(stop, end)
                if after is not None and self.tokens[after].kind == "equals" and "_" in here.text:
                    break
            stop += 1
        return stop

    def _flag(self, index: int, end: int) -> int:
        """Judge an option of a command line and hide the word behind it."""
        self._key(index)
        index += 1
        if index < end and self.tokens[index].kind == "space":
            self.out.show(self.tokens[index].text)
            index += 1
        if index >= end or self.tokens[index].kind == "flag":
            return index
        stop = (
            self.partner.get(index, index)
            if self.tokens[index].kind in ("quote", "open")
            else index
        )
        while stop < end and self.tokens[stop].kind not in ("space", "line", "flag"):
            stop += 1
        self.out.hide()
        return min(stop, end)

    def _enclosed(self, index: int, end: int, *, depth: int) -> int:
        """Judge what stands in quotes or brackets: only known words and shapes are shown."""
        token, stop = self.tokens[index], self.partner.get(index)
        if stop is not None and stop < end and self._follows_data(index):
            self.out.hide()
            return stop + 1
        if stop is None or stop >= end:
            self.out.show(token.text)
            if token.kind == "quote":
                self._strictly(index + 1, end, known=True)
                return end
            return index + 1
        if depth >= DEEPEST:
            self.out.hide()
            return stop + 1
        self.out.show(token.text)
        if token.kind == "open":
            self.read(index + 1, stop, strict=True, depth=depth + 1)
        elif self._is_key(stop, end):
            self._quoted_key(index + 1, stop)
            return self._quoted_value(stop, end, depth=depth)
        else:
            blanks = any(t.kind == "space" for t in self.tokens[index + 1 : stop])
            self._strictly(index + 1, stop, known=not blanks)
        self.out.show(self.tokens[stop].text)
        return stop + 1

    def _follows_data(self, index: int) -> bool:
        """Say whether a quoted text is the second of a pair such as `'--password', '…'`."""
        place = index - 1
        while place > 0 and (self.tokens[place].kind == "space" or self.tokens[place].text == "b"):
            place -= 1
        if place < 1 or self.tokens[place].text != ",":
            return False
        place -= 2 if self.tokens[place - 1].kind == "quote" else 1
        return self.tokens[place].kind in ("word", "flag") and kind_of(self.tokens[place].text) in (
            KeyKind.SECRET,
            KeyKind.PERSONAL,
        )

    def _quoted(self, key: str, index: int, end: int) -> int:
        """Judge a quoted value of a known key: whole, or not at all."""
        stop = min(self.partner.get(index, end), end)
        self.out.show(self.tokens[index].text)
        self._strictly(index + 1, stop, known=True, key=key)
        if stop < end:
            self.out.show(self.tokens[stop].text)
        return min(stop + 1, end)

    def _is_key(self, stop: int, end: int) -> bool:
        after = stop + 1
        while after < end and self.tokens[after].kind == "space":
            after += 1
        return after < end and self.tokens[after].kind in ("colon", "equals")

    def _quoted_key(self, start: int, stop: int) -> None:
        if stop - start == 1:
            self._key(start)
        else:
            self._strictly(start, stop, known=False)

    def _quoted_value(self, stop: int, end: int, *, depth: int) -> int:
        self.out.show(self.tokens[stop].text)
        key = self.tokens[stop - 1].text
        value = stop + 1
        while value < end and self.tokens[value].kind in ("space", "colon", "equals"):
            self.out.show(self.tokens[value].text)
            value += 1
        kind = kind_of(key)
        if value < end and self.tokens[value].kind not in ("quote", "open"):
            kind = KeyKind.FREE_TEXT if kind is KeyKind.UNKNOWN else kind
            last = value
            while last < end and self.tokens[last].kind not in ("comma", "close", "line", "space"):
                last += 1
            hide = kind in (KeyKind.SECRET, KeyKind.PERSONAL)
            if not hide and self._is_shape(value, last):
                self._shown(value, last)
            elif self._is_plain(key, value, end):
                self.out.show(self.tokens[value].text)
            elif not hide and kind is KeyKind.KNOWN:
                self._strictly(value, last, known=True, key=key)
            else:
                self.out.hide()
            return last
        return self._value((key, kind), value, end, depth=depth, colon=False, strict=True)[0]

    def _key(self, index: int) -> None:
        word = self.tokens[index].text
        if is_known_key(word) or may_show(word):
            self.out.show(word)
        else:
            self.out.hide()

    def _is_shape(self, start: int, stop: int) -> bool:
        """Say whether a value is one id, number or time and nothing else."""
        words = [t.text for t in self.tokens[start:stop] if t.kind not in ("space", "quote")]
        text = "".join(words)
        if text in _YES_OR_NO or text == "":
            return True
        return len(words) <= 3 and is_shape(text)

    def _shown(self, start: int, stop: int) -> None:
        for token in self.tokens[start:stop]:
            self.out.show(token.text)

    def _strictly(self, start: int, stop: int, *, known: bool, key: str = "") -> None:
        """Show a value whole or hide it whole."""
        words = [t.text for t in self.tokens[start:stop] if t.kind in ("word", "flag")]
        odd = any(t.kind == "other" and not t.text.isascii() for t in self.tokens[start:stop])
        before, fine = pieces(key), known and not odd and len(words) <= MOST_WORDS
        for word in words if fine else ():
            fine = fine and may_stand(word.rstrip(".-"), before)
            before.append(word)
        if fine or self._is_shape(start, stop):
            self._shown(start, stop)
        else:
            self.out.hide()

    def _clause(self, clause: list[int], *, strict: bool) -> None:
        """Show a run of words: whole, or without its few unknown words, or not at all."""
        if not clause:
            return
        words = [self.tokens[i].text.rstrip(".-") for i in clause if self.tokens[i].kind == "word"]
        verdicts = dict.fromkeys(clause, True)
        before: list[str] = []
        for i in clause:
            if self.tokens[i].kind not in ("word", "flag"):
                continue
            word = self.tokens[i].text.rstrip(".-")
            verdicts[i] = not word or may_stand(word, before)
            before.append(word)
        unknown = sum(not shown for shown in verdicts.values())
        allowed = 0 if strict else max(1, min(MOST_UNKNOWN, int(len(words) * SOME_UNKNOWN)))
        if unknown > allowed:
            self._hide_run(clause, verdicts)
            return
        for i in clause:
            if verdicts[i]:
                self.out.show(self.tokens[i].text)
            else:
                self.out.hide()

    def _hide_run(self, clause: list[int], verdicts: dict[int, bool]) -> None:
        """Hide the words of a clause, but keep its ids and numbers and the blanks around it."""
        marked = False
        for i in clause:
            token = self.tokens[i]
            word = token.text.rstrip(".-")
            if token.kind == "word" and verdicts[i] and is_shape(word):
                self.out.show(token.text)
                marked = False
            elif token.kind == "space":
                self.out.show(" ")
            elif not marked:
                self.out.hide()
                marked = True
