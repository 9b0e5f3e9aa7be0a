"""A service is recreated on a real Engine: from the tick that notes it to what a person reads."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.demo.incident.rows import BATCHES, load, write_batch
from bot.detectors.stuck_queue import DETECTOR as STUCK_QUEUE
from bot.diagnosis.changes.noter import Noter
from bot.diagnosis.changes.sighting import Own
from bot.domain.alert import Alert, Reason
from bot.domain.routing.message import AlertMessage
from bot.ports import Sources
from bot.settings.services import HULEEDU_SERVICES
from bot.slack.blocks.alert import render
from bot.slack.blocks.report import summary_line
from bot.sources.cj.database import CjPostgres
from bot.sources.docker.containers import EngineContainers
from bot.sources.docker.logs import DockerLogs
from commands.batch.command import parse as parse_batch
from commands.batch.command import run as run_batch
from commands.changes import COMMAND, parse
from tests.support.fakes.alerts import Clock, ScriptedDetector, clear, condition
from tests.support.fakes.sources import context
from tests.support.servers.engine import IMAGE, Engine, running_engine
from tests.support.ticks import run

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
NAME = "huleedu_llm_provider_service"
WELL, BAD = 41, 42
RECREATED = "llm_provider_service recreated"
MODES = "LLM provider's mode per_request → serial_bundle"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-chg-"))) as running:
        yield running


def started(engine: Engine, image: str, mode: str = "") -> Any:
    """Start the provider's container; with a mode it logs one dispatch in it."""
    line = (
        f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ} [info     ] queue_request_dispatched "
        f"[llm_provider_service] extra={{'queue_processing_mode': '{mode}'}}"
    )
    script = f'echo "{line}"; exec /bin/sleep 600' if mode else "exec /bin/sleep 600"
    container = engine.client.containers.create(
        image, ["/bin/sh", "-c", script], name=NAME, network_mode="none",
        environment={"PATH": "/bin"},
    )  # fmt: skip
    container.start()
    return container


def newer_image(engine: Engine) -> str:
    """Return an image that differs: the same files with a label more."""
    container = engine.client.containers.create(IMAGE, ["/bin/true"], network_mode="none")
    try:
        container.commit("batchbot-test", "newer", changes="LABEL newer=yes")
    finally:
        container.remove(force=True)
    return "batchbot-test:newer"


@asynccontextmanager
async def ticking(
    url: str, sources: Sources, detector: ScriptedDetector, clock: Clock
) -> AsyncIterator[tuple[Tick, Store]]:
    store, noter = Store(url, "test"), Noter(Own("1"))
    await store.open()
    watcher = LiveWatcher(sources, environment="test", wants=noter.wants, needles=noter.needles)
    tick = Tick(store, [detector], watcher, environment="test", now=clock, noter=noter)
    try:
        yield tick, store
    finally:
        await tick.close()
        await store.close()


async def test_a_recreated_container_is_noted_told_by_changes_and_with_the_next_alert(
    database_url: str, engine: Engine
) -> None:
    clock, detector = Clock(datetime.now(UTC)), ScriptedDetector(clear())
    containers = EngineContainers([engine.url], HULEEDU_SERVICES)
    first = started(engine, IMAGE)
    sources = Sources(containers=containers)
    async with ticking(database_url, sources, detector, clock) as (tick, store):
        await run(tick, clock)
        first.remove(force=True)
        second = started(engine, newer_image(engine))
        clock.now = datetime.now(UTC)
        await run(tick, clock)
        second.restart(timeout=1)
        clock.now = datetime.now(UTC)
        detector.says = clear(condition(since=clock() + timedelta(minutes=5)))
        await run(tick, clock, 3)
        now = clock() + timedelta(minutes=10)
        report = await COMMAND.run(parse("1h"), context(Sources(memory=store), now))
        (alert,) = await store.alerts(now)
    await containers.close()
    second.remove(force=True)
    restarted, recreated = report.facts["changes"]
    assert restarted["text"] == "llm_provider_service restarted"
    images = recreated["before"], recreated["after"]
    assert recreated["text"] == "llm_provider_service recreated, image {} → {}".format(*images)
    assert images[0] != images[1]
    assert all(len(one) == 12 for one in images)
    assert all(one["exact"] for one in report.facts["changes"])
    assert summary_line(report) == "2 changes in 1 h: llm_provider_service restarted"
    message = render(AlertMessage(alert, Reason.OPEN, is_parent=True))
    told = str(message["blocks"])
    assert "Changed shortly before: llm_provider_service restarted <!date" in told
    assert "This may be a coincidence." in told
    assert STUCK_QUEUE.name == alert.detector


