"""Reads the payloads that Slack sends; tolerates any shape, since they come from outside."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.ports import Place, Way

Body = Mapping[str, Any]
# The workspace of somebody of whom Slack does not say it, in a channel of several companies.
UNKNOWN_TEAM = frozenset({"unknown"})


def place_of(body: Body) -> Place:
    """Return where a slash command, button, shortcut or event came from; tolerates any payload."""
    event = object_of(body.get("event"))
    message = object_of(body.get("message"))
    container = object_of(body.get("container"))
    thread = (
        container.get("thread_ts")
        or message.get("thread_ts")
        or event.get("thread_ts")
        or container.get("message_ts")
        or message.get("ts")
        or event.get("ts")
    )
    if container.get("is_ephemeral") and not container.get("thread_ts"):
        thread = ""
    active = container.get("thread_ts") or message.get("thread_ts") or event.get("thread_ts")
    view = object_of(body.get("view"))
    user = id_of(body, "user") or str(event.get("user") or "")
    channel = id_of(body, "channel") or str(event.get("channel") or "")
    in_view = bool(view) and not channel
    return Place(
        channel=user if in_view else channel,
        user=user,
        thread_ts=str(thread or ""),
        response_url=str(body.get("response_url") or ""),
        trigger_id=str(body.get("trigger_id") or ""),
        view_id=str(view.get("id") or "") if in_view and view.get("type") == "modal" else "",
        home=in_view,
        way=_way(body),
        quiet_thread=bool(thread) and not active,
        teams=teams_of(body),
        name=_name(body),
    )


def teams_of(body: Body) -> frozenset[str]:
    """Return the workspaces that Slack names as the asker's own.

    In a channel shared by Slack Connect an event names its author's, beside the workspace that it
    was sent to; where it names none there, the author's is unknown and allows nothing.
    """
    event = object_of(body.get("event"))
    if event:
        named = [event.get(name) for name in ("user_team", "source_team", "team")]
        named.append(object_of(event.get("user_profile")).get("team"))
        if known := _words(named):
            return known
        shared = body.get("is_ext_shared_channel")
        return UNKNOWN_TEAM if shared else _words([body.get("team_id")])
    person = object_of(body.get("user"))
    return _words([person.get("team_id")]) or _words([id_of(body, "team")])


def _words(values: Iterable[object]) -> frozenset[str]:
    return frozenset(str(one) for one in values if one)


def _name(body: Body) -> str:
    """Return what the asker is called; it is shown, and grants no access."""
    user = object_of(body.get("user"))
    return str(body.get("user_name") or user.get("name") or user.get("username") or "")


def _way(body: Body) -> Way:
    """Return how it was asked; a form that was submitted answers for the line it completes."""
    if "actions" in body:
        return Way.PRESS
    if body.get("type") == "message_action":
        return Way.SHORTCUT
    kinds = {"app_mention": Way.MENTION, "message": Way.MESSAGE}
    return kinds.get(str(object_of(body.get("event")).get("type")), Way.COMMAND)


def id_of(body: Body, name: str) -> str:
    """Return the id of a user or channel, however this kind of payload spells it."""
    value = body.get(name)
    if isinstance(value, Mapping):
        return str(value.get("id") or "")
    return str(body.get(f"{name}_id") or value or "")


def object_of(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def values_of(view: Body) -> dict[str, str]:
    """Return what was typed and chosen, by block; a block of ours has one element."""
    found: dict[str, str] = {}
    for block, elements in object_of(object_of(view.get("state")).get("values")).items():
        for element in object_of(elements).values():
            chosen = object_of(object_of(element).get("selected_option")).get("value")
            found[str(block)] = str(object_of(element).get("value") or chosen or "")
    return found


def pressed(body: Body) -> str:
    """Return the value of the button that was pressed, or of what was chosen in a menu."""
    actions = body.get("actions")
    first = object_of(actions[0] if isinstance(actions, list) and actions else {})
    chosen = object_of(first.get("selected_option")).get("value")
    return str(first.get("value") or chosen or "")
