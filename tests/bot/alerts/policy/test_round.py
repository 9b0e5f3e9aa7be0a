"""The tick and the replay judge by the same round; the tick's day brings its digest."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.policy.round import (
    SOURCE_OPEN_TICKS,
    decide_round,
    evaluate,
    policy_settings,
    retention,
)
from bot.alerts.poster import Poster
from bot.alerts.self_monitoring.failed_detectors import FAILED_DETECTOR
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.domain.alert import Judgement, Reason, Sample, Sight, Standing
from bot.domain.evidence import Missing
from bot.domain.mute import Mute
from bot.ports import Sources
from tests.support.fakes.alerts import START, Clock, ScriptedDetector, clear, condition
from tests.support.fakes.messenger import FakeMessenger


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "np")
    await store.open()
    yield store
    await store.close()


def tick_of(store: Store, detector: ScriptedDetector, clock: Clock, **options: object) -> Tick:
    """Return a tick over one scripted detector."""
    watcher = LiveWatcher(options.pop("sources", Sources()), wants=lambda _: True)  # type: ignore[arg-type]
    return Tick(store, [detector], watcher, environment="np", now=clock, **options)  # type: ignore[arg-type]


def test_a_sample_adds_to_the_window_and_judges_all_of_it() -> None:
    detector = ScriptedDetector(clear(condition()))
    first = evaluate(detector, None, Sample(START), START)
    later = START + timedelta(seconds=15)
    second = evaluate(detector, first.window, Sample(later), later)
    assert [sample.at for sample in second.window.samples] == [START, later]
    assert second.judgement.conditions == (condition(),)
    assert retention(detector) == timedelta(minutes=15)


def test_the_bot_s_own_alerts_have_their_own_patience() -> None:
    settings = policy_settings(None, "unreadable_source", "np", 15)
    assert (settings.open_ticks, settings.flap_clear_ticks) == (SOURCE_OPEN_TICKS, 40)
    assert policy_settings(None, "failed_detector", "np", 15).open_ticks == 1


def test_a_broken_detector_is_an_alert_and_keeps_sources_unreadable() -> None:
    failed = clear(condition("bad", rule="failed-detector"))
    settings = lambda name: policy_settings(None, name, "np", 15)  # noqa: E731
    ((_, decision),) = decide_round({}, [], START, settings, own={FAILED_DETECTOR: failed})
    assert decision.alert.key == "failed_detector/np/bad"


async def test_one_missed_read_is_no_news_and_a_second_is_one_alert(store: Store) -> None:
    clock = Clock()
    detector = ScriptedDetector(Judgement(Sight.UNREADABLE, note="refused"))
    tick = tick_of(store, detector, clock)
    counts = []
    for unreadable in ("cj_database: refused", "", *["cj_database: refused"] * 3, "", "", ""):

        async def sample(watch: object, words: str = unreadable) -> Sample:
            return Sample(clock(), {}, words)

        detector.sample = sample  # type: ignore[method-assign]
        detector.says = Judgement(Sight.UNREADABLE if unreadable else Sight.CLEAR)
        await tick.run()
        clock.pass_(seconds=15)
        counts.append((await store.outbox_health()).depth)
    assert counts[:4] == [0, 0, 0, 1]
    events = await store.events("unreadable_source/np/cj_database")
    assert [event.reason for event in reversed(events)] == [Reason.OPEN, Reason.RESOLVE]


async def test_a_day_of_silence_is_one_digest_also_over_a_restart(store: Store) -> None:
    clock, slack = Clock(), FakeMessenger()
    detector = ScriptedDetector(clear(condition()))
    tick = tick_of(store, detector, clock)
    await tick.run()
    await store.mute(Mute("stuck_queue", by="U1"), now=clock())
    for hour in range(50):
        if hour == 10:
            tick = tick_of(store, detector, clock)
        clock.pass_(hours=1)
        await tick.run()
        now = clock()
        await Poster(store, slack, "C1", now=clock, sleep=clock.sleep).drain()
        clock.now = now
    (alert,) = await store.alerts(clock())
    assert alert.standing is Standing.MUTED
    digests = [one for one in slack.heads() if one.message.reason is Reason.DIGEST]
    assert [str(one.message.alert.condition.title)[-7:] for one in digests] == ["1 muted"] * 2
    replies = [one.message.alert.detector for one in slack.posted if one.thread_ts]
    assert "stuck_queue" not in replies


async def test_no_digest_is_said_when_it_is_switched_off(store: Store) -> None:
    clock = Clock()
    tick = tick_of(store, ScriptedDetector(clear(condition())), clock, digest_hours=0)
    await store.mute(Mute("all"), now=clock())
    for _ in range(3):
        await tick.run()
        clock.pass_(hours=30)
    assert (await store.outbox_health()).depth == 0


async def test_an_unreadable_log_is_one_alert_whoever_reads_it(store: Store) -> None:
    from bot.registry import detectors

    clock = Clock()
    made = [detector(detector.Settings()) for detector in detectors().values()]
    sources = Sources(logs=Missing("docker_logs", "cannot be reached"))
    watcher = LiveWatcher(sources, environment="np", wants=lambda _: True)
    tick = Tick(store, made, watcher, environment="np", now=clock)
    for _ in range(4):
        await tick.run()
        clock.pass_(seconds=15)
    (alert,) = await store.alerts(clock())
    assert alert.key == "unreadable_source/np/docker_logs"
    for name in ("database_errors", "rejected_callbacks"):
        assert name in str(alert.condition.evidence)
