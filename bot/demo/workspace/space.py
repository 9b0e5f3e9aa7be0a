"""The workspace's memory: channels, users, messages, faults and counts."""

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from bot.demo.workspace.mentions import mentions

TEAM, BOT_USER, BOT_ID, APP = "T0BATCHBOT", "U0BATCHBOT", "B0BATCHBOT", "A0BATCHBOT"
BOT_TOKEN, APP_TOKEN = "xoxb-local-workspace", "xapp-local-workspace"
USERS = {"oncall": "U0ONCALL0", "researcher": "U0RESEARCH", "guest": "U0GUEST00"}
CHANNELS = {"incidents": "C0INCIDENTS", "alerts": "C0ALERTS00"}
RESPONSE_USES = 5
RESPONSE_SECONDS = 1800


@dataclass(slots=True)
class Faults:
    """What goes wrong on purpose; set by POST /workspace/faults.

    `refuse` is the error by which every write is refused (is_archived, missing_scope ...),
    `refuse_history` the one by which reading back is.
    """

    rate_limit: bool = False
    errors: float = 0.0
    drop_after_accept: float = 0.0
    delay_ms: int = 0
    refuse_blocks: list[str] = field(default_factory=list)
    refuse: str = ""
    refuse_history: str = ""


@dataclass(slots=True)
class ResponseUrl:
    """A response_url: where its answers go and how often it was used."""

    channel: str
    user: str
    made_at: float
    uses: int = 0


class Space:
    """One team with its channels, people and messages, all in memory."""

    def __init__(self) -> None:
        self.messages: dict[str, list[dict[str, Any]]] = {id: [] for id in CHANNELS.values()}
        self.faults = Faults()
        self.acks_ms: list[float] = []
        self.would_notify = 0
        self.response_urls: dict[str, ResponseUrl] = {}
        self.homes: dict[str, Any] = {}
        self.files: dict[str, dict[str, Any]] = {}
        self._stamp = itertools.count(1)

    def post(self, channel: str, content: Mapping[str, Any], *, user: str, to: str = "") -> str:
        """Add a message; `to` makes it ephemeral. Return its ts."""
        ts = f"{int(time.time())}.{next(self._stamp):06d}"
        self.would_notify += len(mentions(content)) if user == BOT_USER else 0
        self.messages[channel].append(
            {
                "ts": ts,
                "type": "message",
                "user": user,
                "text": content.get("text") or "",
                "blocks": content.get("blocks") or [],
                "thread_ts": content.get("thread_ts") or "",
                "metadata": content.get("metadata"),
                "ephemeral_to": to,
                "files": content.get("files") or [],
            }
        )
        return ts

    def find(self, channel: str, ts: str) -> dict[str, Any] | None:
        """Return a message that stands in a channel's history."""
        return next(
            (m for m in self.messages.get(channel, []) if m["ts"] == ts and not m["ephemeral_to"]),
            None,
        )

    def replies(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """Return a thread: its head, then its replies."""
        return [
            m
            for m in self.messages.get(channel, [])
            if (ts in (m["ts"], m["thread_ts"])) and not m["ephemeral_to"]
        ]

    def seen(self, channel: str, thread_ts: str = "", viewer: str = "") -> list[dict[str, Any]]:
        """Return messages as a person sees them."""
        found = []
        for message in self.messages[channel]:
            if viewer and message["ephemeral_to"] not in ("", viewer):
                continue
            inside = thread_ts in (message["ts"], message["thread_ts"])
            if (thread_ts and inside) or (not thread_ts and not message["thread_ts"]):
                found.append(self._seen(channel, message))
        return found

    def _seen(self, channel: str, message: dict[str, Any]) -> dict[str, Any]:
        replies = sum(m["thread_ts"] == message["ts"] for m in self.messages[channel])
        shown = {key: value for key, value in message.items() if key not in ("metadata", "type")}
        return {
            **shown,
            "user": name_of(message["user"]),
            "ephemeral_to": name_of(message["ephemeral_to"]) or None,
            "thread_ts": message["thread_ts"] or None,
            "reply_count": replies,
        }

    def response_url(self, base: str, channel: str, user: str) -> str:
        """Make a response_url that is good for five answers in half an hour."""
        key = uuid4().hex
        self.response_urls[key] = ResponseUrl(channel, user, time.time())
        return f"{base}/respond/{key}"


def name_of(user: str) -> str:
    """Return a user's name by id; the bot is batchbot."""
    if user == BOT_USER:
        return "batchbot"
    return next((name for name, id in USERS.items() if id == user), user)
