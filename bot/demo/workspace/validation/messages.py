"""What Slack refuses, with Slack's names: messages, ephemeral answers, metadata and views.

Counts of a whole message are public where Slack documents them; the total over all blocks is
not documented and stands where users met it (https://github.com/slackapi/bolt-js/issues/2509).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bot.demo.workspace.state.refusal import Refusal
from bot.demo.workspace.validation.blocks import MARKDOWN_CHARACTERS, MESSAGE_BLOCKS, SURFACES
from bot.demo.workspace.validation.elements import plain
from bot.demo.workspace.validation.schema import (
    Notes,
    Rule,
    anything,
    boolean,
    fields,
    note,
    string,
    variant,
)

MESSAGE_BLOCK_COUNT = 50
VIEW_BLOCK_COUNT = 100
MESSAGE_TEXT = 40_000
UPDATE_TEXT = 4_000
BLOCKS_TOTAL = 13_200
ATTACHMENTS = 100
CHARTS = 2
METADATA_BYTES = 8_000
PRIVATE_METADATA = 3_000
_VIEW_KEYS: Mapping[str, Rule] = {
    "private_metadata": string(PRIVATE_METADATA, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_VIEWS: Mapping[str, Rule] = {
    "home": fields({"type": anything, "blocks": anything}, _VIEW_KEYS),
    "modal": fields(
        {"type": anything, "blocks": anything, "title": plain(24)},
        {
            **_VIEW_KEYS,
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
    ),
}
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_]{1,255}")


def check_message(content: Mapping[str, Any], *, refused: Sequence[str] = ()) -> None:
    """Refuse what chat.postMessage, an acknowledgement or a response_url would refuse.

    `refused` names block types that this workspace does not take for now.
    """
    text, blocks = content.get("text"), content.get("blocks")
    markdown, attachments = content.get("markdown_text"), content.get("attachments")
    if not any((text, blocks, markdown, attachments)):
        raise Refusal("no_text")
    if text is not None and not isinstance(text, str):
        raise Refusal("invalid_arguments", ["[ERROR] text must be a string"])
    if markdown and blocks:
        raise Refusal("markdown_text_conflict")
    if isinstance(markdown, str) and len(markdown) > MARKDOWN_CHARACTERS:
        raise Refusal("msg_too_long")
    if blocks is not None:
        check_blocks(blocks, MESSAGE_BLOCKS, MESSAGE_BLOCK_COUNT, refused=refused)
        _check_totals(blocks)
    if attachments is not None:
        _check_attachments(attachments, refused)
    check_metadata(content.get("metadata"))


def check_update(content: Mapping[str, Any], *, refused: Sequence[str] = ()) -> None:
    """Refuse what chat.update would: as a message, and a text over 4,000 characters."""
    check_message(content, refused=refused)
    if len(content.get("text") or "") > UPDATE_TEXT:
        raise Refusal("msg_too_long")


def check_blocks(
    blocks: Any, table: Mapping[str, Rule], count: int, *, refused: Sequence[str] = ()
) -> None:
    """Refuse blocks that are no list, too many, malformed, too long or of a refused type."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refusal("invalid_blocks_format")
    notes: Notes = []
    if len(blocks) > count:
        note(notes, "/blocks", f"no more than {count} items allowed")
    rule = variant({name: rule for name, rule in table.items() if name not in refused}, "type")
    for index, block in enumerate(blocks):
        rule(block, f"/blocks/{index}", notes)
    _note_repeated_ids(blocks, notes)
    if notes:
        raise Refusal("invalid_blocks", notes)


def _note_repeated_ids(blocks: Sequence[Mapping[str, Any]], notes: Notes) -> None:
    ids = [block["block_id"] for block in blocks if isinstance(block.get("block_id"), str)]
    for repeated in sorted({name for name in ids if ids.count(name) > 1}):
        note(notes, "/blocks", f"block_id already exists: {repeated}")
    for index, block in enumerate(blocks):
        found = [element.get("action_id") for element in elements_of(block)]
        actions = [name for name in found if isinstance(name, str)]
        if len(actions) != len(set(actions)):
            note(notes, f"/blocks/{index}", "action_id already exists in this block")


