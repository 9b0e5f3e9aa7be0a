"""In per_request mode, without Redis, only log lines tell of a queue; its standstills are told."""

from collections.abc import Mapping

import pytest

from bot.detectors.stuck_queue.detector import StuckQueue, StuckQueueSettings
from bot.domain.alert import Judgement
from bot.domain.followed import Followed
from bot.domain.log import Role
from bot.domain.report import unproven_files
from tests.support.queue_lines import line, snapshot
from tests.support.scenes import NOW, TICK, played, told
from tests.support.watches import GivenWatch


def name(number: int) -> str:
    return f"{number:08d}-2222-4333-8444-555555555555"


def begun(number: int) -> str:
    return f"Processing queued request {name(number)}, provider: anthropic"


def done(number: int) -> str:
    return f"Request {name(number)} completed successfully"


def queued(number: int) -> str:
    return f"Queued request {name(number)} with priority 5, TTL 14400s"


BEAT, START, BROKEN = (
    "Queue processor stats",
    "Queue processor started",
    "Error in queue processing loop: x",
)
HEALTHY = {n: (queued(n), begun(n), done(n)) for n in range(0, 120, 3)}
ORPHAN = {0: (queued(1), begun(1)), 2: (START,)}
LATER = {n: texts for n, texts in HEALTHY.items() if n >= 6}


def told_lines(lines: Mapping[int, tuple[str, ...]], ticks: int) -> list[GivenWatch]:
    found = []
    for n in range(ticks):
        at = NOW + TICK * n
        events = tuple(line(at + TICK * k / 100, text) for k, text in enumerate(lines.get(n, ())))
        found.append(
            GivenWatch(
                at + TICK, at, logs=Followed(events, containers={"worker-1": Role.LLM_PROVIDER})
            )
        )
    return found


def beating(*texts: str, first: int = 2, every: int = 20) -> dict[int, tuple[str, ...]]:
    return dict.fromkeys(range(first, 200, every), texts)


@pytest.mark.parametrize(
    ("lines", "ticks", "rules"),
    [
        (HEALTHY, 120, []),
        (beating(BEAT), 120, []),
        ({0: (queued(1),), **beating(BEAT)}, 40, ["queue-frozen"]),
        ({0: (queued(1),), **beating(BEAT)}, 15, []),
        ({0: (queued(1),), **beating(BROKEN, every=1)}, 40, ["queue-frozen"]),
        ({0: (queued(1),), **beating(START, every=4)}, 40, ["queue-frozen"]),
        ({0: (queued(1),), 30: (begun(1), done(1)), **beating(BEAT)}, 45, []),
        (ORPHAN | beating(BEAT, first=3), 40, ["orphaned-item"]),
        (ORPHAN | LATER, 40, ["orphaned-item"]),
        (ORPHAN | LATER, 15, []),
        ({**ORPHAN, **LATER, 12: (done(1),)}, 60, []),
        ({0: (queued(1), begun(1), done(1)), 2: (START,), **LATER}, 60, []),
    ],
)
async def test_what_single_requests_tell(
    lines: dict[int, tuple[str, ...]], ticks: int, rules: list[str]
) -> None:
    detector = StuckQueue(StuckQueueSettings())
    assert told(await played(detector, told_lines(lines, ticks))) == rules


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (BEAT, "the circuit breaker is open"),
        (BROKEN, "the loop logs an error at each turn"),
        (START, "the worker starts anew and again"),
    ],
)
async def test_why_nobody_takes_a_request_is_said_as_far_as_the_loop_tells(
    text: str, cause: str
) -> None:
    lines = {0: (queued(1),), **beating(text, every=4)}
    judgement = await played(StuckQueue(StuckQueueSettings()), told_lines(lines, 40))
    assert cause in judgement.conditions[0].why


async def test_an_orphan_is_told_until_its_time_to_live_and_then_as_expired() -> None:
    detector = StuckQueue(StuckQueueSettings())
    hours = 4 * 60 * 4
    quiet = dict.fromkeys(range(3, hours + 60, 20), (BEAT,))
    watches = told_lines(ORPHAN | quiet, hours + 40)
    (before,) = (await played(detector, watches[: hours - 40])).conditions
    assert name(1) in before.title
    assert unproven_files(before.evidence)  # no real log shows how such a request fails
    (after,) = (await played(detector, watches[hours - 40 :])).conditions
    assert "expired at 2025-11-19T04:30:00+00:00, not completed" in after.title


