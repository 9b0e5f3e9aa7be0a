"""CJ's relay stops, in a real database: a forecast comes, and the fault's own alert ends it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.demo.incident.rows import load
from bot.detectors.early.outbox_growing import OutboxGrowing, OutboxGrowingSettings
from bot.detectors.services.outbox_unpublished import OutboxUnpublished, OutboxUnpublishedSettings
from bot.domain.alert import Alert, Reason
from bot.domain.routing.message import AlertMessage
from bot.ports import Detector, Sources
from bot.slack.blocks.alert import render
from bot.sources.cj.database import CjPostgres
from tests.support.fakes.alerts import Clock
from tests.support.ticks import TICK

EVENT_TYPE = "huleedu.cj_assessment.completed.v1"
WAITS = (
    "INSERT INTO event_outbox (aggregate_id, aggregate_type, event_type, event_data, topic,"
    " created_at) VALUES ($1, 'cj_batch', $2, '{}', $2, $3)"
)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "test")
    await store.open()
    yield store
    await store.close()


def headline(alert: Alert) -> str:
    return str(render(AlertMessage(alert, Reason.OPEN, is_parent=True))["text"])


async def alerts(store: Store, now: datetime) -> dict[str, Alert]:
    return {one.detector: one for one in await store.alerts(now, history=True)}


async def until(tick: Tick, store: Store, clock: Clock, detector: str) -> dict[str, Alert]:
    """Let ticks pass until a detector has an alert, for ten minutes at most."""
    for _ in range(40):
        await tick.run()
        clock.pass_(seconds=TICK.total_seconds())
        found = await alerts(store, clock())
        if detector in found and str(found[detector].state) == "firing":
            return found
    raise AssertionError(f"{detector} told nothing")


async def test_a_growing_outbox_is_forecast_and_told_once_it_is_stuck(
    database_url: str, store: Store
) -> None:
    await load(database_url, "now")
    rows: Any = await asyncpg.connect(database_url)
    await rows.execute("UPDATE event_outbox SET published_at = now() WHERE published_at IS NULL")
    clock = Clock(datetime.now(UTC))
    database = CjPostgres(database_url)
    sources = Sources(database=database)
    watcher = LiveWatcher(sources, environment="test", wants=lambda _: False)
    detectors: list[Detector] = [
        OutboxGrowing(OutboxGrowingSettings()),
        OutboxUnpublished(OutboxUnpublishedSettings()),
    ]
    tick = Tick(store, detectors, watcher, environment="test", now=clock)
    await tick.run()
    assert await alerts(store, clock()) == {}
    began = clock()
    for number in range(3):
        await rows.execute(WAITS, f"b{number}", EVENT_TYPE, began + timedelta(seconds=number))
    warned = await until(tick, store, clock, "outbox_growing")
    assert warned.keys() == {"outbox_growing"}
    assert clock() - began < timedelta(minutes=3)
    told = headline(warned["outbox_growing"])
    assert told.startswith("⚠️ Forecast: CJ's outbox is stuck in 2 min")
    found = await until(tick, store, clock, "outbox_unpublished")
    warning, fault = found["outbox_growing"], found["outbox_unpublished"]
    assert warning.covered_by == fault.key
    assert headline(warning).startswith("➡️ It came about after ")
    assert headline(fault).startswith("🔴 CJ's outbox is stuck for 5 min")
    for _ in range(8):
        await tick.run()
        clock.pass_(seconds=TICK.total_seconds())
    events = [one.reason for one in await store.events(warning.key)]
    assert events == [Reason.RESOLVE, Reason.OPEN]
    await tick.close()
    await database.close()
    await rows.close()
