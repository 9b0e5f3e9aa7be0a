"""Alerts as facts: samples, windows, what a detector concludes, and what was decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.border.outside import let_out_all
from bot.domain.changes.change import Change
from bot.domain.chart import Chart
from bot.domain.evidence import EvidenceLine
from bot.domain.mute import Mute, MuteKind
from bot.domain.report import Confidence, Severity
from bot.domain.words import Text


@dataclass(frozen=True, slots=True)
class Sample:
    """What one tick saw for one detector, as JSON values, so that it can be kept and replayed.

    `unreadable` names the source that could not be read and why, as "name: reason"; empty when
    all could. Detectors that lack the same source share one alert on it.
    """

    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    unreadable: str = ""

    def __post_init__(self) -> None:
        _let_out(self, "data", "unreadable")


@dataclass(frozen=True, slots=True)
class Window:
    """The samples of one detector, oldest first, as far back as the detector asked for.

    `started_at` is when this detector was first sampled without a long gap: a window younger than
    the time a verdict needs is warming, not healthy.
    """

    samples: tuple[Sample, ...]
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong now, as a detector concludes it.

    `subject` is the queue, batch, or failing field and mode: with detector and environment it is
    the alert's key; never a correlation id. `title` is the whole alert in one line: what, since
    when, how sure, what to do. A change of `known` (short words, such as the rule and the item)
    is news worth a reply; a change of `count` alone is a repeat. `count` is what this tick saw
    for the first time, 0 for a state that merely lasts. `headline` is what is wrong in one breath,
    without the time that it lasts, which is said where it `lasts`. `batch` and `correlation_id`
    feed the buttons, as does `requeue`, the orphaned item that may be put back; `chart` shows how
    it came about, and a change of it is no news. `cause` names the
    detector whose alert reports what it follows from, where that is known. Those of one `group`, a
    cause in words that follow what it is of, are reported as one; `members` are the batches of all
    for which this one then speaks. `reasons` are what went wrong, as words of a closed list: what
    has none of them in common is another trouble. `episode` tells two of one subject apart, where a
    detector can: a later one is another alert, and within one `since` never moves on.
    """

    subject: str
    rule: str
    severity: Severity
    confidence: Confidence
    title: Text
    since: datetime
    known: str = ""
    count: int = 1
    why: Text = ""
    evidence: tuple[EvidenceLine, ...] = ()
    next: tuple[Text, ...] = ()
    batch: str = ""
    correlation_id: str = ""
    chart: Chart | None = None
    cause: str = ""
    headline: Text = ""
    lasts: bool = True
    requeue: str = ""
    group: str = ""
    members: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    episode: str = ""

    def __post_init__(self) -> None:
        _let_out(self, *_OF_CONDITION)


_OF_CONDITION = tuple(one.name for one in fields(Condition))


