"""A service that cannot start is told at once, with why, until it says that it runs."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.detectors.services.start_failed import StartFailed, StartFailedSettings
from bot.domain.alert import Condition, Window
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.sources.log_format.parser import parse_lines
from tests.support.scenes import NAMES, NOW, TICK, played
from tests.support.watches import GivenWatch, said

DATABASE = 'role "huleedu_user2" does not exist'
AUTH = "asyncpg.exceptions.InvalidAuthorizationSpecificationError"
TRACE = f'Traceback (most recent call last):\n  File "app.py", line 1, in f\n{AUTH}: {DATABASE}'
JSON = json.dumps(
    {
        "logger_name": "cj_assessment_service.startup",
        "event": f"Failed to initialize CJ Assessment Service: {DATABASE}",
        "timestamp": "2025-11-19T00:29:35.967503Z",
        "level": "critical",
        "exception": TRACE,
    }
)
CONSOLE = (
    f"2025-11-19 00:29:36 [critical ] Failed to start CJ Assessment Service: {DATABASE} "
    f"[cj_assessment_service.app]\n{TRACE}"
)
SERVER = (
    "2025-11-19 00:29:36 [info     ] Metrics initialized [llm_provider_service.startup]\n"
    "Traceback (most recent call last):\n"
    '  File "asyncio.py", line 9, in f\n'
    "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 5432)\n"
    "\nDuring handling of the above exception, another exception occurred:\n\n"
    "Traceback (most recent call last):\n"
    '  File "lifespan.py", line 118, in asgi_send\n'
    "hypercorn.utils.LifespanFailureError: Lifespan failure in startup. 'boom'"
)


def read(text: str, role: Role = Role.CJ) -> tuple[LogEvent, ...]:
    """Return the events of a log's lines."""
    lines = text.encode().split(b"\n")
    name = NAMES[role]
    return tuple(parse_lines(lines, service=name, container=name, role=role, zone=UTC))


async def told(*ticks: tuple[LogEvent, ...]) -> tuple[Condition, ...]:
    """Return what is wrong after ticks that bring these lines."""
    now = max(one.at or NOW for events in ticks for one in events)
    watches = [
        GivenWatch(now + TICK * (n + 1), now + TICK * n, logs=Followed(events))
        for n, events in enumerate(ticks)
    ]
    return (await played(StartFailed(StartFailedSettings()), watches)).conditions


@pytest.mark.parametrize(
    ("line", "role", "why"),
    [
        (JSON, Role.CJ, "its database does not know its user"),
        (CONSOLE, Role.CJ, "its database does not know its user"),
        (SERVER, Role.LLM_PROVIDER, "a server that it needs refuses its connection"),
        (CONSOLE.replace(AUTH, "asyncpg.exceptions.UndefinedTableError"), Role.CJ, "a table is"),
        (CONSOLE.replace(AUTH, "RuntimeError"), Role.CJ, "it fails with RuntimeError"),
    ],
)
async def test_a_failed_start_is_told_with_its_causes_class(
    line: str, role: Role, why: str
) -> None:
    (found,) = await told(read(line, role))
    assert why in str(found.headline)
    assert found.next[0]


async def test_two_lines_of_one_start_are_one_try_and_each_further_start_is_one() -> None:
    (once,) = await told(read(f"{JSON}\n{CONSOLE}"))
    later = read(CONSOLE.replace("00:29:36", "00:31:36"))
    (twice,) = await told(read(f"{JSON}\n{CONSOLE}"), later)
    assert once.since == twice.since
    assert ["2 tries" in str(one.title) for one in (once, twice)] == [False, True]


async def test_it_lasts_until_the_service_says_that_it_runs() -> None:
    at = datetime(2025, 11, 19, 0, 59, 17, tzinfo=UTC)
    quiet = tuple(() for _ in range(120))
    assert await told(read(CONSOLE), *quiet)
    runs = said(at, "CJ Assessment Service started successfully", level="info", role=Role.CJ)
    service = LogEvent(at, "cj_assessment_service", "cj", Role.CJ, "info", runs.event)
    assert not await told(read(CONSOLE), *quiet, (service,))


async def test_another_process_goes_on_from_what_was_kept() -> None:
    first, then = StartFailed(StartFailedSettings()), StartFailed(StartFailedSettings())
    sample = await first.sample(GivenWatch(NOW, NOW - TICK, logs=Followed(read(CONSOLE))))
    then.resume([sample])
    now = NOW + timedelta(minutes=1)
    again = await then.sample(GivenWatch(now, now - TICK, logs=Followed(())))
    assert then.judge(Window((again,), NOW), now).conditions


@pytest.mark.parametrize(
    "line",
    [
        CONSOLE.replace("critical ", "info     ").partition("\n")[0],
        "2025-11-19 00:29:36 [critical ] Failed to initialize tracing: x [content.startup]",
        "2025-11-19 00:29:36 [critical ] Failed to start conversation [cj]",
    ],
)
async def test_another_line_is_none(line: str) -> None:
    assert await told(read(line)) == ()
