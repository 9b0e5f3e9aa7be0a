"""What can be done about an alert from its message: three buttons at most, the rest in a menu."""

import re
from collections.abc import Callable

from bot.domain.alert import Alert, Reason
from bot.domain.mute import MuteKind
from bot.domain.routing.message import AlertMessage
from bot.slack.blocks import elements as kit
from bot.slack.blocks.command_buttons import button_label
from bot.slack.blocks.elements import Block, Piece
from bot.text.wording import next_steps

ACKNOWLEDGE = "acknowledge"
UNACKNOWLEDGE = "unacknowledge"
WAKE = "wake"
REQUEUE = "requeue"
LIST = "alerts_list"
INVESTIGATE = "investigate"
TRACE = "trace"
LOOK = "look"
STEP = "step"
MENU = "alert_menu"
# Steps of a detector's that have a button of their own.
LOOKS = ("/logs ", "/batch list", "/alerts list")

_RULE = re.compile(r"[a-z]+(?:-[a-z]+){0,6}", re.ASCII)
Offer = tuple[str, str, str]
Takes = Callable[[str], bool]


def any_command(_: str) -> bool:
    """Take every command."""
    return True


def buttons(message: AlertMessage, takes: Takes) -> list[Block]:
    """Return the row of what a parent message offers: what would do nothing is not shown."""
    direct = [one for one in _direct(message) if takes(one[2])]
    shown = list({action: (label, action, typed) for label, action, typed in direct}.values())
    row: list[Piece] = [
        kit.button(*one, style="primary" if one[1] == ACKNOWLEDGE else "") for one in shown[:3]
    ]
    if menu := [(label, typed) for label, typed in _menu(message) if takes(typed)]:
        row.append(kit.menu(MENU, menu))
    return kit.buttons(row)


def offered(message: AlertMessage) -> tuple[str, ...]:
    """Return every command that a parent message may offer."""
    return tuple(one[2] for one in _direct(message)) + tuple(one[1] for one in _menu(message))


def can_put_back(alert: Alert, takes: Takes) -> bool:
    """Whether a button of its message puts the alert's item back in the queue."""
    return bool(line := _putting_back(alert)) and takes(line)


def _putting_back(alert: Alert) -> str:
    id = alert.condition.requeue
    return f"/queue requeue {id}" if id else ""


def _direct(message: AlertMessage) -> list[Offer]:
    """Return label, action id and command of each button.

    Of several with one action the last that the bot understands is shown.
    """
    alert, condition = message.alert, message.alert.condition
    if message.reason is Reason.DIGEST:
        return [("Open alerts", LIST, "/alerts list")]
    ref = _ref(alert)
    if alert.mute is not None and alert.mute.kind is MuteKind.SNOOZE:
        found = [("Wake", WAKE, f"/alerts wake {ref}")]
    elif alert.acknowledged_by:
        found = [("Un-acknowledge", UNACKNOWLEDGE, f"/alerts unack {ref}")]
    else:
        found = [("Acknowledge", ACKNOWLEDGE, f"/alerts ack {ref}")]
    if condition.batch:
        found.append(("Investigate", INVESTIGATE, f"/batch status {condition.batch}"))
        found.append(("Investigate", INVESTIGATE, f"/batch investigate {condition.batch}"))
        if _RULE.fullmatch(condition.rule):
            told = f"/batch investigate {condition.batch} --about {condition.rule}"
            found.append(("Investigate", INVESTIGATE, told))
    elif condition.correlation_id:
        found.append(("Trace", TRACE, f"/trace {condition.correlation_id}"))
    elif "queue" in alert.detector:
        found.append(("Look at the queue", LOOK, "/queue"))
    if line := _putting_back(alert):
        found.append(("Put it back …", REQUEUE, line))
    # Where nothing more of its own is to be looked at, the queue is.
    looks = LOOKS if len(found) > 1 else (*LOOKS, "/queue")
    if step := next((one for one in next_steps(condition.next) if one.startswith(looks)), ""):
        found.append((button_label(step), STEP, step))
    return found


def _menu(message: AlertMessage) -> list[tuple[str, str]]:
    """Return what stands in the menu, at most five: whatever is shown as a button is not."""
    alert, condition = message.alert, message.alert.condition
    if message.reason is Reason.DIGEST:
        return []
    ref = _ref(alert)
    found = [
        ("Snooze 30 min", f"/alerts snooze {ref} 30m"),
        ("Snooze 2 h", f"/alerts snooze {ref} 2h"),
        ("Snooze until tomorrow", f"/alerts snooze {ref} tomorrow"),
    ]
    if condition.batch and condition.correlation_id:
        found.append(("Trace the comparison", f"/trace {condition.correlation_id}"))
    if alert.mute is not None and alert.acknowledged_by:
        found.append(("Un-acknowledge", f"/alerts unack {ref}"))
    return [*found, ("Export as a zip", f"/alerts export {ref}")][: kit.MENU_ITEMS]


def _ref(alert: Alert) -> str:
    return str(alert.number or alert.key)
