"""A line of the doctor: what was looked at, how it is, and the fix."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.cli.shipped import with_places
from bot.text.privacy import said


class CheckState(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"
    SKIPPED = "not configured"
    ABSENT = "not in these logs"


MARKS = {
    CheckState.OK: "✅",
    CheckState.WARNING: "⚠️",
    CheckState.BROKEN: "🔴",
    CheckState.SKIPPED: "·",
    CheckState.ABSENT: "·",
}


@dataclass(frozen=True, slots=True)
class Examined:
    """One line of the doctor: what was looked at, how it is, and the fix."""

    what: str
    state: CheckState
    detail: str = ""
    fix: str = ""


def show(found: Iterable[Examined]) -> int:
    """Print a line each; return 1 when something needed is broken."""
    broken = False
    for one in found:
        broken = broken or one.state is CheckState.BROKEN
        detail = f": {said(one.detail)}" if one.detail else ""
        sys.stdout.write(f"{MARKS[one.state]} {one.what} - {one.state.value}{detail}\n")
        if one.fix and one.state is not CheckState.OK:
            sys.stdout.write(f"     fix: {said(with_places(one.fix))}\n")
    return 1 if broken else 0
