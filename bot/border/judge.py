"""Judges a piece of outside text word by word: known words, ids and numbers stay, data goes.

Runs in one pass over tokens; brackets and quotes are matched beforehand, so that hostile nesting
costs no more than plain text.
"""

from collections.abc import Sequence
from itertools import dropwhile

from bot.border.context import is_shape, is_sign, leads_to_people, may_stand
from bot.border.decode import CUT_SIGN
from bot.border.keys import (
    HIDDEN_KINDS,
    KeyKind,
    announces,
    is_secret_key,
    kind_of,
    says_value,
)
from bot.border.known_texts import marked
from bot.border.language.tokens import Token, tokens_of
from bot.border.language.vocabulary import pieces
from bot.border.layout import TokenLayout, is_value_shape, shows_as
from bot.border.people import without_full_names
from bot.border.phrases import MARK, JudgedText, prose_places
from bot.border.secret.ids import without_secret_ids
from bot.border.secret.numbers import without_secret_columns, without_secret_numbers
from bot.border.secret.words import without_secret_words
from bot.border.values import Values
from bot.border.words import is_long_hex
from bot.deferred import Pattern

DEEPEST = 12
_LETTER = Pattern(r"[^\W\d_]")
# Behind these a program says what it says elsewhere without a key: `level=error err="…"`.
_MESSAGES = frozenset({"err", "error", "msg", "message"})
_DASHES = frozenset({"-", "–", "—"})
_CUT_VALUE = Pattern(r'[^"]+"(?=,\s?"[\w.@-]{1,80}"\s?:)')


def judged(text: str) -> tuple[str, int]:
    """Return readable `text` with its data replaced by MARK, and how many pieces were replaced.

    A line whose beginning was cut off starts within a value, and no key says of what. What stands
    on the two sides of a cut is judged apart, so that no quote of one side ends on the other.
    """
    if CUT_SIGN in text:
        sides = [judged(side) for side in text.split(CUT_SIGN)]
        return f" {MARK} ".join(shown for shown, _ in sides), sum(hidden for _, hidden in sides)
    cut = _CUT_VALUE.match(text)
    if cut is not None:
        shown, hidden = judged(text[cut.end() :])
        return f"{MARK}{shown}", hidden + 1
    tokens = tokens_of(without_secret_columns(text, MARK))
    shown, hidden = _read(tokens)
    # What shows whole would with its known texts, too; most lines do, and are not looked for.
    return (shown, hidden) if shown == text else _read(marked(tokens))


def _read(written: list[Token]) -> tuple[str, int]:
    """Judge tokens, those of known texts marked."""
    tokens, numbers = without_secret_numbers(written, MARK)
    tokens, ids = without_secret_ids(tokens, MARK)
    tokens, words = without_secret_words(tokens, MARK)
    tokens, names = without_full_names(tokens, MARK)
    # A word of a known text is no secret, whatever it follows.
    tokens = [old if old.known else new for old, new in zip(written, tokens, strict=True)]
    reader = _Reader(tokens, prose_places(written) | prose_places(tokens))
    reader.read(0, len(tokens), strict=False, depth=0)
    return "".join(reader.out.parts), reader.out.hidden + numbers + ids + words + names


