"""Examines Slack: tokens, scopes, channels, people and whom an alert wakes."""

from typing import TYPE_CHECKING

from bot.cli.doctor.examined import CheckState, Examined
from bot.cli.setting_check import mistaken_tokens
from bot.errors import BatchbotError, PostError
from bot.settings import Settings, SlackSettings

if TYPE_CHECKING:
    from bot.slack.setup.names import FoundNames
    from bot.slack.setup.people import Strangers


async def examine_slack(settings: Settings) -> list[Examined]:
    """Look at tokens first: without one that Slack takes nothing else can be asked."""
    if settings.slack.bot_token is None:
        fix = "Set SLACK_BOT_TOKEN; `batchbot ask` works without Slack."
        return [Examined("Slack", CheckState.BROKEN, "SLACK_BOT_TOKEN is not set", fix)]
    if mistaken := list(mistaken_tokens(_tokens(settings))):
        return [Examined(one.name, CheckState.BROKEN, one.detail, one.fix) for one in mistaken]
    import aiohttp

    from bot.slack.outbound.web_api import Web, make_client
    from bot.slack.setup.identity import check_app_token, check_bot_token

    async with aiohttp.ClientSession() as session:
        token = settings.slack.bot_token.get_secret_value()
        web = Web(make_client(token, settings.slack.api_url, session))
        web.team_id = settings.slack.team_id
        try:
            told, scopes = await check_bot_token(web)
        except BatchbotError as error:
            return [Examined("SLACK_BOT_TOKEN", CheckState.BROKEN, str(error.message), error.hint)]
        found = [Examined("SLACK_BOT_TOKEN", CheckState.OK, f"user {told.get('user_id')}")]
        found.append(_scopes(scopes))
        if settings.slack.app_token is not None:
            try:
                await check_app_token(web, settings.slack.app_token.get_secret_value())
                found.append(Examined("SLACK_APP_TOKEN", CheckState.OK, "Socket Mode"))
            except BatchbotError as error:
                found.append(
                    Examined("SLACK_APP_TOKEN", CheckState.BROKEN, str(error.message), error.hint)
                )
        elif settings.slack.signing_secret is None:
            fix = "Set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)."
            found.append(Examined("transport", CheckState.BROKEN, "neither is set", fix))
        return [*found, *await _names(web, settings)]


def _tokens(settings: Settings) -> dict[str, str]:
    slack = settings.slack
    given = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}
    return {name: secret.get_secret_value() for name, secret in given.items() if secret}


def _scopes(granted: frozenset[str]) -> Examined:
    from bot.slack.setup.manifest import NEEDED_SCOPES, OPTIONAL_SCOPES, SCOPES

    missing, optional = sorted(set(SCOPES) - granted), set(OPTIONAL_SCOPES) - granted
    if not granted:
        return Examined("scopes", CheckState.WARNING, "Slack did not tell which were granted")
    if not missing:
        more = "; ".join(f"{one} would {OPTIONAL_SCOPES[one]}" for one in sorted(optional))
        return Examined("scopes", CheckState.OK, more)
    state = CheckState.BROKEN if NEEDED_SCOPES & set(missing) else CheckState.WARNING
    detail = "; ".join(f"{scope} missing ({SCOPES[scope]})" for scope in missing)
    return Examined("scopes", state, detail, "Update the app from `batchbot manifest`, reinstall.")


async def _names(web: object, settings: Settings) -> list[Examined]:
    from bot.slack.outbound.web_api import Web
    from bot.slack.setup.names import find_channels, find_users
    from bot.slack.setup.people import strangers

    assert isinstance(web, Web)  # noqa: S101 - typed loosely to keep Slack's import lazy
    slack = settings.slack
    alert = (slack.alert_channel,) if slack.alert_channel else ()
    channels = await find_channels(web, (*alert, *slack.incident_channels, *slack.allowed_channels))
    people = (*slack.allowed_users, *slack.operators)
    users = await find_users(web, people)
    found = _unknown_channels(slack, channels)
    found += _unknown_people(slack, users, await strangers(web, users.ids.values()))
    found += [
        Examined(f"channel {word}", CheckState.WARNING, f"it is called {name} now",
                 f"Set its id, {channels.ids[word]}, in place of its old name.")
        for word, name in channels.renamed().items() if word not in channels.ids.values()
    ]  # fmt: skip
    for word, id in channels.ids.items():
        if id != "*":
            found.append(await _membership(web, word, id, needed=word in alert))
    return [*found, *await _woken(web, settings, frozenset(channels.ids.values()))]


