"""Turns an alert into its parent message, edited as things change, and its thread replies.

The parent message says what is wrong, since when, how sure, why and what to do on one screen; what
it rests on, and commands to copy, are folded below. It mentions no user or channel.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from bot.domain.alert import Alert, AlertState, Condition, Reason
from bot.domain.changes.change import listed
from bot.domain.headline import MOST_CHARS, one_breath
from bot.domain.report import Severity
from bot.domain.routing.message import AlertMessage
from bot.domain.words import Span, Text, Time, Words, parts_of, words
from bot.slack.blocks import elements as kit
from bot.slack.blocks.alert_buttons import Takes, any_command, buttons, can_put_back
from bot.slack.blocks.alert_details import by_hand, evidence, remedy
from bot.slack.blocks.alert_state import NO_NAMES, Names, fields, state_line, who
from bot.slack.blocks.charts import chart_blocks
from bot.slack.blocks.elements import Block
from bot.slack.blocks.folds import FoldedList, fitted, pages
from bot.slack.blocks.limits import MAX_JSON_CHARS, size, violations
from bot.slack.blocks.mrkdwn import clamp, escape, literal, mrkdwn
from bot.text.privacy import clean_chart, said
from bot.text.wording import as_step, often

TEXT_CHARS = 500
TITLE_CHARS = 400
# Room for a cause or a remedy, which are written to fit.
CAUSE_CHARS = (300, 160, 60)
MARKS = {Severity.ERROR: "🔴", Severity.WARN: "⚠️", Severity.INFO: "🔵"}
# An edit may need room for a longer state.
SPARE_CHARS = 300
LEAST_SPAN = timedelta(minutes=1)
# So many lines of a digest are shown, the rest is folded.
DIGEST_LINES = 5
# That one thing follows from another is more than two times that lie close together say.
CHANGES_SHOWN, BY_CHANCE = 3, ". This may be a coincidence."
DIGEST_MARKS = {"morning": "🌅", "weekly": "📈"}


def render(
    message: AlertMessage, takes: Takes = any_command, names: Names = NO_NAMES
) -> Mapping[str, Any]:
    """Return the `text` and `blocks` of a parent message or a reply; a refused one has no blocks.

    `details` is what is folded in it, in pages of blocks. `takes` says whether the bot understands
    a command: a button that would do nothing is not shown. `names` says Slack ids in words: a
    mention would ping.
    """
    woken = f"{message.mention} " if message.mention else ""
    line = literal(one_breath(_line(message, names)), TEXT_CHARS)
    text = f"{woken}{clamp(escape(line), TEXT_CHARS)}"
    if message.plain:
        return {"text": text, "blocks": []}
    folds = _folds(message, takes)
    for chars in CAUSE_CHARS:
        shown = _parent(message, chars, takes, names) if message.is_parent else None
        blocks = list(shown or _reply(message, chars, takes, names))
        blocks += _route_lines(message)
        folded = fitted(folds, MAX_JSON_CHARS - SPARE_CHARS - size(blocks))
        blocks += folded.blocks
        if not violations(blocks, text):
            return {"text": text, "blocks": blocks, "details": pages(folds)}
    return {"text": text, "blocks": [kit.section(text)]}


def headline(alert: Alert) -> Words:
    """Return mark and headline of an alert: what is wrong, for how long, in one breath."""
    if alert.state is AlertState.RESOLVED:
        lead = "➡️ It came about after " if alert.covered_by else "✅ Resolved after "
        return one_breath(words(lead, _length(alert), ": ", _ended(alert)))
    place = f" ({alert.environment})" if alert.environment not in UNNAMED else ""
    room = MOST_CHARS - len(place) - len(MARKS[alert.severity]) - 1
    return words(f"{MARKS[alert.severity]} ", one_breath(_told(alert), room), place)


def _told(alert: Alert) -> Words:
    """Return what is wrong, and for how long where it lasts."""
    told, length = said(_what(alert.condition)), _length(alert)
    if alert.condition.lasts and length.length >= LEAST_SPAN:
        return _with_span(told, length)
    return words(told)


# Environments that a headline does not name.
UNNAMED = ("", "-", "production", "prod")


def _what(condition: Condition) -> Text:
    """Return what is wrong; of a detector without a headline the beginning of its title."""
    return condition.headline or condition.title


def _ended(alert: Alert) -> Text:
    """Return how an alert ended, in the past."""
    return said(alert.closing) or words("no longer seen: ", said(_what(alert.condition)))


def _with_span(told: Text, length: Span) -> Words:
    """Return a headline that says for how long, behind what it is about."""
    first, *rest = parts_of(told) or ("",)
    if isinstance(first, str) and ": " in first:
        before, _, after = first.partition(": ")
        return words(f"{before} for ", length, f": {after}", *rest)
    return words(told, " for ", length)


def _line(message: AlertMessage, names: Names) -> Words:
    """Return the whole message as one line."""
    alert = message.alert
    if message.reason is Reason.DIGEST:
        mark = DIGEST_MARKS.get(alert.condition.rule, "🔕")
        return words(f"{mark} ", said(_what(alert.condition)))
    if not message.is_parent and message.reason in (Reason.ACKNOWLEDGE, Reason.SNOOZE):
        return _by_people(message, names)
    if message.is_parent or alert.state is AlertState.RESOLVED or message.reason is Reason.OPEN:
        return headline(alert)
    mark, told = MARKS[alert.severity], _told(alert)
    if message.reason is Reason.ESCALATE:
        return words("⏰ Nobody has acknowledged this: ", told)
    if message.reason is Reason.REPEAT:
        return words(f"{mark} Still so, seen {often(alert.count)}: ", told)
    note = "" if message.plain else said(message.note)
    return words(f"{mark} Changed: ", told, words(" (", note, ")") if note else "")


def _by_people(message: AlertMessage, names: Names) -> Words:
    alert = message.alert
    if message.reason is Reason.ACKNOWLEDGE:
        by = who(alert.acknowledged_by, names)
        return words(f"👀 Acknowledged by {by}: not repeated until it changes; its end is told.")
    by, end = "", words(" until somebody ends it")
    if alert.mute is not None:
        by = f" by {who(alert.mute.by, names)}"
        end = words(Time(alert.mute.until, " until ")) if alert.mute.until else end
    return words(f"💤 Snoozed{by}", end, ", also if it comes back; its end is told all the same.")


def _route_lines(message: AlertMessage) -> list[Block]:
    """Return whom a message wakes, as Slack's own mention, and where the runbook is."""
    found = [kit.section(message.mention)] if message.mention else []
    if message.runbook.startswith("https://") and message.is_parent:
        address = "".join(char for char in message.runbook if char not in "<>|\\ ")
        found.append(kit.context(f"<{address}|Runbook>"))
    return found


