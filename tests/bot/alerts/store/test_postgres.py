"""The memory on a real Postgres: leadership, restarts, people's words."""

import ast
import asyncio
import contextlib
import gc
import inspect
import textwrap
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from asyncpg.pool import PoolConnectionHolder

from bot.alerts.policy.lifecycle import PolicySettings, decide
from bot.alerts.policy.messages import drafts
from bot.alerts.store import postgres as store_module
from bot.alerts.store.postgres import Store
from bot.alerts.store.tick_writer import TickRecord
from bot.domain.alert import AlertState, Condition, Reason, Sample, Standing
from bot.domain.ids import RunLabel
from bot.domain.mute import Mute, MuteKind
from bot.domain.words import Time, words
from bot.errors import NotFoundError, SourceError
from bot.ports import BotMemory
from tests.support.fakes.alerts import START, Clock, clear, condition
from tests.support.fakes.sources import FakeMemory
from tests.support.servers.wire import CUT, wire

SETTINGS = PolicySettings("stuck_queue", "test")
KEY = "stuck_queue/test/llm_provider"


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = Store(url, "test")
    try:
        await store.open()
        yield store
    finally:
        await store.close()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with opened(database_url) as store:
        yield store


async def fired(store: Store, of: Condition | None = None) -> None:
    assert await store.lead()
    decision = decide(None, of or condition(), clear(), START, SETTINGS)
    samples = {"stuck_queue": Sample(START, {"size": 1}, "redis: refused")}
    await store.save_tick(
        TickRecord(START, samples, [(None, decision)], {"seen_until": START.isoformat()})
    )


def as_written(method: Any) -> tuple[str, str]:
    """Return a method's parameters and result: a port's types are known to type checkers alone."""
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(method))).body
    assert isinstance(node, ast.AsyncFunctionDef)
    return ast.unparse(node.args), ast.unparse(node.returns or ast.Constant(None))


@pytest.mark.parametrize("memory", [Store, FakeMemory])
@pytest.mark.parametrize("name", [name for name in vars(BotMemory) if not name.startswith("_")])
def test_the_memory_and_its_fake_keep_the_port_s_promises(memory: type, name: str) -> None:
    asked, given = getattr(BotMemory, name, None), getattr(memory, name, None)
    assert as_written(given) == as_written(asked)
    assert inspect.iscoroutinefunction(given)


