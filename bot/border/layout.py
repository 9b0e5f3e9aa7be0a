"""Where keys and values begin and end among tokens, and which values are shapes or plain words."""

import re
from collections.abc import Sequence

from bot.border.context import LOGIN_FLAGS, is_data, is_picture, is_shape
from bot.border.keys import (
    HIDDEN_KINDS,
    KeyKind,
    counts,
    holds_numbers,
    is_exception,
    kind_of,
    names_an_id,
)
from bot.border.language.known_runs import SHORT
from bot.border.language.tokens import Token, partners
from bot.border.shapes import is_id, is_number, is_package
from bot.border.words import is_long_hex
from bot.deferred import Pattern

NEAR = 3
# How many hidden values in a row, and of how many tokens each, are stepped over.
MOST_MASKED = 3
MOST_MASK_TOKENS = 16
HIDDEN_SIGN = "…"
_MASK = Pattern(r"[*…\ue000•█<>\[\]]|x{3,}|redacted|masked|hidden|filtered|removed", re.I)
# Letters before a quote that belong to it: b'…' in Python, E'…' in SQL.
_PREFIXES = frozenset({"b", "r", "u", "f", "e", "n", "br", "rb", "fr", "rf"})
_LETTER = Pattern(r"[^\W\d_]")
_FIELDS = frozenset({"level", "ts", "caller", "msg", "err", "component"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Hypercorn writes the version alone.
_PROTOCOL = Pattern(r"(?:HTTP/)?\d(?:\.\d)?")
_STATUS = Pattern(r"[1-5]\d\d")
_ENDS = frozenset({"space", "comma", "line", "close", "open", "quote"})
_UNITS = frozenset({"ms", "s", "seconds", "bytes", "kB", "KB", "MB", "GB"})
_YES_OR_NO = frozenset({"None", "null", "true", "false", "True", "False"})


class TokenLayout:
    """Tokens with their matching brackets and quotes; it only answers questions."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.partner = partners(tokens)

    def separator_after(self, index: int, end: int) -> int | None:
        """Return where the `=` or `:` behind a key stands, or None when no key stands here."""
        after = index + 1
        if (
            after < end
            and self.tokens[after].kind == "quote"
            and index
            and self.tokens[index - 1].kind == "quote"
        ):
            return None
        while after < end and (
            self.tokens[after].kind == "space" or is_picture(self.tokens[after].text)
        ):
            after += 1
        if after < end and self.tokens[after].kind in ("equals", "colon"):
            return after
        return None

    def is_key(self, stop: int, end: int) -> bool:
        """Say whether the quoted text that ends at `stop` is a key."""
        after = stop + 1
        while after < end and self.tokens[after].kind == "space":
            after += 1
        return after < end and self.tokens[after].kind in ("colon", "equals")

    def is_plain(self, key: str, value: int, end: int) -> bool:
        """Say whether a value is one bare word that says yes, no or how many."""
        word = self.tokens[value].text
        after = value + 1
        if after < end and self.tokens[after].kind not in ("space", "comma", "close", "line"):
            return False
        return word in _YES_OR_NO or (counts(key) and is_number(word))

    def counts_words(self, key: str, value: int, end: int) -> bool:
        """Say whether words stand behind a key of numbers, as a list or behind `=`."""
        if not holds_numbers(key):
            return False
        if self.tokens[value].kind in ("quote", "open"):
            stop = min(self.partner.get(value, end), end)
        elif self.tokens[value - 1].kind == "equals":
            stop = self.bare_end(value, end)
        else:
            return False
        words = [token.text for token in self.tokens[value:stop] if token.kind == "word"]
        return not all(word in _YES_OR_NO or is_shape(word) for word in words)

    def measure_end(self, value: int, end: int) -> int:
        """Return where a value ends that is a number and its unit, `8123 ms`; 0 for another."""
        words = [token.text for token in self.tokens[value : min(value + 3, end)]]
        if len(words) < 3 or words[1] != " " or words[2] not in _UNITS or not is_number(words[0]):
            return 0
        stop = value + 3
        return stop if stop >= end or self.tokens[stop].kind in _ENDS else 0

    def speaks(self, value: int) -> bool:
        """Say whether so few words stand here up to the line's end that no order is known."""
        words = 0
        for place in range(value, len(self.tokens)):
            if self.tokens[place].kind == "line" or words == SHORT:
                break
            words += self.tokens[place].kind == "word"
        return words < SHORT and _LETTER.match(self.tokens[value].text) is not None

    def class_end(self, value: int, end: int) -> int:
        """Return where an exception's class ends that is all of a value; 0 for any other value."""
        alone = value + 1 >= end or self.tokens[value + 1].kind == "line"
        return value + 1 if alone and is_exception(self.tokens[value].text) else 0

    def is_bytes(self, value: int, end: int) -> bool:
        """Say whether a value is bytes as Python writes them: a topic's key, a body."""
        after = value + 1
        return self.tokens[value].text == "b" and after < end and self.tokens[after].kind == "quote"

    def bare_end(self, value: int, end: int) -> int:
        """Return where a value without quotes or brackets ends."""
        stop = value
        while stop < end and (self.tokens[stop].kind not in _ENDS or self.is_soft_break(stop, end)):
            stop += 1
        return stop

    def is_soft_break(self, index: int, end: int) -> bool:
        """Say whether a line ends with one `=`, as quoted-printable breaks a long word."""
        return (
            index + 1 < end
            and self.tokens[index].kind == "line"
            and self.tokens[index - 1].kind == "equals"
            and self.tokens[index - 2].kind == "word"
            and self.tokens[index + 1].kind == "word"
        )

    def _has_prefix(self, value: int, end: int) -> bool:
        """Say whether a value is a quoted text with letters right before its quote."""
        after = value + 1
        return (
            self.tokens[value].text.lower() in _PREFIXES
            and after < end
            and self.tokens[after].kind == "quote"
        )

    def value_start(self, value: int, end: int) -> int:
        """Return where a value begins: behind empty lines, if no other key stands there."""
        start = value
        while start < end and self.tokens[start].kind in ("line", "space"):
            start += 1
        if start == value or start >= end or self.separator_after(start, end) is not None:
            return value
        return start

    def value_end(self, value: int, end: int, kind: KeyKind) -> int:
        """Return where a value that is hidden ends: its quote or bracket, or the next key."""
        value += self._has_prefix(value, end)
        token = self.tokens[value]
        if token.kind in ("quote", "open"):
            stop = self.partner.get(value)
            return end if stop is None or stop >= end else stop + 1
        if token.text == HIDDEN_SIGN and self._is_before_bracket(value + 1, end):
            return value + 1
        stop = value + 1
        while stop < end:
            here = self.tokens[stop]
            if here.kind == "close" or (
                here.kind in ("comma", "line")
                and here.text != "|"
                and kind is not KeyKind.FREE_TEXT
                and not self.is_soft_break(stop, end)
                and not (kind is KeyKind.PERSONAL and self._is_one_more(stop, end))
            ):
                break
            if here.kind == "word" and self.tokens[stop - 1].kind in ("space", "comma", "line"):
                after = self.separator_after(stop, end)
                if (
                    after is not None
                    and self.tokens[after].kind == "equals"
                    and _is_field(here.text)
                ):
                    # The blank stays, so that the key is found again in what is shown.
                    return stop - (self.tokens[stop - 1].kind == "space")
            stop += 1
        return stop

    def _is_one_more(self, comma: int, end: int) -> bool:
        """Say whether one more name follows a comma: `students: Rose, Will`."""
        if self.tokens[comma].text != "," or comma + 2 >= end:
            return False
        name, after = self.tokens[comma + 2], comma + 3
        is_last = after >= end or self.tokens[after].kind in ("comma", "line", "close")
        return name.kind == "word" and name.text[:1].isupper() and is_last

    def _is_before_bracket(self, index: int, end: int) -> bool:
        """Say whether a bracket opens behind a blank: it is no part of a value hidden before."""
        if index + 1 >= end or self.tokens[index].kind != "space":
            return False
        return self.tokens[index + 1].kind == "open"

    def is_request(self, start: int, stop: int) -> bool:
        """Say whether the quotes at `start` and `stop` hold an HTTP request's first line."""
        within = self.tokens[start + 1 : stop]
        blanks = [place for place, token in enumerate(within) if token.kind == "space"]
        return (
            blanks == [1, len(within) - 2]
            and within[0].text in _METHODS
            and within[2].text == "/"
            and _PROTOCOL.fullmatch(within[-1].text) is not None
        )

    def is_status_line(self, start: int, stop: int) -> bool:
        """Say whether the quotes at `start` and `stop` hold an HTTP answer's first line."""
        words = [token.text for token in self.tokens[start + 1 : stop] if token.kind != "space"]
        return (
            len(words) > 1
            and words[0].startswith("HTTP/")
            and _PROTOCOL.fullmatch(words[0]) is not None
            and _STATUS.fullmatch(words[1]) is not None
        )

    def is_known(self, start: int, stop: int) -> bool:
        """Say whether the quotes at `start` and `stop` hold what software writes word for word."""
        words = [token for token in self.tokens[start + 1 : stop] if token.kind == "word"]
        return any(token.known for token in words) and all(
            token.known or is_shape(token.text.rstrip(".-")) for token in words
        )

    def is_tag(self, start: int, stop: int) -> bool:
        """Say whether a tag of a person's or secret's element begins here."""
        return stop > start and kind_of(self.tokens[start].text) in HIDDEN_KINDS

    def words_before(self, index: int) -> list[str]:
        """Return the few words right before a token, in the same clause."""
        found: list[str] = []
        place = index - 1
        while place >= 0 and len(found) < NEAR:
            token, place = self.tokens[place], place - 1
            if token.kind not in ("word", "flag", "space"):
                break
            if token.kind != "space":
                found.insert(0, token.text.rstrip(".-"))
        return found

    def said_before(self, index: int) -> list[str]:
        """Return the words before a quoted name; what was hidden there were words as well."""
        near = [token.text for token in self.tokens[max(0, index - 2) : index]]
        return [HIDDEN_SIGN] if near == [HIDDEN_SIGN, " "] else self.words_before(index)

    def is_mask(self, index: int) -> bool:
        """Say whether a token is part of what somebody wrote in a secret's place, as `"***"`."""
        token = self.tokens[index]
        return token.kind == "quote" or _MASK.fullmatch(token.text) is not None

    def is_masked(self, start: int, stop: int) -> bool:
        """Say whether a value was hidden before it came here, so that another may follow it."""
        within = range(start, min(stop, start + MOST_MASK_TOKENS))
        return stop - start <= MOST_MASK_TOKENS and all(map(self.is_mask, within))

    def _before_a_mask(self, comma: int) -> int:
        """Return the comma before a hidden item that ends at a comma, or that comma itself."""
        start = comma
        while start > 1 and comma - start < MOST_MASK_TOKENS and self.is_mask(start - 1):
            start -= 1
        before = self._comma_before(start)
        is_item = start < comma and self.tokens[start - 1].kind in ("space", "comma", "word")
        return before if is_item and self.tokens[before].text == "," else comma

    def _comma_before(self, index: int) -> int:
        """Return where the comma before a quoted text stands, or what stands there instead."""
        place = index - 1
        while place > 0 and (self.tokens[place].kind == "space" or self.tokens[place].text == "b"):
            place -= 1
        return place

    def follows_data(self, index: int) -> bool:
        """Say whether a quoted text is the second of a pair such as `'--password', '…'`.

        One behind a value that was hidden already, `'--token', '***', '…'`, may be the value too.
        """
        place = self._comma_before(index)
        for _ in range(MOST_MASKED):
            place = self._before_a_mask(place)
        if place < 1 or self.tokens[place].text != ",":
            return False
        place -= 2 if self.tokens[place - 1].kind == "quote" else 1
        before = self.tokens[place]
        if before.text in LOGIN_FLAGS:
            return ":" in self.tokens[index + 1].text
        if is_data(self.tokens[index + 1].text, [before.text]):
            return True
        said = kind_of(before.text)
        if before.kind == "flag" and before.text.startswith("--"):
            return said is not KeyKind.KNOWN
        return before.kind in ("word", "flag") and said in (KeyKind.SECRET, KeyKind.PERSONAL)


def _is_field(key: str) -> bool:
    """Say whether a key is one of a program's lines, which no person writes before `=`."""
    return "_" in key or key in _FIELDS


def shows_as(key: str, tokens: Sequence[Token]) -> bool:
    """Say whether a value may stand behind a key, in whatever quotes."""
    words = (token.text for token in tokens if token.kind not in ("quote", "space"))
    return may_be_behind(key, "".join(words))


def may_be_behind(key: str, text: str) -> bool:
    """Say whether a text may stand behind a key: an id only behind one of ids.

    A package with its version is no id, but a password can look like one.
    """
    if is_package(text):
        return kind_of(key) is KeyKind.KNOWN
    return names_an_id(key) or not (is_id(text) or is_long_hex(text))


def is_value_shape(tokens: Sequence[Token]) -> bool:
    """Say whether a value is one id, number or time and nothing else."""
    words = [token.text for token in tokens if token.kind not in ("space", "quote")]
    text = "".join(words)
    if text in _YES_OR_NO or text == "":
        return True
    return len(words) <= 3 and is_shape(text)
