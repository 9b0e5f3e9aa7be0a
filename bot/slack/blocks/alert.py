"""Turns an alert into its parent message, edited as things change, and its thread replies.

The parent message is one line: what is stuck, since when, how sure and what to do; the details are
in the thread. It mentions no user or channel.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.alert import Alert, AlertMessage, AlertState, Condition, Reason, SeenBefore
from bot.domain.mute import Mute, MuteKind
from bot.domain.report import Severity
from bot.domain.words import Part, Span, Text, Time, Words, span_words, words
from bot.slack.blocks import elements as kit
from bot.slack.blocks.charts import chart_blocks
from bot.slack.blocks.elements import Block, gap, piece, pieces
from bot.slack.blocks.limits import violations
from bot.slack.blocks.mrkdwn import clamp, code, date_token, escape, literal, mrkdwn
from bot.text.privacy import clean_chart, said
from bot.text.wording import as_step

TEXT_CHARS = 500
TITLE_CHARS = 400
MARKS = {Severity.ERROR: "🔴", Severity.WARN: "⚠️", Severity.INFO: "🔵"}
SEVERITY_WORDS = {Severity.ERROR: "Error", Severity.WARN: "Warning", Severity.INFO: "Note"}
EVIDENCE_LEVELS = ((6, 300), (4, 160), (2, 80), (0, 60))
DIGEST_LEVELS = ((20, 200), (20, 100), (10, 80), (0, 60))

# Slack leads from here to the message, whichever workspace it is of.
ARCHIVES = "https://slack.com/archives"

_RULE = re.compile(r"[a-z]+(?:-[a-z]+){0,6}", re.ASCII)
ACKNOWLEDGE = "acknowledge"
UNACKNOWLEDGE = "unacknowledge"
WAKE = "wake"
SNOOZE_SHORT = "snooze_30m"
SNOOZE_LONG = "snooze_2h"
SNOOZE_DAY = "snooze_tomorrow"
LIST = "alerts_list"
INVESTIGATE = "investigate"
TRACE = "trace"
LOOK = "look"


Takes = Callable[[str], bool]
Names = Mapping[str, str]
NO_NAMES: Names = {}


def any_command(_: str) -> bool:
    """Take every command."""
    return True


def render(
    message: AlertMessage, takes: Takes = any_command, names: Names = NO_NAMES
) -> Mapping[str, Any]:
    """Return the `text` and `blocks` of a parent message or a reply; a refused one has no blocks.

    `takes` says whether the bot understands a command: a button that would do nothing is not
    shown. `names` says Slack ids in words: a mention would ping.
    """
    woken = f"{message.mention} " if message.mention else ""
    text = f"{woken}{clamp(escape(literal(_line(message, names), TEXT_CHARS)), TEXT_CHARS)}"
    if message.plain:
        return {"text": text, "blocks": []}
    offered = offered_buttons(message, takes)
    levels = DIGEST_LEVELS if message.reason is Reason.DIGEST else EVIDENCE_LEVELS
    for evidence, chars in levels:
        if message.is_parent:
            blocks = list(_head(message, evidence, chars, offered, names))
        else:
            blocks = list(_reply(message, evidence, chars, names))
        blocks += _route_lines(message)
        if not violations(blocks, text):
            return {"text": text, "blocks": blocks}
    return {"text": text, "blocks": [kit.section(text)]}


def _line(message: AlertMessage, names: Names) -> Words:
    """Return the whole message as one line."""
    alert, condition = message.alert, message.alert.condition
    title = said(condition.title)
    note = "" if message.plain else said(message.note)
    if message.reason is Reason.DIGEST:
        return words("🔕 ", title)
    if not message.is_parent and message.reason in (Reason.ACKNOWLEDGE, Reason.SNOOZE):
        return _by_people(message, names)
    if alert.state is AlertState.RESOLVED:
        ending = said(alert.closing or note) or title
        return words("✅ Resolved after ", _length(alert), ": ", ending)
    mark = f"{MARKS[alert.severity]} {SEVERITY_WORDS[alert.severity]}"
    if message.is_parent or message.reason is Reason.OPEN:
        since, sure, step = _unsaid(condition)
        todo = words(" Next: ", said(as_step(step))) if step else ""
        return words(f"{mark}: ", title, *_more(condition, since=since, sure=sure), todo)
    if message.reason is Reason.ESCALATE:
        return words(
            "⏰ Nobody has acknowledged this", Time(alert.opened_at, " since "), ": ", title
        )
    if message.reason is Reason.REPEAT:
        seen = words(f" (seen {_times(alert.count)}", Time(alert.opened_at, " since "), ")")
        return words(f"{mark}, still so: ", title, seen)
    return words(f"{mark}, changed: ", title, words(" (", note, ")") if note else "")


def _more(condition: Condition, *, since: bool, sure: bool) -> Iterator[Part]:
    """Yield what is said behind a title in brackets: how sure, and since when."""
    if sure:
        yield f" (confidence {condition.confidence.value}"
    if since:
        yield Time(condition.since, ", since " if sure else " since ")
    if sure or since:
        yield ")." if sure else "."


def _by_people(message: AlertMessage, names: Names) -> Words:
    alert = message.alert
    if message.reason is Reason.ACKNOWLEDGE:
        by = _who(alert.acknowledged_by, names)
        return words(f"👀 Acknowledged by {by}: not repeated until it changes; its end is told.")
    by, end = "", words(" until somebody ends it")
    if alert.mute is not None:
        by = f" by {_who(alert.mute.by, names)}"
        end = words(Time(alert.mute.until, " until ")) if alert.mute.until else end
    return words(f"🔕 Snoozed{by}", end, ", also if it comes back; its end is told all the same.")


def _unsaid(condition: Condition) -> tuple[bool, bool, Text]:
    """Return what the title does not say yet: since when, how sure, and the next step."""
    title = str(condition.title)
    step = condition.next[0] if condition.next else ""
    return (
        "since " not in title,
        "confidence" not in title,
        "" if "Next:" in title or str(step) in title else step,
    )


def _who(id: str, names: Names) -> str:
    return names.get(id) or ("the terminal" if id == "terminal" else "an operator")


def _route_lines(message: AlertMessage) -> list[Block]:
    """Return whom a message wakes, as Slack's own mention, and where the runbook is."""
    found = [kit.section(message.mention)] if message.mention else []
    if message.runbook.startswith("https://") and message.is_parent:
        address = "".join(char for char in message.runbook if char not in "<>|\\ ")
        found.append(kit.context(f"<{address}|Runbook>"))
    return found


