"""What Slack accepts, as a table; used to clamp in production and as the judge in tests.

Sources: the Block Kit reference (https://docs.slack.dev/reference/block-kit/blocks) and, for the
total size that is written down nowhere, the reports of `msg_blocks_too_long` above about 13,000
characters (https://github.com/slackapi/bolt-js/issues/2509).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

MAX_BLOCKS = 50
MAX_TEXT_CHARS = 3_900
MAX_JSON_CHARS = 10_000
MAX_TABLES = 1
MAX_CHARTS = 2
MAX_VIEW_BLOCKS = 100
CONTAINER = "container"
MAX_CONTAINED = 10
# What the live check is said to take in a container; of the documented ones, not rich text.
CONTAINED = frozenset({"section", "context", "table", "actions", "divider", "image"})
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
    Limit("container", "title.text", 150, 1),
    Limit("container", "child_blocks", MAX_CONTAINED, 1),
    Limit("actions", "elements.*.options", 5, 1),
    Limit("actions", "elements.*.options.*.text.text", 75, 1),
    Limit("actions", "elements.*.options.*.value", 150, 1),
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
    Limit("data_table", "rows", 100, 2),
    Limit("data_table", "rows.*", 20, 1),
    Limit("data_table", "rows.*.*.text", 3_000, 1),
    Limit("data_table", "caption", 255, 1),
    Limit("data_visualization", "title", 50, 1),
    Limit("data_visualization", "chart.series", 12, 1),
    Limit("data_visualization", "chart.series.*.name", 20, 1),
    Limit("data_visualization", "chart.series.*.data", 20, 1),
    Limit("data_visualization", "chart.series.*.data.*.label", 20, 1),
    Limit("data_visualization", "chart.axis_config.categories", 20, 1),
    Limit("data_visualization", "chart.axis_config.categories.*", 20, 1),
    Limit("data_visualization", "chart.axis_config.x_label", 50, 1),
    Limit("data_visualization", "chart.axis_config.y_label", 50, 1),
    Limit("input", "label.text", 2_000, 1),
    Limit("input", "hint.text", 2_000, 1),
    Limit("input", "element.placeholder.text", 150, 1),
    Limit("input", "element.action_id", 255, 1),
    Limit("input", "element.options", 100, 1),
    Limit("input", "element.options.*.text.text", 75, 1),
    Limit("input", "element.options.*.value", 150, 1),
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
        *(line for index, block in enumerate(blocks) for line in block_violations(index, block)),
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
    charts = [block for block in blocks if block.get("type") == "data_visualization"]
    if len(charts) > MAX_CHARTS:
        yield f"{len(charts)} charts, at most {MAX_CHARTS}"
    cells = sum(len(text) for block in blocks for text in _cells(block))
    if cells > MAX_TABLE_TEXT:
        yield f"tables hold {cells} characters, at most {MAX_TABLE_TEXT}"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "a block_id is used twice"


def _cells(block: Block) -> Iterator[str]:
    if block.get("type") in ("table", "data_table"):
        yield from (text for text in _values(block, ["rows", "*", "*", "text"]))


def _chart_violations(place: str, block: Block) -> Iterator[str]:
    chart = block.get("chart") or {}
    series = chart.get("series") or []
    names = [one.get("name") for one in series]
    if len(names) != len(set(names)):
        yield f"{place} uses a series name twice"
    categories = (chart.get("axis_config") or {}).get("categories")
    if categories is not None and len(categories) != len(set(categories)):
        yield f"{place} uses a category twice"
    for one in series:
        if [point.get("label") for point in one.get("data", [])] != categories:
            yield f"{place} has a series whose points are not its categories"
        if not all(isfinite(point.get("value", inf)) for point in one.get("data", [])):
            yield f"{place} has a value that is no number"


def block_violations(index: int, block: Block) -> Iterator[str]:
    """Yield what Slack would refuse in one block, of a message or of a view."""
    kind = str(block.get("type", ""))
    place = f"block {index} ({kind or 'no type'})"
    for limit in LIMITS:
        if limit.block in (kind, "*"):
            yield from _limit_violations(place, block, limit)
    for (block_kind, key), allowed in TEXT_KINDS.items():
        if kind == block_kind and key in block and block[key].get("type") not in allowed:
            yield f"{place}.{key} has type {block[key].get('type')!r}"
    if kind == "data_visualization":
        yield from _chart_violations(place, block)
    if kind in ("table", "data_table") and len({len(row) for row in block.get("rows", [])}) > 1:
        yield f"{place} has rows of different lengths"
    if kind == CONTAINER:
        yield from _contained_violations(place, block)
    actions = [item.get("action_id") for item in block.get("elements", []) if "action_id" in item]
    if len(actions) != len(set(actions)):
        yield f"{place} uses an action_id twice"


def _contained_violations(place: str, block: Block) -> Iterator[str]:
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield f"{place} is collapsed and cannot be opened"
    for index, child in enumerate(block.get("child_blocks") or ()):
        if child.get("type") not in CONTAINED:
            yield f"{place} holds a {child.get('type')}"
        yield from block_violations(index, child)


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
