"""Which blocks a surface takes and how large each may be; the oracle for what the bot renders.

This is written from Slack's reference alone and shares no code with the bot's own limits, so
that a mistake in one shows in the other.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.demo.workspace.validation.elements import (
    ACTIVE,
    BUTTON,
    CELLS,
    IMAGE,
    IMAGE_SOURCE,
    INPUTS,
    RICH_TEXT,
    TYPE,
    https_url,
    plain,
    text,
)
from bot.demo.workspace.validation.schema import (
    Notes,
    Rule,
    anything,
    array,
    boolean,
    both,
    fields,
    note,
    number,
    one_of,
    positive,
    string,
    variant,
    whole,
)

TABLE_CHARACTERS = 10_000
DATA_TABLE_CHARACTERS = 10_000
MARKDOWN_CHARACTERS = 12_000
# https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block says six; libraries
# that are newer than it allow twelve, and six is accepted by both.
CHART_SERIES = 6
_ID: dict[str, Rule] = {"block_id": string(255)}


def _block(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    return fields({**TYPE, **required}, {**_ID, **(optional or {})})


def _rows_are_even(value: Any, pointer: str, notes: Notes) -> None:
    rows = value.get("rows")
    if isinstance(rows, list) and len({len(row) for row in rows if isinstance(row, list)}) > 1:
        note(notes, f"{pointer}/rows", "all rows must have the same number of cells")


def _header_is_literal(value: Any, pointer: str, notes: Notes) -> None:
    rows = value.get("rows")
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], list):
        return
    if any(isinstance(cell, dict) and cell.get("type") == "rich_text" for cell in rows[0]):
        note(notes, f"{pointer}/rows/0", "header cells must not be rich_text")


def _text_within(maximum: int) -> Rule:
    def check(value: Any, pointer: str, notes: Notes) -> None:
        total = sum(len(piece) for piece in cell_texts(value.get("rows")))
        if total > maximum:
            note(notes, f"{pointer}/rows", f"must be less than {maximum + 1} characters in all")

    return check


def cell_texts(value: Any) -> Iterator[str]:
    """Yield every text inside table cells."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for item in value.values():
            yield from cell_texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from cell_texts(item)


_cell = variant(CELLS, "table cell")
_COLUMN = fields({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})
_TABLE = both(
    _block({"rows": array(array(_cell, 20), 100)}, {"column_settings": array(_COLUMN, 20, 0)}),
    _text_within(TABLE_CHARACTERS),
)
_DATA_TABLE = both(
    both(
        _block(
            {"rows": array(array(_cell, 20), 101, 2), "caption": string(255)},
            {"page_size": whole(1, 100), "row_header_column_index": whole(0, 19)},
        ),
        both(_rows_are_even, _header_is_literal),
    ),
    _text_within(DATA_TABLE_CHARACTERS),
)

_SERIES = fields(
    {
        "name": string(20),
        "data": array(fields({"label": string(20), "value": number}), 20),
    }
)
_AXES = fields(
    {"categories": array(string(20), 20)}, {"x_label": string(50), "y_label": string(50)}
)
_CARTESIAN = fields({**TYPE, "series": array(_SERIES, CHART_SERIES), "axis_config": _AXES})
_SEGMENT = fields({"label": string(20), "value": positive})
_PIE = fields({**TYPE, "segments": array(_SEGMENT, CHART_SERIES)})


def _points_match(value: Any, pointer: str, notes: Notes) -> None:
    """Every series has one value for each category, and names are unique."""
    chart = value.get("chart")
    if not isinstance(chart, dict) or not isinstance(chart.get("series"), list):
        return
    axes = chart.get("axis_config")
    categories = axes.get("categories") if isinstance(axes, dict) else None
    names = [series.get("name") for series in chart["series"] if isinstance(series, dict)]
    if len(names) != len({str(name) for name in names}):
        note(notes, f"{pointer}/chart/series", "series names must be unique")
    for index, series in enumerate(chart["series"]):
        data = series.get("data") if isinstance(series, dict) else None
        labels = [point.get("label") for point in data or [] if isinstance(point, dict)]
        if labels != categories:
            words = "must have one data point for each category, in order"
            note(notes, f"{pointer}/chart/series/{index}/data", words)


