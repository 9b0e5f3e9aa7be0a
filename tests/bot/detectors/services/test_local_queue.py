"""While the provider queues in its own memory, people are told, and not to restart it."""

from collections.abc import Sequence

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.services.local_queue import LocalQueue
from bot.domain.alert import Judgement
from bot.domain.log import Followed, LogEvent, Role
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch, said

ID = "5352ba4c-6226-458c-aa82-24ff1fa071a4"
LOCAL = f"Using local queue for request {ID}"
UNHEALTHY = "Redis marked unhealthy after 3 failures: Connection refused"


async def _judged(*lines: str, role: Role = Role.LLM_PROVIDER, quiet: int = 0) -> Judgement:
    events = tuple(said(NOW - quiet * TICK, one, role=role) for one in lines)
    ticks: Sequence[tuple[LogEvent, ...]] = [events, *[()] * quiet]
    watches = [
        GivenWatch(NOW - n * TICK, NOW - (n + 1) * TICK, logs=Followed(one))
        for n, one in zip(range(quiet, -1, -1), ticks, strict=True)
    ]
    return await played(LocalQueue(QuietSettings()), watches)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([UNHEALTHY, LOCAL, LOCAL], "keeps 2 requests in its own memory"),
        ([UNHEALTHY], "cannot reach Redis"),
    ],
)
async def test_it_tells_what_the_provider_keeps_itself(lines: list[str], kept: str) -> None:
    (found,) = (await _judged(*lines)).conditions
    assert kept in str(found.headline)
    assert "do not restart" in str(found.next[1])


async def test_it_is_over_when_it_was_quiet_for_long_and_opens_on_nothing_else() -> None:
    assert told(await _judged(LOCAL, quiet=61)) == []
    assert told(await _judged("Redis connection restored", f"Queued request {ID}")) == []
    assert told(await _judged(LOCAL, role=Role.CJ)) == []
