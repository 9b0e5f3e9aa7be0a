"""A watched batch in the local workspace: one message, edited, over restarts, and one mention."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import CHANNELS
from bot.domain.batch import BatchHeader, BatchRows, PairCounts
from bot.ports import Sources
from bot.requests.watching import BatchWatcher
from bot.slack.outbound.watch_messages import WatchMessages
from bot.slack.outbound.web_api import Web, make_client
from tests.support.fakes.alerts import START, Clock
from tests.support.fakes.sources import FakeDatabase, FakeMemory

INCIDENTS = CHANNELS["incidents"]


def rows(
    done: int, at: datetime, *, status: str = "PENDING", state: str = "WAITING_CALLBACKS"
) -> BatchRows:
    """Return batch 34 as it is with so many comparisons done."""
    header = BatchHeader(34, "b", "c", status, state, START)
    return BatchRows(
        header,
        PairCounts(total=10, essay_a=done, first_submitted_at=START, last_completed_at=at),
    )


@dataclass
class Watched:
    """A watch in a workspace; `look` is what a bot that just started would do."""

    space: Workspace
    web: Web
    memory: FakeMemory = field(default_factory=FakeMemory)
    database: FakeDatabase = field(default_factory=FakeDatabase)
    clock: Clock = field(default_factory=Clock)

    async def look(self, *batches: BatchRows) -> list[dict[str, Any]]:
        """Look once, as a new process, and return what stands in the channel."""
        self.database.batches = batches
        sources = Sources(database=self.database)
        await BatchWatcher(sources, self.memory, WatchMessages(self.web), self.clock).step()
        return self.space.space.messages[INCIDENTS]


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    async with Workspace() as space, aiohttp.ClientSession() as session:
        one = Watched(space, Web(make_client(space.bot_token, space.api_url, session)))
        one.clock.now = datetime.now(START.tzinfo)
        await one.memory.watch(
            34, channel=INCIDENTS, thread_ts="", asker="U0ONCALL0", now=one.clock()
        )
        yield one


async def test_a_batch_is_followed_to_its_end_and_its_asker_mentioned_once(
    watched: Watched,
) -> None:
    now = watched.clock()
    (message,) = await watched.look(rows(3, now))
    assert "3 of 10" in message["text"]
    watched.memory.waits = [type(one)(**{**vars_of(one), "ts": ""}) for one in watched.memory.waits]
    (message,) = await watched.look(rows(7, now))
    assert "7 of 10" in message["text"]
    assert watched.space.space.would_notify == 0
    message, reply = await watched.look(rows(10, now, status="COMPLETE_STABLE"))
    assert "Batch 34 has ended: 10 of 10" in message["text"]
    assert (reply["thread_ts"], "<@U0ONCALL0>" in reply["text"]) == (message["ts"], True)
    assert watched.memory.waits == []
    assert len(await watched.look(rows(10, now, status="COMPLETE_STABLE"))) == 2
    assert watched.space.space.would_notify == 1


async def test_one_that_stands_still_is_said_so_and_ends_the_watch(watched: Watched) -> None:
    last = watched.clock()
    await watched.look(rows(3, last))
    watched.clock.now = last + timedelta(minutes=6)
    (message,) = await watched.look(rows(3, last))
    assert "stands still for 6 min" in message["text"]
    assert "not known" in str(message["blocks"])
    watched.clock.now = last + timedelta(minutes=15)
    _, reply = await watched.look(rows(3, last))
    assert "stands still for 15 min" in reply["text"]
    assert watched.memory.waits == []


async def test_one_that_ended_without_a_result_is_never_told_as_well(watched: Watched) -> None:
    now = watched.clock()
    message, reply = await watched.look(rows(3, now, status="ERROR_PROCESSING"))
    for one in (message, reply):
        assert "🔴 Batch 34 has ended without a result: 3 of 10 comparisons done" in one["text"]


async def test_one_that_was_cancelled_has_not_ended_well(watched: Watched) -> None:
    message, reply = await watched.look(rows(3, watched.clock(), state="CANCELLED"))
    told = "⚠️ Batch 34 was cancelled, no line says by whom: 3 of 10 comparisons done"
    assert message["text"] == told
    assert reply["text"].endswith(told)


async def test_when_it_will_be_done_is_two_times_in_their_reader_s_zone(watched: Watched) -> None:
    now = watched.clock()
    watched.clock.now = now + timedelta(minutes=1)
    (message,) = await watched.look(rows(5, now))
    assert str(message["blocks"]).count("<!date^") == 2
    assert "<!date" not in message["text"]


def vars_of(one: Any) -> dict[str, Any]:
    """Return the fields of a slotted dataclass."""
    return {name: getattr(one, name) for name in one.__slots__}