_CHARTS = variant({"line": _CARTESIAN, "bar": _CARTESIAN, "area": _CARTESIAN, "pie": _PIE}, "chart")
_CARD = _block(
    {},
    {
        "hero_image": IMAGE,
        "icon": IMAGE,
        "title": text(150),
        "subtitle": text(150),
        "body": text(200),
        "actions": array(BUTTON, 3),
    },
)
_TASK = _block(
    {
        "task_id": string(255),
        "title": string(255),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    {"details": RICH_TEXT, "output": RICH_TEXT, "sources": array(anything, 100, 0)},
)
_context_element = variant(
    {
        "image": IMAGE,
        "plain_text": text(3000),
        "mrkdwn": text(3000),
    },
    "context element",
)
_accessory = variant({**ACTIVE, "image": IMAGE}, "accessory")

_BASIC: dict[str, Rule] = {
    "section": fields(
        TYPE,
        {
            **_ID,
            "text": text(3000),
            "fields": array(text(2000), 10),
            "accessory": _accessory,
            "expand": boolean,
        },
        any_of=("text", "fields"),
    ),
    "header": _block({"text": plain(150)}, {"level": whole(1, 4)}),
    "divider": _block({}),
    "context": _block({"elements": array(_context_element, 10)}),
    "actions": _block({"elements": array(variant(ACTIVE, "element"), 25)}),
    "image": fields(
        {**TYPE, "alt_text": string(2000)},
        {**_ID, **IMAGE_SOURCE, "image_url": both(string(3000), https_url), "title": plain(2000)},
        any_of=tuple(IMAGE_SOURCE),
    ),
    "input": _block(
        {"label": plain(2000), "element": variant(INPUTS, "element")},
        {"hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "rich_text": RICH_TEXT,
    "video": _block(
        {
            "video_url": https_url,
            "thumbnail_url": https_url,
            "alt_text": string(2000),
            "title": plain(200),
        },
        {
            "title_url": https_url,
            "author_name": string(50),
            "provider_name": string(50),
            "provider_icon_url": https_url,
            "description": plain(200),
        },
    ),
}
_MESSAGE_ONLY: dict[str, Rule] = {
    "table": _TABLE,
    "data_table": _DATA_TABLE,
    "data_visualization": both(_block({"title": string(50), "chart": _CHARTS}), _points_match),
    "markdown": _block({"text": string(MARKDOWN_CHARACTERS)}),
    "file": _block({"source": one_of("remote"), "external_id": string(255)}),
    "card": _CARD,
    "carousel": _block({"elements": array(variant({"card": _CARD}, "element"), 10)}),
    "container": _block(
        {"child_blocks": array(variant(_BASIC | {"table": _TABLE}, "block"), 10)},
        {
            "title": plain(150),
            "rich_text_title": RICH_TEXT,
            "subtitle": text(150),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": IMAGE,
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
        },
    ),
    "context_actions": _block({"elements": array(anything, 5)}),
    "task_card": _TASK,
    "plan": _block({"title": string(255)}, {"tasks": array(_TASK, 50, 0)}),
}
_ALERT = _block(
    {"text": text(200)},
    {"level": one_of("default", "info", "warning", "error", "success")},
)
MESSAGE_BLOCKS: dict[str, Rule] = _BASIC | _MESSAGE_ONLY
# Which surface takes which block: https://docs.slack.dev/reference/block-kit/blocks
SURFACES: dict[str, dict[str, Rule]] = {
    "message": MESSAGE_BLOCKS,
    "modal": {**_BASIC, "alert": _ALERT, "card": _CARD},
    "home": {**_BASIC, "card": _CARD, "carousel": _MESSAGE_ONLY["carousel"]},
}