class _Reader:
    """Walks tokens; each is visited once, but for the look ahead to a value's end."""

    def __init__(self, tokens: list[Token], prose: set[int]) -> None:
        self.tokens = tokens
        self.layout = TokenLayout(tokens)
        self.prose = prose
        self.out = JudgedText()
        self.values = Values(self.layout, self.out)

    def read(self, start: int, end: int, *, strict: bool, depth: int) -> None:
        """Judge the tokens from `start` to before `end`; `strict` allows no unknown word."""
        clause: list[Token] = []
        led: Sequence[str] = ()
        index = start
        while index < end:
            token = self.tokens[index]
            sep = self.layout.separator_after(index, end)
            if token.kind in ("word", "flag") and sep is not None:
                self._clause(clause, index, strict=strict, led=led)
                led = self.layout.words_before(index + 1) if leads_to_people(token.text) else ()
                index, strict = self._pair(index, sep, end, strict=strict, depth=depth)
                clause = []
                continue
            if (
                token.kind == "flag"
                and len(token.text) > 2
                and kind_of(token.text) is not KeyKind.KNOWN
            ):
                self._clause(clause, index, strict=strict)
                clause = []
                index = self.values.flag(index, end)
                continue
            if token.kind in ("word", "space", "flag"):
                clause.append(token)
                index += 1
                continue
            self._clause(clause, index, strict=strict, led=led)
            led = () if clause else led
            clause = []
            if token.kind in ("quote", "open"):
                index = self._enclosed(index, end, depth=depth)
                continue
            if token.text in _DASHES and depth == 0 and self._is_announced(index):
                index = self.values.hidden(KeyKind.FREE_TEXT, index + 1, end)
                continue
            if token.kind != "other" or is_sign(token.text):
                self.out.show(token.text)
            else:
                self.out.hide()
            index += 1
            if token.kind == "line":
                strict = False if depth == 0 else strict
        self._clause(clause, index, strict=strict, led=led)

    def _is_announced(self, index: int) -> bool:
        """Say whether a clause of one or two words ends here that announces a text."""
        # A time and a level may stand before it.
        return announces([*dropwhile(is_shape, self.layout.words_before(index))])

    def _clause(
        self, tokens: Sequence[Token], end: int, *, strict: bool, led: Sequence[str] = ()
    ) -> None:
        """Judge the run of words that ends before `end`; of a person's sentence its ids stay."""
        if end - 1 in self.prose:
            self.out.ids_of(tokens, led)
        else:
            self.out.clause(tokens, strict=strict, led=led)

    def _pair(
        self, index: int, sep: int, end: int, *, strict: bool, depth: int
    ) -> tuple[int, bool]:
        """Judge a key and its value; return where to go on, and how strictly."""
        key = self.tokens[index].text
        kind = KeyKind.KNOWN if is_shape(key) else kind_of(key)
        if is_secret_key(key, self.layout.words_before(index)):
            kind = KeyKind.SECRET
        colon = self.tokens[sep].kind == "colon"
        is_file = colon and "/" in key and kind is KeyKind.FREE_TEXT
        if is_file or (self.tokens[index].known and kind is KeyKind.UNKNOWN):
            # A path and what befell it, or software's own words before a colon.
            kind = KeyKind.KNOWN
        if colon and kind not in HIDDEN_KINDS and self._is_announced(index + 1):
            kind = KeyKind.FREE_TEXT
        self.values.key(index)
        for between in range(index + 1, sep + 1):
            self.out.show(self.tokens[between].text)
        value = sep + 1
        # Behind "=" a value may begin on the next line; behind ":" a sentence does.
        between_them = ("space", "equals", "colon") + (() if colon else ("line",))
        while value < end and self.tokens[value].kind in between_them:
            self.out.show(self.tokens[value].text)
            value += 1
        if value < end and self.tokens[index].known and self.tokens[value].known:
            # `Expecting value: line 1`: one text of software's, and no key.
            return value, strict
        if value < end and self.layout.speaks(value) and colon and depth == 0:
            # Behind an unknown word with a colon somebody may speak.
            kind = KeyKind.FREE_TEXT if kind is KeyKind.UNKNOWN else kind
        return self._value(
            (key, kind),
            value,
            end,
            depth=depth,
            colon=colon,
            strict=strict,
        )

    def _is_told(self, value: int, before: Sequence[str]) -> bool:
        """Say whether what stands behind a quoted name tells of it: `… for key 'a': …`."""
        if self.tokens[value].known:
            return True
        is_name = (
            before
            and not announces(before)
            and all(kind_of(one) not in HIDDEN_KINDS for one in before)
        )
        return bool(is_name) and _LETTER.match(self.tokens[value].text) is not None

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
        is_told = kind is KeyKind.FREE_TEXT or (kind is KeyKind.PERSONAL and colon)
        if is_told and (
            stop := self.layout.measure_end(value, end) or self.layout.class_end(value, end)
        ):
            self.out.show_all(self.tokens[value:stop])
            return stop, strict
        if self.layout.is_plain(key, value, end) or (
            colon
            and kind not in HIDDEN_KINDS
            and is_long_hex(token.text)
            and may_stand(token.text, pieces(key))
        ):
            self.out.show(token.text)
            return value + 1, strict
        if kind in HIDDEN_KINDS or self.layout.counts_words(key, value, end):
            return self.values.statement(key, value, end) or self.values.hidden(
                kind, value, end
            ), strict
        if self.layout.is_bytes(value, end):
            return self.values.hidden(kind, value + 1, end), strict
        if token.kind in ("quote", "open"):
            return self._in_quotes(key, kind, value, end, depth=depth), strict
        if colon:
            return value, True
        stop = self.layout.bare_end(value, end)
        self.out.whole(self.tokens[value:stop], known=kind is KeyKind.KNOWN, key=key)
        return stop, strict

    def _in_quotes(self, key: str, kind: KeyKind, value: int, end: int, *, depth: int) -> int:
        stop = self.layout.partner.get(value, end)
        if kind is not KeyKind.KNOWN:
            return self.values.unknown(key, value, end)
        if self.tokens[value].kind == "open":
            return self._enclosed(value, end, depth=depth)
        if key.lower() not in _MESSAGES or stop >= end or depth >= DEEPEST:
            return self.values.quoted(key, value, end)
        self.out.show(self.tokens[value].text)
        self.read(value + 1, stop, strict=True, depth=depth + 1)
        self.out.show(self.tokens[stop].text)
        return stop + 1

    def _enclosed(self, index: int, end: int, *, depth: int) -> int:
        """Judge what stands in quotes or brackets: only known words and shapes are shown."""
        token, stop = self.tokens[index], self.layout.partner.get(index)
        if stop is not None and stop < end and self.layout.follows_data(index):
            if token.kind == "quote" and self.layout.is_key(stop, end):
                return self._listed(index, stop, end, depth=depth)
            self.out.hide()
            return stop + 1
        if stop is None or stop >= end:
            self.out.show(token.text)
            if token.kind == "quote":
                self.out.whole(self.tokens[index + 1 : end], known=True)
                return end
            return index + 1
        if depth >= DEEPEST:
            self.out.hide()
            return stop + 1
        self.out.show(token.text)
        if token.kind == "open":
            self.read(index + 1, stop, strict=True, depth=depth + 1)
            if token.text == "<" and self.layout.is_tag(index + 1, stop):
                self.out.show(self.tokens[stop].text)
                return self.values.element(stop + 1, end)
        elif self.layout.is_key(stop, end):
            self.values.quoted_key(index + 1, stop)
            return self._quoted_value(stop, end, depth=depth, before=self.layout.said_before(index))
        elif self.layout.is_request(index, stop):
            self.out.show_all(self.tokens[index + 1 : index + 3])
            self.out.whole(self.tokens[index + 3 : stop - 2], known=True)
            self.out.show_all(self.tokens[stop - 2 : stop])
        else:
            blanks = any(t.kind == "space" for t in self.tokens[index + 1 : stop])
            known = (
                not blanks
                or self.layout.is_status_line(index, stop)
                or self.layout.is_known(index, stop)
            )
            before = self.layout.words_before(index)
            self.out.whole(self.tokens[index + 1 : stop], known=known, before=before)
        self.out.show(self.tokens[stop].text)
        return stop + 1

    def _listed(self, index: int, stop: int, end: int, *, depth: int) -> int:
        """Judge `"value": …` behind `"key": "password"`: what its neighbour names is hidden."""
        self.out.show(self.tokens[index].text)
        self.values.quoted_key(index + 1, stop)
        if not says_value(self.tokens[stop - 1].text):
            return self._quoted_value(stop, end, depth=depth)
        value = stop
        while value < end and self.tokens[value].kind in ("quote", "space", "colon", "equals"):
            if self.tokens[value].kind == "quote" and value > stop:
                break
            self.out.show(self.tokens[value].text)
            value += 1
        return self.values.hidden(KeyKind.SECRET, value, end) if value < end else value

    def _quoted_value(self, stop: int, end: int, *, depth: int, before: Sequence[str] = ()) -> int:
        self.out.show(self.tokens[stop].text)
        key = self.tokens[stop - 1].text
        value = stop + 1
        while value < end and self.tokens[value].kind in ("space", "colon", "equals", "line"):
            self.out.show(self.tokens[value].text)
            value += 1
        kind = kind_of(key) if len(key) > 1 else KeyKind.UNKNOWN
        if value < end and kind not in HIDDEN_KINDS and self._is_told(value, before):
            return value
        if value < end and self.layout.is_bytes(value, end):
            return self.values.hidden(kind, value + 1, end)
        if value < end and self.tokens[value].kind not in ("quote", "open"):
            kind = KeyKind.FREE_TEXT if kind is KeyKind.UNKNOWN else kind
            last = value
            while last < end and self.tokens[last].kind not in ("comma", "close", "line", "space"):
                last += 1
            hide = kind in (KeyKind.SECRET, KeyKind.PERSONAL)
            within = self.tokens[value:last]
            if not hide and is_value_shape(within) and shows_as(key, within):
                self.out.show_all(self.tokens[value:last])
            elif self.layout.is_plain(key, value, end):
                self.out.show(self.tokens[value].text)
            elif not hide and kind is KeyKind.KNOWN:
                self.out.whole(self.tokens[value:last], known=True, key=key)
            else:
                self.out.hide()
            return last
        return self._value((key, kind), value, end, depth=depth, colon=False, strict=True)[0]
