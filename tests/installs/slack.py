"""Slack: tokens, names and channels as doctor sees them, and what passes by itself."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.installs.peers import http_says, peer
from tests.installs.table import Row, Seen, row
from tests.installs.user import doctor, installed, line_of
from tests.support.slack.web_api import SlackApi, slack_api

ALERTS = {"id": "C0ALERTS00", "name": "alerts", "is_member": True}
OTHER = {"id": "C0OTHER000", "name": "other", "is_member": False}
NAMES = {"SLACK_ALERT_CHANNEL": "alerts", "SLACK_OPERATORS": "oncall"}
PEOPLE = {"id": "U0ONCALL00", "name": "oncall"}
GONE = {"id": "U0GONE0000", "name": "gone", "deleted": True}


async def rows(folder: Path, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions."""
    for id, condition, refusals, settings, must, code in (
        ("SL-01", "a revoked token", {"auth.test": ("token_revoked", 200)}, {},
         ["SLACK_BOT_TOKEN", "token_revoked"], 1),
        ("SL-01b", "an invalid app token", {"apps.connections.open": ("invalid_auth", 200)}, {},
         ["SLACK_APP_TOKEN - broken", "invalid_auth"], 1),
        ("SL-02", "tokens swapped", {}, {"SLACK_BOT_TOKEN": "xapp-1-s3cr3t",
         "SLACK_APP_TOKEN": "xoxb-s3cr3t"}, ["SLACK_BOT_TOKEN - broken",
         "SLACK_APP_TOKEN - broken"], 1),
        ("SL-03", "429 at auth.test", {"auth.test": ("ratelimited", 429)}, {},
         ["cannot be asked now", "It passes"], 1),
        ("SL-04", "503 at apps.connections.open", {"apps.connections.open": ("fatal_error", 503)},
         {}, ["cannot be asked now whether SLACK_APP_TOKEN"], 1),
        ("SL-07", "an alert channel that is not found", {}, {"SLACK_ALERT_CHANNEL": "alrets"},
         ["SLACK_ALERT_CHANNEL - broken: no channel is called alrets", "No alert can be told",
          "invite"], 1),
        ("SL-07b", "an alert channel's id that is hidden",
         {"conversations.info": ("channel_not_found", 200)}, {}, ["channel alerts - broken"], 1),
        ("SL-10", "channels cannot be listed just now",
         {"conversations.list": ("internal_error", 500)}, {},
         ["SLACK_ALERT_CHANNEL - broken: alerts could not be looked up: conv.*internal_error"], 1),
        ("SL-10b", "people cannot be listed just now", {"users.list": ("fatal_error", 200)}, {},
         ["SLACK_OPERATORS - broken: oncall could not be looked up"], 1),
        ("SL-12", "a token in place of a channel", {}, {"SLACK_ALERT_CHANNEL": "xoxb-s3cr3t-1"},
         ["no channel is called .*No alert can be told"], 1),
        ("SL-13", "links and mentions, as Slack copies them", {},
         {"SLACK_ALERT_CHANNEL": "https://huleedu.slack.com/archives/C0ALERTS00",
          "SLACK_INCIDENT_CHANNELS": "<#C0ALERTS00|alerts>", "SLACK_OPERATORS": "<@U0ONCALL00>"},
         ["channels of the settings - ok", "users of the settings - ok"], 0),
        ("SL-09", "a user group without its scope", {"usergroups.list": ("missing_scope", 200)},
         {"SLACK_OPERATORS": "oncall-team"}, ["SLACK_OPERATORS - broken", "missing_scope"], 1),
        ("SL-15", "an operator's id that nobody has", {}, {"SLACK_OPERATORS": "U0NOBODY00"},
         ["SLACK_OPERATORS - broken: U0NOBODY00: nobody in this workspace has this id",
          "it allows nobody"], 1),
        ("SL-15b", "such an id beside a known one", {},
         {"SLACK_ALLOWED_USERS": "oncall,<@U0NOBODY00>"},
         ["SLACK_ALLOWED_USERS - warning: <@U0NOBODY00>: nobody in this workspace"], 0),
        ("SL-15c", "the account of an operator is deactivated", {},
         {"SLACK_OPERATORS": "U0GONE0000"}, ["SLACK_OPERATORS - broken.*is deactivated"], 1),
        ("SL-15d", "people's ids cannot be looked up", {"users.info": ("missing_scope", 200)},
         {"SLACK_OPERATORS": "U0ONCALL00"},
         ["SLACK_OPERATORS - warning: U0ONCALL00 could not be looked up.*missing_scope"], 0),
        ("SL-16", "a route mentions an id that nobody has", {},
         {"ALERT_ROUTES": '[{"mention": "<@U0NOBODY00>"}]'},
         ["ALERT_ROUTES - warning: <@U0NOBODY00>: nobody"], 0),
        ("SL-16b", "a route's channel that the bot is no member of",
         {}, {"ALERT_ROUTES": '[{"mention": "@here", "channel": "C0OTHER000"}]'},
         ["channel C0OTHER000 - warning: the bot is no member"], 0),
        ("SL-17", "the account is not active", {"auth.test": ("account_inactive", 200)}, {},
         ["SLACK_BOT_TOKEN - broken.*account_inactive.*Install the app again"], 1),
        ("SL-17b", "a token that expires", {"auth.test": ("token_expired", 200)}, {},
         ["SLACK_BOT_TOKEN - broken.*token_expired.*rotation"], 1),
        ("SL-17c", "a token of another kind",
         {"apps.connections.open": ("not_allowed_token_type", 200)}, {},
         ["SLACK_APP_TOKEN - broken.*begins with xapp-"], 1),
        ("SL-18", "no right to list channels", {"conversations.list": ("missing_scope", 200)}, {},
         ["alerts could not be looked up.*missing_scope.*batchbot manifest"], 1),
        ("SL-18b", "people may not be listed", {"users.list": ("enterprise_is_restricted", 200)},
         {}, ["oncall could not be looked up.*enterprise_is_restricted"], 1),
        ("SL-19", "a user's id as the channel", {}, {"SLACK_ALERT_CHANNEL": "U0ONCALL00"},
         ["no channel is called U0ONCALL00"], 1),
        ("SL-19b", "a display name", {}, {"SLACK_OPERATORS": "Anna"},
         ["SLACK_OPERATORS - broken: unknown: Anna"], 1),
        ("SL-11", "nobody of the operators is known", {}, {"SLACK_OPERATORS": "nobody"},
         ["SLACK_OPERATORS - broken: unknown: nobody", "it allows nobody"], 1),
    ):  # fmt: skip
        if quick and id in ("SL-10b", "SL-12"):
            continue
        async with slack_api() as slack:
            for method, (word, status) in refusals.items():
                slack.refuse(method, word, status=status, times=9)
            found = await seen(folder, slack, settings)
        yield row(id, condition, found, must=must, codes=[code], about="SLACK|channel alerts")
    async for one in _shapes(folder):
        yield one
    async for one in _between(folder):
        yield one


