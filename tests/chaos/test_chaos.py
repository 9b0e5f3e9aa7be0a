"""A small version of each chaos scenario; `python -m tests.chaos` runs them whole."""

import pytest

from tests.chaos import kills, slack
from tests.chaos.table import Row

# Longer than a slow machine takes to start a replica.
QUICK = kills.Pace(round=2, quiet=30, lease=2)


def broken(rows: list[Row]) -> list[Row]:
    """Return the rows whose promise was not kept."""
    return [row for row in rows if not row.ok]


@pytest.mark.marathon
async def test_replicas_that_are_killed_lose_and_double_nothing() -> None:
    assert broken(await kills.run(rounds=3, seed=3, pace=QUICK)) == []


@pytest.mark.marathon
async def test_what_slack_does_loses_and_doubles_nothing() -> None:
    assert broken(await slack.run_failures(keys=6)) == []


@pytest.mark.marathon
async def test_a_storm_is_a_few_messages_and_every_alert_resolves() -> None:
    assert broken(await slack.run_storm(alerts=60)) == []


def test_the_channel_is_judged_by_what_stands_in_it() -> None:
    head = {"ts": "1", "thread_ts": "", "text": "✅ Resolved: uq_batch_0000", "blocks": []}
    red = {**head, "text": "🔴 uq_batch_0000"}
    end = {"ts": "2", "thread_ts": "1", "text": "✅ Resolved", "blocks": []}
    twice = {**head, "ts": "3"}
    names = ["uq_batch_0000", "uq_batch_0001"]
    assert kills.judge([head, end], names[:1]).clean
    assert kills.judge([head], names[:1]).unresolved == ("uq_batch_0000",)
    assert kills.judge([head, end, twice], names[:1]).doubled == ("uq_batch_0000",)
    assert kills.judge([red, end], names[:1]).red == ("uq_batch_0000",)
    assert kills.judge([head, end], names).missing == ("uq_batch_0001",)
