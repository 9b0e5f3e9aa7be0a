import asyncio
from typing import Any

import pytest

from bot.domain.evidence import Missing
from bot.errors import SourceError
from bot.monitoring.source_calls import timed_sources
from bot.ports import Sources


class Slow:
    name = "slow"

    async def read(self, outcome: str) -> str:
        if outcome == "error":
            raise SourceError("slow", "broken")
        if outcome == "timeout":
            raise SourceError("slow", "late", timed_out=True)
        if outcome == "cancelled":
            raise asyncio.CancelledError
        return outcome

    def take(self) -> str:
        return "taken"


@pytest.mark.parametrize("outcome", ["ok", "error", "timeout", "cancelled"])
async def test_each_call_of_a_source_is_timed_by_its_outcome(outcome: str) -> None:
    seen: list[tuple[str, str, str]] = []
    sources = timed_sources(
        Sources(queue=Slow()),  # type: ignore[arg-type]
        lambda source, method, how, seconds: seen.append((source, method, how)),
    )
    queue: Any = sources.queue
    if outcome == "ok":
        assert await queue.read(outcome) == "ok"
    else:
        with pytest.raises((SourceError, asyncio.CancelledError)):
            await queue.read(outcome)
    assert seen == [("slow", "read", outcome)]
    assert queue.take() == "taken"


def test_what_is_missing_or_not_configured_stays_so() -> None:
    absent = Missing("logs", "no Engine")
    sources = timed_sources(Sources(logs=absent), lambda *_: None)
    assert sources.logs is absent
    assert sources.queue is None