def _head(
    message: AlertMessage,
    evidence: int,
    chars: int,
    offered: Sequence[tuple[str, str, str]],
    names: Names,
) -> Iterator[Block]:
    alert, condition = message.alert, message.alert.condition
    if message.reason is Reason.DIGEST:
        yield kit.section(f"🔕 *{mrkdwn(said(condition.title), TITLE_CHARS)}*")
    else:
        yield kit.section(_headline(alert))
        yield kit.context(_state_line(alert, names))
        if alert.before is not None and alert.state is not AlertState.RESOLVED:
            yield kit.context(_seen_before(alert.before))
    if alert.state is AlertState.RESOLVED:
        return
    yield from _why(condition, evidence, chars)
    if condition.chart is not None and evidence:
        yield from chart_blocks(clean_chart(condition.chart))
    yield from kit.buttons([kit.button(*one) for one in offered])


def _reply(message: AlertMessage, evidence: int, chars: int, names: Names) -> Iterator[Block]:
    alert = message.alert
    yield kit.section(mrkdwn(_line(message, names), TEXT_CHARS))
    if message.reason is Reason.RESOLVE or alert.state is AlertState.RESOLVED:
        yield kit.context(f"Seen {_times(alert.count)} since {date_token(alert.opened_at)}")
        return
    if message.reason in (Reason.UPDATE, Reason.OPEN):
        yield from _why(alert.condition, evidence, chars)


def _headline(alert: Alert) -> str:
    title = mrkdwn(said(alert.condition.title), TITLE_CHARS)
    if alert.state is AlertState.RESOLVED:
        closing = f"\n{mrkdwn(said(alert.closing), TITLE_CHARS)}" if alert.closing else ""
        return f"✅ *Resolved after {span_words(_length(alert).length)}:* {title}{closing}"
    since, sure, step = _unsaid(alert.condition)
    told = [f"since {_moment(alert.condition.since)}"] if since else []
    told += [f"confidence {alert.condition.confidence.value}"] if sure else []
    more = f"\n{' · '.join(told)}" if told else ""
    todo = f"\n*Next:* {mrkdwn(said(as_step(step)), TITLE_CHARS)}" if step else ""
    mark, word = MARKS[alert.severity], SEVERITY_WORDS[alert.severity]
    return f"{mark} *{word}:* {title}{more}{todo}"


def _state_line(alert: Alert, names: Names) -> str:
    """Say what the title leaves out; the key at its end holds detector, environment and subject."""
    number = f"#{alert.number}" if alert.number else ""
    rule = "" if alert.condition.rule in str(alert.condition.title) else alert.condition.rule
    told = [number, rule, f"seen {alert.count}×" if alert.count > 1 else ""]
    line = [str(mrkdwn(text, 80)) for text in told if text]
    if alert.state is AlertState.RESOLVED and alert.resolved_at is not None:
        line.append(f"{_moment(alert.opened_at)} to {_moment(alert.resolved_at)}")
    else:
        line.append(f"told {_moment(alert.opened_at)}")
    if alert.acknowledged_by:
        at = f" {_moment(alert.acknowledged_at)}" if alert.acknowledged_at else ""
        line.append(f"👀 acknowledged by {mrkdwn(_who(alert.acknowledged_by, names), 40)}{at}")
    if alert.mute is not None:
        line.append(_silence(alert.mute, names))
    if alert.hides:
        line.append(f"hides {alert.hides} alert{'s' * (alert.hides > 1)} that follow from it")
    if alert.flaps > 1:
        line.append(f"came back {alert.flaps}×")
    return " · ".join([*line, str(code(alert.key, 200))])


