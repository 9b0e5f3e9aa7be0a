"""Makes one alert of those of one cause: what begins within half an hour of the last joins; pure.

Those that join keep their states, their history and their numbers, as those of a storm do. The
alert of the first speaks for all of them in its thread, counts them, and ends with the last of
them; who acknowledges it acknowledges them all. What has another cause has its own alert, and so
has what begins once the first was acknowledged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.alerts.policy.inhibition import Decided
from bot.alerts.policy.lifecycle import PolicySettings, is_settled
from bot.domain.alert import Alert, AlertState, Condition, Decision, Judgement, Reason, alert_key
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Text, when, words
from bot.text.wording import many, numbers_told

JOINS_WITHIN = timedelta(minutes=30)
# Up to so many each one that joins is news, of more only twice as many.
EACH_IS_NEWS = 8
MOST_STEPS = 8
# A message adds its mark and where it is of.
HEADLINE_CHARS = 78
_MILDEST_FIRST, _LEAST_SURE_FIRST = tuple(Severity), tuple(Confidence)


@dataclass(frozen=True, slots=True)
class Grouped:
    """What a detector's alerts are decided on, and which alert speaks for which other.

    `remembered` are its alerts, acknowledged with the ones that speak for them; `judgement` holds
    the conditions of those that speak as of their whole group. `spoken_for` maps the key of each
    new member to the key of the alert that speaks for it.
    """

    remembered: Sequence[Alert]
    judgement: Judgement
    spoken_for: Mapping[str, str] = field(default_factory=dict)


def grouped(remembered: Sequence[Alert], judgement: Judgement, settings: PolicySettings) -> Grouped:
    """Return what to decide on, where the first of one cause speaks for the others."""
    if not any(one.group for one in (*judgement.conditions, *(a.condition for a in remembered))):
        return Grouped(remembered, judgement)
    groups = _Groups(remembered, judgement, settings)
    for condition in sorted(judgement.conditions, key=lambda one: one.since):
        if not groups.is_over(condition):
            groups.take(condition)
    return groups.result(judgement)


def spoken(decided: Sequence[Decided], spoken_for: Mapping[str, str]) -> list[Decided]:
    """Return the decisions, each opening that an alert which fires speaks for folded into it."""
    firing = {one.alert.key for _, one in decided if one.alert.state is AlertState.FIRING}
    told = {key: by for key, by in spoken_for.items() if by in firing}
    return [(previous, _folded(decision, told)) for previous, decision in decided]


def _folded(decision: Decision, told: Mapping[str, str]) -> Decision:
    by = told.get(decision.alert.key)
    if by is None or decision.reason is not Reason.OPEN:
        return decision
    return replace(decision, alert=replace(decision.alert, fold=by))


@dataclass(slots=True)
class _Group:
    """The subject of the alert that speaks, and the conditions that it speaks for, oldest first."""

    subject: str
    cause: str
    takes: bool = True
    found: list[Condition] = field(default_factory=list)

    def joins(self, condition: Condition) -> bool:
        """Say whether a condition is of this cause, and near enough in time."""
        if not self.takes or self.cause != condition.group or not self.found:
            return False
        return condition.since - self.found[-1].since <= JOINS_WITHIN


class _Groups:
    """The groups of one detector's conditions, by the key of the alert that speaks."""

    def __init__(
        self, remembered: Sequence[Alert], judgement: Judgement, settings: PolicySettings
    ) -> None:
        self._settings = settings
        self._alerts = {one.subject: one for one in remembered}
        self._spoken_for: dict[str, str] = {}
        now = {one.subject: one for one in judgement.conditions}
        self._keys = {one.key for one in remembered}
        self._groups = {
            one.key: _Group(one.subject, cause, takes=not one.acknowledged_by)
            for one in remembered
            if one.state is AlertState.FIRING and one.fold not in self._keys
            if (cause := now.get(one.subject, one.condition).group)
        }

    def is_over(self, condition: Condition) -> bool:
        """Say whether it is an event whose alert ended, or was acknowledged."""
        alert = self._alerts.get(condition.subject)
        return self._settings.of_events and is_settled(alert, condition)

    def take(self, condition: Condition) -> None:
        """Put a condition into the group that it is of, or into one of its own."""
        alert = self._alerts.get(condition.subject)
        if alert is None or alert.state is not AlertState.FIRING:
            if self._opens(alert):
                self._join(condition)
        elif alert.fold not in self._keys:
            if mine := self._groups.get(alert.key):
                mine.found.append(condition)
        elif (mine := self._groups.get(alert.fold)) and mine.cause == condition.group:
            mine.found.append(condition)
        else:
            # It turned out to be of another cause, which was never said.
            self._alerts[condition.subject] = self._unsaid(alert)
            self._join(condition)

    def _opens(self, alert: Alert | None) -> bool:
        """Say whether an alert was bad for as many ticks, with this one, as it takes to open."""
        waits = alert is not None and alert.state is AlertState.PENDING
        return (alert.bad_streak if alert and waits else 0) + 1 >= self._settings.open_ticks

    def _join(self, condition: Condition) -> None:
        if not condition.group:
            return
        key = alert_key(self._settings.detector, self._settings.environment, condition.subject)
        by = next((key for key, one in self._groups.items() if one.joins(condition)), key)
        self._groups.setdefault(by, _Group(condition.subject, condition.group))
        self._groups[by].found.append(condition)
        if by != key:
            self._spoken_for[key] = by

    def _unsaid(self, alert: Alert) -> Alert:
        """Return an alert that another one spoke for, so that it opens now."""
        streak = self._settings.open_ticks - 1
        return replace(alert, state=AlertState.PENDING, bad_streak=streak, fold="", said="")

    def result(self, judgement: Judgement) -> Grouped:
        """Return what to decide on."""
        conditions = {one.subject: one for one in judgement.conditions}
        for group in self._groups.values():
            if group.found and (len(group.found) > 1 or group.found[0].subject != group.subject):
                conditions[group.subject] = _of_all(group)
        told = replace(judgement, conditions=tuple(conditions.values()))
        remembered = tuple(self._looked_after(one) for one in self._alerts.values())
        return Grouped(remembered, told, self._spoken_for)

    def _looked_after(self, alert: Alert) -> Alert:
        """Return an alert, acknowledged where the one that speaks for it is."""
        group = self._groups.get(alert.fold)
        if group is None or group.takes or alert.acknowledged_by:
            return alert
        head = self._alerts[group.subject]
        by, at = head.acknowledged_by, head.acknowledged_at
        return replace(alert, acknowledged_by=by, acknowledged_at=at)