async def seen(folder: Path, slack: SlackApi, settings: Mapping[str, str]) -> Seen:
    """Return doctor's lines on Slack."""
    slack.channels = slack.channels or [ALERTS, OTHER]
    slack.users = slack.users or [PEOPLE, GONE]
    slack.scopes = ",".join(("commands", "chat:write", "usergroups:read"))
    tokens = {"SLACK_BOT_TOKEN": "xoxb-s3cr3t", "SLACK_APP_TOKEN": "xapp-1-s3cr3t"}
    api = {"SLACK_API_URL": f"{slack.url}/api/", "LOG_FILES_DIR": str(folder)}
    with installed(folder, {**tokens, **NAMES, **api, **settings}):
        whole = await doctor()
    lines = [line_of(whole, what) for what in (
        "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_ALERT_CHANNEL", "SLACK_OPERATORS",
        "SLACK_ALLOWED_USERS", "ALERT_ROUTES", "channel C0OTHER000",
        "channels of the settings", "users of the settings", "channel alerts", "channel old",
        f"channel {settings.get('SLACK_ALERT_CHANNEL')}",
    )]  # fmt: skip
    text = "\n".join(one.text for one in lines if one.text)
    return Seen(text, int(any(one.code for one in lines)))


def _answers(slack: SlackApi, method: str, answer: Mapping[str, Any]) -> None:
    """Let every call of a method be answered so."""
    slack.refusals[method] += [lambda _: web.json_response(dict(answer))] * 9


