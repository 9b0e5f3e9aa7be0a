"""What changed around the batches, as the bot saw it: containers, modes, schema, models, itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.border.outside import let_out_all
from bot.domain.words import Text, Words, joined, when, words

# What lies further back than this before an alert is not told with it. A tick sees the beginning
# of what it alerts on, and a change, up to so much late.
SHORTLY, TICKS = timedelta(minutes=30), timedelta(minutes=1)


class ChangeKind(StrEnum):
    """What kind of thing changed."""

    RECREATED = "recreated"
    RESTARTED = "restarted"
    STARTED = "started"
    STATE = "state"
    HEALTH = "health"
    MODE = "mode"
    SCHEMA = "schema"
    MOCK_MODE = "mock_mode"
    MODEL = "model"
    TOPIC = "topic"
    SETTING = "setting"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what, of what, from what to what, and where that was read.

    `is_exact` says that `at` is when it happened; else it is when the bot first saw it. A changed
    setting has no `before` and `after`: a value may be a secret. `count` is how many restarts a
    loop of them made before this was written down.
    """

    at: datetime
    kind: ChangeKind
    subject: str
    before: str = ""
    after: str = ""
    source: str = ""
    is_exact: bool = False
    count: int = 1

    def __post_init__(self) -> None:
        for name in ("subject", "before", "after"):
            object.__setattr__(self, name, str(let_out_all(getattr(self, name))))

    def as_fact(self) -> dict[str, object]:
        """Return the change as plain values, under fixed names."""
        return {
            "at": self.at,
            "kind": self.kind.value,
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
            "source": self.source,
            "exact": self.is_exact,
            "text": untimed(self),
        }


@dataclass(frozen=True, slots=True)
class Noted:
    """What one tick noted: what changed, and all that is known from then on, as JSON values.

    `since` and `read` of what is known say when watching began and each source was last read.
    """

    changes: tuple[Change, ...] = ()
    known: Mapping[str, Any] = field(default_factory=dict)


def untimed(change: Change) -> str:
    """Return what changed, in words without a time."""
    subject = change.subject
    arrow = f"{change.before or '?'} → {change.after or '?'}"
    match change.kind:
        case ChangeKind.RECREATED:
            same = change.before == change.after
            return f"{subject} recreated, {'same image' if same else f'image {arrow}'}"
        case ChangeKind.RESTARTED:
            times = f" {change.count} times" if change.count > 1 else ""
            return f"{subject} restarted{times}"
        case ChangeKind.STARTED:
            # `before` is the image of one that runs beside it; a first one has none.
            image = f", image {change.after}" if change.after else ""
            return f"{'another ' if change.before else ''}{subject} started{image}"
        case ChangeKind.TOPIC:
            return f"{subject} was made anew"
        case ChangeKind.SETTING:
            return f"batchbot's setting {subject} {change.after or 'changed'}"
        case _:
            return f"{subject} {arrow}"


def timed(change: Change) -> Text:
    """Return what changed and when; a time that is not known is when it was seen."""
    return words(untimed(change), when(change.at, " at " if change.is_exact else ", seen at "))


def listed(changes: Sequence[Change], most: int) -> Words:
    """Return the first of some changes with their times, in a line, and how many more there are."""
    more = f"; +{len(changes) - most} more" if len(changes) > most else ""
    return words(joined("; ", map(timed, changes[:most])), more)


def shortly_before(
    changes: Iterable[Change], since: datetime, *, but: str = ""
) -> tuple[Change, ...]:
    """Return what changed within SHORTLY before a moment, but the subject `but`, newest first."""
    near = (one for one in changes if -TICKS <= since - one.at <= SHORTLY)
    others = (one for one in near if not (but and one.subject == but))
    return tuple(sorted(others, key=lambda one: one.at, reverse=True))
