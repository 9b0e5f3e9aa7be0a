"""Decides, purely, what to post about an alert at one tick; the clock is passed in.

The life of an alert is pending, firing, resolved. It opens after `open_ticks` bad ticks in a row
and resolves after `clear_ticks` good ones, and only a clear sight counts as good: a source that
cannot be read resolves nothing. An alert that opens three times in an hour is flapping: it goes
on in the thread it has, and ends only after a long quiet. What comes back after such a quiet is
another trouble, and does not count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.alerts.policy.fingerprint import changed, fingerprint
from bot.domain.alert import (
    REPEAT_INTERVAL,
    Alert,
    AlertState,
    Condition,
    Decision,
    Judgement,
    Reason,
    Sight,
    alert_key,
)
from bot.domain.mute import Mute, longest
from bot.domain.report import Severity
from bot.domain.words import Text, with_time

_MILDEST_FIRST = tuple(Severity)


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """How patient the policy is with the alerts of one detector in one environment."""

    detector: str
    environment: str = ""
    open_ticks: int = 1
    clear_ticks: int = 1
    repeat_interval: timedelta = REPEAT_INTERVAL
    flap_cycles: int = 3
    flap_window: timedelta = timedelta(minutes=60)
    flap_clear_ticks: int = 40
    flap_quiet: timedelta = timedelta(minutes=10)
    of_events: bool = False


def decide(
    previous: Alert | None,
    condition: Condition | None,
    judgement: Judgement,
    now: datetime,
    settings: PolicySettings,
    mutes: Sequence[Mute] = (),
) -> Decision:
    """Return what to do about one alert. Raises ValueError when there is nothing to decide on."""
    if condition is not None and settings.of_events and is_settled(previous, condition):
        condition = None
    if condition is not None:
        return _bad(previous, condition, judgement, now, settings, mutes)
    if previous is None:
        raise ValueError("neither a remembered alert nor a condition to decide on")
    return _good(_muted(previous, mutes, now), judgement, now, settings)


def decide_all(
    remembered: Iterable[Alert],
    judgement: Judgement,
    now: datetime,
    settings: PolicySettings,
    mutes: Sequence[Mute] = (),
) -> tuple[Decision, ...]:
    """Decide on every condition of one judgement and every remembered alert of its detector."""
    known = {alert.subject: alert for alert in remembered}
    conditions = {condition.subject: condition for condition in judgement.conditions}
    return tuple(
        decide(known.get(subject), conditions.get(subject), judgement, now, settings, mutes)
        for subject in (*conditions, *(s for s in known if s not in conditions))
    )


def is_settled(previous: Alert | None, condition: Condition) -> bool:
    """Say whether an event that happened once was already acknowledged, or its alert ended."""
    if previous is None or condition.since > previous.condition.since:
        return False
    return previous.state is AlertState.RESOLVED or bool(previous.acknowledged_by)


def inhibit(decision: Decision, previous: Alert | None, by: str) -> Decision:
    """Keep an alert from opening while `by`, its cause, is firing; it stays pending."""
    if decision.reason is not Reason.OPEN:
        return decision
    waits = previous is not None and previous.state is AlertState.PENDING
    alert = replace(
        decision.alert,
        state=AlertState.PENDING,
        opened_at=previous.opened_at if previous and waits else decision.alert.opened_at,
        opens=previous.opens if previous else (),
        flaps=previous.flaps if previous else 0,
        said="",
    )
    return Decision(Reason.PENDING, alert, f"hidden by {by}")


def covered(warning: Alert, fault: Alert) -> Decision:
    """End a warning by the alert on what it warned of, which opens now."""
    now = fault.changed_at
    closing = fault.condition.headline or fault.condition.title
    over = replace(_resolved(warning, now, closing), said_at=now, covered_by=fault.key)
    return Decision(Reason.RESOLVE, over, closing)


def is_flapping(alert: Alert) -> bool:
    """Say whether the alert came and went too often of late."""
    return alert.flaps > 0


def _bad(
    previous: Alert | None,
    condition: Condition,
    judgement: Judgement,
    now: datetime,
    settings: PolicySettings,
    mutes: Sequence[Mute],
) -> Decision:
    if previous is not None and _is_later_episode(previous, condition):
        closing = _closing(judgement.closing, previous.subject)
        over = _resolved(_muted(previous, mutes, now), now, closing)
        over = replace(over, said_at=now, opens=())  # two troubles are no coming and going
        return Decision(Reason.RESOLVE, over, "another one began")
    held = judgement.held.get(condition.subject)
    if previous is not None and held is not None and previous.state is AlertState.FIRING:
        return Decision(Reason.NO_DATA, _muted(previous, mutes, now), held)
    alert = _muted(_seen_again(previous, condition, now, settings), mutes, now)
    if alert.state is AlertState.PENDING:
        return _maybe_open(alert, now, settings)
    return _still_firing(alert, now, settings)


def _is_later_episode(previous: Alert, condition: Condition) -> bool:
    """Say whether what was reported is over, and something else began: the next tick opens it."""
    before = previous.condition.episode
    return previous.state is AlertState.FIRING and bool(before) and before < condition.episode


def _seen_again(
    previous: Alert | None, condition: Condition, now: datetime, settings: PolicySettings
) -> Alert:
    if previous is None or previous.state is AlertState.RESOLVED:
        return _begin(previous, condition, now, settings)
    told = _as_severe(previous.condition, _with_known_since(previous.condition, condition))
    return replace(
        previous,
        condition=told,
        severity=told.severity,
        count=previous.count + condition.count,
        bad_streak=previous.bad_streak + 1,
        good_streak=0,
    )


def _with_known_since(known: Condition, condition: Condition) -> Condition:
    """Keep since when a state lasts: a window that slides along forgets when it began."""
    same = (known.rule, known.known) == (condition.rule, condition.known) and not condition.count
    goes_on = bool(known.episode and condition.episode) and known.rule == condition.rule
    if not (same or goes_on) or known.since >= condition.since:
        return condition
    title = with_time(condition.title, condition.since, known.since)
    return replace(condition, since=known.since, title=title)


def _as_severe(known: Condition, condition: Condition) -> Condition:
    """Keep how severe it was: that some of it goes well meanwhile is no end, and it would flip."""
    if known.rule != condition.rule:
        return condition
    worst = max(known.severity, condition.severity, key=_MILDEST_FIRST.index)
    return replace(condition, severity=worst)


def _begin(
    previous: Alert | None, condition: Condition, now: datetime, settings: PolicySettings
) -> Alert:
    # Whoever looks after an alert that comes and goes still does when it comes again.
    opens = previous.opens if previous and _comes_back(previous, now, settings) else ()
    kept = previous if previous and opens and _may_flap(previous, now, settings) else None
    return Alert(
        key=alert_key(settings.detector, settings.environment, condition.subject),
        detector=settings.detector,
        environment=settings.environment,
        subject=condition.subject,
        state=AlertState.PENDING,
        severity=condition.severity,
        condition=condition,
        opened_at=now,
        changed_at=now,
        said_at=now,
        count=max(1, condition.count),
        bad_streak=1,
        channel=previous.channel if previous else "",
        thread_ts=previous.thread_ts if previous else "",
        acknowledged_by=kept.acknowledged_by if kept else "",
        acknowledged_at=kept.acknowledged_at if kept else None,
        number=previous.number if previous else 0,
        opens=opens,
    )


def _comes_back(previous: Alert, now: datetime, settings: PolicySettings) -> bool:
    """Say whether it ended so lately that a flapping alert would not have ended yet."""
    return previous.resolved_at is None or now - previous.resolved_at < settings.flap_quiet


def _muted(alert: Alert, mutes: Sequence[Mute], now: datetime) -> Alert:
    """Note the silence that holds; what fires is announced again once one has ended, at the next
    tick that sees it, however many saw nothing in between."""
    covering = longest(mutes, alert.key, now)
    silent = (covering or alert.mute) is not None and alert.state is AlertState.FIRING
    if covering == alert.mute and alert.muted_while_firing >= silent:
        return alert
    return replace(alert, mute=covering, muted_while_firing=alert.muted_while_firing or silent)


def _maybe_open(alert: Alert, now: datetime, settings: PolicySettings) -> Decision:
    if alert.bad_streak < settings.open_ticks:
        return Decision(Reason.PENDING, alert, f"bad for {alert.bad_streak} ticks")
    if alert.mute is not None:
        return Decision(Reason.PENDING, replace(alert, muted_while_firing=True), "muted")
    opens = (*_recent(alert, now, settings), now)
    flaps = len(opens) if len(opens) >= settings.flap_cycles else 0
    kept = bool(flaps) or _acknowledged_while_pending(alert)
    opened = replace(
        alert,
        state=AlertState.FIRING,
        opened_at=now,
        changed_at=now,
        said_at=now,
        said=fingerprint(alert.condition),
        opens=opens[-20:],
        flaps=flaps,
        muted_while_firing=False,
        acknowledged_by=alert.acknowledged_by if kept else "",
        acknowledged_at=alert.acknowledged_at if kept else None,
    )
    note = f"opened {flaps} times in {settings.flap_window}" if flaps else ""
    return Decision(Reason.OPEN, opened, note)


def _recent(alert: Alert, now: datetime, settings: PolicySettings) -> tuple[datetime, ...]:
    return tuple(at for at in alert.opens if _within(at, now, settings.flap_window))


def _may_flap(alert: Alert, now: datetime, settings: PolicySettings) -> bool:
    """Say whether an alert that opens now once more comes and goes too often."""
    return len(_recent(alert, now, settings)) + 1 >= settings.flap_cycles


def _acknowledged_while_pending(alert: Alert) -> bool:
    return alert.acknowledged_at is not None and alert.acknowledged_at >= alert.opened_at


def _within(at: datetime, now: datetime, span: timedelta) -> bool:
    return timedelta(0) <= now - at < span


def _still_firing(alert: Alert, now: datetime, settings: PolicySettings) -> Decision:
    if alert.mute is not None:
        return Decision(Reason.QUIET, alert, "muted")
    muted_while_firing, alert = alert.muted_while_firing, replace(alert, muted_while_firing=False)
    said = fingerprint(alert.condition)
    if said != alert.said:
        told = replace(alert, said=said, said_at=now, changed_at=now)
        return Decision(Reason.UPDATE, told, changed(alert.said, said))
    if alert.acknowledged_by:
        return Decision(Reason.QUIET, alert, "acknowledged")
    if muted_while_firing:
        return Decision(Reason.REPEAT, replace(alert, said_at=now), "no longer silenced")
    # An event that happened once is said once.
    if now - alert.said_at >= settings.repeat_interval and not settings.of_events:
        return Decision(Reason.REPEAT, replace(alert, said_at=now), f"{alert.count} so far")
    return Decision(Reason.QUIET, alert, "already said")


def _good(
    previous: Alert, judgement: Judgement, now: datetime, settings: PolicySettings
) -> Decision:
    if previous.state is AlertState.RESOLVED:
        return Decision(Reason.QUIET, previous, "resolved")
    if judgement.sight is not Sight.CLEAR:
        return Decision(Reason.NO_DATA, previous, judgement.note or judgement.sight.value)
    if previous.subject in judgement.held:
        return Decision(Reason.NO_DATA, previous, judgement.held[previous.subject])
    if previous.state is AlertState.PENDING:
        return Decision(Reason.QUIET, _resolved(previous, now, "gone before it was said"), "gone")
    good = replace(previous, good_streak=previous.good_streak + 1, bad_streak=0)
    needed = settings.flap_clear_ticks if is_flapping(good) else settings.clear_ticks
    if good.good_streak < needed:
        return Decision(Reason.QUIET, good, f"good for {good.good_streak} of {needed} ticks")
    closing = _closing(judgement.closing, previous.subject)
    return Decision(Reason.RESOLVE, replace(_resolved(good, now, closing), said_at=now), closing)


def _resolved(alert: Alert, now: datetime, closing: Text) -> Alert:
    return replace(
        alert,
        state=AlertState.RESOLVED,
        resolved_at=now,
        changed_at=now,
        closing=closing,
        bad_streak=0,
        muted_while_firing=False,
    )


def _closing(closings: Mapping[str, Text], subject: str) -> Text:
    return closings.get(subject, "")
