"""What is kept quiet until when, and what was just silenced or ended; pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain.alert import Alert
from bot.domain.mute import Mute, MuteKind
from bot.domain.report import Report
from bot.domain.words import Command, Text, when, words
from bot.errors import NotFoundError
from bot.text.redaction import clip, redact, repeated

# How many rows a table of alerts or silences shows, and a fact lists.
SHOWN = 50
# A pattern is what a person typed: others read of it what passes the border.
PATTERN_CHARS = 120


def who(id: str, names: Mapping[str, str]) -> str:
    """Return the name of who did something; a user id says nothing to people."""
    return names.get(id) or ("the terminal" if id == "terminal" else "an operator")


def silence_facts(mute: Mute, now: datetime, names: Mapping[str, str]) -> dict[str, object]:
    """Return a silence as plain values."""
    return {
        "pattern": mute.pattern,
        "kind": mute.kind.value,
        "since": mute.since,
        "until": mute.until,
        "holds": mute.holds(now),
        "by": who(mute.by, names),
        "reason": mute.reason,
    }


def silence_row(mute: Mute, now: datetime, names: Mapping[str, str]) -> tuple[Text, ...]:
    """Return a silence as a row: what it keeps quiet, how, until when, who said so and why."""
    kind = (
        mute.kind.value
        if mute.holds(now)
        else words(f"{mute.kind.value}", when(mute.since, " from "))
    )
    return (
        redact(mute.pattern, PATTERN_CHARS),
        kind,
        until(mute),
        who(mute.by, names),
        mute.reason,
    )


def until(mute: Mute) -> Text:
    """Return when a silence ends, else how to end it."""
    return words(when(mute.until)) if mute.until else "/alerts unmute"


def silenced(mute: Mute, covered: Sequence[Alert]) -> Report:
    """Return the report of a pattern that was just silenced."""
    kind = "Maintenance of" if mute.kind is MuteKind.MAINTENANCE else "Muted"
    begin = words(when(mute.since, "from "), " ") if mute.kind is MuteKind.MAINTENANCE else ""
    return Report(
        command=f"alerts {mute.kind.value}",
        title=words(kind, f" {redact(mute.pattern, PATTERN_CHARS)} ", begin, "until ", until(mute)),
        summary=f"Open alerts that it means now: {len(covered)}. What resolves is said all the "
        "same, and a daily digest lists what stays quiet.",
        facts={
            "pattern": _told(mute.pattern),
            "kind": mute.kind.value,
            "since": mute.since,
            "until": mute.until,
            "covers": [alert.key for alert in covered[:SHOWN]],
        },
        actions=(f"/alerts unmute {mute.pattern}",) if _may_be_told(mute.pattern) else (),
    )


def asked_first(command: str, pattern: str, rest: str, near: str) -> Report:
    """Return the question that stands before a silence on what no alert is called.

    `rest` is when and why, as everybody may read it; a pattern is one word.
    """
    typed = " ".join(filter(None, (command, pattern, rest, "--yes")))
    instead = " ".join(filter(None, (command, near, rest)))
    meant: Text = words("Did you mean ", Command(near), "? ") if near else ""
    again = words("To silence it all the same: ", Command(typed))
    if not _may_be_told(pattern):
        again = words("To silence it all the same, say it again with ", Command("--yes"), ".")
    return Report(
        command=command.lstrip("/"),
        title="Nothing was silenced",
        headline="Nothing was silenced",
        found=False,
        summary=words(
            "No detector and no alert so far is called ",
            Command(_told(pattern)),
            ". ",
            meant,
            again,
        ),
        facts={"pattern": _told(pattern), "confirmed": False},
        actions=(*([instead] if near else []), *([typed] if _may_be_told(pattern) else [])),
    )


def _told(pattern: str) -> str:
    return clip(repeated(pattern), PATTERN_CHARS)


def _may_be_told(pattern: str) -> bool:
    """Say whether a pattern is shown as it is, so that a command with it may be offered."""
    return _told(pattern) == pattern


def unsilenced(pattern: str, count: int) -> Report:
    """Return the report of a silence that was just ended. Raises NotFoundError if none was."""
    if not count:
        raise NotFoundError(f"Nothing silences {_told(pattern)}.", hint="See /alerts list.")
    return Report(
        command="alerts unmute",
        title=f"No longer quiet: {redact(pattern, PATTERN_CHARS)}",
        summary="What is still wrong is said with the next tick.",
        facts={"pattern": _told(pattern), "ended": count},
    )
