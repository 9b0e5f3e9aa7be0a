"""The tick on a real Postgres: isolation, restarts, takeover, what is not concluded."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bot.alerts.store.postgres import Store
from bot.detectors._event_counts import QuietSettings
from bot.detectors.services.database_errors import DatabaseErrors
from bot.domain.alert import Alert, AlertState, Judgement, Sample, Sight
from bot.errors import SourceError
from tests.support.fakes.alerts import START, Clock, ScriptedDetector, clear, condition, scripted
from tests.support.fakes.sources import event
from tests.support.ticks import TICK, GrowingLog, run, tick_of


@dataclass
class Carrying(ScriptedDetector):
    """A detector that carries something from sample to sample."""

    went_on_from: list[datetime] = field(default_factory=list)

    def resume(self, samples: Sequence[Sample]) -> None:
        self.went_on_from.append(samples[-1].at)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "test")
    await store.open()
    yield store
    await store.close()


async def alerts_of(store: Store) -> dict[str, Alert]:
    return {alert.detector: alert for alert in await store.load_alerts(START)}


async def test_a_lasting_fault_is_one_alert_also_after_a_restart(store: Store) -> None:
    clock, detector = Clock(), ScriptedDetector(clear(condition()))
    await run(tick_of(store, [detector], clock), clock, 3)
    again = ScriptedDetector(clear(condition()))
    await run(tick_of(store, [again], clock), clock, 2)
    assert (await store.outbox_health()).depth == 1
    window = again.windows[-1]
    assert (len(window.samples), window.started_at) == (5, START)
    again.says = clear()
    await run(tick_of(store, [again], clock), clock)
    assert (await alerts_of(store))["stuck_queue"].state is AlertState.RESOLVED


async def test_a_restart_neither_forgets_nor_repeats_log_events(store: Store) -> None:
    clock, log = Clock(), GrowingLog()
    detector = ScriptedDetector()
    first = tick_of(store, [detector], clock, log)
    for number in range(8):
        log.events.append(event(clock() - timedelta(seconds=1), f"line {number}"))
        if number == 3:
            await first.close()
            first = tick_of(store, [detector], clock, log)
        await run(first, clock)
    assert [one.event for one in detector.seen] == [f"line {number}" for number in range(8)]
    assert log.follows == 2


@pytest.mark.parametrize("seen_before", [True, False])
async def test_a_line_written_before_a_tick_and_read_after_it_outlives_a_restart(
    store: Store, seen_before: bool
) -> None:
    clock, log, detector = Clock(), GrowingLog(), ScriptedDetector(clear())
    if seen_before:
        log.events.append(event(START - timedelta(minutes=5), "IntegrityError early"))
    await run(tick_of(store, [detector], clock, log), clock)
    late = event(START - timedelta(seconds=3), "IntegrityError late")
    log.events.append(late)
    after = ScriptedDetector(clear())
    await run(tick_of(store, [after], clock, log), clock)
    assert after.seen == [late]


@pytest.mark.parametrize("behind", [True, False])
async def test_who_takes_over_ends_nothing_before_the_lines_of_before_are_read(
    store: Store, behind: bool
) -> None:
    clock, log = Clock(), GrowingLog()
    said = "IntegrityError at a second finalisation"
    log.events.append(event(clock(), said, level="error"))
    await run(tick_of(store, [DatabaseErrors(QuietSettings())], clock, log), clock)
    clock.pass_(minutes=10)
    log.events.append(event(clock(), said, level="error"))
    clock.pass_(minutes=10)
    log.behind = behind
    after = tick_of(store, [DatabaseErrors(QuietSettings())], clock, log)
    await run(after, clock)
    log.behind = False
    await run(after, clock)
    alert = (await alerts_of(store))["database_errors"]
    assert (alert.state, alert.count, len(alert.opens)) == (AlertState.FIRING, 2, 1)
    clock.pass_(minutes=10)
    await run(after, clock)
    assert (await alerts_of(store))["database_errors"].state is AlertState.RESOLVED


async def test_a_tick_that_could_not_be_written_is_looked_at_again(store: Store) -> None:
    clock, log, detector = Clock(), GrowingLog(), ScriptedDetector()
    tick = tick_of(store, [detector], clock, log)
    await run(tick, clock)
    log.events.append(event(clock(), "seen twice, written once"))
    clock.pass_(seconds=1)
    broken, store.save_tick = store.save_tick, _refuse  # type: ignore[method-assign]
    await run(tick, clock)
    assert tick.state.problem
    store.save_tick = broken  # type: ignore[method-assign]
    await run(tick, clock)
    assert not tick.state.problem
    samples = await store.load_samples("stuck_queue", START - timedelta(hours=1))
    assert [sample.data["events"] for sample in samples] == [0, 1]


async def _refuse(record: object) -> None:
    raise SourceError("memory", "the bot's own database failed")


async def _refuse_lead() -> bool:
    raise SourceError("memory", "the bot's own database failed")


async def test_what_fires_is_counted_also_while_its_detector_fails(store: Store) -> None:
    clock, detector = Clock(), ScriptedDetector(clear(condition()))
    tick = tick_of(store, [detector], clock)
    await run(tick, clock, 3)
    assert tick.state.firing == {("stuck_queue", "error"): 1}
    detector.says = RuntimeError("boom")
    await run(tick, clock, 2)
    assert tick.state.firing == {("stuck_queue", "error"): 1, ("failed_detector", "warn"): 1}


async def test_one_failing_detector_is_told_once_rests_and_silences_no_other(store: Store) -> None:
    clock = Clock()
    bad = scripted("bad", RuntimeError("boom"))
    good = ScriptedDetector(clear(condition()))
    tick = tick_of(store, [bad, good], clock)
    await run(tick, clock, 6)
    told = await alerts_of(store)
    assert told["stuck_queue"].state is AlertState.FIRING
    assert told["failed_detector"].subject == "bad"
    assert (tick.state.detectors, set(tick.state.failing)) == (("bad", "stuck_queue"), {"bad"})
    assert (await store.outbox_health()).depth == 2
    assert len(bad.windows) < 6
    bad.says = clear()
    await run(tick, clock, 12)
    assert (await alerts_of(store))["failed_detector"].state is AlertState.RESOLVED


async def test_an_unreadable_source_resolves_nothing(store: Store) -> None:
    clock, detector = Clock(), ScriptedDetector(clear(condition()))
    tick = tick_of(store, [detector], clock)
    await run(tick, clock)
    detector.says = Judgement(Sight.UNREADABLE, note="redis is down")
    await run(tick, clock, 30)
    assert (await alerts_of(store))["stuck_queue"].state is AlertState.FIRING


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_stepped_clock_begins_a_new_window(store: Store, step: timedelta) -> None:
    clock, detector = Clock(), ScriptedDetector()
    tick = tick_of(store, [detector], clock)
    await run(tick, clock, 3)
    clock.now += step
    await run(tick, clock)
    assert detector.windows[-1].started_at == detector.windows[-1].samples[-1].at


async def test_only_the_leader_ticks_and_the_other_takes_over(
    store: Store, database_url: str
) -> None:
    clock = Clock()
    one, two = ScriptedDetector(clear(condition())), ScriptedDetector(clear(condition()))
    other = Store(database_url, "test")
    await other.open()
    leader, follower = tick_of(store, [one], clock), tick_of(other, [two], clock)
    await run(leader, clock)
    await run(follower, clock)
    assert (len(one.windows), len(two.windows)) == (1, 0)
    await store.close()
    for _ in range(1_000):
        await follower.run()
        if follower.state.leading:
            break
    assert len(two.windows) == 1
    assert (await other.outbox_health()).depth == 1
    await other.close()


async def test_who_stands_by_ticks_as_soon_as_the_leader_is_gone(
    store: Store, database_url: str
) -> None:
    clock = Clock()
    other = Store(database_url, "test")
    await other.open()
    leader, follower = tick_of(store, [], clock), tick_of(other, [], clock)
    await run(leader, clock)
    assert (await leader.keep_lead(), await follower.keep_lead()) == (False, False)
    await store.close()
    while not await follower.keep_lead():
        pass
    await follower.run()
    assert (await follower.keep_lead(), follower.state.ticks) == (False, 1)
    await other.close()


async def test_who_lost_its_session_and_stands_by_again_is_well(
    store: Store, database_url: str
) -> None:
    clock = Clock()
    other = Store(database_url, "test")
    await other.open()
    former, next_one = tick_of(store, [], clock), tick_of(other, [], clock)
    await run(former, clock)
    lead, store.lead = store.lead, _refuse_lead  # type: ignore[method-assign]
    await run(former, clock)
    assert (former.state.leading, former.state.problem) == (False, "the bot's own database failed")
    store.lead = lead  # type: ignore[method-assign]
    store._drop_lead()
    while not next_one.state.leading:
        await next_one.run()
    await run(former, clock)
    state = former.state
    assert (state.leading, state.problem, state.stood_by_at) == (False, "", clock() - TICK)
    await other.close()


async def test_a_lead_that_cannot_be_kept_is_not_claimed_until_the_next_tick(store: Store) -> None:
    clock = Clock()
    tick = tick_of(store, [], clock)
    await run(tick, clock)
    store.keep = _refuse_lead  # type: ignore[method-assign]
    assert await tick.keep_lead() is False
    assert tick.state.leading is False


async def test_a_cause_hides_its_symptom_and_says_so(store: Store) -> None:
    clock = Clock()
    gone = condition("llm_provider_service", rule="container-gone")
    cause = scripted("container_gone", clear(gone))
    symptom = ScriptedDetector(clear(condition()))
    tick = tick_of(store, [symptom, cause], clock)
    await run(tick, clock, 2)
    told = await alerts_of(store)
    assert told["stuck_queue"].state is AlertState.PENDING
    assert told["container_gone"].hides == 1
    cause.says = clear()
    await run(tick, clock, 2)
    assert (await alerts_of(store))["stuck_queue"].state is AlertState.FIRING


@pytest.mark.parametrize("away", [timedelta(minutes=1), timedelta(hours=9)])
async def test_what_a_detector_carries_along_outlives_a_pause_of_any_length(
    store: Store, away: timedelta
) -> None:
    clock, first, second = Clock(), Carrying(clear()), Carrying(clear())
    await run(tick_of(store, [first], clock), clock, 3)
    clock.pass_(seconds=away.total_seconds())
    await run(tick_of(store, [second], clock), clock)
    assert second.went_on_from == [first.windows[-1].samples[-1].at]
