"""Alerts that flap, last and storm for long are judged again as they were lived, after pruning."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.alerts.poster import Poster
from bot.alerts.store import commands
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.ports import Sources
from commands.alerts.command import COMMAND
from commands.alerts.request import parse
from tests.support.exports import judged_again, known, lived, tick_over, told, waiting
from tests.support.fakes.alerts import Clock, clear, scripted
from tests.support.fakes.messenger import FakeMessenger
from tests.support.fakes.sources import FakeDatabase, context, down
from tests.support.ticks import tick_of

BOOM = RuntimeError("boom")


class Life:
    """A store with its clock and poster, and whatever ticks on them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock = store, clock
        self.database = FakeDatabase()
        self.broken = scripted("bad", clear())
        self._poster = Poster(store, FakeMessenger(), "C1", now=clock, sleep=clock.sleep)

    def all_detectors(self) -> Tick:
        """Return a tick of every detector, and of one that can be broken."""
        return tick_over(self.store, Sources(database=self.database), self.clock, self.broken)

    def one_detector(self) -> Tick:
        """Return a tick of the one that can be broken."""
        return tick_of(self.store, [self.broken], self.clock)

    async def go(self, tick: Tick, ticks: int, *, seconds: float = 15) -> None:
        """Let ticks pass, and say what there is to say."""
        for _ in range(ticks):
            self.clock.pass_(seconds=seconds)
            await tick.run()
        await self._poster.drain()


@pytest.fixture
async def life(database_url: str) -> AsyncIterator[Life]:
    store = Store(database_url, "np")
    await store.open()
    yield Life(store, Clock())
    await store.close()


async def a_detector_that_breaks_again_and_again(life: Life) -> str:
    tick = life.one_detector()
    for _ in range(3):
        for says, ticks in ((BOOM, 1), (clear(), 20)):
            life.broken.says = says
            await life.go(tick, ticks)
    await life.go(tick, 60)
    return "failed_detector"


async def a_detector_that_is_broken_for_hours(life: Life) -> str:
    tick, life.broken.says = life.one_detector(), BOOM
    await life.go(tick, 150, seconds=60)
    life.broken.says = clear()
    await life.go(tick, 30)
    return "failed_detector"


async def a_source_that_came_back_while_a_detector_was_broken(life: Life) -> str:
    tick, life.database.error = life.all_detectors(), down("cj_database")
    await life.go(tick, 8)
    life.broken.says = BOOM
    await life.go(tick, 20)
    life.database.error = None
    await life.go(tick, 120)
    life.broken.says = clear()
    await life.go(tick, 60)
    return "unreadable_source"


async def a_batch_that_flaps(life: Life) -> str:
    tick = life.all_detectors()
    await life.go(tick, 25)
    for _ in range(3):
        for batches in (waiting(life.clock, 1), ()):
            life.database.batches = batches
            await life.go(tick, 20)
    await life.go(tick, 60)
    return "lost_callbacks"


async def a_batch_that_waits_for_hours(life: Life) -> str:
    tick, life.database.batches = life.all_detectors(), waiting(life.clock, 1)
    await life.go(tick, 150, seconds=60)
    life.database.batches = ()
    await life.go(tick, 30)
    return "lost_callbacks"


async def a_storm_that_flaps(life: Life) -> str:
    tick, many = life.all_detectors(), waiting(life.clock, 12)
    await life.go(tick, 25)
    for batches in (many, (), many, (), many, (), (), (), ()):
        life.database.batches = batches
        await life.go(tick, 20)
    return "storm"


async def a_storm_that_lasts(life: Life) -> str:
    tick, many = life.all_detectors(), waiting(life.clock, 16)
    await life.go(tick, 25)
    for batches in (many[:12], many[:14], many, many[4:], ()):
        life.database.batches = batches
        await life.go(tick, 70, seconds=60)
    return "storm"


