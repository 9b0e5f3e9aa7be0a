"""Block Kit's composition objects, interactive elements and rich text, as Slack limits them.

Lengths follow the public Block Kit reference (https://docs.slack.dev/reference/block-kit).
"""

from collections.abc import Mapping
from typing import Any

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
    string,
    variant,
    whole,
)

STYLES = (
    "bold",
    "italic",
    "strike",
    "code",
    "underline",
    "highlight",
    "client_highlight",
    "unlink",
)

TYPE: dict[str, Rule] = {"type": anything}
ACTION_ID: dict[str, Rule] = {"action_id": string(255)}


def plain(maximum: int, minimum: int = 1) -> Rule:
    """Accept a plain_text object."""
    rule = fields(
        {**TYPE, "text": string(maximum, minimum)}, {"emoji": boolean, "verbatim": anything}
    )
    return variant({"plain_text": rule}, "text object")


def text(maximum: int, minimum: int = 1) -> Rule:
    """Accept a plain_text or a mrkdwn object."""
    length = string(maximum, minimum)
    return variant(
        {
            "plain_text": fields({**TYPE, "text": length}, {"emoji": boolean}),
            "mrkdwn": fields({**TYPE, "text": length}, {"verbatim": boolean}),
        },
        "text object",
    )


CONFIRM = fields(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)
OPTION = fields(
    {"text": text(75), "value": string(150)}, {"description": text(75), "url": string(3000)}
)
OPTION_GROUP = fields({"label": plain(75), "options": array(OPTION, 100)})
PLACED: dict[str, Rule] = {
    **ACTION_ID,
    "placeholder": plain(150),
    "confirm": CONFIRM,
    "focus_on_load": boolean,
}
IMAGE_SOURCE: dict[str, Rule] = {
    "image_url": string(3000),
    "slack_file": fields({}, {"id": string(255), "url": string(3000)}, any_of=("id", "url")),
}
IMAGE = fields({**TYPE, "alt_text": string(2000)}, IMAGE_SOURCE, any_of=tuple(IMAGE_SOURCE))
BUTTON = fields(
    {**TYPE, "text": plain(75)},
    {
        **ACTION_ID,
        "value": string(2000),
        "url": string(3000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)


def _choice(**extra: Rule) -> Rule:
    return both(
        fields(
            TYPE,
            {
                **PLACED,
                "options": array(OPTION, 100),
                "option_groups": array(OPTION_GROUP, 100),
                "initial_option": OPTION,
                "initial_options": array(OPTION, 100),
                **extra,
            },
            any_of=("options", "option_groups"),
        ),
        _initial_is_an_option,
    )


def _initial_is_an_option(value: Any, pointer: str, notes: Notes) -> None:
    """What is chosen at first must be one of the options, word for word."""
    if not isinstance(value, dict):
        return
    groups = value.get("option_groups") or []
    listed = [value.get("options"), *(g.get("options") for g in groups if isinstance(g, dict))]
    known = [option for options in listed if isinstance(options, list) for option in options]
    first = value.get("initial_option")
    for chosen in [*([first] if first else []), *(value.get("initial_options") or [])]:
        if chosen not in known:
            note(notes, pointer, "initial option was not found in the options list")


def _picker(initial: str) -> Rule:
    return fields(TYPE, {**PLACED, initial: anything, "timezone": string(100)})


def _input(**extra: Rule) -> Rule:
    return fields(
        TYPE,
        {**PLACED, "initial_value": string(3000, 0), "dispatch_action_config": anything, **extra},
    )


def _conversations(initial: str) -> Rule:
    return fields(
        TYPE,
        {
            **PLACED,
            initial: anything,
            "max_selected_items": whole(1, 100),
            "filter": anything,
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
        },
    )


_ticks = both(
    fields(
        {**TYPE, "options": array(OPTION, 10)},
        {
            **ACTION_ID,
            "initial_options": array(OPTION, 10),
            "initial_option": OPTION,
            "confirm": CONFIRM,
            "focus_on_load": boolean,
        },
    ),
    _initial_is_an_option,
)
ACTIVE: dict[str, Rule] = {
    "button": BUTTON,
    "workflow_button": fields(
        {**TYPE, "text": plain(75), "workflow": anything},
        {**ACTION_ID, "style": one_of("primary", "danger"), "accessibility_label": string(75)},
    ),
    "overflow": fields({**TYPE, "options": array(OPTION, 5)}, {**ACTION_ID, "confirm": CONFIRM}),
    "static_select": _choice(),
    "multi_static_select": _choice(max_selected_items=whole(1, 100)),
    "external_select": fields(
        TYPE, {**PLACED, "initial_option": OPTION, "min_query_length": whole(0, 1000)}
    ),
    "users_select": _conversations("initial_user"),
    "multi_users_select": _conversations("initial_users"),
    "conversations_select": _conversations("initial_conversation"),
    "multi_conversations_select": _conversations("initial_conversations"),
    "channels_select": _conversations("initial_channel"),
    "multi_channels_select": _conversations("initial_channels"),
    "checkboxes": _ticks,
    "radio_buttons": _ticks,
    "datepicker": _picker("initial_date"),
    "timepicker": _picker("initial_time"),
    "datetimepicker": _picker("initial_date_time"),
}
INPUTS: dict[str, Rule] = {
    **{name: rule for name, rule in ACTIVE.items() if not name.endswith(("button", "overflow"))},
    "plain_text_input": _input(
        multiline=boolean, min_length=whole(0, 3000), max_length=whole(1, 3000)
    ),
    "email_text_input": _input(),
    "url_text_input": _input(),
    "number_input": _input(is_decimal_allowed=boolean, min_value=anything, max_value=anything),
    "rich_text_input": _input(),
    "file_input": _input(filetypes=anything, max_files=whole(1, 10)),
}

STYLE: dict[str, Rule] = {
    "style": fields({}, dict.fromkeys(STYLES, boolean)),
}


def _piece(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    return fields({**TYPE, **required}, {**STYLE, **(optional or {})})


# Slack refuses an empty text element anywhere in rich text.
LITERALS: dict[str, Rule] = {
    "text": _piece({"text": string(40_000)}),
    "link": _piece({"url": string(3000)}, {"text": string(40_000, 0), "unsafe": boolean}),
}
PIECES: dict[str, Rule] = {
    **LITERALS,
    "user": _piece({"user_id": string(255)}),
    "usergroup": _piece({"usergroup_id": string(255)}),
    "team": _piece({"team_id": string(255)}),
    "channel": _piece({"channel_id": string(255)}),
    "broadcast": _piece({"range": one_of("here", "channel", "everyone")}),
    "emoji": _piece({"name": string(255)}, {"unicode": string(255), "url": string(3000)}),
    "color": _piece({"value": string(20)}),
    "date": _piece(
        {"timestamp": whole(0, 1 << 53), "format": string(255)},
        {"url": string(3000), "fallback": string(255)},
    ),
}
_SECTION = fields({**TYPE, "elements": array(variant(PIECES, "rich text element"), 10_000, 0)})
_BORDER: dict[str, Rule] = {"border": whole(0, 1)}
RICH_TEXT_PARTS: dict[str, Rule] = {
    "rich_text_section": _SECTION,
    "rich_text_quote": fields(
        {**TYPE, "elements": array(variant(PIECES, "rich text element"), 10_000, 0)}, _BORDER
    ),
    "rich_text_preformatted": fields(
        {**TYPE, "elements": array(variant(LITERALS, "rich text element"), 10_000, 0)},
        {**_BORDER, "language": string(50)},
    ),
    "rich_text_list": fields(
        {
            **TYPE,
            "elements": array(variant({"rich_text_section": _SECTION}, "list item"), 10_000, 0),
            "style": one_of("bullet", "ordered"),
        },
        {**_BORDER, "indent": whole(0, 8), "offset": whole(0, 1 << 31)},
    ),
}
RICH_TEXT = fields(
    {**TYPE, "elements": array(variant(RICH_TEXT_PARTS, "rich text element"), 10_000)},
    {"block_id": string(255)},
)
CELLS: dict[str, Rule] = {
    "raw_text": fields({**TYPE, "text": string(10_000)}),
    "raw_number": fields({**TYPE, "value": number}, {"text": string(10_000)}),
    "rich_text": RICH_TEXT,
}


def https_url(value: Any, pointer: str, notes: Notes) -> None:
    """Accept a web address, as image and video blocks want it."""
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        note(notes, pointer, "must be a valid URL")