def _unknown_channels(slack: SlackSettings, channels: "FoundNames") -> list[Examined]:
    """Name the settings whose channels are not found; no alert is sent without its channel."""
    found = []
    for setting, words, state in (
        ("SLACK_ALERT_CHANNEL", (slack.alert_channel,), CheckState.BROKEN),
        ("SLACK_INCIDENT_CHANNELS", slack.incident_channels, CheckState.WARNING),
        ("SLACK_ALLOWED_CHANNELS", slack.allowed_channels, CheckState.WARNING),
    ):
        if unknown := [word for word in words if word in channels.unknown]:
            detail = f"no channel is called {', '.join(unknown)}."
            if channels.problem:
                detail = f"{', '.join(unknown)} could not be looked up: {channels.problem}"
            effect = " No alert can be told." if state is CheckState.BROKEN else ""
            fix = "Write its id or correct it; a private channel is seen after /invite @batchbot."
            found.append(Examined(setting, state, detail + effect, fix))
    if not slack.alert_channel:
        fix = "Set SLACK_ALERT_CHANNEL, or nobody is told."
        found.append(Examined("SLACK_ALERT_CHANNEL", CheckState.WARNING, "not set", fix))
    return found or [Examined("channels of the settings", CheckState.OK)]


def _unknown_people(
    slack: SlackSettings, users: "FoundNames", strange: "Strangers"
) -> list[Examined]:
    """Name the settings whose people are not found; broken where none of a setting is."""
    found = []
    for setting, words in (
        ("SLACK_ALLOWED_USERS", slack.allowed_users), ("SLACK_OPERATORS", slack.operators)
    ):  # fmt: skip
        unknown = [word for word in words if word in users.unknown]
        asked = {word: users.ids[word] for word in words if word in users.ids}
        strangers = {word: strange.why[id] for word, id in asked.items() if id in strange.why}
        told = [f"unknown: {', '.join(unknown)}"] if unknown else []
        if unknown and users.problem:
            told = [f"{', '.join(unknown)} could not be looked up: {users.problem}"]
        told += [f"{word}: {why}" for word, why in strangers.items()]
        if told:
            nobody = not users.of(words) - strange.why.keys()
            state = CheckState.BROKEN if nobody else CheckState.WARNING
            effect = " So it allows nobody." if nobody else ""
            detail = f"{'; '.join(told).rstrip('.')}.{effect}"
            found.append(Examined(setting, state, detail, "Use ids, or correct them."))
        elif strange.problem and asked:
            detail = f"{', '.join(asked)} could not be looked up: {strange.problem}"
            found.append(Examined(setting, CheckState.WARNING, detail, "Look again later."))
    if not (slack.allowed_users or slack.operators):
        fix = "Set SLACK_ALLOWED_USERS or SLACK_OPERATORS: empty means nobody."
        found.append(Examined("SLACK_ALLOWED_USERS", CheckState.BROKEN, "nobody may ask", fix))
    return found or [Examined("users of the settings", CheckState.OK)]


async def _woken(web: object, settings: Settings, looked_at: frozenset[str]) -> list[Examined]:
    """Check the channels and mentions of the routes; Slack reports no lost one."""
    from bot.slack.outbound.web_api import Web
    from bot.slack.setup.people import strangers
    from bot.slack.setup.routes import find_routes

    assert isinstance(web, Web)  # noqa: S101 - typed loosely to keep Slack's import lazy
    name = "ALERT_ROUTES"
    found = await find_routes(web, settings.bot.alert_routes)
    channels = dict.fromkeys(one.channel for one in found.routes if one.channel)
    members = [
        await _membership(web, id, id, needed=False) for id in channels if id not in looked_at
    ]
    strange = await strangers(
        web, dict.fromkeys(word for one in found.routes for word in (one.mention, one.escalate_to))
    )
    told = [f"unknown: {', '.join(found.unknown)}"] if found.unknown else []
    told += [f"{word}: {why}" for word, why in strange.why.items()]
    if told:
        fix = "Use ids, or correct them."
        return [*members, Examined(name, CheckState.WARNING, "; ".join(told), fix)]
    if strange.problem:
        detail = f"mentions could not be looked up: {strange.problem}"
        return [*members, Examined(name, CheckState.WARNING, detail, "Look again later.")]
    if not any(one.mention for one in found.routes):
        detail = "nobody will be woken: no route mentions anybody"
        fix = "Give a route of ALERT_ROUTES a mention such as @here; see .env.example."
        return [*members, Examined(name, CheckState.WARNING, detail, fix)]
    return [*members, Examined(name, CheckState.OK, f"{len(found.routes)} routes")]


async def _membership(web: object, word: str, id: str, *, needed: bool) -> Examined:
    from bot.slack.outbound.web_api import Web

    assert isinstance(web, Web)  # noqa: S101 - typed loosely to keep Slack's import lazy
    try:
        answer = await web.query("conversations.info", channel=id)
    except PostError as error:
        state = CheckState.BROKEN if needed else CheckState.WARNING
        return Examined(f"channel {word}", state, error.message, error.hint)
    channel = answer.get("channel") or {}
    state = CheckState.BROKEN if needed else CheckState.WARNING
    if channel.get("is_archived"):
        return Examined(f"channel {word}", state, "archived", "Choose another channel.")
    if channel.get("is_ext_shared"):
        detail = "it is shared with another organisation, who reads what is told there"
        fix = "Choose a channel of this workspace alone."
        return Examined(f"channel {word}", CheckState.WARNING, detail, fix)
    if channel.get("is_member", True):
        return Examined(f"channel {word}", CheckState.OK, "member")
    return Examined(f"channel {word}", state, "the bot is no member", "/invite @batchbot there.")
