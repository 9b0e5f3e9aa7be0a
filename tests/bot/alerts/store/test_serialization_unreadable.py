"""What stands in the bot's memory and cannot be read any more is skipped with a word, no end."""

import logging
from collections.abc import AsyncIterator, Sequence

import pytest

from bot.alerts.policy.lifecycle import PolicySettings, decide
from bot.alerts.store.postgres import Store
from bot.alerts.store.tick_writer import TickRecord
from bot.domain.mute import Mute
from tests.support.fakes.alerts import Clock, clear, condition

SETTINGS = PolicySettings("stuck_queue", "test")
NEWER = "another_version"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(database_url, "test")
    await store.open()
    assert await store.lead()
    yield store
    await store.close()


async def open_two(store: Store, clock: Clock) -> None:
    """Open two alerts, each with a message that waits for Slack."""
    found = [condition(), condition(subject="test/other")]
    decisions = [(None, decide(None, one, clear(), clock(), SETTINGS, ())) for one in found]
    await store.save_tick(TickRecord(clock(), decisions=decisions))


@pytest.mark.parametrize(
    ("what", "spoil"),
    [
        ("alert", """UPDATE alert SET body = body || '{"state": "%s"}' WHERE key LIKE '%other'"""),
        ("alert", "UPDATE alert SET body = body - 'condition' WHERE key LIKE '%other'"),
        ("event", "UPDATE alert_event SET reason = '%s' WHERE key LIKE '%other'"),
        ("silence", "UPDATE mute SET kind = '%s' WHERE pattern = 'other'"),
        ("message", "UPDATE outbox SET body = body - 'alert' WHERE key LIKE '%test/llm%'"),
        ("message", """UPDATE outbox SET body = jsonb_set(body, '{alert}', '"%s"')
                       WHERE key LIKE '%test/llm%'"""),
    ],
)  # fmt: skip
async def test_a_row_that_cannot_be_read_is_skipped_with_a_word_and_the_others_are_read(
    store: Store, what: str, spoil: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    await open_two(store, clock)
    for pattern in ("one", "other"):
        await store.mute(Mute(pattern, by="U1", since=clock()), now=clock())
    reads = {"alert": 2, "event": 2, "silence": 2, "message": 2}
    assert await _read(store, clock) == reads
    await store._rows("UPDATE outbox SET state = 'ready', lease_until = NULL")
    await store._rows(spoil.replace("%s", NEWER))
    assert await _read(store, clock) == {**reads, what: 1}
    said = {record.getMessage() for record in caplog.records if record.levelno == logging.WARNING}
    assert len(said) == 1
    assert said.pop().startswith(f"a stored {what} cannot be read and is skipped: ")


async def _read(store: Store, clock: Clock) -> dict[str, int]:
    known = await store.load_alerts(clock())
    assert await store.alerts(clock()) != []
    claimed: Sequence[object] = [
        one for _ in range(3) if (one := await store.claim("here", clock())) is not None
    ]
    return {
        "alert": len(known),
        "event": len(await store.events()),
        "silence": len(await store.mutes(clock())),
        "message": len(claimed),
    }
