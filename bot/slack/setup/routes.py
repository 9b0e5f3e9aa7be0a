"""Turns the channels and mentions of ALERT_ROUTES into Slack's own, as often as it is asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.routing.route import Route
from bot.errors import PostError
from bot.slack.outbound.web_api import Web
from bot.slack.setup.names import find_channels, find_users

SPECIAL = {"here": "<!here>", "channel": "<!channel>", "everyone": "<!everyone>"}
_READY = re.compile(r"<(?:!subteam\^S[A-Z0-9]+|@[UW][A-Z0-9]+|!here|!channel|!everyone)>")
_GROUP_ID = re.compile(r"S[A-Z0-9]{6,}")


@dataclass(frozen=True, slots=True)
class FoundRoutes:
    """The routes as they can be used, and the words in them that Slack does not know.

    `problem` says why some could not be looked up, "" when every word was.
    """

    routes: tuple[Route, ...] = ()
    unknown: tuple[str, ...] = ()
    problem: str = ""


async def find_routes(web: Web, routes: Sequence[Route]) -> FoundRoutes:
    """Return routes with ids; an unknown channel is the alert channel, an unknown mention none."""
    channels = await find_channels(web, [one.channel for one in routes if one.channel])
    words = {one for route in routes for one in (route.mention, route.escalate_to) if one}
    looked = {word: await _mention(web, word) for word in sorted(words)}
    mentions = {word: mention for word, (mention, _) in looked.items()}
    problems = (channels.problem, *(problem for _, problem in looked.values()))
    found = tuple(
        replace(
            route,
            channel=channels.ids.get(route.channel, ""),
            mention=mentions.get(route.mention, ""),
            escalate_to=mentions.get(route.escalate_to, ""),
        )
        for route in routes
    )
    unknown = (*channels.unknown, *(word for word, mention in mentions.items() if not mention))
    return FoundRoutes(found, unknown, next(filter(None, problems), ""))


async def _mention(web: Web, word: str) -> tuple[str, str]:
    """Return a mention as Slack writes it, "" for an unknown name, and what kept it unread."""
    name = word.lstrip("@")
    if _READY.fullmatch(word):
        return word, ""
    if name in SPECIAL:
        return SPECIAL[name], ""
    if _GROUP_ID.fullmatch(name):
        return f"<!subteam^{name}>", ""
    users = await find_users(web, [word])
    if word in users.ids:
        return f"<@{users.ids[word]}>", ""
    try:
        rows = (await web.query("usergroups.list")).get("usergroups") or []
    except PostError as error:
        return "", users.problem or error.message
    standing = [row for row in rows if not row.get("date_delete")]
    groups = [str(row.get("id")) for row in standing if row.get("handle") == name]
    return (f"<!subteam^{groups[0]}>", "") if groups else ("", users.problem)
