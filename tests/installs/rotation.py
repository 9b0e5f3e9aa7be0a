"""Passwords that are rotated while the bot runs, in the files that *_PASSWORD_FILE names."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import redis

from bot.demo.incident.rows import load
from bot.domain.evidence import Missing
from bot.domain.log import LogQuery
from bot.errors import SourceError
from bot.ports import Sources
from bot.service.memory import build_memory
from bot.service.sources import build_sources
from bot.settings import load_settings
from tests.installs.cluster import cluster, programs
from tests.installs.loki import LINE
from tests.installs.redis import _fill, server
from tests.installs.table import Row, Seen, row
from tests.installs.user import installed
from tests.support.servers.loki import LokiServer, running

OLD, NEW = "s3cr3t-of-before", "s3cr3t-of-now"
HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
ENDS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bot'"
Asked = Callable[[Sources], Awaitable[object]]


async def rows(folder: Path) -> AsyncIterator[Row]:
    """Yield each source: read, refused by its new password, read again once the file has it."""
    if programs() is not None:
        async for one in _postgres(folder):
            yield one
    yield await _redis(folder)
    yield await _loki(folder)


async def _told(asked: Callable[[], Awaitable[object]]) -> str:
    try:
        return str(await asked())
    except SourceError as error:
        return f"{error.message} {error.hint}"


async def _rotated(
    folder: Path, settings: Mapping[str, str], setting: str, ask: Asked,
    change: Callable[[], Awaitable[object]],
) -> Seen:  # fmt: skip
    """Ask, change the password at the server, ask, change the file, ask; the bot runs on."""
    file = folder / "password"
    file.write_text(f"{OLD}\n")
    logs = {"LOG_FILES_DIR": str(folder)} if "LOKI_URL" not in settings else {}
    with installed(folder, {**settings, **logs, f"{setting}_FILE": str(file)}):
        async with AsyncExitStack() as stack:
            sources = await build_sources(load_settings(), stack)
            said = [await _told(lambda: ask(sources))]
            await change()
            said.append(await _told(lambda: ask(sources)))
            file.write_text(f"{NEW}\n")
            said.append(await _told(lambda: ask(sources)))
    return Seen(" / ".join(said), 0)


async def _postgres(folder: Path) -> AsyncIterator[Row]:
    async with cluster(HBA) as made:
        own = f"postgresql://postgres@/postgres?host={made.place}&port={made.port}"
        await load(own, "now")
        await made.execute(f"CREATE ROLE bot SUPERUSER LOGIN PASSWORD '{OLD}'")

        async def change() -> None:
            await made.execute(f"ALTER ROLE bot PASSWORD '{NEW}'")
            await made.execute(ENDS)

        async def ask(sources: Sources) -> object:
            assert sources.database is not None
            assert not isinstance(sources.database, Missing)
            return [one.batch_id for one in await sources.database.find("34")]

        url = f"postgresql://bot@127.0.0.1:{made.port}/postgres"
        found = await _rotated(folder, {"CJ_DATABASE_URL": url}, "CJ_DATABASE_PASSWORD", ask,
                               change)  # fmt: skip
        yield row("RO-01", "CJ's database", found, must=[
            r"^\[34\] / the login of user bot is refused: .* CJ_DATABASE_URL.* / \[34\]$"
        ])  # fmt: skip
        await made.execute("CREATE DATABASE own")
        file = folder / "password"
        settings = {"BOT_DATABASE_URL": f"postgresql://bot@127.0.0.1:{made.port}/own",
                    "BOT_DATABASE_PASSWORD_FILE": str(file)}  # fmt: skip
        with installed(folder, settings):
            async with AsyncExitStack() as stack:
                memory = await build_memory(load_settings(), stack, upgrades=True)
                said = [await _told(memory.lead)]
                await made.execute(f"ALTER ROLE bot PASSWORD '{OLD}'")
                await made.execute(ENDS)
                for _ in range(20):  # each of the sessions is told once that it was ended
                    said.append(await _told(memory.check))
                said.append(await _told(memory.lead))
                file.write_text(OLD)
                said += [await _told(memory.check), await _told(memory.lead)]
        yield row("RO-02", "the bot's own database", Seen(" / ".join(said), 0), must=[
            r"^True / .*login of user bot is refused.* / PostgreSQL \S+( .*)? / True$"
        ])  # fmt: skip


async def _redis(folder: Path) -> Row:
    async with server("--requirepass", OLD) as port:
        _fill(port, password=OLD)

        async def change() -> None:
            with redis.Redis("127.0.0.1", port, password=OLD) as client:
                client.config_set("requirepass", NEW)
                client.client_kill_filter(_type="normal", skipme=True)

        async def ask(sources: Sources) -> object:
            assert sources.queue is not None
            assert not isinstance(sources.queue, Missing)
            return (await sources.queue.read()).size

        settings = {"LLM_QUEUE_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        found = await _rotated(folder, settings, "LLM_QUEUE_REDIS_PASSWORD", ask, change)
    return row("RO-03", "the LLM queue", found, must=[
        "^1 / the login of user default is refused: .*LLM_QUEUE_REDIS_URL.* / 1$"
    ])  # fmt: skip


async def _loki(folder: Path) -> Row:
    async with running(LokiServer(authorization=f"Bearer {OLD}")) as loki:
        loki.put(1_764_000_000_000_000_000, LINE, service="cj_assessment_service")

        async def change() -> None:
            loki.authorization = f"Bearer {NEW}"

        async def ask(sources: Sources) -> object:
            assert sources.logs is not None
            assert not isinstance(sources.logs, Missing)
            return len((await sources.logs.search(LogQuery(any_of=("hello",)))).events)

        found = await _rotated(folder, {"LOKI_URL": loki.url}, "LOKI_TOKEN", ask, change)
    return row("RO-04", "Loki", found, must=["^1 / .*HTTP 401.*LOKI_TOKEN.* / 1$"])
