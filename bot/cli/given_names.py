"""The names that are set in .env and in the environment, whether they are settings or not."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from bot.settings import as_meant, env_file, environment

_COLON = re.compile(r"\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*:(?!//)")
_OTHER = re.compile(r"\$\{([^}:]*)(:-[^}]*)?\}")
_OPEN_QUOTE = re.compile(r"\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*[\"']")


@dataclass(frozen=True, slots=True)
class Given:
    """A name that was set, and where: in .env, there at a line, or in the environment.

    `name` is empty for a line that cannot be parsed or has no equals sign; `problem` says why, and
    nothing of it. `is_empty` says that the name has no value, `has_unset` that its value names a
    variable that has none.
    """

    name: str
    place: str
    line: int = 0
    problem: str = ""
    is_empty: bool = False
    has_unset: bool = False


def given_names() -> list[Given]:
    """Return the names that are set in .env and in the environment, empty ones too."""
    from dotenv.parser import parse_stream

    try:
        with Path(env_file()).open(encoding="utf-8-sig") as stream:
            lines = list(parse_stream(stream))
    except (OSError, UnicodeError):
        lines = []
    found: list[Given] = []
    set_so_far = set(environment())
    for line in lines:
        if not (line.error or line.key):
            continue
        one = _given(line.key, line.value, line.original.string, line.original.line,
                     wrong=line.error)  # fmt: skip
        found.append(replace(one, has_unset=_names_unset(line.value or "", set_so_far)))
        set_so_far.add(line.key or "")
    return found + [
        Given(name, "the environment", is_empty=not as_meant(value))
        for name, value in environment().items()
    ]


def _names_unset(value: str, known: set[str]) -> bool:
    """Say whether ${NAME} stands in a value for a variable that is not set: it is read as empty."""
    return any(not has_default and name not in known for name, has_default in _OTHER.findall(value))


def _given(key: str | None, value: str | None, text: str, line: int, *, wrong: bool) -> Given:
    if not (wrong or value is None):
        return Given(str(key), env_file(), line, is_empty=not as_meant(value))
    if _COLON.match(text):
        return Given("", env_file(), line, "write = instead of :")
    if wrong and _OPEN_QUOTE.match(text):
        return Given("", env_file(), line, "the quote is not closed")
    return Given("", env_file(), line, "cannot be read")