async def a_storm_long_after_other_alerts(life: Life) -> str:
    tick = life.all_detectors()
    for count in range(1, 9):
        life.database.batches = waiting(life.clock, count)
        await life.go(tick, 6)
    await life.go(tick, 385, seconds=60)
    life.database.batches = waiting(life.clock, 20)
    await life.go(tick, 20)
    return "storm"


Lived = Callable[[Life], Awaitable[str]]
LIVES: tuple[Lived, ...] = (
    a_detector_that_breaks_again_and_again,
    a_source_that_came_back_while_a_detector_was_broken,
    a_batch_that_flaps,
    a_batch_that_waits_for_hours,
)
LONG_LIVES: tuple[Lived, ...] = (
    a_detector_that_is_broken_for_hours,
    a_storm_that_flaps,
    a_storm_that_lasts,
)


@pytest.mark.parametrize(
    "story",
    [*LIVES, *(pytest.param(one, marks=pytest.mark.marathon) for one in LONG_LIVES)],
    ids=lambda one: one.__name__,
)
async def test_it_is_judged_again_as_it_was_lived(story: Lived, life: Life, tmp_path: Path) -> None:
    word = await story(life)
    events = [told(one) for one in await lived(life.store)]
    mine = {key for _, key, *_ in events} if word == "storm" else {
        key for _, key, *_ in events if str(key).startswith(f"{word}/")
    }  # fmt: skip
    again = await judged_again(life.store, word, life.clock, tmp_path)
    found = [one for one in known(again) if one[1] in mine]
    assert Counter(found) == Counter(one for one in events if one[1] in mine)


@pytest.mark.marathon
async def test_alerts_from_before_the_recording_are_no_storm(life: Life, tmp_path: Path) -> None:
    word = await a_storm_long_after_other_alerts(life)
    events = [told(one) for one in await lived(life.store)]
    again = known(await judged_again(life.store, word, life.clock, tmp_path))
    assert [one for one in again if "storm" in str(one[1])] == [
        one for one in events if "storm" in str(one[1])
    ]


async def test_samples_are_kept_of_what_is_wrong_alone_and_go_when_they_are_old(
    life: Life,
) -> None:
    tick = life.one_detector()
    await life.go(tick, 10)
    assert await samples_of(life) == 0
    life.broken.says = BOOM
    await life.go(tick, 8)
    assert await samples_of(life) == 8
    life.broken.says = clear()
    await life.go(tick, 100)
    kept = await samples_of(life)
    assert 8 < kept < 30
    life.clock.pass_(days=4)
    await life.go(tick, 40)
    assert await samples_of(life) == 0


@pytest.mark.marathon
async def test_how_an_alert_that_lasts_for_days_began_is_kept(life: Life, tmp_path: Path) -> None:
    tick, life.broken.says = life.one_detector(), BOOM
    await life.go(tick, 4)
    opened = (await lived(life.store))[0]
    await life.go(tick, 4 * 24 * 13, seconds=280)
    again = await judged_again(life.store, "failed_detector", life.clock, tmp_path)
    assert (again[0]["at"], again[0]["event"]) == (opened.at.isoformat(), "open")


@pytest.mark.marathon
async def test_of_too_many_samples_those_in_the_middle_are_left_out_and_that_is_said(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MOST_RECORDED", 20)
    word = await a_batch_that_waits_for_hours(life)
    mine = [told(one) for one in await lived(life.store) if one.key.startswith(word)]
    report = await COMMAND.run(
        parse(f"export {word}"), context(Sources(memory=life.store), life.clock())
    )
    assert report.facts["samples"] == 20
    assert "in the middle left out" in report.summary
    again = known(await judged_again(life.store, word, life.clock, tmp_path))
    assert [again[-1]] == [mine[-1]]


async def samples_of(life: Life) -> int:
    """Return how many samples are kept of detectors that broke."""
    since = life.clock() - timedelta(days=30)
    return len(await life.store.load_samples("failed_detector", since))
