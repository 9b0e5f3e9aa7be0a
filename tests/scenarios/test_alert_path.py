"""From log events to thread replies with the real detectors, a real Postgres and restarts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.poster import Poster
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.domain.alert import Reason
from bot.ports import Sources
from bot.registry import detectors
from tests.support.fakes.alerts import Clock
from tests.support.fakes.messenger import FakeMessenger
from tests.support.fakes.sources import event
from tests.support.ticks import GrowingLog

FROZEN_AFTER, FROZEN_UNTIL, END = 600, 3000, 3600


def _second(log: GrowingLog, clock: Clock, second: int) -> None:
    """Write what the queue's loop logs in this second: frozen at size 1, else turning over.

    What stood is answered in the end; an item that only vanished would be told as lost.
    """
    frozen = FROZEN_AFTER <= second < FROZEN_UNTIL
    if second % 30 == 0:
        fields: dict[str, Any] = {"queue_current_size": int(frozen), "queue_queued_count": 0}
        log.events.append(event(clock(), "queue_metrics_snapshot", **fields))
    if second == FROZEN_UNTIL - 1:
        stood = "Request 4e1b2d00-0000-4000-8000-000000000000 completed successfully"
        log.events.append(event(clock(), stood))
    if not frozen and second % 15 == 0:
        log.events.append(event(clock(), "serial_bundle_dispatch", bundle_size=1))
        done = "Request 3f2a1c00-0000-4000-8000-000000000000 completed successfully"
        log.events.append(event(clock() + timedelta(milliseconds=5), done))


async def test_forty_frozen_minutes_are_one_thread_also_over_a_restart(
    new_database: Callable[..., str], database_url: str
) -> None:
    clock, log, slack = Clock(), GrowingLog(), FakeMessenger()

    async def start() -> tuple[Store, Tick]:
        store = Store(database_url, "test")
        await store.open()
        made = [detector(detector.Settings()) for detector in detectors().values()]
        wants = lambda one: any(detector.wants(one) for detector in made)  # noqa: E731
        watcher = LiveWatcher(Sources(logs=log), environment="test", wants=wants)  # type: ignore[arg-type]
        return store, Tick(store, made, watcher, environment="test", now=clock)

    store, tick = await start()
    for second in range(END):
        _second(log, clock, second)
        if second == 1500:
            await store.close()
            store, tick = await start()
        if second % 15 == 14:
            now = clock()
            await tick.run()
            await Poster(store, slack, "C1", now=clock, sleep=clock.sleep).drain()
            clock.now = now
        clock.pass_(seconds=1)
    (head,) = slack.heads()
    opened = head.message.alert.opened_at
    reasons = [one.message.reason for one in slack.replies(head.ts)]
    assert timedelta(minutes=5) <= opened - (clock() - timedelta(seconds=END - FROZEN_AFTER))
    assert reasons.count(Reason.RESOLVE) == 1
    assert reasons[-1] is Reason.RESOLVE
    assert Reason.OPEN not in reasons
    assert len(reasons) <= 3
    await store.close()
