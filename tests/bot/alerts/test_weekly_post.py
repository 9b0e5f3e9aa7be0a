"""The week is told once by two replicas and over a restart, by the rows of a real database."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.policy.weekly import MondayAt
from bot.alerts.poster import Poster
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.alerts.weekly_post import WeeklyPost
from bot.demo.incident.rows import load
from bot.ports import Sources
from bot.service.weekly import told_week
from bot.sources.cj.database import CjPostgres
from tests.support.fakes.alerts import Clock
from tests.support.fakes.messenger import FakeMessenger
from tests.support.fakes.sources import at

# The Monday after the incident's night.
EIGHT = at("2025-11-24T08:00:00")


@pytest.fixture
def cj_url(new_database: Callable[..., str]) -> str:
    return new_database()


@pytest.fixture
async def cj(cj_url: str) -> AsyncIterator[CjPostgres]:
    await load(cj_url, "then")
    database = CjPostgres(cj_url)
    yield database
    await database.close()


@pytest.fixture
async def stores(database_url: str) -> AsyncIterator[tuple[Store, Store]]:
    found = Store(database_url, "np"), Store(database_url, "np")
    for one in found:
        await one.open()
    yield found
    for one in found:
        await one.close()


async def test_two_replicas_and_a_restart_tell_the_week_once(
    stores: tuple[Store, Store], cj: CjPostgres
) -> None:
    clock, slack = Clock(), FakeMessenger()
    clock.now = EIGHT - timedelta(hours=2)
    sources = Sources(database=cj)

    def tick_of(store: Store) -> Tick:
        watcher = LiveWatcher(Sources(), wants=lambda _: True)
        weekly = WeeklyPost(MondayAt(time(8)), lambda since, now: told_week(sources, since, now))
        return Tick(store, [], watcher, environment="np", now=clock, weekly=weekly)

    ticks = [tick_of(store) for store in stores]
    for hour in range(6):
        for tick in ticks:
            await tick.run()
        if hour == 3:
            await stores[0].close()
            await stores[0].open()
            ticks = [tick_of(store) for store in reversed(stores)]
        now = clock()
        await Poster(stores[1], slack, "C1", now=clock, sleep=clock.sleep).drain()
        clock.now = now + timedelta(hours=1)
    (head,) = (one for one in slack.heads() if one.message.alert.detector == "weekly")
    condition = head.message.alert.condition
    assert "batches ended well in the last" in str(condition.headline)
    told = {line.source: str(line.text) for line in condition.evidence}
    assert "failed comparisons: 1 batch" in told.values()
    assert "Comparisons valid" in told


async def test_a_week_that_cannot_be_read_is_said_and_one_without_a_batch_is_not(
    cj: CjPostgres,
) -> None:
    unread = await told_week(Sources(), EIGHT - timedelta(days=7), EIGHT)
    assert unread is not None
    assert "could not be read" in str(unread.headline)
    years = timedelta(days=800)
    assert await told_week(Sources(database=cj), EIGHT + years, EIGHT + 2 * years) is None


async def test_a_message_that_is_days_late_says_since_when_and_not_last_week(
    cj: CjPostgres,
) -> None:
    week, night = timedelta(days=7), datetime(2025, 11, 19, 12, tzinfo=UTC)
    for sources in (Sources(), Sources(database=cj)):
        on_time = await told_week(sources, night - week, night + timedelta(hours=3))
        late = await told_week(sources, night - week, night + timedelta(days=4))
        assert on_time is not None
        assert late is not None
        assert "last week" in str(on_time.headline).casefold()
        assert "last week" not in str(late.headline).casefold()
        assert "since 2025-11-12" in str(late.headline).casefold()
