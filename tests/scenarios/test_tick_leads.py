"""No command of what live ticks tell leads to nothing: storms, sources, broken detectors."""

from dataclasses import replace

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.policy.storm import STORM
from bot.alerts.self_monitoring.failed_detectors import FAILED_DETECTOR
from bot.alerts.self_monitoring.unreadable_sources import UNREADABLE_SOURCE
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.domain.alert import Judgement, Sample, Sight
from bot.ports import Sources, Watch
from tests.support.fakes.alerts import Clock, ScriptedDetector, clear, condition
from tests.support.fakes.sources import context
from tests.support.leads import alert_leads_to_nothing
from tests.support.ticks import run

MANY = 8


class BlindDetector(ScriptedDetector):
    """A detector whose source cannot be read."""

    name = "lost_callbacks"

    async def sample(self, watch: Watch) -> Sample:
        return Sample(watch.now, {}, "cj_database: refused")


class BrokenDetector(ScriptedDetector):
    """A detector that breaks."""

    name = "batch_idle"

    async def sample(self, watch: Watch) -> Sample:
        raise ValueError("broken")


async def test_each_command_of_what_ticks_open_finds_something(database_url: str) -> None:
    clock, store = Clock(), Store(database_url, "test")
    await store.open()
    storm = ScriptedDetector(clear(*(condition(f"queue-{n}") for n in range(MANY))))
    blind = BlindDetector(Judgement(Sight.UNREADABLE, note="refused"))
    watcher = LiveWatcher(Sources(), environment="test", wants=lambda _: True)
    tick = Tick(store, [storm, blind, BrokenDetector()], watcher, environment="test", now=clock)
    await run(tick, clock, 12)
    alerts = await store.alerts(clock())
    assert {STORM, UNREADABLE_SOURCE, FAILED_DETECTOR} <= {one.detector for one in alerts}
    asked = context(Sources(memory=store), clock())
    wrong = [
        told
        for one in alerts
        for told in await alert_leads_to_nothing(one.detector, one.condition, asked)
    ]
    assert wrong == []
    (folding,) = (one for one in alerts if one.detector == STORM)
    planted = replace(folding.condition, next=("/alerts list nothing-like-it",))
    assert await alert_leads_to_nothing(STORM, planted, asked)
    await store.close()
