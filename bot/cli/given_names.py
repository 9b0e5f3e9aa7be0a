"""The names that are set in .env and in the environment, whether they are settings or not."""

import re
from dataclasses import dataclass
from pathlib import Path

from bot.settings import as_meant, env_file, environment

_COLON = re.compile(r"\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*:(?!//)")
_OPEN_QUOTE = re.compile(r"\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*[\"']")


@dataclass(frozen=True, slots=True)
class Given:
    """A name that was set, and where: in .env, there at a line, or in the environment.

    `name` is empty for a line that cannot be parsed or has no equals sign; `problem` says why, and
    nothing of it. `is_empty` says that the name has no value.
    """

    name: str
    place: str
    line: int = 0
    problem: str = ""
    is_empty: bool = False


def given_names() -> list[Given]:
    """Return the names that are set in .env and in the environment, empty ones too."""
    from dotenv.parser import parse_stream

    try:
        with Path(env_file()).open(encoding="utf-8-sig") as stream:
            lines = list(parse_stream(stream))
    except (OSError, UnicodeError):
        lines = []
    found = [
        _given(line.key, line.value, line.original.string, line.original.line, wrong=line.error)
        for line in lines
        if line.error or line.key
    ]
    return found + [
        Given(name, "the environment", is_empty=not as_meant(value))
        for name, value in environment().items()
    ]


def _given(key: str | None, value: str | None, text: str, line: int, *, wrong: bool) -> Given:
    if not (wrong or value is None):
        return Given(str(key), env_file(), line, is_empty=not as_meant(value))
    if _COLON.match(text):
        return Given("", env_file(), line, "write = instead of :")
    if wrong and _OPEN_QUOTE.match(text):
        return Given("", env_file(), line, "the quote is not closed")
    return Given("", env_file(), line, "cannot be read")