def _parent(message: AlertMessage, chars: int, takes: Takes, names: Names) -> Iterator[Block]:
    alert = message.alert
    yield kit.section(f"*{mrkdwn(_line(message, names), TITLE_CHARS)}*")
    if message.reason is not Reason.DIGEST:
        if alert.state is AlertState.RESOLVED:
            was = f"It was: {mrkdwn(said(_what(alert.condition)), TEXT_CHARS)}"
            yield kit.context(f"{was} · {state_line(alert, names)}")
            return
        yield kit.fields(fields(alert))
    else:
        yield from _listed(alert)
    yield from _why(alert, chars, takes)
    yield from buttons(message, takes)
    if message.reason is not Reason.DIGEST and (line := state_line(alert, names)):
        yield kit.context(line)
    if alert.changed:
        told = words("Changed shortly before: ", listed(alert.changed, CHANGES_SHOWN), BY_CHANCE)
        yield kit.context(mrkdwn(told, TEXT_CHARS))
    if alert.condition.chart is not None and chars > CAUSE_CHARS[-1]:
        yield from chart_blocks(clean_chart(alert.condition.chart))


def _listed(alert: Alert) -> Iterator[Block]:
    """Yield the first lines of a digest, which is its list; the whole list is folded."""
    if lines := list(evidence(alert, is_digest=True))[:DIGEST_LINES]:
        yield kit.section("\n".join(lines))


def _why(alert: Alert, chars: int, takes: Takes) -> Iterator[Block]:
    """Yield why it is so and what to do, a line each."""
    condition = alert.condition
    told = [f"*Why:* {mrkdwn(said(condition.why), chars)}"] if condition.why else []
    if step := remedy(condition, can_put_back=can_put_back(alert, takes)):
        told.append(f"*Do:* {mrkdwn(said(as_step(step)), chars)}")
    if told:
        yield kit.section("\n".join(told))


def _reply(message: AlertMessage, chars: int, takes: Takes, names: Names) -> Iterator[Block]:
    alert = message.alert
    yield kit.section(mrkdwn(_line(message, names), TEXT_CHARS))
    if message.reason is Reason.RESOLVE or alert.state is AlertState.RESOLVED:
        yield kit.context(f"Seen {often(alert.count)}")
        return
    if message.reason in (Reason.UPDATE, Reason.OPEN):
        yield from _why(alert, chars, takes)


def _folds(message: AlertMessage, takes: Takes) -> tuple[FoldedList, ...]:
    """Return what is folded: what it rests on, also once it is over, and commands to copy."""
    alert = message.alert
    is_over = alert.state is AlertState.RESOLVED
    is_news = not is_over and message.reason in (Reason.UPDATE, Reason.OPEN)
    if not (message.is_parent or is_news):
        return ()
    is_digest = message.reason is Reason.DIGEST
    rests_on = tuple(evidence(alert, is_digest=is_digest))
    if is_digest and len(rests_on) <= DIGEST_LINES:
        return ()
    steps = by_hand(alert.condition, can_put_back=can_put_back(alert, takes))
    found = (
        FoldedList("Evidence", rests_on, 2),
        FoldedList("By hand", () if is_over else tuple(steps), 1),
    )
    return tuple(fold for fold in found if fold.lines)


def _length(alert: Alert) -> Span:
    return Span((alert.resolved_at or alert.changed_at) - alert.condition.since)
