"""The bot's own two sides, Slack and its database, under every condition.

Each is looked at twice: as a start finds it, and as it becomes while the bot runs and has an alert
to tell, of a queue that cannot be read.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from bot.alerts.store.postgres import Store
from bot.cli.output import error_lines, start_code
from bot.domain.alert import AlertState
from bot.domain.report import plain
from bot.errors import BatchbotError
from bot.service.build import Bot, build_bot
from bot.service.clock import utc_now
from bot.service.embedded_postgres import EmbeddedPostgres
from bot.settings import load_settings
from bot.slack.setup.manifest import SCOPES
from tests.installs.certificates import certificates
from tests.installs.matrix import short
from tests.installs.peers import (
    HALF_OF_HTTP,
    REFUSES_LOGIN,
    front,
    http_says,
    peer,
    says,
    silent,
    speaks_postgres_tls,
    speaks_tls,
)
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of
from tests.support.slack.web_api import SlackApi, slack_api

WAITS = -1
WELL = (r"✅", r"No alerts", r"alerts: ok", r"memory: ok")
TOLD = {
    "unreachable": r"host name|name or service",
    "refused": r"nobody listens|cannot be reached|closed the connection",
    "wrong credential": r"invalid_auth|password",
    "wrong certificate": r"certificate",
    "rights too small": r"scope|may not|permission",
    "slow": r"in time|did not answer|no answer",
    "empty": r"answer|lacks|holds|not there|table",
    "half an answer": r"middle of its answer|hung up|broke|cut short",
}
SLACK = {
    "slow": silent,
    "wrong credential": http_says("200 OK", '{"ok":false,"error":"invalid_auth"}'),
    "rights too small": http_says("200 OK", '{"ok":false,"error":"missing_scope"}'),
    "empty": http_says("200 OK", "{}"),
    "half an answer": HALF_OF_HTTP,
}
BASE = {
    "SLACK_BOT_TOKEN": "xoxb-s3cr3t", "SLACK_SIGNING_SECRET": "s3cr3t" * 5,
    "SLACK_ALERT_CHANNEL": "C0ALERTS00", "HTTP_PORT": "0", "TICK_SECONDS": "0.3",
    "LLM_QUEUE_REDIS_URL": "redis://127.0.0.1:1/0",
}  # fmt: skip

CUT_POSTGRES = says(b"R\0\0\0\x08\0\0\0\0S\0\0\0\x16server")
DATABASE = {
    "slow": silent, "wrong credential": says(REFUSES_LOGIN), "half an answer": CUT_POSTGRES,
}  # fmt: skip
# Longer than the bot lets a call last, and than it looks away from itself.
PATIENCE = 60.0


async def cells(
    folder: Path, server: EmbeddedPostgres, conditions: Sequence[str], *, running: bool = True
) -> AsyncIterator[Row]:
    """Yield the rows of Slack and of the bot's database; those of a running bot take longer."""
    for condition in conditions:
        yield await _slack_at_start(folder, server, condition)
        if condition != "empty":
            yield await _database_at_start(folder, server, condition)
        if running and condition not in ("unreachable", "wrong certificate"):
            yield await _slack_running(folder, server, condition)
            yield await _database_running(folder, server, condition)


async def _slack_at_start(folder: Path, server: EmbeddedPostgres, condition: str) -> Row:
    memory = await server.create_database(_name("slack", condition))
    async with _slack_place(folder, condition) as url:
        with installed(folder, _settings(url, memory)):
            whole = await doctor()
            line = line_of(whole, "SLACK_BOT_TOKEN")
            line = line if line.code else line_of(whole, "scopes")
            return _start_row("slack", condition, line, await _started())


async def _database_at_start(folder: Path, server: EmbeddedPostgres, condition: str) -> Row:
    async with _small_slack() as slack, _database_place(folder, server, condition) as memory:
        with installed(folder, _settings(slack.url, memory)):
            line = line_of(await doctor(), "bot's own database")
            answer = await ask("/alerts")
            return _start_row("memory", condition, line, await _started(), answer)


