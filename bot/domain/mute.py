"""Silences: what was snoozed, muted or is under maintenance, by whom and until when; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

ALL = "all"
_NEVER = datetime.max.replace(tzinfo=UTC)


class MuteKind(StrEnum):
    """Why an alert is silent: one alert was snoozed, a pattern muted, or work is announced."""

    SNOOZE = "snooze"
    MUTE = "mute"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Mute:
    """A silence on `pattern`: an alert's key, a detector, a subject, "all", or a key with `*`.

    `until` None means until somebody ends it; `since` is when it begins, None means at once.
    """

    pattern: str
    until: datetime | None = None
    reason: str = ""
    by: str = ""
    since: datetime | None = None
    kind: MuteKind = MuteKind.MUTE

    def holds(self, now: datetime) -> bool:
        """Say whether this silence has begun and is not over at `now`."""
        begun = self.since is None or self.since <= now
        return begun and (self.until is None or now < self.until)

    def matches(self, key: str) -> bool:
        """Say whether the pattern means the alert `key`, whenever that is."""
        pattern, folded = self.pattern.casefold(), key.casefold()
        if self.kind is MuteKind.SNOOZE:
            return pattern == folded
        if "*" in pattern:
            return glob_matches(pattern, folded)
        detector, _, rest = folded.partition("/")
        return pattern in (ALL, folded, detector, rest.partition("/")[2])

    def covers(self, key: str, now: datetime) -> bool:
        """Say whether this silence holds for the alert `key` at `now`."""
        return self.holds(now) and self.matches(key)


def longest(mutes: Iterable[Mute], key: str, now: datetime) -> Mute | None:
    """Return the silence that keeps `key` quiet for longest, None when none does."""
    covering = [mute for mute in mutes if mute.covers(key, now)]
    return max(covering, key=lambda mute: mute.until or _NEVER, default=None)


def glob_matches(pattern: str, text: str) -> bool:
    """Say whether `pattern` means the whole `text`, without backtracking; `*` is any characters."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    *middle, last = rest
    if not text.startswith(first):
        return False
    position = len(first)
    for part in middle:
        found = text.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return len(text) - len(last) >= position and text.endswith(last)