async def _shapes(folder: Path) -> AsyncIterator[Row]:
    for id, state, must in (
        ("SL-14", {"is_archived": True}, "channel alerts - broken: archived"),
        ("SL-14b", {"is_member": False}, "channel alerts - broken: the bot is no member"),
        ("SL-14c", {"is_ext_shared": True}, "channel alerts - warning: .*another organisation"),
        ("SL-14d", {"is_shared": True, "is_org_shared": True}, "channel alerts - ok"),
    ):
        async with slack_api() as slack:
            _answers(slack, "conversations.info", {"ok": True, "channel": {**ALERTS, **state}})
            found = await seen(folder, slack, {})
        yield row(id, f"the alert channel: {state}", found, codes=[int("broken" in must)],
                  must=[must])  # fmt: skip
    async with slack_api() as slack:
        slack.channels = [{**ALERTS, "name": "llm-alerts", "previous_names": ["old"]}]
        found = await seen(folder, slack, {"SLACK_ALERT_CHANNEL": "old"})
    yield row("SL-06", "the channel was renamed", found, codes=[0],
              must=["called llm-alerts now", "C0ALERTS00"])  # fmt: skip
    async with slack_api() as slack:
        _answers(slack, "usergroups.list", {"ok": True, "usergroups": [
            {"id": "S0TEAM0000", "handle": "team", "users": ["U0ONCALL00"]},
            {"id": "S0GONE0000", "handle": "gone", "users": ["U0ONCALL00"], "date_delete": 1},
        ]})  # fmt: skip
        found = await seen(folder, slack, {"SLACK_OPERATORS": "@team"})
        gone = await seen(folder, slack, {"SLACK_OPERATORS": "@gone"})
    yield row("SL-09b", "a user group", found, codes=[0], must=["users of the settings - ok"])
    yield row("SL-09c", "a disabled user group", gone, codes=[1], must=["unknown: @gone"])
    for id, teams, settings, must, code in (
        ("SL-05", 1, {}, "channels of the settings - ok", 0),
        ("SL-05b", 2, {}, "SLACK_TEAM_ID", 1),
        ("SL-05c", 2, {"SLACK_TEAM_ID": "T00000001"}, "channels of the settings - ok", 0),
    ):
        async with slack_api() as slack:
            for method in ("conversations.list", "users.list", "usergroups.list"):
                slack.refusals[method] += [_wants_team(slack, method)] * 9
            listed = [{"id": f"T0000000{number}"} for number in range(1, teams + 1)]
            _answers(slack, "auth.teams.list", {"ok": True, "teams": listed})
            found = await seen(folder, slack, settings)
        yield row(id, f"an app of an organisation with {teams} workspaces", found, must=[must],
                  codes=[code])  # fmt: skip


async def _between(folder: Path) -> AsyncIterator[Row]:
    """Yield what stands between the bot and Slack: pages of others, proxies, limits."""
    page = "<html><body>Log in to this network</body></html>"
    for id, condition, answers, method, must, code in (
        ("SL-20", "a network's page for logging in", 9 * [web.Response(text=page,
         content_type="text/html")], "auth.test", "the answer cannot be read", 1),
        ("SL-20b", "JSON that breaks off", 9 * [web.Response(text="{no")], "auth.test",
         "the answer cannot be read", 1),
        ("SL-21", "429 without Retry-After", [web.Response(status=429)], "users.list",
         "users of the settings - ok", 0),
        ("SL-21b", "429 with a date", [web.Response(status=429, headers={"Retry-After": "Mon, "
         "30 Nov 2026 10:00:00 GMT"})], "conversations.list", "channels of the settings - ok", 0),
    ):  # fmt: skip
        async with slack_api() as slack:
            slack.refusals[method] += [_said(one) for one in answers]
            found = await seen(folder, slack, {})
        yield row(id, condition, found, must=[must], codes=[code])
    for id, condition, port, must in (
        ("SL-22", "HTTPS_PROXY leads nowhere", 1, "the proxy of HTTPS_PROXY at 127.0.0.1:1 does"),
        ("SL-22b", "a proxy wants a login", 0, r"proxy of HTTPS_PROXY refuses us \(HTTP 407\)"),
    ):
        async with peer(http_says("407 Proxy Authentication Required", "")) as refuses:
            through = {"HTTPS_PROXY": f"http://u:s3cr3t@127.0.0.1:{port or refuses}"}
            with installed(folder, {"SLACK_BOT_TOKEN": "xoxb-s3cr3t", **through}):
                found = line_of(await doctor(), "SLACK_BOT_TOKEN")
        yield row(id, condition, found, must=[must, "Correct HTTPS_PROXY"], codes=[1])


def _said(answer: web.Response) -> Any:
    """Return what answers so; a response object is sent once."""
    return lambda _: web.Response(
        body=answer.body, status=answer.status, headers=answer.headers.copy()
    )


def _wants_team(slack: SlackApi, method: str) -> Any:
    def answer(arguments: Mapping[str, Any]) -> web.Response:
        if not arguments.get("team_id"):
            return web.json_response({"ok": False, "error": "missing_argument"})
        listed = {"channels": slack.channels, "members": slack.users, "usergroups": []}
        return web.json_response({"ok": True, **listed})

    return answer
