"""The memory on a real Postgres: leadership, restarts, people's words."""

import asyncio
import contextlib
from datetime import timedelta

import pytest

from bot.alerts.ledger import TickRecord
from bot.alerts.policy import PolicySettings, decide
from bot.alerts.store import Store
from bot.domain.alert import Sample
from bot.errors import SourceError
from tests.fakes_alerts import START, Clock, clear, condition

SETTINGS = PolicySettings("stuck_queue", "test")
KEY = "stuck_queue/test/llm_provider"


async def fired(store: Store) -> None:
    assert await store.lead()
    decision = decide(None, condition(), clear(), START, SETTINGS)
    samples = {"stuck_queue": Sample(START, {"size": 1}, "redis: refused")}
    await store.save_tick(
        TickRecord(START, samples, [(None, decision)], {"seen_until": START.isoformat()})
    )


async def test_replicas_that_start_at_once_make_the_tables_once(database_url: str) -> None:
    stores = [Store(database_url, "test") for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    assert "PostgreSQL" in await stores[3].check()
    for store in stores:
        await store.close()


async def test_one_replica_leads_and_the_other_takes_over(database_url: str) -> None:
    one, two = Store(database_url, "test"), Store(database_url, "test")
    elsewhere = Store(database_url, "staging")
    for store in (one, two, elsewhere):
        await store.open()
    assert (await one.lead(), await two.lead(), await elsewhere.lead()) == (True, False, True)
    with pytest.raises(SourceError, match="does not lead"):
        await two.save_tick(TickRecord(START))
    await one.close()
    for _ in range(50):
        if await two.lead():
            break
        await asyncio.sleep(0.02)
    assert two.leads
    await fired(two)
    await two.close()
    await elsewhere.close()


async def test_a_restart_finds_alerts_samples_and_progress_as_they_were(database_url: str) -> None:
    before = Store(database_url, "test")
    await before.open()
    await fired(before)
    await before.close()
    after = Store(database_url, "test")
    await after.open()
    (alert,) = await after.load_alerts(START)
    assert alert == decide(None, condition(), clear(), START, SETTINGS).alert
    (sample,) = await after.load_samples("stuck_queue", START - timedelta(minutes=1))
    assert (sample.at, dict(sample.data), sample.unreadable) == (
        START,
        {"size": 1},
        "redis: refused",
    )
    assert await after.load_progress() == (START, {"seen_until": START.isoformat()})
    await after.close()


async def test_a_leader_whose_session_is_cut_leads_again_and_can_write(database_url: str) -> None:
    store = Store(database_url, "test")
    await store.open()
    await fired(store)
    other = Store(database_url, "test")
    await other.open()
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    await other._rows(kill + " AND datname = current_database()")
    leads = False
    for _ in range(100):
        # The cut may be noticed by the driver first, or by the next question.
        with contextlib.suppress(SourceError):
            leads = await store.lead()
        if leads:
            break
        await asyncio.sleep(0.02)
    await store.save_tick(TickRecord(START + timedelta(seconds=15)))
    assert len(await store.load_alerts(START)) == 1
    await store.close()
    await other.close()


async def test_an_acknowledgement_is_taken_once_and_ends_with_the_incident(
    database_url: str,
) -> None:
    store, clock = Store(database_url, "test"), Clock()
    await store.open()
    await fired(store)
    acknowledged = await store.acknowledge(KEY, by="U1", now=clock())
    assert acknowledged is not None
    assert acknowledged.acknowledged_by == "U1"
    assert await store.acknowledge(KEY, by="U2", now=clock()) is None
    (alert,) = await store.load_alerts(clock())
    ended = decide(alert, None, clear(), clock(), SETTINGS)
    again = decide(ended.alert, condition(), clear(), clock(), SETTINGS)
    await store.save_tick(TickRecord(clock(), decisions=[(alert, ended), (ended.alert, again)]))
    (alert,) = await store.load_alerts(clock())
    assert alert.acknowledged_by == ""
    await store.close()


async def test_mutes_aliases_audit_and_rows_are_remembered(database_url: str) -> None:
    store = Store(database_url, "test")
    await store.open()
    await fired(store)
    until = START + timedelta(hours=1)
    await store.snooze(KEY, until, by="U1", reason="known", now=START)
    assert [mute.pattern for mute in await store.mutes(START)] == [KEY]
    assert await store.unmute(KEY, START) is True
    assert await store.unmute(KEY, START) is False
    assert await store.mutes(START) == []
    await store.set_alias("run-1", "34", by="U1")
    await store.set_alias("run-1", "35", by="U1")
    assert (await store.alias("run-1"), await store.alias("run-2")) == ("35", None)
    await store.audit("U1", "C1", "/queue", "ok")
    (row,) = await store.alerts()
    assert (row["key"], row["state"], row["rule"]) == (KEY, "firing", "orphaned-item")
    await store.close()


async def test_a_database_that_is_not_there_is_a_source_error_without_its_address() -> None:
    store = Store("postgresql://user:hunter2@127.0.0.1:1/none")
    with pytest.raises(SourceError) as caught:
        await store.open()
    assert "hunter2" not in str(caught.value)
    assert caught.value.source == "memory"
