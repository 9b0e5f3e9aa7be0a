"""Examines everything that is configured, the sources at once."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import TextIO

from bot.charts.drawing import INSTALL, can_draw
from bot.cli.doctor.examined import CheckState, Examined
from bot.cli.doctor.log_folder import examine_log_folder
from bot.cli.doctor.log_texts import examine_log_texts
from bot.cli.doctor.slack import examine_slack
from bot.cli.doctor.sources import examine_memory, examine_rights, examine_source
from bot.cli.given_names import given_names
from bot.cli.progress import Work, shown_progress
from bot.cli.setting_check import Doubt, bad_detectors, known_names, misspelt, unasked_port
from bot.domain.evidence import LOG_SETTINGS
from bot.domain.log import Role
from bot.service.sources import build_sources
from bot.settings import Settings, env_file, readable_settings
from bot.text.wording import many

KAFKA_FIX = "Set KAFKA_BOOTSTRAP_SERVERS (optional; the host's port is 9093 in HuleEdu)."
LOGS_FIX = f"Set LOG_SOURCE, and {LOG_SETTINGS}."
HEALTH_FIX = "Set CJ_URL and LLM_PROVIDER_URL (optional)."
DOCKER_FIX = "Give the bot a Docker Engine: DOCKER_HOST, or its socket (optional)."


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
        *unasked_port(readable_settings()[0]),
    ]
    found = [
        Examined(
            one.name, CheckState.BROKEN if one.is_wrong else CheckState.WARNING, one.detail, one.fix
        )
        for one in doubts
    ]
    names = known_names() & {one.name.upper() for one in given}
    place = env_file() if any(one.place == env_file() for one in given) else f"no {env_file()} here"
    if not found:
        found.append(
            Examined("settings", CheckState.OK, f"{many(len(names), 'name')} given; {place}")
        )
    return found


async def examine(settings: Settings) -> list[Examined]:
    """Look at everything that is configured, the sources at once."""
    logs = settings.logs
    asked_for_docker = bool(logs.source == "docker" or logs.docker_host or logs.docker_hosts)
    async with AsyncExitStack() as stack:
        sources = await build_sources(settings, stack)
        looks: list[Awaitable[Examined]] = [
            examine_source("CJ database", sources.database, "Set CJ_DATABASE_URL (read only)."),
            examine_source("logs", sources.logs, LOGS_FIX),
            examine_source("LLM queue", sources.queue, "Set LLM_QUEUE_REDIS_URL."),
            examine_source("callback topic", sources.callbacks, KAFKA_FIX),
            examine_source("service health", sources.probe, HEALTH_FIX),
            examine_source("containers", sources.containers, DOCKER_FIX, needed=asked_for_docker),
            examine_source("runners", sources.runners, DOCKER_FIX, needed=asked_for_docker),
            examine_memory(settings, stack),
        ]
        found = list(await asyncio.gather(*looks))
        rights = await examine_rights(sources.database)
    own = (*_roles(settings), *examine_log_folder(settings.logs.docker_log_dir), *_charts())
    return [*await examine_slack(settings), *found, *rights, *own]


async def examine_logs(settings: Settings, stream: TextIO) -> list[Examined]:
    """Look which log texts occur in the logs that are configured, and show how far it has come."""
    work = Work()
    async with AsyncExitStack() as stack:
        sources = work.watched(await build_sources(settings, stack))
        async with shown_progress(work, stream):
            return await examine_log_texts(sources.logs, LOGS_FIX, work)


def _charts() -> Iterable[Examined]:
    """Yield a line when there is nothing to draw pictures with: Slack draws most charts itself."""
    if not can_draw():
        yield Examined("chart pictures", CheckState.SKIPPED, "Slack draws what it can", INSTALL)


def _roles(settings: Settings) -> Iterable[Examined]:
    """Yield a warning when no log is known to be one that verdicts rest on."""
    roles = {service.role for service in settings.logs.services}
    lacking = [role.value for role in (Role.CJ, Role.LLM_PROVIDER) if role not in roles]
    if lacking:
        detail = f"no service has the role {' or '.join(lacking)}, so its log is not judged"
        yield Examined("SERVICES", CheckState.WARNING, detail, 'Give each entry its "role".')