def _start_row(name: str, condition: str, line: Seen, run: Seen, *asked: Seen) -> Row:
    found = [Seen(f"doctor: {line.text or '(nothing)'}", line.code),
             Seen(f"run: {run.text}", run.code),
             *(Seen(f"ask: {short(one.text)}", one.code) for one in asked)]  # fmt: skip
    told = TOLD[condition]
    return row(
        name, f"{condition}, at the start", found, must_not=WELL,
        must=[f"doctor: (?:🔴|⚠️)(?s:.*?)(?:{told})", f"run: (?s:.*?)(?:{told})"],
        codes=[1, _run_code(name, condition), *(3 for _ in asked)],
    )  # fmt: skip


def _run_code(name: str, condition: str) -> int:
    """What a start ends with: a setting is to be corrected, or what passes is waited for."""
    if name == "slack":
        return 2 if condition in ("wrong credential", "rights too small") else WAITS
    return 2 if condition in ("wrong credential", "rights too small", "wrong certificate") else 69


async def _slack_running(folder: Path, server: EmbeddedPostgres, condition: str) -> Row:
    memory = await server.create_database(_name("said", condition))
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(_small_slack())
        parts = urlsplit(slack.url)
        before = await stack.enter_async_context(front((parts.hostname or "", parts.port or 0)))
        with installed(folder, _settings(f"http://127.0.0.1:{before.port}", memory)):
            bot = await build_bot(load_settings(), stack, durable=False)
        before.become(SLACK.get(condition, _hangs_up))
        ready = await _until(bot, "alerts")
        store = Store(memory)
        stack.push_async_callback(store.close)
        await store.open()
        firing = [one for one in await store.load_alerts(utc_now())
                  if one.state is AlertState.FIRING]  # fmt: skip
        waiting = (await store.outbox_health()).depth
    found = Seen(f"readyz: {ready}\nalert: {'; '.join(plain(a.condition.title) for a in firing)}, "
                 f"{waiting} messages wait", 0)  # fmt: skip
    return row("slack", f"{condition}, while it runs", found, must_not=WELL,
               must=[f"readyz: (?s:.*?)(?:{TOLD[condition]})",
                     "alert: llm_queue.*, [1-9]"])  # fmt: skip


async def _database_running(folder: Path, server: EmbeddedPostgres, condition: str) -> Row:
    name = _name("ran", condition)
    url = await _owned(server, name)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(_small_slack())
        before = await stack.enter_async_context(front(_socket(url)))
        memory = f"postgresql://{name}@127.0.0.1:{before.port}/{name}"
        with installed(folder, _settings(slack.url, memory)):
            bot = await build_bot(load_settings(), stack, durable=False)
            await slack.wait_for(1)
            if condition == "rights too small":
                await _execute(url, f"REVOKE ALL ON ALL TABLES IN SCHEMA batchbot FROM {name}")
            elif condition == "empty":
                await _execute(url, "DROP SCHEMA batchbot CASCADE; CREATE SCHEMA batchbot")
            else:
                before.become(DATABASE.get(condition, _hangs_up))
            ready = await _until(bot, "memory")
            answer = await ask("/alerts")
    found = [Seen(f"readyz: {ready}", 0), Seen(f"ask: {short(answer.text)}", answer.code)]
    return row("memory", f"{condition}, while it runs", found, must_not=WELL,
               must=[f"readyz: (?s:.*?)(?:{TOLD[condition]})"], codes=[0, 3])  # fmt: skip


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close at once: a port whose server is gone, behind a forwarder."""
    writer.transport.abort()


async def _owned(server: EmbeddedPostgres, name: str) -> str:
    """Make a database that a role of its own owns; return its address, as the server's own user."""
    url = await server.create_database(name)
    await _execute(url, f"CREATE ROLE {name} LOGIN; ALTER DATABASE {name} OWNER TO {name}")
    return url


async def _execute(url: str, statements: str) -> None:
    """Run statements; the bot may be writing to what they drop, and either ends a deadlock."""
    connection = await asyncpg.connect(url)
    try:
        for _ in range(10):
            with suppress(asyncpg.DeadlockDetectedError):
                await connection.execute(statements)
                return
        raise RuntimeError("it deadlocks every time")
    finally:
        await connection.close()


