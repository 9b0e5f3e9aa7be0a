import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import SourceError
from bot.monitoring.state import PosterState, TickState
from bot.monitoring.vitals import Vitals

START = datetime(2025, 11, 18, 23, 0, tzinfo=UTC)


@dataclass
class Waiting:
    depth: int = 0
    oldest: datetime | None = None


@dataclass
class Memory:
    waiting: Waiting = field(default_factory=Waiting)
    broken: str = ""

    async def outbox_health(self) -> Any:
        if self.broken:
            raise SourceError("memory", self.broken)
        return self.waiting


@dataclass
class Bench:
    memory: Memory = field(default_factory=Memory)
    ticks: TickState = field(default_factory=lambda: TickState(leading=True, last_at=START))
    posts: PosterState = field(default_factory=PosterState)
    at: datetime = START

    def vitals(self) -> Vitals:
        return Vitals(self.ticks, self.memory, lambda: self.at, 15.0, posts=self.posts)


async def readiness(bench: Bench, vitals: Vitals) -> dict[str, tuple[bool, str]]:
    await vitals.poll()
    return {name: check() for name, check in vitals.checks().items()}


async def test_a_leader_that_ticks_is_ready_and_so_is_a_replica_that_stands_by() -> None:
    bench = Bench()
    assert (await readiness(bench, bench.vitals()))["ticks"] == (True, "leading")
    bench.ticks.leading, bench.at = False, START + timedelta(hours=5)
    assert (await readiness(bench, bench.vitals()))["ticks"] == (True, "standing by")


@pytest.mark.parametrize(
    ("leading", "depth", "well"), [(True, 1, False), (True, 0, True), (False, 1, True)]
)
async def test_what_slack_once_refused_concerns_who_leads_and_only_while_it_waits(
    leading: bool, depth: int, well: bool
) -> None:
    bench = Bench(Memory(Waiting(depth, START)))
    bench.ticks.leading, bench.posts.failing_since = leading, START
    assert (await readiness(bench, bench.vitals()))["alerts"][0] is well


@pytest.mark.parametrize("leading", [True, False])
async def test_that_nobody_knows_where_to_post_is_told_by_every_process(leading: bool) -> None:
    bench = Bench()
    bench.ticks.leading, bench.posts.channel_missing = leading, True
    bench.posts.failing_since, bench.posts.problem = START, "SLACK_ALERT_CHANNEL=x is not found"
    assert (await readiness(bench, bench.vitals()))["alerts"] == (
        False,
        "SLACK_ALERT_CHANNEL=x is not found since 2025-11-18T23:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("problem", "stood_by_at", "late"),
    [("", None, False), ("no database", None, True), ("no database", 280, False)],
)
async def test_who_cannot_tell_whether_another_leads_is_late_since_it_last_knew(
    problem: str, stood_by_at: int | None, late: bool
) -> None:
    bench = Bench(at=START + timedelta(seconds=300))
    bench.ticks.leading, bench.ticks.problem = False, problem
    if stood_by_at is not None:
        bench.ticks.stood_by_at = START + timedelta(seconds=stood_by_at)
    vitals = bench.vitals()
    assert (vitals.lateness(bench.at) is not None) is late


def _slack_is_away(bench: Bench) -> None:
    bench.memory.waiting = Waiting(1, START)
    bench.posts.failing_since, bench.posts.problem = START, "Slack is away"


@pytest.mark.parametrize(
    ("change", "check", "words"),
    [
        (lambda b: setattr(b, "at", START + timedelta(seconds=61)), "ticks", "no tick for 61 s"),
        (lambda b: setattr(b.ticks, "problem", "the memory is away"), "ticks", "memory is away"),
        (lambda b: setattr(b.memory, "broken", "no database"), "memory", "no database"),
        (
            _slack_is_away,
            "alerts",
            "Slack is away since 2025-11-18T23:00:00+00:00",
        ),
        (
            lambda b: setattr(b.memory, "waiting", Waiting(3, START - timedelta(minutes=6))),
            "alerts",
            "3 messages wait, the oldest for 6 min",
        ),
    ],
)
async def test_what_is_not_well_is_said_with_its_reason(
    change: Any, check: str, words: str
) -> None:
    bench = Bench()
    vitals = bench.vitals()
    change(bench)
    ok, detail = (await readiness(bench, vitals))[check]
    assert not ok
    assert words in detail


async def test_the_dead_man_line_comes_while_ticks_are_on_time_and_stops_when_they_are_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bot.monitoring.vitals")
    bench = Bench()
    vitals = bench.vitals()
    for minute in range(60):
        bench.at = START + timedelta(minutes=minute)
        if not 20 <= minute < 40:
            bench.ticks.last_at = bench.at
        await vitals.poll()
    said = [record.getMessage() for record in caplog.records]
    assert sum("alive and watching" in line for line in said) == 5
    assert [line for line in said if "alive" not in line] == [
        "ticks are late: none for 120 s, nothing is watched",
        "ticks go on",
    ]


async def test_a_slack_that_is_away_for_long_is_an_error_line_once_and_its_return_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(Memory(Waiting(1, START)))
    vitals = bench.vitals()
    bench.posts.problem = "chat.postMessage: service_unavailable"
    for minute in range(20):
        bench.at = bench.ticks.last_at = START + timedelta(minutes=minute)
        bench.posts.failing_since = START if minute < 15 else None
        await vitals.poll()
    said = [record.getMessage() for record in caplog.records if "Slack" in record.getMessage()]
    assert len(said) == 2
    assert "do not reach Slack since 2025-11-18T23:00:00+00:00" in said[0]
    assert said[1] == "alerts reach Slack again"


@pytest.mark.parametrize(
    ("owns", "seconds", "alive"), [(True, 61, False), (True, 20, True), (False, 3600, True)]
)
async def test_an_own_database_that_stays_away_is_not_called_alive(
    owns: bool, seconds: int, alive: bool
) -> None:
    bench = Bench(Memory(broken="nobody listens"))
    vitals = bench.vitals()
    vitals.owns_memory = owns
    await vitals.poll()
    bench.at = START + timedelta(seconds=seconds)
    assert vitals.life_check() == (
        (True, "alive")
        if alive
        else (
            False,
            "the embedded PostgreSQL is away: nobody listens; since 2025-11-18T23:00:00+00:00",
        )
    )
    bench.memory.broken = ""
    await vitals.poll()
    assert vitals.life_check() == (True, "alive")
