"""Reads what a person does from a /workspace/* call: who, where, which element, what was chosen."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiohttp import web

from bot.demo.workspace.state.space import CHANNELS, USERS, channel_id
from bot.demo.workspace.validation.messages import elements_of

Values = dict[str, dict[str, Any]]


def user_of(values: Mapping[str, Any], key: str = "user") -> str:
    """Return the id of the person who does it. Raises HTTPBadRequest."""
    user = USERS.get(str(values.get(key) or ""))
    if user is None:
        raise web.HTTPBadRequest(text=f"users are {', '.join(USERS)}")
    return user


def channel_of(values: Mapping[str, Any], user: str) -> str:
    """Return the conversation: a channel, or with `@batchbot` the person's own with the bot."""
    channel = channel_id(str(values.get("channel") or ""), user)
    if channel is None:
        raise web.HTTPBadRequest(text=f"channels are {', '.join(CHANNELS)} and @batchbot")
    return channel


def pressed(blocks: Sequence[Mapping[str, Any]], body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the action of the element that `body` names, with what was chosen or typed in it."""
    wanted, block_id = str(body.get("action_id") or ""), body.get("block_id")
    for block in blocks:
        for element in elements_of(block):
            if element.get("action_id") == wanted and block_id in (None, block.get("block_id")):
                keep = ("type", "action_id", "value", "text", "style")
                kept = {key: element[key] for key in keep if key in element}
                given = value_of(element, body.get("value"))
                return {**kept, **given, "block_id": block.get("block_id", "b"),
                        "action_ts": f"{time.time():.6f}"}  # fmt: skip
    raise web.HTTPNotFound(text="there is no such button")


def value_of(element: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """Return what an element holds once `given` was chosen or typed: option values or text.

    Raises HTTPBadRequest when an option is not on offer.
    """
    kind = str(element.get("type"))
    if kind in ("button", "workflow_button"):
        return {}
    if kind in ("multi_static_select", "checkboxes"):
        asked = given if isinstance(given, list) else []
        return {"selected_options": [_option(element, value) for value in asked]}
    if kind in ("static_select", "radio_buttons", "overflow"):
        empty = given in (None, "")
        return {"selected_option": None if empty else _option(element, given)}
    if kind.endswith("picker"):
        return {f"selected_{kind.removesuffix('picker').replace('time', '_time').strip('_')}": given
                or None}  # fmt: skip
    return {"value": str(given) if given not in (None, "") else None}


def options_of(element: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the options of a select, also those in groups."""
    yield from element.get("options") or ()
    for group in element.get("option_groups") or ():
        yield from group["options"]


def state_of(blocks: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> Values:
    """Return view.state.values: every element that holds something, by block and action id.

    `given` has what a person chose or typed, by block id and action id; what they left alone
    has its initial value.
    """
    state: Values = {}
    for block in blocks:
        for element in elements_of(block):
            if element["type"] in ("button", "overflow", "workflow_button"):
                continue
            mine = given.get(block["block_id"])
            typed = mine if isinstance(mine, Mapping) else {}
            value = typed.get(element["action_id"], _initial(element))
            held = {"type": element["type"], **value_of(element, value)}
            state.setdefault(block["block_id"], {})[element["action_id"]] = held
    return state


def unfilled(blocks: Sequence[Mapping[str, Any]], state: Values) -> dict[str, str]:
    """Return what Slack's client says of required inputs that hold nothing, by block id."""
    missing = {}
    for block in blocks:
        if block["type"] != "input" or block.get("optional"):
            continue
        held = state[block["block_id"]][block["element"]["action_id"]]
        if not any(value for key, value in held.items() if key != "type"):
            missing[block["block_id"]] = "Please complete this required field."
    return missing


def _option(element: Mapping[str, Any], value: Any) -> dict[str, Any]:
    for option in options_of(element):
        if option.get("value") == value:
            return option
    raise web.HTTPBadRequest(text=f"{value!r} is not on offer")


def _initial(element: Mapping[str, Any]) -> Any:
    if "initial_option" in element:
        return element["initial_option"].get("value")
    if "initial_options" in element:
        return [option.get("value") for option in element["initial_options"]]
    named = ("initial_value", "initial_date", "initial_time", "initial_date_time")
    return next((element[name] for name in named if name in element), None)
