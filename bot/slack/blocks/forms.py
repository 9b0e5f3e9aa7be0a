"""The modals: one that asks for what a command lacks, and one that shows an answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.domain.words import Text
from bot.errors import Blank
from bot.ports import Choice, Form
from bot.ports.action_ids import (
    FORM_ACTION,
    FORM_CALLBACK,
    PICKED_BLOCK,
    SHEET_CALLBACK,
    TYPED_BLOCK,
)
from bot.slack.blocks import elements as kit
from bot.slack.blocks.command_buttons import button_label
from bot.slack.blocks.elements import Block, Piece
from bot.slack.blocks.limits import CONTAINER, MAX_VIEW_BLOCKS
from bot.slack.blocks.mrkdwn import code, literal, mrkdwn
from bot.text.privacy import said
from bot.text.redaction import echoed

TITLE_CHARS = 24
MAX_OPTIONS = 100
OPTION_CHARS = 75
VALUE_CHARS = 150
MAX_CARRIED = 3_000
HINTS = {
    "batch": "A CJ number, a uuid or its first 6 characters, or a run label.",
    "alert": "The number of an alert, as in its head.",
    "runner": "A container's short id, or p and a process id.",
    "service": "A service's name, or all.",
    "text": "Words or an id.",
}


def form_view(form: Form) -> dict[str, Any]:
    """Return the modal; where there is something to choose from, either way fills it in."""
    return {
        "type": "modal",
        "callback_id": FORM_CALLBACK,
        "title": _plain(form.typed, TITLE_CHARS),
        "submit": _plain("Ask", TITLE_CHARS),
        "close": _plain("Cancel", TITLE_CHARS),
        "private_metadata": form.carried[:MAX_CARRIED],
        "blocks": list(_form_blocks(form)),
    }


def sheet_view(message: Mapping[str, Any], *, carried: str = "") -> dict[str, Any]:
    """Return the modal that shows a message, what is folded in it laid open.

    One that asks for a yes is a form without blanks, and `carried` is what a yes runs.
    """
    if carried:
        return _dialog(message, carried)
    shown = [block for block in message["blocks"] if block.get("type") != CONTAINER]
    shown += [block for page in message.get("details", ()) for block in page]
    return {
        "type": "modal",
        "callback_id": SHEET_CALLBACK,
        "title": _plain("batchbot", TITLE_CHARS),
        "close": _plain("Close", TITLE_CHARS),
        "blocks": shown[:MAX_VIEW_BLOCKS] or [kit.section(message["text"])],
    }


def _dialog(message: Mapping[str, Any], carried: str) -> dict[str, Any]:
    """Return the modal that says what will be done, and does nothing until its button."""
    shown = [one for one in message["blocks"] if one.get("type") not in (CONTAINER, "actions")]
    return {
        "type": "modal",
        "callback_id": FORM_CALLBACK,
        "title": _plain("Please confirm", TITLE_CHARS),
        "submit": _plain(button_label(str(message["confirm"])), TITLE_CHARS),
        "close": _plain("Leave it", TITLE_CHARS),
        "private_metadata": carried[:MAX_CARRIED],
        "blocks": shown[:MAX_VIEW_BLOCKS],
    }


def _form_blocks(form: Form) -> Iterator[Block]:
    yield kit.section(f"{mrkdwn(said(form.ask), 300)}\n{code(echoed(form.typed), 150)} …")
    for number, blank in enumerate(form.blanks):
        choices = form.choices.get(blank.kind, ())[:MAX_OPTIONS]
        if choices:
            yield _select(number, blank, choices)
        yield _input(number, blank, optional=bool(choices))
    if form.looking:
        yield kit.context("⏳ Looking for recent ones to choose from …")


def _select(number: int, blank: Blank, choices: Sequence[Choice]) -> Block:
    options = [
        {
            "text": _plain(said(choice.label) or choice.value, OPTION_CHARS),
            "value": literal(choice.value, VALUE_CHARS) or "-",
        }
        for choice in choices
    ]
    element = {
        "type": "static_select",
        "action_id": FORM_ACTION,
        "placeholder": _plain("Choose a recent one", VALUE_CHARS),
        "options": options,
    }
    label = f"Recent: {blank.label}"
    return _block(f"{PICKED_BLOCK}_{number}", label, element, optional=True)


def _input(number: int, blank: Blank, *, optional: bool) -> Block:
    element = {"type": "plain_text_input", "action_id": FORM_ACTION, "max_length": 200}
    label = f"Or type: {blank.label}" if optional else blank.label.capitalize()
    block = _block(f"{TYPED_BLOCK}_{number}", label, element, optional=optional)
    return {**block, "hint": _plain(HINTS.get(blank.kind, HINTS["text"]), VALUE_CHARS)}


def _block(block_id: str, label: str, element: Piece, *, optional: bool) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": _plain(label, VALUE_CHARS),
        "element": element,
        "optional": optional,
    }


def _plain(text: Text, limit: int) -> Piece:
    return {"type": "plain_text", "text": literal(text, limit) or "-", "emoji": False}