async def test_replicas_that_start_at_once_make_the_tables_once(database_url: str) -> None:
    stores = [Store(database_url, "test") for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    assert "PostgreSQL" in await stores[3].check()
    for store in stores:
        await store.close()


async def test_one_replica_leads_and_the_other_takes_over(database_url: str) -> None:
    one, two = Store(database_url, "test"), Store(database_url, "test")
    for store in (one, two):
        await store.open()
    assert (await one.lead(), await two.lead()) == (True, False)
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


async def test_a_second_environment_is_refused_while_the_first_one_leads(database_url: str) -> None:
    first, second = Store(database_url, "test"), Store(database_url, "staging")
    for store in (first, second):
        await store.open()
    assert await first.lead()
    await first.save_tick(TickRecord(START))
    with pytest.raises(SourceError, match="in use by environment 'test'") as caught:
        await second.lead()
    assert "BOT_DATABASE_URL" in caught.value.hint
    assert (await first.lead(), second.leads) == (True, False)
    await first.close()
    for _ in range(50):
        with contextlib.suppress(SourceError):
            if await second.lead():
                break
        await asyncio.sleep(0.02)
    assert second.leads
    await second.close()


async def test_a_leader_that_stands_still_loses_the_lead_and_cannot_write_its_old_tick(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LEAD_IDLE", timedelta(seconds=1))
    frozen, other = Store(database_url, "test"), Store(database_url, "test")
    for store in (frozen, other):
        await store.open()
    assert (await frozen.lead(), await other.lead()) == (True, False)
    until = time.monotonic() + 10
    while not await other.lead() and time.monotonic() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    assert other.leads
    with pytest.raises(SourceError):
        await frozen.save_tick(TickRecord(START))
    await other.close()
    # Even when it leads again: what its tick was decided on is old.
    while not await frozen.keep():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    with pytest.raises(SourceError, match="does not lead"):
        await frozen.save_tick(TickRecord(START))
    assert await frozen.lead()
    await fired(frozen)
    await frozen.close()


async def test_a_restart_finds_alerts_samples_and_progress_as_they_were(database_url: str) -> None:
    before = Store(database_url, "test")
    await before.open()
    await fired(before)
    await before.close()
    after = Store(database_url, "test")
    await after.open()
    (alert,) = await after.load_alerts(START)
    assert replace(alert, number=0) == decide(None, condition(), clear(), START, SETTINGS).alert
    (sample,) = await after.load_samples("stuck_queue", START - timedelta(minutes=1))
    assert (sample.at, dict(sample.data), sample.unreadable) == (
        START,
        {"size": 1},
        "redis: refused",
    )
    assert await after.load_progress() == (START, {"seen_until": START.isoformat()})
    await after.close()


@pytest.mark.parametrize("farewell_alone", [False, True])
async def test_a_leader_whose_session_is_cut_leads_again_and_can_write(
    database_url: str, farewell_alone: bool
) -> None:
    async with wire(database_url) as relay, opened(relay.url) as store, opened(database_url) as cut:
        await fired(store)
        if farewell_alone:
            relay.hold_ends()
        await cut._rows(CUT)
        leads = False
        for _ in range(100):
            # The cut may be noticed by the driver first, or by the next question.
            with contextlib.suppress(SourceError):
                leads = await store.lead()
            if leads:
                break
            await asyncio.sleep(0.02)
        await store.save_tick(TickRecord(START + timedelta(seconds=15)))
        assert len(await cut.load_alerts(START)) == 1


async def test_a_session_that_was_told_of_its_end_is_a_broken_source(database_url: str) -> None:
    async with wire(database_url) as relay, opened(relay.url) as store, opened(database_url) as cut:
        relay.hold_ends()
        await cut._rows(CUT)
        await asyncio.sleep(0.2)
        with pytest.raises(SourceError):
            await store.load_alerts(START)
        assert await store.load_alerts(START) == []


async def test_an_acknowledgement_is_taken_once_and_ends_with_the_incident(
    database_url: str,
) -> None:
    store, clock = Store(database_url, "test"), Clock()
    await store.open()
    await fired(store)
    assert (await store.acknowledge(KEY, by="U1", now=clock())).acknowledged_by == "U1"
    assert (await store.acknowledge(KEY, by="U2", now=clock())).acknowledged_by == "U1"
    assert (await store.outbox_health()).depth == 1  # the parent message, which shows it
    (alert,) = await store.load_alerts(clock())
    ended = decide(alert, None, clear(), clock(), SETTINGS)
    again = decide(ended.alert, condition(), clear(), clock(), SETTINGS)
    await store.save_tick(TickRecord(clock(), decisions=[(alert, ended), (ended.alert, again)]))
    (alert,) = await store.load_alerts(clock())
    assert alert.acknowledged_by == ""
    await store.close()


async def test_a_resolved_or_unknown_alert_cannot_be_acknowledged(store: Store) -> None:
    await fired(store)
    (alert,) = await store.load_alerts(START)
    ended = decide(alert, None, clear(), START, SETTINGS)
    await store.save_tick(TickRecord(START, decisions=[(alert, ended)]))
    for key in (KEY, "no/such/alert"):
        with pytest.raises(NotFoundError):
            await store.acknowledge(key, by="U1", now=START)
    with pytest.raises(NotFoundError):
        await store.snooze("no/such/alert", START, by="U1", now=START)


async def test_a_snooze_is_seen_at_once_and_by_the_next_tick_and_is_no_news_to_it(
    store: Store,
) -> None:
    await fired(store)
    until = START + timedelta(hours=1)
    snoozed = await store.snooze(KEY, until, by="U1", now=START)
    assert snoozed.mute == Mute(KEY, until, by="U1", since=START, kind=MuteKind.SNOOZE)
    (alert,) = await store.load_alerts(START)
    mutes = await store.mutes(START)
    quiet = decide(alert, condition(), clear(), START + timedelta(seconds=15), SETTINGS, mutes)
    assert quiet.reason is Reason.QUIET
    assert drafts(alert, quiet) == ()
    (event, opened) = await store.events(KEY)
    assert (event.reason, event.by, opened.reason) == (Reason.SNOOZE, "U1", Reason.OPEN)


async def test_a_second_snooze_takes_the_place_of_the_first(store: Store) -> None:
    await fired(store)
    for hours in (2, 1):
        await store.snooze(KEY, START + timedelta(hours=hours), by="U1", now=START)
    (mute,) = await store.mutes(START)
    assert mute.until == START + timedelta(hours=1)


async def test_labels_are_learned_apart_from_what_people_said(store: Store) -> None:
    one, two = "9c41f7b2-58de-4a36-b1f0-2ab525a2c034", "3e2d8a4c-6f1b-4d7e-9a52-0c84ebf6a133"
    await store.learn([])
    await store.learn([RunLabel("run-1", one, "runner.log", START)] * 2)
    await store.learn([RunLabel("run-1", two, "runner.log", START - timedelta(days=1))])
    await store.learn([RunLabel("run-2", two, "callback_topic")])
    await store.set_alias("run-1", "34", by="U1")
    assert (await store.learned("run-1"), await store.learned("run-2")) == ([one, two], [two])
    assert await store.learned("run-3") == []
    assert await store.alias("run-1") == "34"


async def test_mutes_maintenance_aliases_and_audit_are_remembered(store: Store) -> None:
    await fired(store)
    until = START + timedelta(hours=1)
    later = Mute("stuck_queue", until, "deploy", "U1", START, MuteKind.MAINTENANCE)
    for mute in (Mute(KEY, reason="known", by="U1"), later, replace(later, until=None)):
        await store.mute(mute, now=START)
    mutes = await store.mutes(START)
    assert [(mute.pattern, mute.until, mute.kind) for mute in mutes] == [
        (KEY, None, MuteKind.MUTE),
        ("stuck_queue", until, MuteKind.MAINTENANCE),
        ("stuck_queue", None, MuteKind.MAINTENANCE),
    ]
    (alert,) = await store.alerts(START)
    assert (alert.key, alert.number, alert.standing) == (KEY, 1, Standing.MUTED)
    assert await store.unmute("STUCK_queue", by="U1", now=START) == 2
    assert await store.unmute("stuck_queue", by="U1", now=START) == 0
    assert await store.unmute(KEY, by="U1", now=START) == 1
    (alert,) = await store.alerts(START)
    assert alert.standing is Standing.FIRING
    await store.set_alias("run-1", "34", by="U1")
    await store.set_alias("run-1", "35", by="U1")
    assert (await store.alias("run-1"), await store.alias("run-2")) == ("35", None)
    await store.audit("U1", "C1", "/queue", "ok")


async def test_a_recording_holds_what_an_alert_rests_on_also_after_the_prune(
    store: Store,
) -> None:
    await fired(store)
    day = START + timedelta(days=1)
    for at, forget in ((START + timedelta(hours=3), {}), (day, {"stuck_queue": day})):
        samples = {"stuck_queue": Sample(at, {"size": 2})}
        forgotten = {name: at - timedelta(minutes=25) for name in forget}
        await store.save_tick(TickRecord(at, samples, forget=forgotten))
    recording = await store.recording(KEY, now=day)
    assert [sample.at for sample in recording.samples["stuck_queue"]] == [START, day]
    with pytest.raises(NotFoundError):
        await store.recording("no/such/alert", now=day)


async def test_numbers_are_short_one_for_each_key_and_stay(store: Store) -> None:
    assert await store.lead()
    for subject in ("a", "b", "a", "c"):
        known = {alert.subject: alert for alert in await store.load_alerts(START)}
        decision = decide(known.get(subject), condition(subject), clear(), START, SETTINGS)
        await store.save_tick(TickRecord(START, decisions=[(known.get(subject), decision)]))
    numbers = {alert.subject: alert.number for alert in await store.alerts(START)}
    assert numbers == {"a": 1, "b": 2, "c": 3}


async def test_a_database_that_is_not_there_is_a_source_error_without_its_address() -> None:
    store = Store("postgresql://user:hunter2@127.0.0.1:1/none")
    with pytest.raises(SourceError) as caught:
        await store.open()
    assert "hunter2" not in str(caught.value)
    assert caught.value.source == "memory"


async def test_what_people_take_back_is_shown_on_the_parent_message_at_once(
    database_url: str,
) -> None:
    store, clock = Store(database_url, "test"), Clock()
    await store.open()
    await fired(store)
    await store.acknowledge(KEY, by="U1", now=clock())
    assert (await store.release(KEY, by="U2", now=clock())).acknowledged_by == ""
    with pytest.raises(NotFoundError, match="Nobody looks after"):
        await store.release(KEY, by="U2", now=clock())
    await store.snooze(KEY, clock() + timedelta(hours=1), by="U1", now=clock())
    (snoozed,) = await store.load_alerts(clock())
    assert snoozed.mute is not None
    await store.wake(KEY, by="U2", now=clock())
    (awake,) = await store.load_alerts(clock())
    assert (awake.mute, await store.mutes(clock())) == (None, [])
    with pytest.raises(NotFoundError, match="not snoozed"):
        await store.wake(KEY, by="U2", now=clock())
    await store.snooze(KEY, clock() + timedelta(hours=1), by="U1", now=clock())
    assert await store.unmute(KEY, by="U2", now=clock()) == 1
    (again,) = await store.load_alerts(clock())
    assert again.mute is None
    told = [event.reason for event in await store.events(KEY)]
    assert told[:4] == [Reason.SNOOZE, Reason.WAKE, Reason.SNOOZE, Reason.UNACKNOWLEDGE]
    await store.close()


async def test_an_alert_that_opens_again_knows_how_often_and_what_helped(
    database_url: str,
) -> None:
    store, clock = Store(database_url, "test"), Clock()
    await store.open()
    await fired(store)
    (first,) = await store.load_alerts(clock())
    assert first.before is None
    await store.note(KEY, "restarted the provider", by="U1", now=clock())
    clock.pass_(minutes=12)
    over = decide(first, None, clear(), clock(), SETTINGS)
    await store.save_tick(TickRecord(clock(), decisions=[(first, over)]))
    clock.pass_(hours=1)
    (gone,) = await store.load_alerts(clock())
    await store.save_tick(
        TickRecord(
            clock(), decisions=[(gone, decide(gone, condition(), clear(), clock(), SETTINGS))]
        )
    )
    (again,) = await store.load_alerts(clock())
    assert again.before is not None
    assert (again.before.count, again.before.helped) == (1, "restarted the provider")
    assert again.before.length == timedelta(minutes=12)
    await store.close()


async def test_the_last_time_is_measured_from_its_onset_as_its_own_message_does(
    database_url: str,
) -> None:
    store, clock = Store(database_url, "test"), Clock()
    await store.open()
    assert await store.lead()
    began = clock() - timedelta(minutes=5)
    # Each is seen twice before it is told, so that it is pending in between.
    settings = replace(SETTINGS, open_ticks=2)
    for seen in (condition(since=began), None, condition(since=clock() + timedelta(hours=1))):
        for _ in range(2):
            (previous,) = await store.load_alerts(clock()) or (None,)
            told = clear(seen) if seen else clear()
            decision = decide(previous, seen, told, clock(), settings)
            await store.save_tick(TickRecord(clock(), decisions=[(previous, decision)]))
            if decision.reason is Reason.RESOLVE:
                over = clock()
            clock.pass_(minutes=1 if seen else 40)
    (again,) = await store.load_alerts(clock())
    assert again.state is AlertState.FIRING
    assert again.before is not None
    assert (again.before.last_at, again.before.length) == (began, over - began)
    await store.close()


async def test_what_helped_is_kept_of_an_alert_whose_title_holds_a_time(database_url: str) -> None:
    store, clock = Store(database_url, "test"), Clock()
    await store.open()
    title = words("no callback", Time(clock(), " since "), ".")
    await fired(store, replace(condition(), title=title))
    await store.note(KEY, "restarted the provider", by="U1", now=clock())
    (noted, *_) = await store.events(KEY)
    assert (noted.reason, noted.title, noted.note) == (Reason.NOTE, title, "restarted the provider")
    await store.close()


async def test_a_watch_outlives_a_restart_and_is_one_a_channel(database_url: str) -> None:
    async with opened(database_url) as store:
        given = {"channel": "C1", "thread_ts": "", "asker": "U1", "now": START}
        assert await store.watch(34, **given)  # type: ignore[arg-type]
        assert not await store.watch(34, **given)  # type: ignore[arg-type]
    async with opened(database_url) as store:
        (watch,) = await store.watches()
        assert (watch.batch_id, watch.asker, watch.ts) == (34, "U1", "")
        await store.watched(watch.id, ts="1.5", now=START)
        assert [one.ts for one in await store.watches()] == ["1.5"]
        await store.watched(watch.id, ts="1.5", now=START, ended=True)
        assert await store.watches() == []
        assert await store.watch(34, **given)  # type: ignore[arg-type]
        assert await store.unwatch(34, channel="C1", now=START) == 1


async def test_closing_waits_for_the_session_that_a_cancelled_reader_gives_back(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    give_back = PoolConnectionHolder.release

    async def cancelled_there(holder: PoolConnectionHolder, timeout: float | None) -> None:
        reader.cancel()
        await give_back(holder, timeout)

    async with opened(database_url) as store:
        monkeypatch.setattr(PoolConnectionHolder, "release", cancelled_there)
        reader = asyncio.ensure_future(store.check())
        await asyncio.wait([reader])
    if left := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(left)
        left.clear()
    gc.collect()
    assert complaints == []
