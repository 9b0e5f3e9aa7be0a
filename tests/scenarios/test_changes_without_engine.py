"""What changes without an Engine: a migration, mock mode, mode, model, topic, the bot itself.

Each is caused on a real part and read through to what a person sees.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import web

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.demo.incident.rows import BATCHES, load, write_batch
from bot.diagnosis.changes.noter import Noter
from bot.diagnosis.changes.sighting import Own
from bot.domain.alert import Reason
from bot.domain.report import Report
from bot.domain.routing.message import AlertMessage
from bot.ports import Sources
from bot.service.watched import own_facts
from bot.settings import load_settings
from bot.settings.services import HULEEDU_SERVICES
from bot.slack.blocks.alert import render
from bot.sources.cj.database import CjPostgres
from bot.sources.kafka import reader
from bot.sources.kafka.callback_topic import CALLBACKS, KafkaCallbacks
from bot.sources.log_files import LogFiles
from bot.sources.probe import HttpProbe, ProbeTarget
from commands.batch.command import parse as parse_batch
from commands.batch.command import run as run_batch
from commands.changes import COMMAND, parse
from tests.support.callbacks import callback, encoded
from tests.support.fakes.alerts import Clock, ScriptedDetector, clear, condition
from tests.support.fakes.sources import context
from tests.support.servers.kafka import Broker, Wire, kafka_broker

LPS, CJ = "huleedu_llm_provider_service", "huleedu_cj_assessment_service"
WELL, BAD = 41, 42
TOLD = {
    "CJ's schema 20251119_1200 → 20251208_1200",
    "mock mode on → off",
    "LLM provider's mode per_request → serial_bundle",
    "CJ's mode per_request → serial_bundle",
    "model anthropic/claude-a → anthropic/claude-b",
    "Anthropic's default model claude-a → claude-b",
    "llm_provider_service restarted",
    "cj_assessment_service restarted",
    f"topic {CALLBACKS} was made anew",
    "batchbot's setting TICK_SECONDS changed",
    "batchbot 1.0 → 1.1",
}
FIRST_KNOWN = {
    "CJ's schema",
    "mock mode",
    "LLM provider's mode",
    "CJ's mode",
    "model",
    "Anthropic's default model",
    "llm_provider_service",
    "cj_assessment_service",
    "topic",
    "settings",
}


@dataclass
class Logs:
    """The services' log files, written line by line as of a clock."""

    folder: Path
    clock: Clock

    def write(self, name: str, level: str, text: str, extra: object = None) -> None:
        at = self.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        told = f" extra={extra!r}" if extra else ""
        with (self.folder / f"{name}.log").open("a", encoding="utf-8") as file:
            file.write(f"{at} [{level:<9}] {text} [{name}]{told}\n")

    def started(self, model: str) -> None:
        """Write what both services log when they start."""
        text = "Anthropic provider initialized with manifest configuration"
        self.write(LPS, "info", text, {"default_model": model})
        self.write(LPS, "info", "Queue processor started")
        self.write(CJ, "info", "CJ Assessment Service started successfully")

    def worked(self, mode: str, model: str) -> None:
        """Write what both log of one request and its answer."""
        self.write(LPS, "info", "queue_request_dispatched", {"queue_processing_mode": mode})
        modes = {"effective_llm_batching_mode": mode}
        self.write(CJ, "info", "Resolved comparison budget", modes)
        answer = {"provider": "anthropic", "model": model, "is_error": False}
        self.write(CJ, "info", "Processing LLM comparison callback for request 1", answer)


@dataclass
class Services:
    """The LLM provider over HTTP, which says whether it answers without a model."""

    mock_mode: bool = True
    url: str = ""

    async def healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "healthy", "mock_mode": self.mock_mode})


@dataclass
class Parts:
    """Every part that changes, and the sources that read them."""

    clock: Clock
    rows: Any
    logs: Logs
    services: Services
    wire: Wire
    sources: Sources
    store: Store
    detector: ScriptedDetector


@contextmanager
def brokers() -> Iterator[tuple[Broker, Broker]]:
    with kafka_broker() as old, kafka_broker() as new:
        old.publish(CALLBACKS, [encoded(callback(number)) for number in range(50)])
        yield old, new


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    found = Services()
    app = web.Application()
    app.router.add_get("/healthz", found.healthz)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@asynccontextmanager
async def parts(url: str, folder: Path, services: Services, broker: Broker) -> AsyncIterator[Parts]:
    await load(url, "now")
    clock = Clock(datetime.now(UTC))
    async with AsyncExitStack() as stack:
        rows: Any = await asyncpg.connect(url)
        stack.push_async_callback(rows.close)
        await rows.execute("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)")
        await rows.execute("INSERT INTO alembic_version VALUES ('20251119_1200')")
        wire = Wire(broker)
        await wire.mend()
        stack.push_async_callback(wire.cut)
        store, database = Store(url, "test"), CjPostgres(url)
        await store.open()
        stack.push_async_callback(store.close)
        stack.push_async_callback(database.close)
        topic = KafkaCallbacks(wire.address, timeout_seconds=5)
        stack.push_async_callback(topic.close)
        await topic.check()
        target = ProbeTarget("llm_provider_service", services.url, "LLM_PROVIDER_URL", True)
        probe = HttpProbe([target])
        stack.push_async_callback(probe.close)
        sources = Sources(
            database=database,
            logs=LogFiles(folder, HULEEDU_SERVICES, UTC),
            callbacks=topic,
            probe=probe,
            memory=store,
        )
        logs = Logs(folder, clock)
        yield Parts(clock, rows, logs, services, wire, sources, store, ScriptedDetector(clear()))


