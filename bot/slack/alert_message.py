"""Turns an alert into its head message, which is edited as things change, and its thread replies.

The head is one line that tells what is stuck, since when, how sure and what to do; the rest is
for whoever opens the thread. Nothing in it pings anybody.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.alert import Alert, AlertMessage, AlertState, Condition, Reason
from bot.domain.privacy import said
from bot.domain.report import Severity
from bot.slack import parts
from bot.slack.limits import violations
from bot.slack.parts import Block, words
from bot.slack.text import clamp, code, date_token, duration, escape, mrkdwn, utc

PLAIN_NOTE = "plain"
TEXT_CHARS = 500
TITLE_CHARS = 400
MARKS = {Severity.ERROR: "🔴", Severity.WARN: "⚠️", Severity.INFO: "🔵"}
SEVERITY_WORDS = {Severity.ERROR: "Error", Severity.WARN: "Warning", Severity.INFO: "Note"}
EVIDENCE_LEVELS = ((6, 300), (4, 160), (2, 80), (0, 60))

ACKNOWLEDGE = "acknowledge"
SNOOZE_SHORT = "snooze_30m"
SNOOZE_LONG = "snooze_2h"
INVESTIGATE = "investigate"
TRACE = "trace"
LOOK = "look"


Takes = Callable[[str], bool]


def any_command(_: str) -> bool:
    """Take every command."""
    return True


def render(message: AlertMessage, takes: Takes = any_command) -> Mapping[str, Any]:
    """Return the `text` and `blocks` of a head message or a reply; a refused one has no blocks.

    `takes` says whether the bot understands a command: a button that would do nothing is not
    shown.
    """
    text = clamp(escape(_line(message)), TEXT_CHARS)
    if message.note == PLAIN_NOTE:
        return {"text": text, "blocks": []}
    offered = [one for one in button_commands(message.alert) if takes(one[2])]
    for evidence, chars in EVIDENCE_LEVELS:
        if message.head:
            blocks = list(_head(message, evidence, chars, offered))
        else:
            blocks = list(_reply(message, evidence, chars))
        if not violations(blocks, text):
            return {"text": text, "blocks": blocks}
    return {"text": text, "blocks": [parts.section(text)]}


def _line(message: AlertMessage) -> str:
    """Return the whole message as one line of plain text, with UTC times."""
    alert, condition = message.alert, message.alert.condition
    title = said(condition.title)
    note = "" if message.note == PLAIN_NOTE else said(message.note)
    if alert.state is AlertState.RESOLVED:
        ending = said(alert.closing or note) or title
        return f"✅ Resolved after {_length(alert)}: {ending}"
    mark = f"{MARKS[alert.severity]} {SEVERITY_WORDS[alert.severity]}"
    if message.head or message.reason is Reason.OPEN:
        since = f"since {utc(condition.since)}, confidence {condition.confidence.value}"
        step = f" Next: {said(condition.next[0])}" if condition.next else ""
        return f"{mark}: {title} ({since}).{step}"
    if message.reason is Reason.REPEAT:
        return f"{mark}, still so: {title} (seen {alert.count} times since {utc(alert.opened_at)})"
    return f"{mark}, changed: {title}{f' ({note})' if note else ''}"


def _head(
    message: AlertMessage, evidence: int, chars: int, offered: Sequence[tuple[str, str, str]]
) -> Iterator[Block]:
    alert, condition = message.alert, message.alert.condition
    yield parts.section(_headline(alert))
    yield parts.context(_state_line(alert))
    if alert.state is AlertState.RESOLVED:
        return
    yield from _why(condition, evidence, chars)
    yield from parts.buttons([parts.button(*one) for one in offered])


def _reply(message: AlertMessage, evidence: int, chars: int) -> Iterator[Block]:
    alert = message.alert
    yield parts.section(escape(_line(message)))
    if message.reason is Reason.RESOLVE or alert.state is AlertState.RESOLVED:
        yield parts.context(f"Seen {alert.count} times since {date_token(alert.opened_at)}")
        return
    if message.reason in (Reason.UPDATE, Reason.OPEN):
        yield from _why(alert.condition, evidence, chars)


def _headline(alert: Alert) -> str:
    title = mrkdwn(said(alert.condition.title), TITLE_CHARS)
    if alert.state is AlertState.RESOLVED:
        closing = f"\n{mrkdwn(said(alert.closing), TITLE_CHARS)}" if alert.closing else ""
        return f"✅ *Resolved after {_length(alert)}:* {title}{closing}"
    since = date_token(alert.condition.since)
    sure = f"since {since} · confidence {alert.condition.confidence.value}"
    step = alert.condition.next[0] if alert.condition.next else ""
    todo = f"\n*Next:* {mrkdwn(said(step), TITLE_CHARS)}" if step else ""
    mark, word = MARKS[alert.severity], SEVERITY_WORDS[alert.severity]
    return f"{mark} *{word}:* {title}\n{sure}{todo}"


def _state_line(alert: Alert) -> str:
    told = [f"{alert.detector}", alert.condition.rule, alert.environment, f"seen {alert.count}×"]
    line = [str(mrkdwn(text, 80)) for text in told if text]
    if alert.state is AlertState.RESOLVED and alert.resolved_at is not None:
        line.append(f"{_moment(alert.opened_at)} to {_moment(alert.resolved_at)}")
    else:
        line.append(f"open since {_moment(alert.opened_at)}")
    if alert.acknowledged_by:
        line.append("acknowledged")
    if alert.mute is not None and alert.mute.until is not None:
        reason = f" ({mrkdwn(said(alert.mute.reason), 80)})" if alert.mute.reason else ""
        line.append(f"snoozed until {_moment(alert.mute.until)}{reason}")
    if alert.flaps > 1:
        line.append(f"came back {alert.flaps}×")
    return " · ".join([*line, str(code(alert.key, 200))])


def _why(condition: Condition, evidence: int, chars: int) -> Iterator[Block]:
    elements = []
    if condition.why:
        elements.append(parts.line(words(said(condition.why), chars * 2)))
    if shown := condition.evidence[:evidence]:
        clean = (type(one)(one.source, one.at, said(one.text)) for one in shown)
        elements.append(parts.bullets(parts.evidence_line(one, chars) for one in clean))
    for step in condition.next[1:4]:
        elements.append(parts.line(words("Then: ", 10, bold=True), words(said(step), chars)))
    left = len(condition.evidence) - evidence
    if left > 0:
        elements.append(parts.line(words(f"{left} more evidence lines", 40)))
    if elements:
        yield parts.rich(*elements)


def button_commands(alert: Alert) -> list[tuple[str, str, str]]:
    """Return label, action id and command of each button of a firing alert."""
    condition, key = alert.condition, alert.key
    found: list[tuple[str, str, str]] = []
    if not alert.acknowledged_by:
        found.append(("Acknowledge", ACKNOWLEDGE, f"/alerts ack {key}"))
    found.append(("Snooze 30 m", SNOOZE_SHORT, f"/alerts snooze {key} 30m"))
    found.append(("Snooze 2 h", SNOOZE_LONG, f"/alerts snooze {key} 2h"))
    if condition.batch:
        found.append(("Investigate", INVESTIGATE, f"/batch status {condition.batch}"))
    if condition.correlation_id:
        found.append(("Trace", TRACE, f"/trace {condition.correlation_id}"))
    if not condition.batch and not condition.correlation_id and "queue" in alert.detector:
        found.append(("Look at the queue", LOOK, "/queue"))
    return found


def _length(alert: Alert) -> str:
    end = alert.resolved_at or alert.changed_at
    return duration((end - alert.opened_at).total_seconds())


def _moment(at: datetime) -> str:
    return str(date_token(at))