def elements_of(block: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the elements of a block that a person can act on."""
    for key in ("elements", "actions"):
        found = block.get(key)
        if isinstance(found, list) and block.get("type") != "rich_text":
            yield from (item for item in found if isinstance(item, dict) and _acts(item))
    for key in ("accessory", "element"):
        single = block.get(key)
        if isinstance(single, dict) and _acts(single):
            yield single
    children = block.get("child_blocks")
    for child in children if isinstance(children, list) else ():
        if isinstance(child, dict):
            yield from elements_of(child)


def _acts(element: Mapping[str, Any]) -> bool:
    return element.get("type") not in ("image", "mrkdwn", "plain_text", "card")


def _check_totals(blocks: Sequence[Mapping[str, Any]]) -> None:
    notes: Notes = []
    types = [block.get("type") for block in blocks]
    if types.count("data_visualization") > CHARTS:
        note(notes, "/blocks", f"no more than {CHARTS} data_visualization blocks allowed")
    if types.count("table") > 1:
        raise Refusal("invalid_attachments", ["[ERROR] only_one_table_allowed"])
    markdown = sum(len(block.get("text") or "") for block in blocks if block["type"] == "markdown")
    if markdown > MARKDOWN_CHARACTERS:
        note(notes, "/blocks", f"markdown must be less than {MARKDOWN_CHARACTERS + 1} in all")
    if notes:
        raise Refusal("invalid_blocks", notes)
    if len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > BLOCKS_TOTAL:
        raise Refusal("msg_blocks_too_long")


def _check_attachments(attachments: Any, refused: Sequence[str]) -> None:
    if not isinstance(attachments, list) or not all(isinstance(a, dict) for a in attachments):
        raise Refusal("invalid_attachments")
    if len(attachments) > ATTACHMENTS:
        raise Refusal("too_many_attachments")
    for attachment in attachments:
        if "blocks" in attachment:
            check_blocks(attachment["blocks"], MESSAGE_BLOCKS, 20, refused=refused)


def check_metadata(metadata: Any) -> None:
    """Refuse metadata without a proper event_type, with a deep payload or over about 8 kB."""
    if metadata is None:
        return
    if not isinstance(metadata, dict) or metadata.keys() != {"event_type", "event_payload"}:
        raise Refusal("invalid_metadata_format")
    event_type, payload = metadata["event_type"], metadata["event_payload"]
    if not isinstance(event_type, str) or not _EVENT_TYPE.fullmatch(event_type):
        raise Refusal("invalid_metadata_format")
    if not isinstance(payload, dict) or not all(_flat(value) for value in payload.values()):
        raise Refusal("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > METADATA_BYTES:
        raise Refusal("metadata_too_large")


def _flat(value: Any) -> bool:
    """Metadata values are scalars, flat objects, or arrays of those."""
    if isinstance(value, list):
        return all(_flat(item) and not isinstance(item, list) for item in value)
    if isinstance(value, dict):
        return all(isinstance(item, str | int | float | bool) for item in value.values())
    return isinstance(value, str | int | float | bool)


def check_view(
    view: Any,
    kind: str,
    *,
    refused: Sequence[str] = (),
    knows_file: Callable[[str], bool] = lambda _: True,
) -> None:
    """Refuse a modal or App Home that Slack would refuse."""
    if not isinstance(view, dict) or view.get("type") != kind:
        raise Refusal("invalid_arguments", [f"[ERROR] view must be of type {kind}"])
    notes: Notes = []
    _VIEWS[kind](view, "/view", notes)
    if kind == "modal" and "submit" not in view and _has_input(view):
        note(notes, "/view", "missing required field: submit")
    if notes:
        raise Refusal("invalid_arguments", notes)
    try:
        check_blocks(view.get("blocks"), SURFACES[kind], VIEW_BLOCK_COUNT, refused=refused)
        check_files(view["blocks"], knows_file)
    except Refusal as refusal:
        messages = [told.replace("[json-pointer:", "[json-pointer:/view") for told in
                    refusal.messages]  # fmt: skip
        raise Refusal("invalid_arguments", messages) from refusal


def check_files(blocks: Any, knows_file: Callable[[str], bool]) -> None:
    """Refuse an image whose slack_file is not there, or not uploaded in full."""
    notes: Notes = []
    for pointer, file in _slack_files(blocks, "/blocks"):
        if not knows_file(str(file.get("id") or file.get("url") or "")):
            note(notes, pointer, "invalid slack file")
    if notes:
        raise Refusal("invalid_blocks", notes)


def _slack_files(value: Any, pointer: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _slack_files(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "slack_file" and isinstance(item, dict):
                yield f"{pointer}/{key}", item
            else:
                yield from _slack_files(item, f"{pointer}/{key}")


def _has_input(view: Mapping[str, Any]) -> bool:
    blocks = view.get("blocks")
    listed = blocks if isinstance(blocks, list) else []
    return any(isinstance(block, dict) and block.get("type") == "input" for block in listed)
