"""Where an alert stands: about what, since when, how sure, seen before, who looks after it."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.domain.alert import Alert, AlertState, SeenBefore
from bot.domain.mute import Mute, MuteKind
from bot.domain.words import span_words
from bot.slack.blocks.mrkdwn import code, date_token, mrkdwn
from bot.text.privacy import said
from bot.text.wording import numbers_told

# Slack leads from here to the message, whichever workspace it is of.
ARCHIVES = "https://slack.com/archives"
ABOUT_CHARS = 60

Names = Mapping[str, str]
NO_NAMES: Names = {}


def who(id: str, names: Names) -> str:
    """Return what a person is called; an id says nothing to people, and would ping."""
    return names.get(id) or ("the terminal" if id == "terminal" else "an operator")


def fields(alert: Alert) -> Iterator[str]:
    """Yield the four fields of an alert that fires."""
    condition = alert.condition
    yield f"*About* {_about(alert)}"
    yield f"*Since* {date_token(condition.since)}"
    yield f"*Sure* {condition.confidence.value}"
    if alert.before is not None:
        yield f"*Seen before* {_seen_before(alert.before)}"


def state_line(alert: Alert, names: Names) -> str:
    """Return the small print: its number, how often seen, who looks after it, what it hides."""
    line = [f"#{alert.number}"] if alert.number else []
    if alert.state is AlertState.RESOLVED and alert.resolved_at is not None:
        line.append(f"{date_token(alert.condition.since)} to {date_token(alert.resolved_at)}")
    if alert.count > 1:
        line.append(f"seen {alert.count}×")
    if alert.acknowledged_by:
        at = f", {date_token(alert.acknowledged_at)}" if alert.acknowledged_at else ""
        line.append(f"👀 {mrkdwn(who(alert.acknowledged_by, names), 40)}{at}")
    if alert.mute is not None:
        line.append(_silence(alert.mute, names))
    if alert.hides:
        line.append(f"hides {alert.hides} alert{'s' * (alert.hides > 1)} that follow from it")
    if alert.flaps > 1:
        line.append(f"came back {alert.flaps}×")
    return " · ".join(line)


def _about(alert: Alert) -> str:
    condition = alert.condition
    if condition.members:
        told = numbers_told([int(one) for one in condition.members if one.isdecimal()])
        return str(mrkdwn(f"batches {told}", ABOUT_CHARS))
    if condition.batch:
        return str(mrkdwn(f"batch {_short(condition.batch)}", ABOUT_CHARS))
    if "queue" in alert.detector:
        return "the LLM queue"
    if condition.correlation_id:
        return f"comparison {code(_short(condition.correlation_id), ABOUT_CHARS)}"
    return str(mrkdwn(said(alert.detector).replace("_", " "), ABOUT_CHARS))


def _short(id: str) -> str:
    return id[:8] if len(id) == 36 and id.count("-") == 4 else id


def _seen_before(before: SeenBefore) -> str:
    """Say what is known from earlier times, with a link to the thread of the last one."""
    times = f"{before.count}× in 7 days, last" if before.count else "last"
    told = f"{times} {_moment(before.last_at)}"
    if before.length is not None:
        told += f", {span_words(before.length)}"
    if before.thread_ts:
        stamp = before.thread_ts.replace(".", "")
        told += f" (<{ARCHIVES}/{before.channel}/p{stamp}|its thread>)"
    helped = f"; what helped: {mrkdwn(said(before.helped), 200)}" if before.helped else ""
    return told + helped


def _silence(mute: Mute, names: Names) -> str:
    kinds = {MuteKind.SNOOZE: "💤", MuteKind.MUTE: "🔕 muted"}
    kind = kinds.get(mute.kind, "🔕 maintenance")
    by = f" ({mrkdwn(who(mute.by, names), 40)})" if mute.by else ""
    end = f" until {_moment(mute.until)}" if mute.until else " until unmuted"
    reason = f": {mrkdwn(said(mute.reason), 80)}" if mute.reason else ""
    return f"{kind}{end}{by}{reason}"


def _moment(at: datetime) -> str:
    return str(date_token(at))
