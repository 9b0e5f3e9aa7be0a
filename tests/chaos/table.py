"""What a chaos scenario found, and the table that all of them print."""

import sys
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


def shown(row: Row) -> Row:
    """Show a row at once: what is known by then is not lost if a later one breaks off."""
    sys.stderr.write(f"{table([row]).splitlines()[-1]}\n")
    return row
