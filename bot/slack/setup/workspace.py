"""What the Slack workspace says of the bot at start-up: identity, scopes and access."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from bot.domain.routing.route import Route
from bot.errors import SettingsError
from bot.requests.access import Access
from bot.settings import SlackSettings
from bot.slack.outbound.web_api import Web, make_client
from bot.slack.setup.identity import Identity, check_bot_token, patient
from bot.slack.setup.manifest import NEEDED_SCOPES, SCOPES
from bot.slack.setup.names import FoundNames, find_channels, find_users
from bot.slack.setup.routes import find_routes

FIRST_WAIT = 5.0
LONGEST_WAIT = 300.0
# A group's members, and what a channel is called, change while the bot runs.
READ_AGAIN_SECONDS = 900.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SlackWorkspace:
    """What the workspace says of the bot and of the names in the settings.

    `missing` says which names could not be looked up, or "" when none is worth asking for again;
    `located` is set once it is known where alerts are posted. `routes` are those of ALERT_ROUTES
    with Slack's ids: it stays the same list while the bot runs, and what stands in it is renewed.
    """

    web: Web
    session: aiohttp.ClientSession
    identity: Identity
    access: Access
    missing: str = ""
    located: asyncio.Event = field(default_factory=asyncio.Event)
    routes: list[Route] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Names:
    """The access lists, and in words what could not be looked up and is to be asked again.

    `is_whole` says that every list was read, so that a name that is not among them is not there.
    """

    access: Access
    missing: str = ""
    is_whole: bool = True


async def join(settings: SlackSettings, stack: AsyncExitStack) -> SlackWorkspace:
    """Return the workspace that the tokens open. Raises SettingsError when they do not."""
    if settings.bot_token is None:
        raise SettingsError(
            "SLACK_BOT_TOKEN is not set.", hint="It begins with xoxb-; see deploy/README.md."
        )
    if not settings.socket_mode and settings.signing_secret is None:
        raise SettingsError(
            "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set.",
            hint="Socket Mode needs SLACK_APP_TOKEN=xapp-..., HTTP needs SLACK_SIGNING_SECRET.",
        )
    session = await stack.enter_async_context(aiohttp.ClientSession())
    token = settings.bot_token.get_secret_value()
    api = Web(make_client(token, settings.api_url, session))
    api.team_id = settings.team_id
    told, scopes = await patient(lambda: check_bot_token(api))
    missing = sorted(set(SCOPES) - scopes) if scopes else []
    if NEEDED_SCOPES & set(missing):
        raise SettingsError(
            f"The app lacks the scopes {', '.join(missing)}.",
            hint="Update the app from `batchbot manifest` and install it again.",
        )
    if missing:
        log.warning("the app lacks the scopes %s: see `batchbot doctor`", ", ".join(missing))
    identity = Identity(
        token, str(told.get("user_id")), str(told.get("bot_id")), str(told.get("team_id") or "")
    )
    names = await find_access(api, settings)
    names.access.teams = teams_of(settings, told)
    return SlackWorkspace(api, session, identity, names.access, names.missing)


def teams_of(settings: SlackSettings, told: Mapping[str, Any]) -> frozenset[str]:
    """Return the workspaces whose people may ask: the bot's own by auth.test, and those listed."""
    own = (told.get("team_id"), told.get("enterprise_id"), settings.team_id)
    return frozenset(str(one) for one in (*own, *settings.allowed_teams) if one)


