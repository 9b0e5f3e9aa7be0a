"""Outside text as Markdown in which every character stands for itself."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")
_MENTION = re.compile(r"(?<![\w`])@(?=\w)")


def plain_text(text: str) -> str:
    """Return text on one line that can neither format, link nor mention."""
    line = " ".join(str(text).split())
    return _MENTION.sub("@\u200b", _SPECIAL.sub(r"\\\1", line))


def code(text: str) -> str:
    """Return text on one line as inline code, empty for none."""
    line = " ".join(text.split()).replace("`", "ˋ")
    return f"`{line}`" if line else ""


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table and an empty one."""
    yield f"| {' | '.join(plain_text(column) for column in columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(plain_text(cell) or ' ' for cell in row[: len(columns)])} |"
    yield ""


def moment(at: datetime | None) -> str:
    """Return a time as `2025-11-18 23:48:23Z`, empty when it is not known."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if at else ""
