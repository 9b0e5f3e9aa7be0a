"""Groups alerts that open at once: a few get a message each, one storm alert covers the rest; pure.

The rest keep their states, their history and their numbers; only their messages are folded into
those of one storm alert, which counts them and ends when the last of them does.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.alerts.policy.inhibition import Decided
from bot.alerts.policy.lifecycle import PolicySettings, decide_all, is_flapping
from bot.domain.alert import (
    Alert,
    AlertState,
    Condition,
    Decision,
    Judgement,
    Reason,
    Sight,
    alert_key,
)
from bot.domain.mute import Mute
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words
from bot.text.wording import many

STORM = "storm"
# Five messages a minute and detector are read; a sixth and seventh are not.
MAX_PARENTS = 5
SPAN = timedelta(minutes=1)
NAMED = 8
_ORDER = tuple(Severity)


def folded(
    decisions: Sequence[Decided],
    remembered: Sequence[Alert],
    now: datetime,
    environment: str,
    mutes: Sequence[Mute] = (),
) -> list[Decided]:
    """Return the decisions with the openings beyond MAX_PARENTS folded, and those on storms."""
    storms = {alert.subject: alert for alert in remembered if alert.detector == STORM}
    opening: defaultdict[str, list[Decision]] = defaultdict(list)
    for _, decision in decisions:
        if _needs_parent(decision):
            opening[decision.alert.detector].append(decision)
    fold: dict[str, str] = {}
    for detector, some in opening.items():
        storm = storms.get(detector)
        is_open = storm is not None and storm.state is AlertState.FIRING
        for decision in _excess(some, _recent(remembered, detector, now), is_open=is_open):
            fold[decision.alert.key] = alert_key(STORM, environment, detector)
    shown = [(previous, _marked(decision, fold)) for previous, decision in decisions]
    return [*shown, *_storms(shown, storms, remembered, fold, now, environment, mutes)]


def _needs_parent(decision: Decision) -> bool:
    """Say whether a decision would post into the channel itself."""
    goes_on = is_flapping(decision.alert) and bool(decision.alert.thread_ts)
    return decision.reason is Reason.OPEN and not goes_on and not decision.alert.fold


def _recent(remembered: Sequence[Alert], detector: str, now: datetime) -> int:
    return sum(
        alert.detector == detector
        and alert.state is not AlertState.PENDING
        and not alert.fold
        and timedelta(0) <= now - alert.opened_at < SPAN
        for alert in remembered
    )


def _excess(some: Sequence[Decision], recent: int, *, is_open: bool) -> Sequence[Decision]:
    """Return what is folded: the mildest and newest, and never one alone unless a storm is on."""
    free = 0 if is_open else max(0, MAX_PARENTS - recent)
    worst = sorted(some, key=lambda one: (-_ORDER.index(one.alert.severity), one.alert.key))
    rest = worst[free:]
    return rest if is_open or len(rest) > 1 else ()


def _marked(decision: Decision, fold: dict[str, str]) -> Decision:
    key = fold.get(decision.alert.key)
    return replace(decision, alert=replace(decision.alert, fold=key)) if key else decision


def _storms(
    shown: Sequence[Decided],
    storms: dict[str, Alert],
    remembered: Sequence[Alert],
    fold: dict[str, str],
    now: datetime,
    environment: str,
    mutes: Sequence[Mute],
) -> list[Decided]:
    alerts = {alert.key: alert for alert in remembered}
    alerts |= {decision.alert.key: decision.alert for _, decision in shown}
    members: defaultdict[str, list[Alert]] = defaultdict(list)
    for alert in alerts.values():
        if alert.fold.startswith(f"{STORM}/") and alert.state is not AlertState.RESOLVED:
            members[alert.detector].append(alert)
    conditions = tuple(
        _condition(detector, some, storms.get(detector), fold) for detector, some in members.items()
    )
    closing = {name: f"all {storm.count} resolved" for name, storm in storms.items()}
    judgement = Judgement(Sight.CLEAR, conditions, closing=closing)
    settings = PolicySettings(STORM, environment)
    decided = decide_all(storms.values(), judgement, now, settings, mutes)
    return [(storms.get(decision.alert.subject), decision) for decision in decided]


def _condition(
    detector: str, members: Sequence[Alert], storm: Alert | None, fold: dict[str, str]
) -> Condition:
    fresh = sum(alert.key in fold for alert in members)
    before = storm.count if storm is not None and storm.state is not AlertState.RESOLVED else 0
    total = before + fresh
    since = min(alert.condition.since for alert in members)
    ended = f" ({total - len(members)} resolved)" if total > len(members) else ""
    names, listed = _names([alert.subject for alert in members]), f"/alerts list {detector}"
    return Condition(
        subject=detector,
        rule="alert-storm",
        severity=max((alert.severity for alert in members), key=_ORDER.index),
        confidence=Confidence.HIGH,
        title=words(
            f"{total} more of {detector}",
            when(since, " since "),
            f"{ended}, high confidence: {names}. Next: {listed}",
        ),
        since=since,
        # Twice as many is news, one more is not.
        known=f"{total.bit_length()}",
        count=fresh,
        headline=f"{many(total, 'more alert')} of one kind: {detector.replace('_', ' ')}",
        why=f"More than {MAX_PARENTS} of one kind opened within a minute: one cause is likelier. "
        "Each keeps its number.",
        evidence=members[0].condition.evidence[:3],
        next=(listed,),
    )


def _names(subjects: Sequence[str]) -> str:
    """Name the first subjects; numbers are batches."""
    if all(subject.isdecimal() for subject in subjects):
        some = sorted(subjects, key=int)
        named = ", ".join(some[:NAMED])
        told = f"batch {named}" if len(some) == 1 else f"batches {named}"
    else:
        told = ", ".join(sorted(subjects)[:NAMED])
    left = len(subjects) - NAMED
    return f"{told} and {left} more" if left > 0 else told