async def ask_again(
    space: SlackWorkspace,
    settings: SlackSettings,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Look names up again, ever more seldom, until none is missing; `space.access` learns them."""
    missing, wait = space.missing, FIRST_WAIT
    while missing:
        await sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)
        names = await find_access(space.web, settings)
        space.access.learn(names.access)
        missing = names.missing
        if space.access.alert_channel:
            space.located.set()
    if space.missing:
        log.warning("every name that was missing has been found")


async def keep_names(
    space: SlackWorkspace,
    settings: SlackSettings,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    *,
    routes: Sequence[Route] = (),
) -> None:
    """Look names up for as long as the bot runs: who left a group or a name has no right by it.

    Alerts stay in the channel that was found first, whatever it is called since; so do those of a
    route, while whom it wakes is who has the name now.
    """
    await ask_again(space, settings, sleep)
    while True:
        await sleep(READ_AGAIN_SECONDS)
        names = await find_access(space.web, settings)
        if names.is_whole:
            _log_changes(space.access, names.access)
            space.access.renew(names.access)
        if routes:
            await _renew_routes(space, routes)


def _log_changes(known: Access, found: Access) -> None:
    for what, before, now in (
        ("operators", known.operators, found.operators),
        ("users", known.users, found.users),
        ("channels", known.channels, found.channels),
        ("incident channels", known.incident_channels, found.incident_channels),
    ):
        if before != now:
            log.warning(
                "the %s of the settings have changed: %d more, %d fewer",
                *(what, len(now - before), len(before - now)),
            )
    if found.alert_channel and found.alert_channel != known.alert_channel:
        log.warning("another channel has the alert channel's name now; alerts stay where they are")


async def look_up_routes(space: SlackWorkspace, routes: Sequence[Route]) -> Sequence[Route]:
    """Return the routes with Slack's ids; their channels count as alert channels.

    It is the list of `space`, which `keep_names` renews.
    """
    found = await find_routes(space.web, routes)
    for word in found.unknown:
        log.warning("ALERT_ROUTES names %r, which Slack does not know", word)
    _take_over(space, found.routes)
    return space.routes


async def _renew_routes(space: SlackWorkspace, routes: Sequence[Route]) -> None:
    """Look the routes' names up again; nothing changes where some could not be read."""
    found = await find_routes(space.web, routes)
    if found.problem:
        return
    kept = [
        replace(now, channel=before.channel or now.channel)
        for before, now in zip(space.routes or found.routes, found.routes, strict=True)
    ]
    if any(one.channel != now.channel for one, now in zip(kept, found.routes, strict=True)):
        log.warning("another channel has a route's name now; its alerts stay where they are")
    if kept != space.routes:
        log.warning("the names in ALERT_ROUTES mean others now than they did")
    _take_over(space, kept)


def _take_over(space: SlackWorkspace, routes: Sequence[Route]) -> None:
    space.routes[:] = routes
    space.access.routed_channels |= {one.channel for one in routes if one.channel}


async def find_access(api: Web, settings: SlackSettings) -> Names:
    """Return the access lists with names turned into ids; an unknown name allows no one."""
    alert = (settings.alert_channel,) if settings.alert_channel else ()
    words = (*settings.incident_channels, *settings.allowed_channels, *alert)
    channels = await find_channels(api, words)
    users = await find_users(api, (*settings.allowed_users, *settings.operators))
    _warn_of_unknown(channels, "channel")
    _warn_of_unknown(users, "user")
    access = Access(
        users=users.of(settings.allowed_users),
        operators=users.of(settings.operators),
        channels=channels.of(settings.allowed_channels),
        incident_channels=channels.of(settings.incident_channels),
        alert_channel=next(iter(channels.of(alert)), ""),
        names={**channels.names, **users.names},
    )
    problems = " ".join(filter(None, (channels.problem, users.problem)))
    if alert and not access.alert_channel:
        missing = f"SLACK_ALERT_CHANNEL={alert[0]} is not found."
        if channels.problem:
            missing = f"SLACK_ALERT_CHANNEL={alert[0]} could not be looked up: {problems}"
        return Names(access, missing, not problems)
    return Names(access, problems, not problems)


def _warn_of_unknown(found: FoundNames, what: str) -> None:
    for word in found.unknown:
        if found.problem:
            log.warning("the %s %r could not be looked up: %s", what, word, found.problem)
        else:
            log.warning("no %s is called %r; it allows nobody", what, word)