def _of_all(group: _Group) -> Condition:
    """Return the condition of the alert that speaks, as of its whole group."""
    some = group.found
    base = next((one for one in some if one.subject == group.subject), some[0])
    if len(some) == 1:
        return replace(base, subject=group.subject)
    count, last = len(some), some[-1].since
    # The newest is what is not known yet.
    steps = (*some[-1].next[:1], *base.next, *(step for one in some for step in one.next))
    next_ = tuple(dict.fromkeys(steps))[:MOST_STEPS]
    said = f"{_named(some)} {group.cause}"
    return replace(
        base,
        subject=group.subject,
        severity=max((one.severity for one in some), key=_MILDEST_FIRST.index),
        confidence=min((one.confidence for one in some), key=_LEAST_SURE_FIRST.index),
        title=words(said, _span(some[0].since, last), *((". Next: ", next_[0]) if next_ else ())),
        since=last,
        known=f"{base.known}, {count if count <= EACH_IS_NEWS else count.bit_length()}",
        count=sum(one.count for one in some),
        headline=said if len(said) <= HEADLINE_CHARS else f"{_counted(some)} {group.cause}",
        evidence=tuple(_line(one) for one in some),
        next=next_,
        members=tuple(one.batch for one in some if one.batch),
    )


def _span(first: datetime | None, last: datetime | None) -> Text:
    if first == last:
        return when(first, ", at ")
    return words(when(first, ", from "), when(last, " to "))


def _named(some: Sequence[Condition]) -> str:
    """Name the batches that it is about; what is of none is counted."""
    names = [int(one.batch) for one in some if one.batch.isdecimal()]
    return f"Batches {numbers_told(names)}" if len(names) == len(some) else _counted(some)


def _counted(some: Sequence[Condition]) -> str:
    return many(len(some), "batch" if all(one.batch for one in some) else "alert")


def _line(condition: Condition) -> EvidenceLine:
    source = condition.evidence[0].source if condition.evidence else ""
    return EvidenceLine(source, condition.since, condition.headline or condition.title)