async def _until(bot: Bot, what: str) -> str:
    """Return what /readyz says once that check is not well."""
    async with asyncio.timeout(PATIENCE):
        while bot.health.checks[what]()[0]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return f"{what}: {bot.health.report()[1][what]}"


async def _started() -> Seen:
    """Start the bot; return its last word and its code, or WAITS once it says that it waits."""
    said: asyncio.Queue[str] = asyncio.Queue()
    handler = _Said(said)
    logger = logging.getLogger("bot")
    logger.addHandler(handler)
    async with AsyncExitStack() as stack:
        start = asyncio.ensure_future(build_bot(load_settings(), stack, durable=False))
        waits = asyncio.ensure_future(said.get())
        try:
            await asyncio.wait((start, waits), timeout=PATIENCE, return_when="FIRST_COMPLETED")
            if start.done():
                start.result()
                return Seen("it runs", 0)
            return Seen(waits.result(), WAITS) if waits.done() else Seen("(silence)", WAITS)
        except BatchbotError as error:
            return Seen(" ".join(error_lines(error)), int(start_code(error)))
        finally:
            logger.removeHandler(handler)
            for one in (start, waits):
                one.cancel()
            await asyncio.gather(start, waits, return_exceptions=True)


class _Said(logging.Handler):
    def __init__(self, said: asyncio.Queue[str]) -> None:
        super().__init__()
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning that something is tried again."""
        if "Tried again" in record.getMessage():
            self._said.put_nowait(record.getMessage())


def _name(what: str, condition: str) -> str:
    return f"{what}_{condition.replace(' ', '_')}"


def _settings(slack: str, memory: str) -> dict[str, str]:
    return {**BASE, "SLACK_API_URL": f"{slack}/api/", "BOT_DATABASE_URL": memory}


def _socket(url: str) -> str:
    parts = urlsplit(url)
    return f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.{parts.port or 5432}"


@asynccontextmanager
async def _small_slack() -> AsyncIterator[SlackApi]:
    async with slack_api() as slack:
        slack.channels = [{"id": "C0ALERTS00", "name": "alerts", "is_member": True}]
        slack.scopes = ",".join(SCOPES)
        yield slack


@asynccontextmanager
async def _slack_place(folder: Path, condition: str) -> AsyncIterator[str]:
    """Yield the address of a Slack under a condition."""
    if condition in ("unreachable", "refused"):
        yield "http://slack.invalid" if condition == "unreachable" else "http://127.0.0.1:1"
        return
    handler = SLACK.get(condition)
    if condition == "rights too small":
        told = '{"ok":true,"user_id":"U1","bot_id":"B1","team_id":"T1"}'
        handler = http_says("200 OK", told, "x-oauth-scopes: commands\r\n")
    scheme = "http"
    if handler is None:
        scheme, handler = "https", speaks_tls(certificates(folder / "slack-tls"))
    async with peer(handler) as port:
        yield f"{scheme}://127.0.0.1:{port}"


@asynccontextmanager
async def _database_place(
    folder: Path, server: EmbeddedPostgres, condition: str
) -> AsyncIterator[str]:
    """Yield the address of a database under a condition."""
    if condition in ("unreachable", "refused"):
        where = "memory.invalid:5432" if condition == "unreachable" else "127.0.0.1:1"
        yield f"postgresql://bot:s3cr3t@{where}/bot"
    elif condition == "rights too small":
        url = await server.create_database("small")
        await _execute(url, "DROP ROLE IF EXISTS small; CREATE ROLE small LOGIN")
        yield url.replace("postgres:", "small:", 1).replace("//postgres", "//small", 1)
    elif condition == "wrong certificate":
        own, other = certificates(folder / "memory-tls"), certificates(folder / "memory-other")
        async with peer(speaks_postgres_tls(own)) as port:
            verify = f"sslmode=verify-full&sslrootcert={other.ca}"
            yield f"postgresql://bot:s3cr3t@127.0.0.1:{port}/bot?{verify}"
    else:
        async with peer(DATABASE[condition]) as port:
            yield f"postgresql://bot:s3cr3t@127.0.0.1:{port}/bot"
