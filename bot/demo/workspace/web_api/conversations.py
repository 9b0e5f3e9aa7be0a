"""conversations.*: channels, people and messages, page by page."""

import html
from collections.abc import Mapping
from typing import Any

from bot.demo.workspace.state.refusal import Refusal
from bot.demo.workspace.state.space import (
    BOT_NAME,
    BOT_USER,
    CHANNELS,
    DMS,
    GROUPS,
    TEAM,
    USERS,
    Space,
)

Values = Mapping[str, Any]
Answer = dict[str, Any]

MOST = 999


class Conversations:
    """Answers conversations.* and users.* from the space."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def history(self, values: Values) -> Answer:
        """The messages of a conversation, newest first, without those inside threads."""
        rows = [m for m in self._space.messages[conversation_of(values)]
                if not m["thread_ts"] and not m["ephemeral_to"]]  # fmt: skip
        return _page(rows[::-1], values)

    def replies(self, values: Values) -> Answer:
        """A thread: its head, then its replies."""
        thread = self._space.replies(conversation_of(values), str(values.get("ts")))
        if not thread:
            raise Refusal("thread_not_found")
        return _page(thread, values)

    def all(self, _: Values) -> Answer:
        """The channels."""
        rows = [_channel_row(id) for id in CHANNELS.values()]
        return {"channels": rows, "response_metadata": {"next_cursor": ""}}

    def info(self, values: Values) -> Answer:
        """One conversation."""
        return {"channel": _channel_row(conversation_of(values))}

    def members(self, values: Values) -> Answer:
        """Return the members of a conversation."""
        id = conversation_of(values)
        people = [user for user, dm in DMS.items() if id in (dm, *CHANNELS.values())]
        return {"members": [*people, BOT_USER], "response_metadata": {"next_cursor": ""}}

    def join(self, values: Values) -> Answer:
        """Join a channel; the bot is in every one."""
        return {"channel": _channel_row(conversation_of(values)), "warning": "already_in_channel"}

    def open(self, values: Values) -> Answer:
        """The conversation with one person; there is one already."""
        asked = values.get("users") or ""
        people = asked if isinstance(asked, list) else str(asked).split(",")
        if len(people) != 1 or str(people[0]) not in DMS:
            raise Refusal("user_not_found")
        return {"no_op": True, "already_open": True, "channel": {"id": DMS[str(people[0])]}}

    def users(self, _: Values) -> Answer:
        """Everybody, the bot among them."""
        rows = [_user_row(id) for id in (*USERS.values(), BOT_USER)]
        return {"members": rows, "response_metadata": {"next_cursor": ""}}

    def groups(self, _: Values) -> Answer:
        """The user groups."""
        return {
            "usergroups": [
                {"id": id, "handle": handle, "users": list(users), "date_delete": 0}
                for id, (handle, users) in GROUPS.items()
            ]
        }

    def user(self, values: Values) -> Answer:
        """One person."""
        id = str(values.get("user") or "")
        if id not in (*USERS.values(), BOT_USER):
            raise Refusal("user_not_found")
        return {"user": _user_row(id)}

    def permalink(self, base: str, values: Values) -> Answer:
        """chat.getPermalink: an address for one message."""
        channel, ts = conversation_of(values), str(values.get("message_ts") or "")
        if self._space.find(channel, ts) is None:
            raise Refusal("message_not_found")
        return {"channel": channel,
                "permalink": f"{base}/archives/{channel}/p{ts.replace('.', '')}"}  # fmt: skip


def conversation_of(values: Values) -> str:
    """Return the id of a conversation, by id or name, or by user for a DM. Raises Refusal."""
    wanted = html.unescape(str(values.get("channel") or ""))
    id = DMS.get(wanted) or CHANNELS.get(wanted.lstrip("#"), wanted)
    if id not in CHANNELS.values() and id not in DMS.values():
        raise Refusal("channel_not_found")
    return id


def _channel_row(id: str) -> Answer:
    if id in DMS.values():
        user = next(user for user, dm in DMS.items() if dm == id)
        return {"id": id, "is_im": True, "user": user, "is_archived": False}
    name = next(name for name, known in CHANNELS.items() if known == id)
    return {"id": id, "name": name, "name_normalized": name, "is_channel": True, "is_im": False,
            "is_private": False, "is_member": True, "is_archived": False,
            "context_team_id": TEAM}  # fmt: skip


def _user_row(id: str) -> Answer:
    name = next((name for name, known in USERS.items() if known == id), BOT_NAME)
    return {"id": id, "team_id": TEAM, "name": name, "real_name": name, "deleted": False,
            "is_bot": id == BOT_USER, "tz": "Europe/Stockholm"}  # fmt: skip


def _page(rows: list[Answer], values: Values) -> Answer:
    oldest, latest = _stamp(values, "oldest"), _stamp(values, "latest")
    inclusive = str(values.get("inclusive") or "").lower() in ("true", "1")
    found = [m for m in rows if _within(float(m["ts"]), oldest, latest, inclusive)]
    start, limit = _count(values, "cursor", 0), min(_count(values, "limit", 100) or 100, MOST)
    page, more = found[start : start + limit], start + limit < len(found)
    whole = str(values.get("include_all_metadata") or "").lower() in ("true", "1")
    return {
        "messages": [_row(message, whole) for message in page],
        "has_more": more,
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


def _row(message: Answer, whole: bool) -> Answer:
    hidden = {"ephemeral_to", "edited"} | (set() if whole else {"metadata"})
    row = {key: value for key, value in message.items() if key not in hidden}
    return row | ({"edited": message["edited"]} if message["edited"] else {})


def _within(at: float, oldest: float | None, latest: float | None, inclusive: bool) -> bool:
    """Slack leaves the bounds themselves out unless `inclusive` is set."""
    if inclusive:
        return (oldest is None or at >= oldest) and (latest is None or at <= latest)
    return (oldest is None or at > oldest) and (latest is None or at < latest)


def _stamp(values: Values, key: str) -> float | None:
    text = str(values.get(key) or "")
    try:
        return float(text) if text else None
    except ValueError:
        raise Refusal(f"invalid_ts_{key}") from None


def _count(values: Values, key: str, default: int) -> int:
    text = str(values.get(key) or default)
    if not text.isdecimal():
        raise Refusal("invalid_cursor" if key == "cursor" else "invalid_limit")
    return int(text)
