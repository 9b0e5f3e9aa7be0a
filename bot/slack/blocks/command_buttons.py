"""Buttons that run a command: what each is called, which stand out, and what asks first."""

import re
from collections.abc import Sequence

from bot.domain.report import Report
from bot.ports.action_ids import COMMAND_ACTION, SHARE_ACTION
from bot.slack.blocks import elements as kit
from bot.slack.blocks.elements import Block
from bot.slack.blocks.mrkdwn import literal, short_ids
from bot.text.redaction import echoed, presented
from bot.text.wording import next_commands

# What is asked for and waits for a yes stands first.
CONFIRMED = "/queue requeue "
WHOLE = "--file"
WHOLE_LABEL = "The whole answer as a file"
_LABELS = tuple(
    (re.compile(pattern), told)
    for pattern, told in (
        (r"batch investigate (\S+)", r"Investigate \1"),
        (r"batch investigate (\S+) --export", "Export as a page"),
        (r"batch bundle (\S+)", "Evidence as a zip"),
        (r"batch status (\S+)", r"Batch \1"),
        (r"batch status", "Look at a batch …"),
        (r"batch trends --since \S+ --by (\S+)", r"By \1"),
        (r"batch list", "All batches"),
        (r"batch list (?:waiting\S*|stuck)", "Batches that wait"),
        (r"alerts list", "Open alerts"),
        (r"alerts list \S+", "All of them"),
        (r"trace", "Trace an id …"),
        (r"help (\S+)", r"About \1"),
        (r"alerts ack (\S+)", r"Acknowledge #\1"),
        (r"alerts snooze (\S+) (\S+)", r"Snooze #\1 for \2"),
        (r"alerts mute (\S+) (\S+)", r"Mute \1 for \2"),
        (r"alerts mute (\S+) (\S+) --yes", r"Mute \1 all the same"),
        (r"alerts unmute (\S+)", r"Unmute \1"),
        (r"runner list", "All runners"),
        (r"logs \S+ ((?:(?! --).)+) --since (\d+d)(?: --.*)?", r"Logs: \1, older ones"),
        (r"logs \S+ (.+?)(?: --.*)?", r"Logs: \1"),
        (r"queue requeue (\S+) --yes", "Put it back in the queue"),
        (r"queue requeue (\S+)", "Put it back …"),
    )
)

_NAMES_RULE = ("Mute ", "Unmute ", "About ")
_JOINED = re.compile(r"(?<![\w-])[a-z]{1,30}(?:[_-][a-z]{1,30}){1,8}(?![\w-])")


def report_buttons(report: Report, share: str, *, whole: bool) -> list[kit.Piece]:
    """Return the first command as the one that stands out, two more, and the others in a menu."""
    commands = next_commands(report)
    if report.confirm:
        # In a message, where nothing is confirmed, the button opens the dialog.
        commands = [report.confirm.removesuffix(" --yes"), *commands]
        commands.remove(report.confirm)
    # What not everybody may read is not offered to everybody either.
    commands = [one for one in commands if presented(one, len(one)) == one]
    last = "/batch list" if report.findings else ""
    commands.sort(key=lambda one: (not one.startswith(CONFIRMED), one == last))
    direct = 2 if share else 3
    found = [
        _button(one, i, "" if i or one.endswith(" --yes") else "primary")
        for i, one in enumerate(commands[:direct])
    ]
    if share:
        found.append(kit.button("Share", SHARE_ACTION, share))
    menu = [(button_label(one), one) for one in commands[direct:] if _fits_menu(one)]
    typed = f"{as_typed(report)} {WHOLE}"
    if whole and not report.is_change and _fits_menu(typed) and echoed(typed, len(typed)) == typed:
        menu = [*menu[: kit.MENU_ITEMS - 1], (WHOLE_LABEL, typed)]
    if menu:
        found.append(kit.menu(f"{COMMAND_ACTION}_menu", menu))
    return found


def as_typed(report: Report) -> str:
    """Return the command that a report answers, with its slash."""
    return report.command if report.command.startswith("/") else f"/{report.command}"


def _fits_menu(command: str) -> bool:
    """Say whether a menu may hold a command: one that asks first stays a button."""
    return len(command) <= kit.OPTION_CHARS and not command.endswith(" --yes")


def _button(command: str, index: int, style: str = "") -> kit.Piece:
    made = kit.button(button_label(command), f"{COMMAND_ACTION}_{index}", command, style=style)
    return {**made, "confirm": _confirm(command)} if command.endswith(" --yes") else made


def _confirm(command: str) -> kit.Piece:
    """Return the dialog that stands before what cannot be taken back."""
    text = f"This runs {command.removesuffix(' --yes')}. It is written to the audit trail."
    words_ = {"title": "Are you sure?", "text": text, "confirm": "Do it", "deny": "Leave it"}
    limits = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    return {
        name: {"type": "plain_text", "text": literal(one, limits[name]), "emoji": False}
        for name, one in words_.items()
    }


def button_label(command: str) -> str:
    """Return what a button that runs `command` says, with short ids: "Trace 8f3a11d7"."""
    label = short_ids(command.lstrip("/"))
    for pattern, told in _LABELS:
        if match := pattern.fullmatch(label):
            said = match.expand(told)
            return _in_words(said, "-_") if said.startswith(_NAMES_RULE) else _in_words(said, "_")
    return _in_words(label[:1].upper() + label[1:], "_")


def _in_words(label: str, joints: str) -> str:
    """Return a label with the names of rules and detectors that it holds as words."""
    spaced = str.maketrans(dict.fromkeys(joints, " "))
    return _JOINED.sub(lambda found: found.group().translate(spaced), label)


def offer_blocks(commands: Sequence[str]) -> list[Block]:
    """Return a row of buttons that run commands, nothing when there is none.

    None runs what its label may not say: a command may hold what was typed.
    """
    told = [one for one in commands if echoed(one, len(one)) == one]
    return kit.buttons([_button(command, index) for index, command in enumerate(told)])