@asynccontextmanager
async def a_bot(some: Parts, own: Own) -> AsyncIterator[Tick]:
    """Run the bot's ticks as one process would, on the same database as the one before."""
    noter = Noter(own)
    live = replace(some.sources, memory=None)
    watcher = LiveWatcher(live, environment="test", wants=noter.wants, needles=noter.needles)
    tick = Tick(some.store, [some.detector], watcher, environment="test", now=some.clock,
                noter=noter)  # fmt: skip
    try:
        yield tick
    finally:
        await tick.close()


async def noted(some: Parts) -> set[str]:
    now = some.clock()
    report = await COMMAND.run(parse("1h"), context(some.sources, now))
    return {one["text"] for one in report.facts["changes"]}


async def known(some: Parts) -> set[str]:
    """Return of what the bot knows how it is now: only what is known can change."""
    last = await some.store.last_noted()
    return {*last.known["values"], *last.known["lines"], *last.known} if last else set()


async def ticks(
    tick: Tick, some: Parts, wanted: set[str], seen: Callable[[Parts], Awaitable[set[str]]] = noted
) -> None:
    """Let ticks pass, at least four, until what is wanted is seen; files are read beside them."""
    for number in range(60):
        await tick.run()
        some.clock.pass_(seconds=15)
        # What is read in the background needs time of the machine's own clock.
        await asyncio.sleep(0.2)
        if number >= 3 and wanted <= await seen(some):
            return
    raise AssertionError(wanted - await seen(some))


async def batch(line: str, some: Parts) -> Report:
    return await run_batch(parse_batch(line), context(some.sources, some.clock()))


async def all_changed(some: Parts, fresh: Broker) -> None:
    """Change all that the services and their platform can change."""
    fresh.publish(CALLBACKS, [encoded(callback(77, mode="serial_bundle"))], some.clock())
    await some.wire.cut()
    await some.wire.mend(fresh)
    await some.rows.execute("UPDATE alembic_version SET version_num = '20251208_1200'")
    some.services.mock_mode = False
    some.logs.started("claude-b")
    some.logs.worked("serial_bundle", "claude-b")


async def test_each_kind_of_change_is_noted_and_told_with_the_batch_and_the_alert_after_it(
    database_url: str, tmp_path: Path, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PROOF_SECONDS", 0.2)
    own = replace(own_facts(load_settings()), version="1.0")
    monkeypatch.setenv("TICK_SECONDS", "20")
    newer = replace(own_facts(load_settings()), version="1.1")
    with brokers() as (old, fresh):
        async with parts(database_url, tmp_path, services, old) as some:
            well = replace(
                BATCHES[1], id=WELL, bos_batch_id="8f1b7c63-24c8-4b4a-8a72-8a4b41d1e041",
                started=some.clock() - timedelta(hours=1),
            )  # fmt: skip
            await write_batch(some.rows, well, "now")
            some.logs.started("claude-a")
            some.logs.worked("per_request", "claude-a")
            async with a_bot(some, own) as tick:
                await ticks(tick, some, FIRST_KNOWN, known)
                assert await noted(some) == set()
                some.clock.pass_(minutes=6)
                await all_changed(some, fresh)
                await ticks(tick, some, {one for one in TOLD if "batchbot" not in one})
            async with a_bot(some, newer) as tick:
                some.detector.says = clear(condition(since=some.clock()))
                await ticks(tick, some, TOLD)
                assert await noted(some) == TOLD
            bad = replace(
                BATCHES[2], id=BAD, bos_batch_id="3e2d8a4c-6f1b-4d7e-9a52-0c84ebf6a142",
                started=some.clock(),
            )  # fmt: skip
            await write_batch(some.rows, bad, "now")
            some.clock.pass_(minutes=10)
            told = [await batch(f"{verb} {BAD}", some) for verb in ("status", "investigate")]
            compared = await batch(f"compare {WELL} {BAD}", some)
            (alert,) = await some.store.alerts(some.clock())
            await some.sources.callbacks.close()  # type: ignore[union-attr]
    since = f"Changed since batch {WELL}, the last that ended well: "
    for report in told:
        assert report.facts["last_healthy_batch"] == WELL
        found = " ".join(map(str, report.facts["changes_since_last_healthy"]))
        assert [one for one in TOLD if one not in found] == []
        assert str(report.lines[0]).startswith(since)
    assert any(str(line).startswith(f"batch {BAD}: {since}") for line in compared.lines)
    message = render(AlertMessage(alert, Reason.OPEN, is_parent=True))
    parent = str(message["blocks"])
    assert "Changed shortly before: " in parent
    assert "This may be a coincidence." in parent
