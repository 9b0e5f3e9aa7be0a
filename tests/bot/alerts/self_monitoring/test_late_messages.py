"""Slack that took no message for long is told of, once, when it takes them again."""

from datetime import timedelta

import pytest

from bot.alerts.poster import Poster
from bot.alerts.self_monitoring.late_messages import (
    LATE_MESSAGES,
    OutboxHealth,
    judge_late_messages,
)
from bot.alerts.store.postgres import Store
from bot.domain.alert import Reason
from bot.errors import PostFailure
from tests.support.fakes.alerts import START, Clock, ScriptedDetector, clear, condition
from tests.support.fakes.messenger import FakeMessenger
from tests.support.ticks import run, tick_of

AFTER = START + timedelta(minutes=20)


@pytest.mark.parametrize(
    ("waiting", "is_late"),
    [
        (OutboxHealth(), False),
        (OutboxHealth(40, START, 0), False),
        (OutboxHealth(1, START, 3, "503", AFTER - timedelta(minutes=4)), False),
        (OutboxHealth(1, START, 3, "503", AFTER - timedelta(minutes=5)), True),
    ],
)
def test_messages_are_late_once_one_was_refused_for_five_minutes(
    waiting: OutboxHealth, is_late: bool
) -> None:
    assert bool(judge_late_messages(waiting, (), AFTER).conditions) is is_late


async def test_twenty_minutes_without_slack_are_told_once_and_end(database_url: str) -> None:
    clock, slack = Clock(), FakeMessenger()
    store = Store(database_url, "test")
    await store.open()
    tick = tick_of(store, [ScriptedDetector(clear(condition()))], clock)
    slack.will(*[PostFailure.UNAVAILABLE] * 1_000)
    poster = Poster(store, slack, "C1", now=clock, sleep=clock.sleep)
    for _ in range(80):
        await run(tick, clock)
        await poster.step()
    assert slack.posted == []
    slack.faults.clear()
    for _ in range(40):
        await run(tick, clock)
        await poster.step()
    late_head = next(one for one in slack.heads() if one.message.alert.detector == LATE_MESSAGES)
    assert "alerts since 2025-11-18T23:48" in late_head.message.alert.condition.title
    *repeats, last = [one.message.reason for one in slack.replies(late_head.ts)]
    assert set(repeats) <= {Reason.REPEAT}
    assert last is Reason.RESOLVE
    assert len(slack.heads()) == 2
    await store.close()
