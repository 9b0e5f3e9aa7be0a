"""What Slack accepts, as a table; used to clamp in production and as the judge in tests.

Sources: the Block Kit reference (https://docs.slack.dev/reference/block-kit/blocks) and, for the
total size that is written down nowhere, the reports of `msg_blocks_too_long` above about 13,000
characters (https://github.com/slackapi/bolt-js/issues/2509).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_BLOCKS = 50
MAX_TEXT_CHARS = 3_900
MAX_JSON_CHARS = 10_000
MAX_TABLES = 1
MAX_TABLE_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` characters (of a text) or entries (of a list) at `path` in a `block`.

    `*` in a path is every entry of a list.
    """

    block: str
    path: str
    most: int
    least: int = 0


LIMITS = (
    Limit("section", "text.text", 3_000, 1),
    Limit("section", "fields", 10, 1),
    Limit("section", "fields.*.text", 2_000, 1),
    Limit("header", "text.text", 150, 1),
    Limit("context", "elements", 10, 1),
    Limit("context", "elements.*.text", 3_000, 1),
    Limit("actions", "elements", 25, 1),
    Limit("actions", "elements.*.text.text", 75, 1),
    Limit("actions", "elements.*.value", 2_000),
    Limit("actions", "elements.*.action_id", 255, 1),
    Limit("actions", "elements.*.confirm.title.text", 100, 1),
    Limit("actions", "elements.*.confirm.text.text", 300, 1),
    Limit("image", "image_url", 3_000, 1),
    Limit("image", "alt_text", 2_000, 1),
    Limit("image", "title.text", 2_000, 1),
    Limit("markdown", "text", 12_000, 1),
    Limit("table", "rows", 100, 1),
    Limit("table", "rows.*", 20, 1),
    Limit("table", "rows.*.*.text", 3_000, 1),
    Limit("table", "column_settings", 20),
    Limit("rich_text", "elements", 60, 1),
    Limit("rich_text", "elements.*.elements", 60, 1),
    Limit("rich_text", "elements.*.elements.*.text", 3_000, 1),
    Limit("rich_text", "elements.*.elements.*.elements", 30, 1),
    Limit("rich_text", "elements.*.elements.*.elements.*.text", 3_000, 1),
    Limit("*", "block_id", 255, 1),
)
TEXT_KINDS = {
    ("header", "text"): ("plain_text",),
    ("section", "text"): ("mrkdwn", "plain_text"),
}

Block = Mapping[str, Any]


def size(blocks: Sequence[Block]) -> int:
    """Return the blocks' size as JSON text in its longest common spelling."""
    return len(json.dumps(list(blocks)))


def violations(blocks: Sequence[Block], text: str) -> list[str]:
    """Return what Slack would refuse in a message, each as a sentence; empty means accepted."""
    return [
        *_message_violations(blocks, text),
        *(line for index, block in enumerate(blocks) for line in _block_violations(index, block)),
    ]


def _message_violations(blocks: Sequence[Block], text: str) -> Iterator[str]:
    if not text.strip():
        yield "text is empty"
    if len(text) > MAX_TEXT_CHARS:
        yield f"text has {len(text)} characters, at most {MAX_TEXT_CHARS}"
    if "\n" in text:
        yield "text is more than one line"
    if len(blocks) > MAX_BLOCKS:
        yield f"{len(blocks)} blocks, at most {MAX_BLOCKS}"
    if size(blocks) > MAX_JSON_CHARS:
        yield f"blocks are {size(blocks)} characters of JSON, at most {MAX_JSON_CHARS}"
    tables = [block for block in blocks if block.get("type") == "table"]
    if len(tables) > MAX_TABLES:
        yield f"{len(tables)} tables, at most {MAX_TABLES}"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "a block_id is used twice"


def _block_violations(index: int, block: Block) -> Iterator[str]:
    kind = str(block.get("type", ""))
    place = f"block {index} ({kind or 'no type'})"
    for limit in LIMITS:
        if limit.block in (kind, "*"):
            yield from _limit_violations(place, block, limit)
    for (block_kind, key), allowed in TEXT_KINDS.items():
        if kind == block_kind and key in block and block[key].get("type") not in allowed:
            yield f"{place}.{key} has type {block[key].get('type')!r}"
    if kind == "table" and len({len(row) for row in block.get("rows", [])}) > 1:
        yield f"{place} has rows of different lengths"
    actions = [item.get("action_id") for item in block.get("elements", []) if "action_id" in item]
    if len(actions) != len(set(actions)):
        yield f"{place} uses an action_id twice"


def _limit_violations(place: str, block: Block, limit: Limit) -> Iterator[str]:
    for value in _values(block, limit.path.split(".")):
        if not isinstance(value, str | list | tuple):
            yield f"{place}.{limit.path} is no text or list"
        elif not limit.least <= len(value) <= limit.most:
            yield f"{place}.{limit.path} has {len(value)}, allowed {limit.least} to {limit.most}"


def _values(value: Any, path: Sequence[str]) -> Iterator[Any]:
    if not path:
        yield value
    elif path[0] == "*":
        if isinstance(value, list | tuple):
            for item in value:
                yield from _values(item, path[1:])
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])
