"""What is shown of one key, value or option among tokens: nothing here looks within brackets."""

from bot.border.context import is_data
from bot.border.keys import KeyKind, is_known_key
from bot.border.layout import TokenLayout, is_value_shape, shows_as
from bot.border.phrases import JudgedText
from bot.border.shapes import is_id
from bot.border.statements import is_key_of_statement, is_statement
from bot.border.words import is_error, may_show


class Values:
    """Judges keys and values of a layout, and adds what is shown; each says where to go on."""

    def __init__(self, layout: TokenLayout, out: JudgedText) -> None:
        self.tokens = layout.tokens
        self.layout = layout
        self.out = out

    def key(self, index: int) -> None:
        """Show a key that is made of known words and no name: `student Ray: …`."""
        word = self.tokens[index].text
        before = self.layout.words_before(index)
        said = self.tokens[index].known or is_known_key(word) or may_show(word)
        if said and not is_data(word, before[-1:]):
            self.out.show(word)
        else:
            self.out.hide_word(word)

    def unknown(self, key: str, value: int, end: int) -> int:
        """Judge a value in quotes or brackets whose key is not known: a shape, or nothing."""
        partner = self.layout.partner.get(value, end)
        within = self.tokens[value + 1 : min(partner, end)]
        stop = min(partner + 1, end)
        if is_value_shape(within) and shows_as(key, within):
            self.out.show_all(self.tokens[value:stop])
        else:
            self.out.hide()
        return stop

    def statement(self, key: str, value: int, end: int) -> int:
        """Show a statement of SQL without data; return where it ends, or 0 where none stands."""
        if not is_key_of_statement(key):
            return 0
        stop = value
        while stop < end and self.tokens[stop].text not in "];\n":
            stop += 1
        within = self.tokens[value:stop]
        if not is_statement(key, "".join(token.text for token in within)):
            return 0
        self.out.show_all(within)
        return stop

    def hidden(self, kind: KeyKind, value: int, end: int) -> int:
        """Hide a value to its end, also where it stands on a later line than its key."""
        self.out.hide()
        stop = self.layout.value_end(self.layout.value_start(value, end), end, kind)
        for token in self.tokens[value:stop] if kind is KeyKind.FREE_TEXT else ():
            # No sentence holds an error's class: who quotes one tells of the service.
            if token.kind == "word" and is_error(token.text) and may_show(token.text):
                self.out.show(f" {token.text}")
        return stop

    def flag(self, index: int, end: int) -> int:
        """Judge an option of a command line and hide the word behind it.

        Behind a value that was hidden already the next word may be the value.
        """
        self.key(index)
        start, stop = self._argument(index + 1, end)
        if start < stop and self.layout.is_masked(start, stop):
            stop = self._argument(stop, end)[1]
        return stop

    def _argument(self, index: int, end: int) -> tuple[int, int]:
        """Hide the next word of a command line, if no option is; return where it lay."""
        if index < end and self.tokens[index].kind == "space":
            self.out.show(self.tokens[index].text)
            index += 1
        if index >= end or self.tokens[index].kind == "flag":
            return index, index
        stop = (
            self.layout.partner.get(index, index)
            if self.tokens[index].kind in ("quote", "open")
            else index
        )
        while stop < end and self.tokens[stop].kind not in ("space", "line", "flag"):
            stop += 1
        self.out.hide()
        return index, min(stop, end)

    def element(self, index: int, end: int) -> int:
        """Hide what stands between a tag and the next."""
        stop = index
        while stop < end and self.tokens[stop].text != "<":
            stop += 1
        if stop > index:
            self.out.hide()
        return stop

    def quoted(self, key: str, index: int, end: int) -> int:
        """Judge a quoted value of a known key: whole, or not at all."""
        stop = min(self.layout.partner.get(index, end), end)
        self.out.show(self.tokens[index].text)
        self.out.whole(self.tokens[index + 1 : stop], known=True, key=key)
        if stop < end:
            self.out.show(self.tokens[stop].text)
        return min(stop + 1, end)

    def quoted_key(self, start: int, stop: int) -> None:
        """Show a key in quotes that is one known word."""
        if stop - start == 1 and is_id(self.tokens[start].text):
            self.out.hide()
        elif stop - start == 1:
            self.key(start)
        else:
            self.out.whole(self.tokens[start:stop], known=False)
