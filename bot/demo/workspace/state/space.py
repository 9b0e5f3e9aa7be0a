"""The workspace's memory: channels, users, messages, faults and counts."""

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from bot.demo.workspace.state.feed import Feed
from bot.demo.workspace.state.mentions import mentions

TEAM, BOT_USER, BOT_ID, APP = "T0BATCHBOT", "U0BATCHBOT", "B0BATCHBOT", "A0BATCHBOT"
BOT_TOKEN, APP_TOKEN = "xoxb-local-workspace", "xapp-local-workspace"
USERS = {"oncall": "U0ONCALL0", "researcher": "U0RESEARCH", "guest": "U0GUEST00"}
CHANNELS = {"incidents": "C0INCIDENTS", "alerts": "C0ALERTS00"}
DMS = {"U0ONCALL0": "D0ONCALL0", "U0RESEARCH": "D0RESEARCH", "U0GUEST00": "D0GUEST00"}
# A user group by its id: its handle, and who is in it.
GROUPS = {"S0ONCALL0": ("llm-oncall", ("U0ONCALL0",))}
BOT_NAME = "batchbot"
RESPONSE_USES = 5
RESPONSE_SECONDS = 1800


@dataclass(slots=True)
class Faults:
    """What goes wrong on purpose; set by POST /workspace/faults.

    `errors` and `drop_after_accept` are shares of the writes: 0.2 is each fifth one.
    `refuse` is the error by which every write is refused (is_archived, missing_scope ...),
    `refuse_history` the one by which reading back is; `withhold` takes granted scopes away.
    """

    rate_limit: bool = False
    errors: float = 0.0
    drop_after_accept: float = 0.0
    delay_ms: int = 0
    refuse_blocks: list[str] = field(default_factory=list)
    refuse: str = ""
    refuse_history: str = ""
    withhold: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ResponseUrl:
    """A response_url: where its answers go, what it may replace, and how often it was used."""

    channel: str
    user: str
    made_at: float
    message_ts: str = ""
    uses: int = 0


class Space:
    """One team with its channels, people and messages, all in memory."""

    def __init__(self) -> None:
        self.feed = Feed()
        self.messages: dict[str, list[dict[str, Any]]] = {
            id: [] for id in (*CHANNELS.values(), *DMS.values())
        }
        self.faults = Faults()
        self.acks_ms: list[float] = []
        self.would_notify = 0
        self.hidden: list[dict[str, Any]] = []
        self.response_urls: dict[str, ResponseUrl] = {}
        self._stamp = itertools.count(1)

    def post(self, channel: str, content: Mapping[str, Any], *, user: str, to: str = "") -> str:
        """Add a message; `to` makes it ephemeral. Return its ts.

        An ephemeral message into a thread without replies is taken and shown to no one; it is
        kept in `hidden`. https://docs.slack.dev/reference/methods/chat.postEphemeral
        """
        ts = f"{int(time.time())}.{next(self._stamp):06d}"
        thread = str(content.get("thread_ts") or "")
        if to and thread and len(self.replies(channel, thread)) < 2:
            self.hidden.append({**content, "channel": channel, "ephemeral_to": to, "ts": ts})
            return ts
        pinged = len(mentions(content)) if user == BOT_USER else 0
        self.would_notify += pinged
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
                "edited": None,
            }
        )
        self._changed(channel, self.messages[channel][-1])
        if pinged:
            self.feed.say("stats")
        return ts

    def edit(self, channel: str, message: dict[str, Any], content: Mapping[str, Any]) -> None:
        """Give a message other content; it says that it was edited."""
        message |= {"text": content.get("text") or "", "blocks": content.get("blocks") or []}
        message["metadata"] = content.get("metadata") or message["metadata"]
        message["edited"] = {"user": message["user"], "ts": f"{time.time():.6f}"}
        self._changed(channel, message)

    def remove(self, channel: str, message: dict[str, Any]) -> None:
        """Take a message away."""
        self.messages[channel].remove(message)
        self._changed(channel, message)

    def any(self, channel: str, ts: str) -> dict[str, Any] | None:
        """Return a message, also one that only one person sees."""
        return next((m for m in self.messages.get(channel, []) if m["ts"] == ts), None)

    def _changed(self, channel: str, message: Mapping[str, Any]) -> None:
        self.feed.say("messages", channel=channel, thread_ts=str(message["thread_ts"]))

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
        replies = [m for m in self.replies(channel, message["ts"]) if m["ts"] != message["ts"]]
        shown = {key: value for key, value in message.items() if key not in ("metadata", "type")}
        return {
            **shown,
            "user": name_of(message["user"]),
            "ephemeral_to": name_of(message["ephemeral_to"]) or None,
            "thread_ts": message["thread_ts"] or None,
            "reply_count": len(replies),
            "reply_users": list(dict.fromkeys(name_of(m["user"]) for m in replies))[:5],
            "latest_reply": replies[-1]["ts"] if replies else None,
        }

    def response_url(self, base: str, channel: str, user: str, message_ts: str = "") -> str:
        """Make a response_url that is good for five answers in half an hour."""
        key = uuid4().hex
        self.response_urls[key] = ResponseUrl(channel, user, time.time(), message_ts)
        return f"{base}/respond/{key}"


def channel_id(name: str, user: str = "") -> str | None:
    """Return a conversation by name (`incidents`, `#incidents`), or a user's with the bot."""
    if name.lstrip("@") == BOT_NAME:
        return DMS.get(user)
    return CHANNELS.get(name.lstrip("#"))


def name_of(user: str) -> str:
    """Return a user's name by id; the bot is batchbot."""
    if user == BOT_USER:
        return BOT_NAME
    return next((name for name, id in USERS.items() if id == user), user)
