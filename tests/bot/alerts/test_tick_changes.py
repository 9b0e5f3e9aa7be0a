"""Each tick writes down what changed, on a real Postgres; an alert that opens is told with it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.diagnosis.changes.noter import Noter
from bot.diagnosis.changes.sighting import Own
from bot.domain.alert import Sample
from bot.domain.changes.change import Change, ChangeKind, Noted, untimed
from bot.domain.log import LogEvent
from bot.domain.service_state import ContainerState
from bot.ports import Detector, Sources, Watch
from tests.support.fakes.alerts import START, Clock, ScriptedDetector, clear, condition
from tests.support.ticks import run

LPS = ContainerState("llm_provider_service", "lps", "1", "running", image_id="a1a1a1a1a1a1")
AFTER = replace(LPS, id="2", image_id="c3c3c3c3c3c3")


class Containers:
    """Containers that a test changes."""

    name = "containers"

    def __init__(self) -> None:
        self.now = (LPS,)

    async def containers(self) -> tuple[ContainerState, ...]:
        return self.now

    async def check(self) -> str:
        return ""


class Broken:
    """A noter that fails."""

    needles = ()

    def wants(self, event: LogEvent) -> bool:
        return False

    async def note(self, watch: Watch, known: object) -> None:
        raise RuntimeError("PLANTED")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "test")
    await store.open()
    yield store
    await store.close()


def tick_of(
    store: Store, detector: Detector, clock: Clock, containers: Containers, noter: object = None
) -> Tick:
    watcher = LiveWatcher(Sources(containers=containers), environment="test", wants=lambda _: True)
    noter = noter or Noter(Own("1"))
    return Tick(store, [detector], watcher, environment="test", now=clock, noter=noter)  # type: ignore[arg-type]


async def told(store: Store) -> list[str]:
    found = await store.changes(START - timedelta(days=1), START + timedelta(days=1))
    return [untimed(one) for one in found]


async def test_a_change_is_written_once_and_a_restart_of_the_bot_goes_on_from_what_was_known(
    store: Store,
) -> None:
    clock, engine, quiet = Clock(), Containers(), ScriptedDetector(clear())
    await run(tick_of(store, quiet, clock, engine), clock, 2)
    assert await told(store) == []
    engine.now = (AFTER,)
    await run(tick_of(store, ScriptedDetector(clear()), clock, engine), clock, 2)
    assert await told(store) == [
        "llm_provider_service recreated, image a1a1a1a1a1a1 → c3c3c3c3c3c3"
    ]
    known = await store.last_noted()
    assert known is not None
    assert known.known["since"] == START.isoformat()


async def test_a_change_that_is_noted_twice_is_told_once(store: Store) -> None:
    clock = Clock()
    again = Change(START, ChangeKind.RESTARTED, "llm_provider_service", is_exact=True)

    class Again(Broken):
        async def note(self, watch: Watch, known: object) -> Noted:  # type: ignore[override]
            return Noted((again,), {})

    tick = tick_of(store, ScriptedDetector(clear()), clock, Containers(), Again())
    await run(tick, clock, 2)
    assert await told(store) == ["llm_provider_service restarted"]


async def test_an_alert_that_opens_is_told_with_what_changed_shortly_before(store: Store) -> None:
    clock, engine, detector = Clock(), Containers(), ScriptedDetector(clear())
    tick = tick_of(store, detector, clock, engine)
    await run(tick, clock)
    engine.now = (AFTER,)
    await run(tick, clock)
    clock.pass_(minutes=10)
    detector.says = clear(condition(since=clock()))
    await run(tick, clock, 3)
    (alert,) = await store.alerts(clock())
    assert [one.after for one in alert.changed] == ["c3c3c3c3c3c3"]
    clock.pass_(hours=1)
    detector.says = clear()
    await run(tick, clock)
    detector.says = clear(condition(since=clock()))
    await run(tick, clock, 3)
    (again,) = await store.alerts(clock())
    assert again.changed == ()


async def test_a_noter_that_fails_is_reported_and_silences_no_detector(store: Store) -> None:
    clock, detector = Clock(), ScriptedDetector(clear(condition()))
    await run(tick_of(store, detector, clock, Containers(), Broken()), clock, 3)
    found = {alert.detector: alert for alert in await store.alerts(clock())}
    assert {"stuck_queue", "failed_detector"} <= set(found)
    assert "PLANTED" not in str(found)
    assert isinstance((await store.load_samples("stuck_queue", START))[0], Sample)
