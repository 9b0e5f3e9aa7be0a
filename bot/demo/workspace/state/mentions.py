"""Whom a message would notify, counted for the page."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PING = re.compile(r"<(!here|!channel|!everyone|@[UW][A-Z0-9]+|!subteam\^[A-Z0-9]+)(?:\|[^<>]*)?>")
_PLAIN_PING = re.compile(r"(?<![\w<])@(here|channel|everyone)\b")


def mentions(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a message pings: `here`, `channel`, user ids, group ids; in order, once each.

    With blocks Slack shows the blocks, but the top-level text still feeds the notification, so
    both count. Angle brackets are read before entities are decoded, as Slack does: an escaped
    `&lt;!here&gt;` is text and notifies no one.
    """
    found = [*_in_markup(message.get("text")), *_in_blocks(message.get("blocks"))]
    if message.get("parse") == "full" or message.get("link_names") in (True, "true", 1, "1"):
        found += _PLAIN_PING.findall(html.unescape(str(message.get("text") or "")))
    return tuple(dict.fromkeys(found))


def _in_markup(text: Any) -> Iterator[str]:
    if isinstance(text, str):
        yield from (match.lstrip("!@") for match in _PING.findall(text))


def _in_blocks(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _in_blocks(item)
    elif isinstance(value, dict):
        yield from _in_object(value)
        for key, item in value.items():
            if key != "text" or isinstance(item, dict):
                yield from _in_blocks(item)


def _in_object(value: Mapping[str, Any]) -> Iterator[str]:
    match value.get("type"):
        case "mrkdwn" | "markdown":
            yield from _in_markup(value.get("text"))
        case "broadcast":
            yield str(value.get("range"))
        case "user" if "user_id" in value:
            yield str(value["user_id"])
        case "usergroup" if "usergroup_id" in value:
            yield str(value["usergroup_id"])
