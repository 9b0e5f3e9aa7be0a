"""Which alerts are open, what is quiet until when, and what happened to one; pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.diagnosis.silences import SHOWN, silence_facts, silence_row, until, who
from bot.domain.alert import Alert, AlertEvent, AlertState, Standing
from bot.domain.headline import one_breath
from bot.domain.mute import Mute
from bot.domain.report import Finding, Report, Severity, Table, TimelineEntry
from bot.domain.words import Span, Text, words
from bot.errors import NotFoundError, UsageError
from bot.text.redaction import clip, repeated
from bot.text.wording import SEVERITY_MARKS, many

FINDINGS = 10
# What raises alerts on the bot itself, and the one that speaks for many.
OWN_DETECTORS = ("failed_detector", "late_messages", "missed_ticks", "storm", "unreadable_source")
CHOICES = 6
# Unattended ones first: they are what the list is opened for.
LISTED = (
    Standing.FIRING,
    Standing.ACKNOWLEDGED,
    Standing.SNOOZED,
    Standing.MUTED,
    Standing.PENDING,
    Standing.RESOLVED,
)
EVENTS_SHOWN = 100
STANDING_MARKS = {
    Standing.ACKNOWLEDGED: "👀",
    Standing.SNOOZED: "💤",
    Standing.MUTED: "🔕",
    Standing.PENDING: "⏳",
    Standing.RESOLVED: "✅",
}


def find(word: str, alerts: Sequence[Alert]) -> Alert:
    """Return the alert that a short number, a key, or an unambiguous part of one means.

    Digits alone are a number and nothing else: the button of an old message may not reach another
    alert. A part of a key means an open alert before one that is over. Raises NotFoundError, or
    UsageError that lists the candidates.
    """
    found = _meant(word.removeprefix("#").casefold(), alerts)
    if not found:
        raise NotFoundError(f"There is no alert {repeated(word)}.", hint="See /alerts list.")
    if len(found) > 1:
        some = ", ".join(f"#{one.number} {one.key}" for one in found[:CHOICES])
        more = f" and {len(found) - CHOICES} more" if len(found) > CHOICES else ""
        raise UsageError(
            f"{repeated(word)} may be any of {some}{more}.", hint="Use the number: /alerts ack 3"
        )
    return found[0]


def _meant(fold: str, alerts: Sequence[Alert]) -> list[Alert]:
    if fold.isdecimal():
        return [one for one in alerts if str(one.number) == fold]
    exact = [one for one in alerts if one.key.casefold() == fold]
    if exact or not fold:
        return exact
    still_open = [one for one in alerts if one.state is not AlertState.RESOLVED]
    for some in (still_open, alerts):
        ends = [one for one in some if one.key.casefold().endswith(fold)]
        found = ends or [one for one in some if fold in one.key.casefold()]
        if found:
            return found
    return []


def listing(
    alerts: Sequence[Alert],
    mutes: Sequence[Mute],
    now: datetime,
    names: Mapping[str, str],
    detector: str = "",
) -> Report:
    """Return the report of what is open, the unattended first, and of what is kept quiet.

    What another alert speaks for is listed where its `detector` is asked for. Raises NotFoundError
    when that one has nothing open.
    """
    alone = _of(detector, alerts) if detector else [one for one in alerts if not one.fold]
    folded = [] if detector else [one for one in alerts if one.fold]
    found = sorted(alone, key=_urgency)
    firing = [one for one in found if one.standing is Standing.FIRING]
    return Report(
        command="alerts list",
        title=f"Alerts of {found[0].detector}" if detector else "Alerts",
        headline=_headline(found),
        summary=_summary(found, mutes, folded),
        lines=tuple(filter(None, (_storms(folded), _left_out(found)))),
        facts={
            "alerts": [_facts(one, now, names) for one in found[:SHOWN]],
            "mutes": [silence_facts(mute, now, names) for mute in mutes],
            "total": len(found) + len(folded),
        },
        findings=tuple(_finding(one) for one in firing[:FINDINGS]),
        tables=tuple(_tables(found if found != firing[:1] else [], mutes, now, names)),
        folded=(_keys(found),) if found else (),
        actions=tuple(_actions(firing)),
    )


def _urgency(alert: Alert) -> tuple[int, bool, datetime]:
    """Sort the unattended first, of these the worst, then the oldest."""
    milder = alert.severity is not Severity.ERROR
    return LISTED.index(alert.standing), milder, alert.opened_at


def _actions(firing: Sequence[Alert]) -> Iterable[str]:
    """Yield what to press: look after the worst, look into it, look after the next."""
    if not firing:
        return
    first, *others = firing
    yield f"/alerts ack {first.number}"
    if first.condition.batch:
        yield f"/batch investigate {first.condition.batch}"
    elif first.condition.correlation_id:
        yield f"/trace {first.condition.correlation_id}"
    yield from (f"/alerts ack {one.number}" for one in others[:1])
    yield f"/alerts snooze {first.number} 2h"


def _of(detector: str, alerts: Sequence[Alert]) -> list[Alert]:
    found = [one for one in alerts if one.detector.casefold() == detector.casefold()]
    if not found:
        names = ", ".join(sorted({one.detector for one in alerts})) or "none"
        raise NotFoundError(
            f"No alert of a detector {clip(repeated(detector), 60)} is open.",
            hint=f"Detectors with some: {names}",
        )
    return found


def history(
    events: Sequence[AlertEvent], alerts: Sequence[Alert], names: Mapping[str, str], key: str = ""
) -> Report:
    """Return the report of what happened to one alert, or to all, newest first."""
    numbers = {one.key: one.number for one in alerts}
    entries = tuple(
        TimelineEntry(event.at, event.key, f"#{numbers.get(event.key, '?')}", _told(event, names))
        for event in events[:EVENTS_SHOWN]
    )
    return Report(
        command="alerts history",
        title=f"History of {key}" if key else "History of all alerts",
        summary=f"{many(len(entries), 'event')}, newest first."
        if entries
        else "Nothing happened yet.",
        facts={"key": key, "events": len(entries)},
        timeline=entries,
    )


def changed(alert: Alert, verb: str, summary: Text, **facts: object) -> Report:
    """Return the report of what somebody just did to one alert; its own message shows it too."""
    values = {"number": alert.number, "key": alert.key, "standing": alert.standing.value, **facts}
    return Report(
        command=f"alerts {verb}",
        title=words(f"Alert #{alert.number}: ", alert.condition.title),
        summary=summary,
        facts=values,
        shown_in=message_of(alert),
    )


def message_of(alert: Alert) -> tuple[str, str] | None:
    """Return the message (channel and ts) that shows an alert as it stands, if there is one."""
    shown = alert.state is AlertState.FIRING and alert.thread_ts and not alert.fold
    return (alert.channel, alert.thread_ts) if shown else None


def end_told(alert: Alert) -> str:
    """Return where the end of an alert is posted: not every alert has a thread of its own."""
    if alert.state is AlertState.RESOLVED:
        return "It is over now."
    if alert.state is AlertState.PENDING:
        return "It is not said yet: nothing is, if it ends before it opens."
    if alert.fold:
        return f"Another speaks for it; its own end is in /alerts history {alert.number}."
    return "Its end is told all the same."


def _headline(alerts: Sequence[Alert]) -> str:
    if not alerts:
        return "No alert is open"
    alone = sum(one.standing is Standing.FIRING for one in alerts)
    told = many(len(alerts), "alert", ("is open", "are open"))
    if not alone:
        return told
    if alone == len(alerts):
        return f"{told}: nobody looks after {'it' if alone == 1 else 'them'}"
    return f"{told}: nobody looks after {alone} of them"


def _counted(alerts: Sequence[Alert]) -> str:
    if not alerts:
        return "No alert is open."
    counts = [(s, sum(one.standing is s for one in alerts)) for s in LISTED]
    return f"Open: {', '.join(f'{count} {s.value}' for s, count in counts if count)}."


def _summary(alerts: Sequence[Alert], mutes: Sequence[Mute], folded: Sequence[Alert]) -> str:
    quiet = f"Silences that hold or are to come: {len(mutes)}." if mutes else ""
    hint = "A number or any unique part of a key names an alert." if alerts else ""
    told = (_counted(alerts), _storms(folded), quiet, _left_out(alerts), hint)
    return " ".join(filter(None, told))


def _storms(folded: Sequence[Alert]) -> str:
    lists = ", ".join(f"/alerts list {name}" for name in sorted({one.detector for one in folded}))
    told = many(len(folded), "more alert", ("is", "are"))
    return f"{told} told together with another: {lists}." if folded else ""


def _left_out(alerts: Sequence[Alert]) -> str:
    return f"The first {SHOWN} of {len(alerts)} are shown." if len(alerts) > SHOWN else ""


def _facts(alert: Alert, now: datetime, names: Mapping[str, str]) -> dict[str, object]:
    return {
        "number": alert.number,
        "key": alert.key,
        "standing": alert.standing.value,
        "severity": alert.severity.value,
        "rule": alert.condition.rule,
        "title": alert.condition.title,
        "opened_at": alert.opened_at,
        "age_seconds": round((now - alert.opened_at).total_seconds()),
        "count": alert.count,
        "acknowledged_by": who(alert.acknowledged_by, names) if alert.acknowledged_by else "",
        "quiet_until": alert.mute.until if alert.mute else None,
        "hides": alert.hides,
        "changed_before": [one.as_fact() for one in alert.changed],
    }


def _finding(alert: Alert) -> Finding:
    condition = alert.condition
    return Finding(
        rule=condition.rule,
        severity=alert.severity if alert.severity is not Severity.INFO else Severity.WARN,
        confidence=condition.confidence,
        what=words(f"#{alert.number} ", condition.headline or condition.title),
        why=condition.why,
        evidence=condition.evidence[:3],
        next=(*condition.next[:2], f"/alerts ack {alert.number}"),
    )


def _tables(
    alerts: Sequence[Alert], mutes: Sequence[Mute], now: datetime, names: Mapping[str, str]
) -> Iterable[Table]:
    if alerts:
        quiet = [_quiet(one, names) for one in alerts[:SHOWN]]
        rows = [_row(one, now) for one in alerts[:SHOWN]]
        if any(quiet):
            rows = [(*row, told) for row, told in zip(rows, quiet, strict=True)]
        columns = ("", "#", "alert", "for", "quiet")[: len(rows[0])]
        yield Table(columns, tuple(rows))
    if mutes:
        rows = [silence_row(mute, now, names) for mute in mutes[:SHOWN]]
        yield Table(("silence", "kind", "until", "by", "reason"), tuple(rows), "Kept quiet")


def _row(alert: Alert, now: datetime) -> tuple[Text, ...]:
    mark = STANDING_MARKS.get(alert.standing) or SEVERITY_MARKS[alert.severity]
    told = one_breath(alert.condition.headline or alert.condition.title)
    return mark, f"#{alert.number}", told, words(Span(now - alert.opened_at))


def _quiet(alert: Alert, names: Mapping[str, str]) -> Text:
    """Return why an alert is quiet: until when it is silenced, who looks after it, its storm."""
    if alert.mute is not None:
        return words("until ", until(alert.mute))
    if alert.acknowledged_by:
        return f"by {who(alert.acknowledged_by, names)}"
    return "told with another" if alert.fold else ""


def _keys(alerts: Sequence[Alert]) -> Table:
    rows = tuple((f"#{one.number}", one.key) for one in alerts[:SHOWN])
    return Table(("#", "key"), rows, "Keys, for /alerts mute")


def _told(event: AlertEvent, names: Mapping[str, str]) -> Text:
    by = f" by {who(event.by, names)}" if event.by else ""
    note = words(" (", event.note, ")") if event.note else ""
    return words(f"{event.reason.value}{by}: ", event.title, note)