@pytest.mark.marathon
async def test_what_was_recreated_is_told_of_the_next_batch_and_for_half_an_hour_of_an_alert(
    database_url: str, engine: Engine
) -> None:
    clock, detector = Clock(datetime.now(UTC)), ScriptedDetector(clear())
    containers = EngineContainers([engine.url], HULEEDU_SERVICES)
    logs, database = DockerLogs([engine.url], HULEEDU_SERVICES, UTC), CjPostgres(database_url)
    first = started(engine, IMAGE, "per_request")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        stack.push_async_callback(logs.close)
        stack.push_async_callback(containers.close)
        await load(database_url, "now")
        await made(database_url, WELL, 1, clock() - timedelta(hours=1))
        live = Sources(containers=containers, logs=logs, database=database)
        ticks = ticking(database_url, live, detector, clock)
        tick, store = await stack.enter_async_context(ticks)
        await until_noted(tick, store, clock, "LLM provider's mode")
        first.remove(force=True)
        second = started(engine, newer_image(engine), "serial_bundle")
        await until_noted(tick, store, clock, MODES)
        await made(database_url, BAD, 2, clock())
        asked = context(replace(live, memory=store), clock() + timedelta(minutes=10))
        report = await run_batch(parse_batch(f"status {BAD}"), asked)
        soon = await opened(tick, store, clock, detector, "soon")
        clock.pass_(minutes=31)
        later = await opened(tick, store, clock, detector, "later")
    second.remove(force=True)
    told = str(report.lines[0])
    assert told.startswith(f"Changed since batch {WELL}, the last that ended well: ")
    assert RECREATED in told
    assert MODES in told
    assert "Changed shortly before: " in soon
    assert MODES in soon
    assert RECREATED in soon
    assert "Changed shortly before" not in later


async def made(url: str, number: int, like: int, at: datetime) -> None:
    """Write the rows of a batch like one of the incident, made at a moment."""
    rows: Any = await asyncpg.connect(url)
    try:
        uuid = f"8f1b7c63-24c8-4b4a-8a72-8a4b41d1e0{number}"
        batch = replace(BATCHES[like], id=number, bos_batch_id=uuid, started=at)
        await write_batch(rows, batch, "now")
    finally:
        await rows.close()


async def until_noted(tick: Tick, store: Store, clock: Clock, wanted: str) -> None:
    """Let ticks pass until a value is known, or a change is noted: containers write as they can."""
    for _ in range(100):
        await run(tick, clock)
        last = await store.last_noted()
        known = {*last.known["values"], *last.known["lines"]} if last else set()
        report = await COMMAND.run(parse("1h"), context(Sources(memory=store), clock()))
        if wanted in known | {one["text"] for one in report.facts["changes"]}:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(wanted)


async def opened(
    tick: Tick, store: Store, clock: Clock, detector: ScriptedDetector, subject: str
) -> str:
    """Return the parent message of an alert that opens now."""
    detector.says = clear(condition(subject, since=clock()))
    await run(tick, clock, 4)
    found: Sequence[Alert] = await store.alerts(clock())
    alert = next(one for one in found if one.subject == subject)
    return str(render(AlertMessage(alert, Reason.OPEN, is_parent=True))["blocks"])
