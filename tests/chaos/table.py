"""What a chaos scenario found, and the table that all of them print."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one scenario; `ok` is False where a promise was broken."""

    scenario: str
    what: str
    value: str
    ok: bool = True


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| scenario | what | value | |", "|---|---|---|---|"]
    lines += [
        f"| {r.scenario} | {r.what} | {r.value} | {'ok' if r.ok else 'BROKEN'} |" for r in rows
    ]
    return "\n".join(lines)
