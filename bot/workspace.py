"""What the Slack workspace says of the bot at start-up: its identity, scopes, and who is meant."""

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp

from bot.access import Access
from bot.app import Identity
from bot.errors import SettingsError
from bot.settings import SlackSettings
from bot.slack.connection import check_bot_token
from bot.slack.directory import Found, find_channels, find_users
from bot.slack.manifest import NEEDED_SCOPES, SCOPES
from bot.slack.web import Web, make_client

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workspace:
    """What the workspace says of the bot and of the names in the settings."""

    web: Web
    session: aiohttp.ClientSession
    identity: Identity
    access: Access


async def join(settings: SlackSettings, stack: AsyncExitStack) -> Workspace:
    """Return the workspace that the tokens open. Raises SettingsError when they do not."""
    if settings.bot_token is None:
        raise SettingsError(
            "SLACK_BOT_TOKEN is not set.", hint="It begins with xoxb-; see README, Run it for real."
        )
    if not settings.socket_mode and settings.signing_secret is None:
        raise SettingsError(
            "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set.",
            hint="Socket Mode needs SLACK_APP_TOKEN=xapp-..., HTTP needs SLACK_SIGNING_SECRET.",
        )
    session = await stack.enter_async_context(aiohttp.ClientSession())
    token = settings.bot_token.get_secret_value()
    api = Web(make_client(token, settings.api_url, session))
    told, scopes = await check_bot_token(api)
    missing = sorted(set(SCOPES) - scopes) if scopes else []
    if NEEDED_SCOPES & set(missing):
        raise SettingsError(
            f"The app lacks the scopes {', '.join(missing)}.",
            hint="Update the app from `batchbot manifest` and install it again.",
        )
    if missing:
        log.warning("the app lacks the scopes %s: see `batchbot doctor`", ", ".join(missing))
    identity = Identity(
        token, str(told.get("user_id")), str(told.get("bot_id")), str(told.get("team_id"))
    )
    return Workspace(api, session, identity, await find_access(api, settings))


async def find_access(api: Web, settings: SlackSettings) -> Access:
    """Return the access lists with names turned into ids; a name nobody has allows nobody."""
    alert = (settings.alert_channel,) if settings.alert_channel else ()
    words = (*settings.incident_channels, *settings.allowed_channels, *alert)
    channels = await find_channels(api, words)
    users = await find_users(api, (*settings.allowed_users, *settings.operators))
    _warn_of_unknown(channels, "channel")
    _warn_of_unknown(users, "user")
    return Access(
        users=users.of(settings.allowed_users),
        operators=users.of(settings.operators),
        channels=channels.of(settings.allowed_channels),
        incident_channels=channels.of(settings.incident_channels),
        alert_channel=next(iter(channels.of(alert)), ""),
        names={**channels.names, **users.names},
    )


def _warn_of_unknown(found: Found, what: str) -> None:
    for word in found.unknown:
        log.warning("no %s is called %r; it allows nobody. %s", what, word, found.problem)
