"""Payloads as Slack sends them, one builder for each kind; ids and urls are made up."""

import itertools
from typing import Any

_numbers = itertools.count(1)
COMMON = {"token": "verification", "team": {"id": "T00000000"}, "api_app_id": "A00000000"}


def slash(
    command: str,
    text: str = "",
    *,
    user: str = "U0ONCALL0",
    channel: str = "C0INCIDENT",
    response_url: str = "",
) -> dict[str, Any]:
    """A slash command."""
    return {
        "token": "verification",
        "team_id": "T00000000",
        "team_domain": "huleedu",
        "channel_id": channel,
        "channel_name": "incidents",
        "user_id": user,
        "user_name": "oncall",
        "command": command,
        "text": text,
        "api_app_id": "A00000000",
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": f"{next(_numbers)}.2.3",
    }


def mention(
    text: str,
    *,
    user: str = "U0ONCALL0",
    channel: str = "C0INCIDENT",
    thread_ts: str = "",
    event_id: str = "",
    **teams: str,
) -> dict[str, Any]:
    """An app_mention event; `teams` are what Slack says of its author's workspace."""
    event: dict[str, Any] = {
        "type": "app_mention",
        "user": user,
        "text": text,
        "ts": "1700000001.000100",
        "channel": channel,
        "event_ts": "1700000001.000100",
        **teams,
    }
    if thread_ts:
        event["thread_ts"] = thread_ts
    return _event(event, event_id)


def home_opened(user: str = "U0ONCALL0") -> dict[str, Any]:
    """An app_home_opened event."""
    return _event({"type": "app_home_opened", "user": user, "channel": "D1", "tab": "home"})


def press(
    action_id: str,
    value: str,
    *,
    user: str = "U0ONCALL0",
    channel: str = "C0INCIDENT",
    message_ts: str = "1700000000.000001",
    thread_ts: str = "",
    response_url: str = "",
    ephemeral: bool = False,
    team: str = "T00000000",
) -> dict[str, Any]:
    """A press on a button."""
    container: dict[str, Any] = {
        "type": "message",
        "message_ts": message_ts,
        "channel_id": channel,
        "is_ephemeral": ephemeral,
    }
    if thread_ts:
        container["thread_ts"] = thread_ts
    return {
        **COMMON,
        "type": "block_actions",
        "user": {"id": user, "username": "oncall", "team_id": team},
        "container": container,
        "trigger_id": f"{next(_numbers)}.2.3",
        "channel": {"id": channel, "name": "incidents"},
        "message": {"type": "message", "ts": message_ts, "text": "an answer"},
        "response_url": response_url,
        "actions": [
            {
                "action_id": action_id,
                "block_id": "b1",
                "type": "button",
                "value": value,
                "action_ts": "1700000002.0",
            }
        ],
    }


def shortcut(
    message: dict[str, Any],
    *,
    user: str = "U0ONCALL0",
    channel: str = "C0INCIDENT",
    response_url: str = "",
) -> dict[str, Any]:
    """The message shortcut "Trace this"."""
    return {
        **COMMON,
        "type": "message_action",
        "callback_id": "trace_this",
        "trigger_id": f"{next(_numbers)}.2.3",
        "response_url": response_url,
        "user": {"id": user, "name": "oncall"},
        "channel": {"id": channel, "name": "incidents"},
        "message_ts": message.get("ts", "1700000000.000001"),
        "message": {"type": "message", "ts": "1700000000.000001", **message},
    }


def view_press(
    action_id: str,
    value: str,
    *,
    user: str = "U0ONCALL0",
    kind: str = "home",
    view_id: str = "V0HOME0000",
) -> dict[str, Any]:
    """A press on a button of the App Home, or of a modal; it names no channel."""
    return {
        **COMMON,
        "type": "block_actions",
        "user": {"id": user, "username": "oncall", "name": "oncall", "team_id": "T00000000"},
        "container": {"type": "view", "view_id": view_id},
        "trigger_id": f"{next(_numbers)}.2.3",
        "view": {"id": view_id, "type": kind, "callback_id": "", "blocks": [], "hash": "1.a"},
        "is_enterprise_install": False,
        "enterprise": None,
        "actions": [
            {"action_id": action_id, "block_id": "b1", "type": "button", "value": value,
             "text": {"type": "plain_text", "text": "x", "emoji": False}, "action_ts": "1.0"}
        ],
    }  # fmt: skip


def submission(
    view: dict[str, Any],
    values: dict[str, str | None],
    *,
    user: str = "U0ONCALL0",
    view_id: str = "V0MODAL000",
) -> dict[str, Any]:
    """A modal was submitted; `values` go to its input blocks by their id."""
    state: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, value = block["element"], values.get(block["block_id"])
        told: dict[str, Any] = {"type": element["type"], "value": value}
        if element["type"] == "static_select":
            found = [one for one in element["options"] if one["value"] == value]
            told = {"type": element["type"], "selected_option": found[0] if found else None}
        state[block["block_id"]] = {element["action_id"]: told}
    return {
        **COMMON,
        "type": "view_submission",
        "user": {"id": user, "username": "oncall", "name": "oncall", "team_id": "T00000000"},
        "trigger_id": f"{next(_numbers)}.2.3",
        "view": {**view, "id": view_id, "hash": "1.a", "state": {"values": state},
                 "root_view_id": view_id, "app_id": "A00000000", "bot_id": "BBOT00000"},
        "response_urls": [],
        "is_enterprise_install": False,
        "enterprise": None,
    }  # fmt: skip


def _event(event: dict[str, Any], event_id: str = "") -> dict[str, Any]:
    return {
        "token": "verification",
        "team_id": "T00000000",
        "api_app_id": "A00000000",
        "type": "event_callback",
        "event_id": event_id or f"Ev{next(_numbers)}",
        "event_time": 1700000001,
        "authorizations": [{"team_id": "T00000000", "user_id": "UBOT00000", "is_bot": True}],
        "event": event,
    }
