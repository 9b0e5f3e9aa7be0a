"""What the bot says of itself, and its storms, are exported and judged again like any alert."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.alerts.poster import Poster
from bot.alerts.store.postgres import Store
from bot.domain.alert import AlertEvent
from bot.domain.report import plain
from bot.errors import PostFailure, UsageError
from bot.ports import Sources
from bot.replay.files import SAMPLES
from tests.support.exports import judged_again, known, lived, replayed, tick_over, told, waiting
from tests.support.fakes.alerts import Clock, ScriptedDetector, clear, condition, scripted
from tests.support.fakes.messenger import FakeMessenger
from tests.support.fakes.sources import FakeDatabase, down
from tests.support.ticks import run, tick_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "np")
    await store.open()
    yield store
    await store.close()


def resolves(events: Sequence[AlertEvent], detector: str) -> Sequence[AlertEvent]:
    """Return what was told of one detector; it must have begun and ended."""
    mine = [one for one in events if one.key.startswith(f"{detector}/")]
    assert {"open", "resolve"} <= {one.reason.value for one in mine}
    return mine


async def test_missed_ticks_are_judged_again(store: Store, clock: Clock, tmp_path: Path) -> None:
    for _ in range(2):
        tick = tick_of(store, [], clock)
        await run(tick, clock, 70)
        await tick.close()
        clock.pass_(minutes=40)
    await run(tick_of(store, [], clock), clock, 70)
    mine = resolves(await lived(store), "missed_ticks")
    again = await judged_again(store, "missed_ticks", clock, tmp_path)
    assert known(again) == [told(one) for one in mine]
    assert again[-2]["title"] == plain(mine[-2].title)
    assert len(mine) == 4


async def test_late_messages_are_judged_again(store: Store, clock: Clock, tmp_path: Path) -> None:
    slack = FakeMessenger()
    tick = tick_of(store, [ScriptedDetector(clear(condition()))], clock)
    slack.will(*[PostFailure.UNAVAILABLE] * 1_000)
    poster = Poster(store, slack, "C1", now=clock, sleep=clock.sleep)
    for number in range(60):
        if number == 40:
            slack.faults.clear()
        await run(tick, clock)
        await poster.step()
    mine = resolves(await lived(store), "late_messages")
    again = await judged_again(store, "late_messages", clock, tmp_path)
    assert known(again) == [told(one) for one in mine]
    assert again[0]["title"] == plain(mine[0].title)
    assert again[0]["evidence"]


async def test_a_detector_that_broke_is_judged_again(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    bad = scripted("bad", RuntimeError("boom"))
    tick = tick_of(store, [bad], clock)
    await run(tick, clock, 20)
    bad.says = clear()
    await run(tick, clock, 20)
    mine = resolves(await lived(store), "failed_detector")
    again = await judged_again(store, "failed_detector", clock, tmp_path)
    assert known(again) == [told(one) for one in mine]
    assert again[0]["title"] == plain(mine[0].title)


async def test_a_source_counts_as_unreadable_while_one_that_reads_it_is_broken(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    database = FakeDatabase(error=down("cj_database"))
    bad = scripted("bad", clear())
    tick = tick_over(store, Sources(database=database), clock, bad)
    await run(tick, clock, 8)
    bad.says = RuntimeError("boom")
    database.error = None
    await run(tick, clock, 8)
    bad.says = clear()
    await run(tick, clock, 20)
    events = await lived(store)
    resolves(events, "unreadable_source")
    again = await judged_again(store, "unreadable_source", clock, tmp_path)
    assert known(again) == [told(one) for one in events]


@pytest.mark.marathon
async def test_a_storm_is_judged_again_with_its_members(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    database = FakeDatabase(waiting(clock, 20))
    tick = tick_over(store, Sources(database=database), clock)
    await run(tick, clock, 20)
    database.batches = waiting(clock, 40)
    await run(tick, clock, 20)
    database.batches = ()
    await run(tick, clock, 20)
    events = await lived(store)
    storm = resolves(events, "storm")
    again = await judged_again(store, "storm", clock, tmp_path)
    assert Counter(known(again)) == Counter(told(one) for one in events)
    opened = next(one for one in again if one["key"] == storm[0].key)
    assert opened["title"] == plain(storm[0].title)
    assert "15 more of lost_callbacks" in plain(storm[0].title)


@pytest.mark.marathon
async def test_a_storm_in_which_alerts_flap_is_judged_again(
    store: Store, clock: Clock, tmp_path: Path
) -> None:
    batches = waiting(clock, 12)
    database = FakeDatabase()
    tick = tick_over(store, Sources(database=database), clock)
    poster = Poster(store, FakeMessenger(), "C1", now=clock, sleep=clock.sleep)
    for waits in (batches, batches[2:], batches, batches[2:], batches, batches[2:], ()):
        database.batches = waits
        await run(tick, clock, 20)
        await poster.drain()
    events = await lived(store)
    end = resolves(events, "storm")[-1].at
    again = await judged_again(store, "storm", clock, tmp_path)
    assert Counter(known(again)) == Counter(told(one) for one in events if one.at <= end)


HEAD = {"at": "2025-11-18T22:00:00+00:00",
        "export": {"key": "x", "environment": "np", "detectors": []}}  # fmt: skip


def recording(folder: Path, detector: str, data: Any) -> Path:
    """Write an export of one sample."""
    head = json.loads(json.dumps(HEAD))
    head["export"]["detectors"] = [detector]
    sample = {"at": HEAD["at"], "sample": {"detector": detector, "data": data, "unreadable": ""}}
    (folder / SAMPLES).write_text(f"{json.dumps(head)}\n{json.dumps(sample)}\n")
    return folder


def test_a_recording_of_a_detector_that_is_not_here_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="of no_such, which this batchbot does not have"):
        replayed(recording(tmp_path, "no_such", {}))


@pytest.mark.parametrize(
    ("detector", "data"),
    [
        ("failed_detector", {"stuck_queue": {}}),
        ("failed_detector", {"stuck_queue": 7}),
        ("failed_detector", {"stuck_queue": {"reason": "KeyError", "since": "soon"}}),
        ("late_messages", {"depth": "many"}),
        ("missed_ticks", {}),
    ],
)
def test_a_sample_that_makes_no_sense_is_refused_in_words(
    detector: str, data: Any, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"samples\.jsonl at 2025-11-18T22:00"):
        replayed(recording(tmp_path, detector, data))
