"""Opens the bot's memory: the database that the settings name, else an embedded one."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from bot.errors import SourceError
from bot.settings import Settings, live

log = logging.getLogger(__name__)

T = TypeVar("T")
# A full disk, or another process that starts it just now, may be over within a minute.
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
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
    patience = PAUSES if upgrades else ()
    url = (
        secret.get_secret_value()
        if secret
        else await embedded_url(settings, stack, durable, pauses=patience)
    )
    store = Store(url, settings.bot.environment, live(secret))
    own = Upkeep.NOTHING if secret else Upkeep.CREATE
    stack.push_async_callback(store.close)
    await store.open(Upkeep.UPGRADE if upgrades else own)
    return store


async def embedded_url(
    settings: Settings,
    stack: AsyncExitStack,
    durable: bool = True,
    *,
    pauses: Iterable[float] = (),
) -> str:
    """Start the embedded Postgres, or adopt a running one, and return its database's address.

    A start that fails is tried again after each of `pauses` in seconds, unless it is for good.
    """
    from bot.service import embedded_postgres

    server = await tried_again(
        lambda: embedded_postgres.start(settings.bot.data_dir, durable=durable), pauses
    )
    stack.push_async_callback(server.stop)
    watch = asyncio.create_task(server.keep_running(durable=durable))
    stack.push_async_callback(_ended, watch)
    if server.note:
        log.info("embedded Postgres: %s", server.note)
    return await server.create_database(MEMORY_NAME)


async def tried_again(
    start: Callable[[], Awaitable[T]],
    pauses: Iterable[float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """Return what `start` gives; after a failure that may pass it is tried again, for a while.

    Raises the last SourceError once `pauses` are used up, and at once one that does not pass.
    """
    for pause in pauses:
        try:
            return await start()
        except SourceError as error:
            if error.permanent:
                raise
            why = error.message
            log.warning("the bot's database does not start: %s; again in %.0f s", why, pause)
            await sleep(pause)
    return await start()


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