def _seen_before(before: SeenBefore) -> str:
    """Say what is known from earlier times, with a link to the thread of the last one."""
    times = f"{before.count}× in 7 days, last" if before.count else "last"
    told = f"Seen before: {times} {_moment(before.last_at)}"
    if before.length is not None:
        told += f", for {span_words(before.length)}"
    if before.thread_ts:
        stamp = before.thread_ts.replace(".", "")
        told += f" (<{ARCHIVES}/{before.channel}/p{stamp}|its thread>)"
    helped = f" · What helped: {mrkdwn(said(before.helped), 200)}" if before.helped else ""
    return told + helped


def _silence(mute: Mute, names: Names) -> str:
    kind = {MuteKind.SNOOZE: "snoozed", MuteKind.MUTE: "muted"}.get(mute.kind, "maintenance")
    by = f" by {mrkdwn(_who(mute.by, names), 40)}" if mute.by else ""
    end = f" until {_moment(mute.until)}" if mute.until else " until unmuted"
    reason = f" ({mrkdwn(said(mute.reason), 80)})" if mute.reason else ""
    return f"🔕 {kind}{by}{end}{reason}"


def _why(condition: Condition, evidence: int, chars: int) -> Iterator[Block]:
    elements = []
    if condition.why:
        elements.append(kit.line(*pieces(said(condition.why), chars * 2)))
    if shown := condition.evidence[:evidence]:
        clean = (type(one)(one.source, one.at, said(one.text)) for one in shown)
        elements.append(kit.bullets(kit.evidence_line(one, chars) for one in clean))
    for step in condition.next[1:4]:
        then = piece("Then:", 10, bold=True)
        elements.append(kit.line(then, gap(" "), *pieces(said(as_step(step)), chars)))
    left = len(condition.evidence) - evidence
    if left > 0:
        elements.append(kit.line(piece(f"{left} more evidence lines", 40)))
    if elements:
        yield kit.rich(*elements)


def offered_buttons(message: AlertMessage, takes: Takes) -> list[tuple[str, str, str]]:
    """Return the buttons of a parent message that lead somewhere, at most one of each."""
    if message.reason is Reason.DIGEST:
        wanted = [("Open alerts", LIST, "/alerts list")]
    else:
        wanted = button_commands(message.alert)
    offered = {action: (label, action, typed) for label, action, typed in wanted if takes(typed)}
    return list(offered.values())


def button_commands(alert: Alert) -> list[tuple[str, str, str]]:
    """Return label, action id and command of each button of a firing alert.

    Of several with one action the last that the bot understands is shown.
    """
    condition = alert.condition
    ref = str(alert.number or alert.key)
    found: list[tuple[str, str, str]] = []
    if alert.acknowledged_by:
        found.append(("Un-acknowledge", UNACKNOWLEDGE, f"/alerts unack {ref}"))
    else:
        found.append(("Acknowledge", ACKNOWLEDGE, f"/alerts ack {ref}"))
    if alert.mute is not None and alert.mute.kind is MuteKind.SNOOZE:
        found.append(("Wake", WAKE, f"/alerts wake {ref}"))
    found.append(("Snooze 30 m", SNOOZE_SHORT, f"/alerts snooze {ref} 30m"))
    found.append(("Snooze 2 h", SNOOZE_LONG, f"/alerts snooze {ref} 2h"))
    found.append(("Until tomorrow", SNOOZE_DAY, f"/alerts snooze {ref} tomorrow"))
    if condition.batch:
        found.append(("Investigate", INVESTIGATE, f"/batch status {condition.batch}"))
        found.append(("Investigate", INVESTIGATE, f"/batch investigate {condition.batch}"))
        if _RULE.fullmatch(condition.rule):
            told = f"/batch investigate {condition.batch} --about {condition.rule}"
            found.append(("Investigate", INVESTIGATE, told))
    if condition.correlation_id:
        found.append(("Trace", TRACE, f"/trace {condition.correlation_id}"))
    if not condition.batch and not condition.correlation_id and "queue" in alert.detector:
        found.append(("Look at the queue", LOOK, "/queue"))
    return found


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _length(alert: Alert) -> Span:
    return Span((alert.resolved_at or alert.changed_at) - alert.condition.since)


def _moment(at: datetime) -> str:
    return str(date_token(at))
