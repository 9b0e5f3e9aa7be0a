"""What ticks and the poster have done so far; they write it, vitals shows it."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class TickState:
    """What the ticks have done, for metrics and health.

    `last_at` is the newest tick of this process, `stood_by_at` when it last knew that another
    one leads, `problem` why it neither ticks nor knows. `unread` says of each source that the last
    tick could not read why it could not. `detectors` are all that are run, `firing` counts the
    firing alerts of each detector and severity.
    """

    ticks: int = 0
    last_at: datetime | None = None
    stood_by_at: datetime | None = None
    leading: bool = False
    problem: str = ""
    failing: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, int] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    detectors: tuple[str, ...] = ()
    firing: dict[tuple[str, str], int] = field(default_factory=dict)
    seconds: float = 0.0
    lost_lines: int = 0
    unreadable_lines: int = 0


@dataclass(slots=True)
class PosterState:
    """What the poster has done, for metrics and health; `failing_since` is None while it works.

    `channel_missing` says that the channel to post to is not found, so that nothing can be posted.
    """

    channel_missing: bool = False
    sent: int = 0
    adopted: int = 0
    problem: str = ""
    failing_since: datetime | None = None
    failures: dict[str, int] = field(default_factory=dict)