class Sight(StrEnum):
    """Whether a detector could see: only a clear sight may resolve anything."""

    CLEAR = "clear"
    WARMING = "warming"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a detector concludes from its window.

    `closing` words how a subject's alert ended ("item 3f2a completed at 00:31"); `held` names
    subjects whose alert must neither resolve nor change now, each with the reason.
    """

    sight: Sight
    conditions: tuple[Condition, ...] = ()
    note: Text = ""
    closing: Mapping[str, Text] = field(default_factory=dict)
    held: Mapping[str, Text] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _let_out(self, "note", "closing", "held")


class Reason(StrEnum):
    """Why something was, or was not, said about an alert; logged for each decision.

    People acknowledge, snooze, take either back and leave notes; a digest lists what is open and
    quiet; a tick decides on all the others.
    """

    OPEN = "open"
    UPDATE = "update"
    REPEAT = "repeat"
    RESOLVE = "resolve"
    QUIET = "quiet"
    PENDING = "pending"
    NO_DATA = "no_data"
    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    UNACKNOWLEDGE = "unacknowledge"
    WAKE = "wake"
    NOTE = "note"
    ESCALATE = "escalate"
    DIGEST = "digest"


class AlertState(StrEnum):
    """Where an alert is in its life."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Standing(StrEnum):
    """Where an alert is in its life, as people see it."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    MUTED = "muted"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class SeenBefore:
    """What is known of an alert from the times it opened before.

    `count` is how often in the last 7 days, `length` how long the last time took, None when it is
    not known; `channel` and `thread_ts` are its message then; `helped` is what a person noted.
    """

    count: int
    last_at: datetime
    length: timedelta | None = None
    channel: str = ""
    thread_ts: str = ""
    helped: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """What is remembered of one alert between ticks.

    `key` is detector/environment/subject, `number` its short name for people (0: none yet).
    `count` sums what was seen since it opened; `bad_streak` and `good_streak` count ticks for
    hysteresis; `said_at` is when the thread last got a reply. `mute`, `acknowledged_by` and
    `channel`/`thread_ts` outlive a restart. `said` is what the last reply in the thread said (a
    fingerprint of rule, severity and what is known), `opens` are the newest times it opened, and
    `flaps` counts them once they are too many. `hides` counts the alerts that follow from this
    one and stay unsaid while it lasts; `fold` is the key of the alert that speaks for this one
    when too many opened at once, or the first of its group. `muted_while_firing` says that a
    silence kept something unsaid: the opening of one that is pending, the repeats of one that
    fires.
    `before` is what is known from earlier times, `escalated_at` when another was notified since
    it was not acknowledged. `changed` is what changed shortly before it began, newest first; that
    it follows from one of these is not known. `covered_by` is the key of the alert on what
    this one warned of: it came about. `onset_before` is since when the last time it opened lasted,
    which its record of openings does not hold.
    """

    key: str
    detector: str
    environment: str
    subject: str
    state: AlertState
    severity: Severity
    condition: Condition
    opened_at: datetime
    changed_at: datetime
    said_at: datetime
    count: int = 1
    bad_streak: int = 0
    good_streak: int = 0
    resolved_at: datetime | None = None
    closing: Text = ""
    mute: Mute | None = None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    channel: str = ""
    thread_ts: str = ""
    flaps: int = 0
    said: str = ""
    opens: tuple[datetime, ...] = ()
    number: int = 0
    hides: int = 0
    fold: str = ""
    muted_while_firing: bool = False
    before: SeenBefore | None = None
    escalated_at: datetime | None = None
    onset_before: datetime | None = None
    changed: tuple[Change, ...] = ()
    covered_by: str = ""

    @property
    def standing(self) -> Standing:
        """Return where the alert is in its life; a silence says more than an acknowledgement."""
        if self.state is AlertState.RESOLVED:
            return Standing.RESOLVED
        if self.mute is not None:
            snoozed = self.mute.kind is MuteKind.SNOOZE
            return Standing.SNOOZED if snoozed else Standing.MUTED
        if self.state is AlertState.PENDING:
            return Standing.PENDING
        return Standing.ACKNOWLEDGED if self.acknowledged_by else Standing.FIRING


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about one alert at one tick: the reason, and the alert as it is from now on."""

    reason: Reason
    alert: Alert
    note: Text = ""


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One thing that happened to an alert; `by` is the person who did it, if one did."""

    at: datetime
    key: str
    reason: Reason
    severity: Severity
    title: Text
    note: Text = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """An alert with the samples that its verdict is made from, by detector, oldest first.

    `left_out` counts those in the middle of a long alert that would have been too many.
    """

    alert: Alert
    samples: Mapping[str, tuple[Sample, ...]]
    left_out: int = 0


REPEAT_INTERVAL = timedelta(hours=1)
QUIET_AFTER = timedelta(minutes=15)
# The subject under which a detector says that it cannot read its source.
UNREADABLE_SUBJECT = "source"
SOURCE_UNREADABLE = "source-unreadable"


def alert_key(detector: str, environment: str, subject: str) -> str:
    """Return the key under which an alert is grouped, muted and remembered; it has no spaces."""
    parts = (detector, environment or "-", subject)
    return "/".join("_".join(part.replace("/", "_").split()) for part in parts)


def _let_out(fact: object, *names: str) -> None:
    """Let the outside text of a fact's fields out: what is kept and posted holds none."""
    for one in names:
        value = getattr(fact, one)
        if type(value) is not str and (passed := let_out_all(value)) is not value:
            object.__setattr__(fact, one, passed)
