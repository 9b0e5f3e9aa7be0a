"""What people say to an alert that waits, on a real Postgres: it is of the incident to come."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.alerts.policy.lifecycle import PolicySettings, decide
from bot.alerts.policy.storm import STORM
from bot.alerts.store.postgres import Store
from bot.alerts.store.tick_writer import TickRecord
from bot.domain.alert import Alert, AlertState, Condition, Reason, Sample
from bot.domain.mute import Mute
from tests.support.fakes.alerts import Clock, clear, condition

SETTINGS = PolicySettings("stuck_queue", "test")
KEY = "stuck_queue/test/llm_provider"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "test")
    await store.open()
    assert await store.lead()
    yield store
    await store.close()


async def decided(store: Store, clock: Clock, found: Condition | None) -> Alert:
    """Write one tick of a story; return the alert as it is remembered then."""
    known = await store.load_alerts(clock())
    previous = known[0] if known else None
    mutes = await store.mutes(clock())
    decision = decide(previous, found, clear(), clock(), SETTINGS, mutes)
    await store.save_tick(TickRecord(clock(), decisions=[(previous, decision)]))
    clock.pass_(seconds=15)
    (alert,) = await store.load_alerts(clock())
    return alert


async def test_what_is_said_to_a_pending_alert_leaves_the_thread_of_its_last_incident_alone(
    store: Store,
) -> None:
    clock = Clock()
    await decided(store, clock, condition())
    await store.snooze(KEY, clock() + timedelta(hours=1), by="U1", now=clock())
    await decided(store, clock, None)
    assert (await decided(store, clock, condition())).state is AlertState.PENDING
    waiting = await store._rows("SELECT id, body FROM outbox ORDER BY id")
    await store.snooze(KEY, clock() + timedelta(hours=2), by="U1", now=clock())
    await store.acknowledge(KEY, by="U1", now=clock())
    assert await store._rows("SELECT id, body FROM outbox ORDER BY id") == waiting
    reasons = [event.reason for event in await store.events(KEY)]
    assert reasons[:2] == [Reason.ACKNOWLEDGE, Reason.SNOOZE]


@pytest.mark.parametrize("within_a_tick", [False, True])
async def test_an_acknowledgement_of_a_pending_alert_holds_when_it_opens_and_not_the_one_before_it(
    store: Store, within_a_tick: bool
) -> None:
    clock = Clock()
    await decided(store, clock, condition())
    await store.acknowledge(KEY, by="U1", now=clock())
    await decided(store, clock, None)
    end = clock() + timedelta(minutes=1)
    await store.mute(Mute("all", end, by="U1", since=clock()), now=clock())
    alert = await decided(store, clock, condition())
    assert (alert.state, alert.acknowledged_by) == (AlertState.PENDING, "")
    if not within_a_tick:
        assert (await store.acknowledge(KEY, by="U2", now=clock())).acknowledged_by == "U2"
        alert = await decided(store, clock, condition())
    clock.now = end
    decision = decide(alert, condition(), clear(), clock(), SETTINGS)
    if within_a_tick:
        await store.acknowledge(KEY, by="U2", now=clock())
    await store.save_tick(TickRecord(clock(), decisions=[(alert, decision)]))
    (alert,) = await store.load_alerts(clock())
    assert (alert.state, alert.acknowledged_by) == (AlertState.FIRING, "U2")


async def test_a_storm_is_exported_with_the_samples_of_the_detector_it_speaks_for(
    store: Store,
) -> None:
    clock = Clock()
    found = condition("stuck_queue", rule="alert-storm")
    storm = decide(None, found, clear(found), clock(), PolicySettings(STORM, "test"))
    samples = {name: Sample(clock(), {}) for name in ("stuck_queue", "batch_idle")}
    await store.save_tick(TickRecord(clock(), samples, [(None, storm)]))
    recording = await store.recording(storm.alert.key, now=clock())
    assert list(recording.samples) == ["stuck_queue"]
