"""Batches that end for one cause: one message, one thread, one acknowledgement, on a real store."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import ClassVar

import pytest

from bot.alerts.poster import Poster
from bot.alerts.store.postgres import Store
from bot.domain.alert import AlertState, Condition, Reason
from bot.slack.blocks.alert import render
from tests.support.fakes.alerts import START, Clock, ScriptedDetector, clear, condition
from tests.support.fakes.messenger import FakeMessenger
from tests.support.ticks import run, tick_of

CAUSE = "ended without a result: Kafka did not take the answers"


class Ends(ScriptedDetector):
    """A detector of ends, which happened once."""

    name: ClassVar[str] = "batch_failed"
    of_events: ClassVar[bool] = True


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "test")
    await store.open()
    yield store
    await store.close()


def end(number: int) -> Condition:
    """Return the end of a batch."""
    told = f"Batch {number} {CAUSE}"
    return condition(
        f"batch {number}", since=START + number * timedelta(seconds=15), batch=str(number),
        group=CAUSE, headline=told, title=told, known=CAUSE, lasts=False,
    )  # fmt: skip


async def test_four_ends_are_one_message_until_somebody_looks_after_them(store: Store) -> None:
    clock, slack = Clock(), FakeMessenger()
    poster = Poster(store, slack, "C1", now=clock, sleep=clock.sleep)
    detector = Ends()
    for count in range(1, 5):
        detector.says = clear(*(end(number) for number in range(11, 11 + count)))
        # Each tick is of a process of its own: what is of one group outlives a restart.
        await run(tick_of(store, [detector], clock), clock)
        await poster.drain()
    (head,) = slack.heads()
    replies = [one.message.reason for one in slack.replies(head.ts)]
    assert replies == [Reason.UPDATE] * 3
    clock.pass_(minutes=1)
    await poster.drain()
    shown = str(render(head.message))
    assert f"Batches 11 to 14 {CAUSE}" in shown
    assert "*About* batches 11 to 14" in shown

    await store.acknowledge("batch_failed/test/batch_11", by="U1", now=clock())
    await run(tick_of(store, [detector], clock), clock, 2)
    states = {one.subject: one.state for one in await store.load_alerts(START)}
    assert set(states.values()) == {AlertState.RESOLVED}
    assert len(states) == 4
    detector.says = clear(*(end(number) for number in range(11, 16)))
    await run(tick_of(store, [detector], clock), clock)
    await poster.drain()
    assert [one.message.alert.subject for one in slack.heads()] == ["batch 11", "batch 15"]
