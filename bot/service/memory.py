"""Opens the bot's memory: the database that the settings name, else an embedded one."""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Any

from bot.settings import Settings

log = logging.getLogger(__name__)

MEMORY_NAME = "batchbot"


async def build_memory(
    settings: Settings, stack: AsyncExitStack, *, durable: bool = True, upgrades: bool = False
) -> Any:
    """Return the bot's opened store: BOT_DATABASE_URL, or an embedded Postgres without one.

    Only who `upgrades` brings its tables up to date; an embedded database is made with its tables
    by whoever needs it first. Raises SourceError when neither is there, OutdatedError when its
    tables are not those of this version.
    """
    from bot.alerts.store.migrations import Upkeep
    from bot.alerts.store.postgres import Store

    secret = settings.bot.database_url
    url = secret.get_secret_value() if secret else await embedded_url(settings, stack, durable)
    store = Store(url, settings.bot.environment)
    own = Upkeep.NOTHING if secret else Upkeep.CREATE
    stack.push_async_callback(store.close)
    await store.open(Upkeep.UPGRADE if upgrades else own)
    return store


async def embedded_url(settings: Settings, stack: AsyncExitStack, durable: bool = True) -> str:
    """Start the embedded Postgres, or adopt a running one, and return its database's address."""
    from bot.service import embedded_postgres

    server = await embedded_postgres.start(settings.bot.data_dir, durable=durable)
    stack.push_async_callback(server.stop)
    watch = asyncio.create_task(server.keep_running(durable=durable))
    stack.push_async_callback(_ended, watch)
    if server.note:
        log.info("embedded Postgres: %s", server.note)
    return await server.create_database(MEMORY_NAME)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
