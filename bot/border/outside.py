"""The type of outside text: it can be searched as it is, and written only by passing the border."""

from typing import SupportsIndex

from bot.border.passing import let_out


class Outside(str):
    """Text of a log, row, queue, topic, container, process or person that was not yet let out.

    Matching (`in`, `startswith`, regular expressions) sees the whole text. Formatting it, in an
    f-string or by `str()`, gives what passes the border, so that words made of it are safe by
    construction. `raw` gives the text itself, for readers and comparisons only.
    """

    __slots__ = ()

    @property
    def raw(self) -> str:
        """Return the text itself; never to be shown, kept or logged."""
        return str.__str__(self)

    def __str__(self) -> str:
        return let_out(self.raw).text

    def __format__(self, spec: str) -> str:
        return format(let_out(self.raw).text, spec)

    def __repr__(self) -> str:
        return f"Outside({let_out(self.raw).text!r})"

    def __add__(self, other: str) -> "Outside":
        return Outside(self.raw + (other.raw if isinstance(other, Outside) else other))

    def __radd__(self, other: str) -> "Outside":
        return Outside(other + self.raw)

    def __getitem__(self, key: SupportsIndex | slice) -> "Outside":
        return Outside(self.raw[key])

    def strip(self, chars: str | None = None, /) -> "Outside":
        """Return the text without blanks around it; still outside."""
        return Outside(self.raw.strip(chars))

    def lower(self) -> "Outside":
        """Return the text in lower case; still outside."""
        return Outside(self.raw.lower())
