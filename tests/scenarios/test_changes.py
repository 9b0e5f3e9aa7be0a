"""A service is recreated on a real Engine: from the tick that notes it to what a person reads."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.detectors.stuck_queue import DETECTOR as STUCK_QUEUE
from bot.diagnosis.changes.noter import Noter
from bot.diagnosis.changes.sighting import Own
from bot.domain.alert import Reason
from bot.domain.routing.message import AlertMessage
from bot.ports import Sources
from bot.settings.services import HULEEDU_SERVICES
from bot.slack.blocks.alert import render
from bot.slack.blocks.report import summary_line
from bot.sources.docker.containers import EngineContainers
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


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-chg-"))) as running:
        yield running


def started(engine: Engine, image: str) -> Any:
    sleep = ["/bin/sleep", "600"]
    container = engine.client.containers.create(image, sleep, name=NAME, network_mode="none")
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
    url: str, containers: EngineContainers, detector: ScriptedDetector, clock: Clock
) -> AsyncIterator[tuple[Tick, Store]]:
    store = Store(url, "test")
    await store.open()
    watcher = LiveWatcher(Sources(containers=containers), environment="test", wants=lambda _: False)
    tick = Tick(
        store, [detector], watcher, environment="test", now=clock, noter=Noter(Own("1"))
    )  # fmt: skip
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
    async with ticking(database_url, containers, detector, clock) as (tick, store):
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
