"""`/batch watch` begins, lists and stops; one watch of a batch in a channel."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.batch import BatchHeader, BatchRows
from bot.domain.report import Report
from bot.errors import NotFoundError, SourceError, UsageError
from bot.ports import Asker, CommandContext, Sources
from commands.batch.command import parse, run
from tests.support.fakes.sources import FakeDatabase, FakeMemory

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)
HEADER = BatchHeader(34, "abcdef00-0000-4000-8000-000000000001", "c", "PENDING", None, NOW)


async def ask(text: str, memory: FakeMemory | None, asker: Asker) -> Report:
    """Run one command."""
    sources = Sources(database=FakeDatabase([BatchRows(HEADER)]), memory=memory)
    return await run(parse(text), CommandContext(sources, lambda: NOW, asker))


async def test_a_watch_begins_once_is_listed_and_stopped() -> None:
    memory, asker = FakeMemory(), Asker("U1", "C1", thread_ts="1.5")
    first = await ask("watch abcdef", memory, asker)
    assert (first.facts["batch_id"], first.facts["new"]) == (34, True)
    assert (await ask("watch 34", memory, asker)).facts["new"] is False
    assert (await ask("watch list", memory, asker)).facts["batches"] == [34]
    (waits,) = memory.waits
    assert (waits.channel, waits.thread_ts, waits.asker) == ("C1", "1.5", "U1")
    with pytest.raises(NotFoundError):
        await ask("watch stop 34", memory, replace(asker, channel="C2"))
    await ask("watch stop 34", memory, asker)
    assert (await ask("watch list", memory, asker)).facts["batches"] == []


async def test_a_batch_that_has_ended_is_not_waited_for() -> None:
    memory, asker = FakeMemory(), Asker("U1", "C1")
    over = replace(HEADER, batch_id=35, status="COMPLETE_STABLE", state="COMPLETED")
    over = replace(over, completed_at=NOW)
    sources = Sources(database=FakeDatabase([BatchRows(over)]), memory=memory)
    told = await run(parse("watch 35"), CommandContext(sources, lambda: NOW, asker))
    assert "has ended already" in str(told.summary)
    assert (told.actions, memory.waits) == (("/batch status 35",), [])


@pytest.mark.parametrize("asker", [Asker("terminal", "terminal"), Asker("U1", "U1")])
async def test_a_place_without_messages_is_told_where_to_ask(asker: Asker) -> None:
    with pytest.raises(UsageError):
        await ask("watch 34", FakeMemory(), asker)


async def test_an_unknown_batch_is_not_watched_and_a_memory_is_needed() -> None:
    memory, asker = FakeMemory(), Asker("U1", "C1")
    assert not (await ask("watch 9999", memory, asker)).found
    assert memory.waits == []
    with pytest.raises(SourceError):
        await ask("watch 34", None, asker)
