"""What Slack sends to an app when people type, press, open and submit.

Shapes: https://docs.slack.dev/reference/interaction-payloads and
https://docs.slack.dev/interactivity/implementing-slash-commands
"""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from bot.demo.workspace.state.space import APP, BOT_USER, CHANNELS, DMS, TEAM, Space, name_of
from bot.demo.workspace.web_api.views import Views

Payload = dict[str, Any]

DOMAIN = "huleedu"
MENTION = "@batchbot"


def conversation_name(channel: str) -> str:
    """Return a channel's name; every conversation with one person is a `directmessage`."""
    if channel in DMS.values():
        return "directmessage"
    return next((name for name, id in CHANNELS.items() if id == channel), channel)


class Payloads:
    """Writes payloads; each has a fresh trigger_id, and a response_url where there is a channel."""

    def __init__(self, space: Space, views: Views) -> None:
        self._space = space
        self._views = views

    def slash(self, base: str, channel: str, user: str, command: str, words: str) -> Payload:
        """A slash command."""
        return {
            "token": "x", "team_id": TEAM, "team_domain": DOMAIN, "channel_id": channel,
            "channel_name": conversation_name(channel), "user_id": user,
            "user_name": name_of(user), "command": command, "text": words, "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self._space.response_url(base, channel, user),
            "trigger_id": self._views.trigger(user),
        }  # fmt: skip

    def said(self, message: Mapping[str, Any], channel: str, kind: str = "app_mention") -> Payload:
        """A mention of the app, or with `message` what a person wrote in their DM with it."""
        event = {"type": kind, "user": message["user"], "ts": message["ts"], "channel": channel,
                 "text": message["text"].replace(MENTION, f"<@{BOT_USER}>"), "team": TEAM,
                 "event_ts": message["ts"]}  # fmt: skip
        if kind == "message":
            event["channel_type"] = "im"
        if message["thread_ts"]:
            event["thread_ts"] = message["thread_ts"]
        return _event(event)

    def home_opened(self, user: str, tab: str) -> Payload:
        """A person opened the app's home or its messages."""
        event: Payload = {"type": "app_home_opened", "user": user, "channel": DMS[user],
                          "tab": tab, "event_ts": f"{time.time():.6f}"}  # fmt: skip
        view = self._views.home(user)
        return _event(event if view is None or tab != "home" else event | {"view": view})

    def press(
        self, base: str, channel: str, user: str, message: Mapping[str, Any], action: Payload
    ) -> Payload:
        """A press or a choice on a message."""
        return {
            **self._on_message(base, channel, user, message),
            "type": "block_actions",
            "actions": [action],
            "state": {"values": chosen(action)},
            "container": {
                "type": "message", "message_ts": message["ts"], "channel_id": channel,
                "is_ephemeral": bool(message["ephemeral_to"]),
                **({"thread_ts": message["thread_ts"]} if message["thread_ts"] else {}),
            },
        }  # fmt: skip

    def shortcut(
        self, base: str, channel: str, user: str, message: Mapping[str, Any], callback_id: str
    ) -> Payload:
        """A message shortcut."""
        return {
            **self._on_message(base, channel, user, message),
            "type": "message_action",
            "callback_id": callback_id,
            "message_ts": message["ts"],
            "action_ts": f"{time.time():.6f}",
        }

    def view_press(self, user: str, view: Mapping[str, Any], action: Payload) -> Payload:
        """A press or a choice in a modal or home."""
        return {
            **self._common(user),
            "type": "block_actions",
            "actions": [action],
            "view": view,
            "container": {"type": "view", "view_id": view["id"]},
        }

    def submission(self, user: str, view: Mapping[str, Any]) -> Payload:
        """A modal was submitted."""
        return {**self._common(user), "type": "view_submission", "view": view, "response_urls": []}

    def closed(self, user: str, view: Mapping[str, Any], *, cleared: bool) -> Payload:
        """A modal with notify_on_close was closed."""
        payload = {**self._common(user), "type": "view_closed", "view": view, "is_cleared": cleared}
        del payload["trigger_id"]
        return payload

    def _on_message(
        self, base: str, channel: str, user: str, message: Mapping[str, Any]
    ) -> Payload:
        return {
            **self._common(user),
            "channel": {"id": channel, "name": conversation_name(channel)},
            "message": self._as_sent(channel, message),
            "response_url": self._space.response_url(base, channel, user, message["ts"]),
        }

    def _as_sent(self, channel: str, message: Mapping[str, Any]) -> Payload:
        """Return a message with what Slack adds to one that has replies."""
        replies = len(self._space.replies(channel, message["ts"])) - 1
        if replies < 1 or message["ephemeral_to"]:
            return dict(message)
        return {**message, "thread_ts": message["ts"], "reply_count": replies}

    def _common(self, user: str) -> Payload:
        name = name_of(user)
        return {
            "token": "x", "api_app_id": APP, "team": {"id": TEAM, "domain": DOMAIN},
            "user": {"id": user, "username": name, "name": name, "team_id": TEAM},
            "trigger_id": self._views.trigger(user), "enterprise": None,
            "is_enterprise_install": False,
        }  # fmt: skip


def chosen(action: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the state that one choice leaves behind; a press leaves none."""
    keys = ("selected_option", "selected_options", "selected_date", "selected_time", "value")
    if action["type"] in ("button", "overflow"):
        return {}
    state = {key: action[key] for key in keys if key in action}
    return {action["block_id"]: {action["action_id"]: {"type": action["type"], **state}}}


def _event(event: Mapping[str, Any]) -> Payload:
    return {
        "token": "x", "team_id": TEAM, "api_app_id": APP, "event": dict(event),
        "type": "event_callback", "event_id": f"Ev{uuid4().hex[:10].upper()}",
        "event_time": int(time.time()), "is_ext_shared_channel": False,
        "authorizations": [{"team_id": TEAM, "user_id": BOT_USER, "is_bot": True,
                            "enterprise_id": None, "is_enterprise_install": False}],
    }  # fmt: skip
