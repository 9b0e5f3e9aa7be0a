"""Asks the bot about a batch of a day: real sources over its rows and logs, at a given time."""

import shlex
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import SecretStr

from bot.cli import ask
from bot.cli.progress import Work
from bot.errors import BatchbotError
from bot.settings import (
    BotSettings,
    CjSettings,
    LogSettings,
    QueueSettings,
    Settings,
    SlackSettings,
)
from tests.support.agreement import list_against, status_against
from tests.truth.day import Day, Truth, moment_of
from tests.truth.recorded import with_recorded

NO_FILE: Mapping[str, Any] = {"_env_file": None}


async def answer_of(day: Day, truth: Truth, url: str, scratch: Path) -> Mapping[str, Any]:
    """Return what the bot says of one batch of a day; `url` is the database with the day's rows."""
    at = moment_of(truth, await _created(url, truth.batch))
    settings = settings_of(url, day.logs, scratch)
    return await answer(line_of(truth.ask, truth.batch), settings, at, day.folder)


async def contradictions_of(
    day: Day, truth: Truth, url: str, scratch: Path, whole: Mapping[str, Any]
) -> list[str]:
    """Return where status and list say otherwise than a day's investigation at the same time."""
    if whole["command"] != "batch investigate" or "batch_id" not in whole["facts"]:
        return []
    at = moment_of(truth, await _created(url, truth.batch))
    settings, number = settings_of(url, day.logs, scratch), whole["facts"]["batch_id"]
    status = await answer(f"/batch status {number}", settings, at, day.folder)
    listed = await answer("/batch list 50", settings, at, day.folder)
    return [*status_against(status, whole), *list_against(listed, number, whole)]


async def _created(url: str, batch: str) -> datetime:
    """Return when a batch was created: the day that a clock time of its truth belongs to."""
    if url:
        connection = await asyncpg.connect(url)
        try:
            found = await connection.fetchval(
                "SELECT created_at FROM public.cj_batch_uploads "
                "WHERE id::text = $1 OR bos_batch_id = $1",
                batch,
            )
        finally:
            await connection.close()
        if found is not None:
            return datetime.combine(found.date(), found.time(), UTC)
    return datetime.now(UTC)


def settings_of(database: str, logs: Path | None, scratch: Path) -> Settings:
    """Return settings that name these sources and no others, whatever the environment says."""
    files: dict[str, Any] = {"LOG_SOURCE": "files", "LOG_FILES_DIR": logs} if logs else {}
    rows: dict[str, Any] = {"CJ_DATABASE_URL": SecretStr(database)} if database else {}
    return Settings(
        slack=SlackSettings(**NO_FILE),
        bot=BotSettings(**NO_FILE, BOT_DATA_DIR=scratch / "memory"),
        cj=CjSettings(**NO_FILE, **rows),
        logs=LogSettings(**NO_FILE, **files),
        queue=QueueSettings(**NO_FILE),
    )


async def answer(line: str, settings: Settings, at: datetime, recorded: Path) -> Mapping[str, Any]:
    """Return the Report of a line as JSON. An error that people are told counts as unknown.

    `recorded` is a folder whose recordings stand in for the sources that settings do not name.
    """
    asked = ask.understand(line)
    async with AsyncExitStack() as stack:
        context = await ask.prepare(asked, settings, Work(), stack)
        context = replace(
            context,
            now=lambda: at.astimezone(UTC),
            sources=with_recorded(context.sources, recorded, at),
        )
        try:
            report = await ask.run(asked, context)
        except BatchbotError as error:
            return {
                "command": "", "verdict": "unknown", "summary": error.message,
                "findings": [], "facts": {},
            }  # fmt: skip
        return report.as_json() | {"summary": str(report.summary)}


def line_of(given: str, batch: str) -> str:
    """Return the line to ask; a day's truth that names none asks for the investigation."""
    return " ".join(shlex.split(given)) if given else f"/batch investigate {batch}"