@pytest.mark.parametrize(
    ("stuck", "expired", "rules"),
    [(1, False, ["orphaned-item"]), (0, False, []), (1, True, [])],
)
async def test_an_orphan_beside_work_that_goes_on_is_told_from_snapshots(
    stuck: int, expired: bool, rules: list[str]
) -> None:
    """Expired entries count in the size until a clean-up, so beside them it takes longer."""
    watches = []
    for n in range(26):
        at = NOW + TICK * n
        events = [snapshot(at, stuck)] if not n % 2 else []
        events += [line(at, begun(n)), line(at, done(n))] if not n % 12 else []
        events += [line(at, f"Request {name(99)} has expired")] if expired and n == 5 else []
        watches.append(GivenWatch(at, at - TICK, logs=Followed(tuple(events))))
    judgement = await played(StuckQueue(StuckQueueSettings()), watches)
    assert told(judgement) == rules
    assert all("the loop works on" in one.why + one.title for one in judgement.conditions)


async def _with_dead_entries(dead: int, waiting: int, ticks: int) -> Judgement:
    """Watch a loop that took four items at the start and writes its counts alone since."""
    watches = []
    for n in range(ticks):
        at = NOW + TICK * n
        events = [snapshot(at, dead + waiting, waiting)] if n > 24 else [snapshot(at, 0)]
        events += [line(at, begun(n)), line(at, done(n))] if n == 24 else []
        watches.append(GivenWatch(at, at - TICK, logs=Followed(tuple(events))))
    return await played(StuckQueue(StuckQueueSettings()), watches)


@pytest.mark.parametrize(
    ("dead", "waiting", "rules"),
    # Of fewer the loop still sees what waits, and a full front with nothing behind it holds up none
    [(10, 7, ["head-of-line-blocked"]), (14, 1, ["head-of-line-blocked"]), (9, 7, []), (10, 0, [])],
)
async def test_a_dead_front_is_told_by_snapshots_within_two_minutes(
    dead: int, waiting: int, rules: list[str]
) -> None:
    assert told(await _with_dead_entries(dead, waiting, ticks=25 + 8)) == rules


async def test_a_loop_that_takes_nothing_is_not_said_to_work_on() -> None:
    watches = []
    for n in range(30):
        at = NOW + TICK * n
        events = [snapshot(at, 3 + (4 if n > 8 else 0), 4 if n > 8 else 0)]
        events += [line(at, begun(n)), line(at, done(n))] if n == 6 else []
        watches.append(GivenWatch(at, at - TICK, logs=Followed(tuple(events))))
    (condition,) = (await played(StuckQueue(StuckQueueSettings()), watches)).conditions
    assert "none of 4 taken since" in condition.title


async def test_a_queue_behind_a_provider_that_stopped_names_it_as_stopped() -> None:
    watches = []
    for n in range(60):
        at = NOW + TICK * n
        events = [snapshot(at, 3, 3)] if n < 4 else []
        events += [line(at, "Queue processor stopped")] if n == 4 else []
        watches.append(GivenWatch(at, at - TICK, logs=Followed(tuple(events))))
    (condition,) = (await played(StuckQueue(StuckQueueSettings()), watches)).conditions
    assert condition.rule == "queue-frozen"
    assert "The provider stopped at " in condition.title


@pytest.mark.parametrize(
    ("then", "stuck"),
    [
        (((3, 3),), True),
        (((3, 3), (1, 0)), True),
        (((3, 4), (3, 3), (2, 1)), True),
        (((3, 3), (2, 2)), False),
        (((0, 0),), False),
    ],
)
async def test_one_snapshot_whose_counts_were_not_read_at_once_ends_no_orphan(
    then: tuple[tuple[int, int], ...], stuck: bool
) -> None:
    """What comes between the two counts hides the item that no worker holds."""
    shown = [*[(1, 0)] * 14, *then]
    watches = []
    for n, counts in enumerate(shown):
        at = NOW + 2 * TICK * n
        events = (snapshot(at, *counts), line(at, begun(n)), line(at, done(n)))
        watches.append(GivenWatch(at, at - 2 * TICK, logs=Followed(events)))
    judgement = await played(StuckQueue(StuckQueueSettings()), watches)
    assert told(judgement) == ["orphaned-item"] * stuck
    assert [one.since for one in judgement.conditions] == [NOW] * stuck
