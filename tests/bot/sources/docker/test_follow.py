"""Following on a real Engine: by its files and through its API, through what an Engine does."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from docker.types import LogConfig

from bot.domain.log import Role, Service
from bot.sources.docker.follow import DockerFollow
from bot.sources.docker.logs import DockerLogs
from tests.support.servers.engine import Engine, running_engine

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
SERVICES = (
    Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),
    Service("eng5_np_runner", "*eng5_np_runner*", Role.RUNNER),
)
EVENT = '{"event": "tick %d", "timestamp": "2025-11-18T23:48:20Z", "level": "info"}'
COUNT = """
i=$(cat /i 2>/dev/null)
i=${i:-0}
while [ $i -lt %d ]; do
  echo "{\\"event\\": \\"tick $i\\", \\"timestamp\\": \\"2025-11-18T23:48:20Z\\"}"
  i=$((i+1)); echo $i > /i; %s
done; sleep 60
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-engine-"))) as engine:
        yield engine


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for new containers ten times as often as on a server."""
    monkeypatch.setattr("bot.sources.docker.follow.WATCH_SECONDS", 0.1)


@asynccontextmanager
async def following(
    engine: Engine, *, direct: bool, needles: tuple[str, ...] | None = None
) -> AsyncIterator[DockerFollow]:
    folder = engine.data / "containers" if direct else None
    logs = DockerLogs([engine.url], SERVICES, UTC, folder)
    follow = await logs.follow(since=datetime(2025, 11, 1, tzinfo=UTC), needles=needles)
    try:
        yield follow
    finally:
        await follow.close()
        await logs.close()


class Seen:
    """What a follow brought of one container."""

    def __init__(self, follow: DockerFollow, name: str) -> None:
        self.follow = follow
        self.name = name
        self.events: list[str] = []
        self.restarted: set[str] = set()
        self.missing: set[str] = set()
        self.lost = 0

    async def until(self, last: str) -> list[str]:
        for _ in range(1_200):
            self.look()
            if last in self.events:
                break
            await asyncio.sleep(0.05)
        return self.events

    def look(self) -> None:
        taken = self.follow.take()
        self.events += [event.event for event in taken.events if event.container == self.name]
        self.restarted |= set(taken.restarted)
        self.missing |= set(taken.missing)
        self.lost += taken.lost


def ticks(end: int, start: int = 0) -> list[str]:
    return [f"tick {n}" for n in range(start, end)]


def count(end: int, pause: str = "") -> str:
    return COUNT % (end, pause)


@pytest.mark.parametrize("direct", [True, False])
async def test_rotation_repeats_nothing_and_its_files_lose_nothing(
    engine: Engine, direct: bool
) -> None:
    name = f"cj_assessment_service_rotating_{direct}"
    rotated = LogConfig(
        type="json-file", config={"max-size": "60k", "max-file": "9", "compress": "true"}
    )
    async with following(engine, direct=direct) as follow:
        container = engine.run(name, count(2_000), log_config=rotated)
        found = await Seen(follow, name).until("tick 1999")
        # A busy Engine before 23 leaves a follower of its API behind when it rotates.
        expected = ticks(2_000) if direct else [tick for tick in ticks(2_000) if tick in set(found)]
        assert found == expected
        assert found[-1] == "tick 1999"
        container.remove(force=True)


@pytest.mark.parametrize("direct", [True, False])
async def test_what_has_stopped_is_not_awaited_and_what_runs_reaches_as_far_as_its_lines(
    engine: Engine, direct: bool
) -> None:
    name = f"cj_assessment_service_stops_{direct}"
    began = datetime.now(UTC)
    async with following(engine, direct=direct) as follow:
        container = engine.run(name, count(3))
        seen = Seen(follow, name)
        await seen.until("tick 2")
        reached = follow.take().reached[name]
        assert began - timedelta(seconds=1) <= reached <= datetime.now(UTC)
        container.stop(timeout=0)
        for _ in range(1_200):
            if name not in follow.take().reached:
                break
            await asyncio.sleep(0.05)
        assert name not in follow.take().reached
        container.remove(force=True)


@pytest.mark.parametrize("direct", [True, False])
async def test_a_restart_of_the_container_is_told(engine: Engine, direct: bool) -> None:
    name = f"cj_assessment_service_restarted_{direct}"
    async with following(engine, direct=direct) as follow:
        container = engine.run(name, count(3))
        seen = Seen(follow, name)
        await seen.until("tick 2")
        container.exec_run(["/bin/sh", "-c", "echo 3 > /i"])
        container.restart(timeout=0)
        for _ in range(1_200):
            seen.look()
            if name in seen.restarted:
                break
            await asyncio.sleep(0.05)
        assert name in seen.restarted
        container.remove(force=True)


@pytest.mark.parametrize("direct", [True, False])
async def test_a_container_that_was_made_before_it_starts_did_not_start_again(
    engine: Engine, direct: bool
) -> None:
    name = f"cj_assessment_service_made_{direct}"
    container = engine.made(name, count(3))
    async with following(engine, direct=direct) as follow:
        seen = Seen(follow, name)
        container.start()
        assert await seen.until("tick 2") == ticks(3)
        assert name not in seen.restarted
    container.remove(force=True)


@pytest.mark.parametrize("direct", [True, False])
async def test_a_runner_that_is_started_for_its_next_run_did_not_start_again(
    engine: Engine, direct: bool
) -> None:
    name = f"huledu-eng5_np_runner-run-{direct}"
    async with following(engine, direct=direct) as follow:
        seen = Seen(follow, name)
        for run in (1, 2):
            container = engine.run(name, f"echo '{EVENT % run}'; sleep 60")
            await seen.until(f"tick {run}")
            container.remove(force=True)
        assert seen.events == ["tick 1", "tick 2"]
        assert not seen.restarted


@pytest.mark.marathon
@pytest.mark.parametrize("direct", [True, False])
async def test_a_restart_of_the_engine_loses_and_repeats_nothing(
    engine: Engine, direct: bool
) -> None:
    name = f"cj_assessment_service_survivor_{direct}"
    async with following(engine, direct=direct) as follow:
        policy = {"Name": "always"}
        container = engine.run(
            name, count(40, "sleep 0.05"), restart_policy=policy, stop_signal="SIGKILL"
        )
        seen = Seen(follow, name)
        await seen.until("tick 5")
        engine.stop()
        await asyncio.sleep(1.5)
        seen.look()
        engine.start()
        found = await seen.until("tick 39")
        # Who is killed between a line and the note of it writes that line again.
        container = engine.client.containers.get(name)
        assert found == [json.loads(line)["event"] for line in container.logs().splitlines()]
        assert set(ticks(40)) == set(found)
        assert seen.missing
        container.remove(force=True)


@pytest.mark.parametrize("direct", [True, False])
async def test_with_needles_only_their_events_come_whole(engine: Engine, direct: bool) -> None:
    name = f"cj_assessment_service_wanted_{direct}"
    trace = (
        "2025-11-18T23:48:21.1Z [error    ] broke [cj.worker]\\nTraceback (most recent call last):"
    )
    script = f"i=0; while [ $i -lt 500 ]; do echo '{EVENT % 1}'; i=$((i+1)); done; "
    script += f"printf '{trace}\\nKeyError: needle\\n'; echo '{EVENT % 2}'; sleep 60"
    async with following(engine, direct=direct, needles=("needle",)) as follow:
        container = engine.run(name, script)
        seen = Seen(follow, name)
        assert await seen.until("broke") == ["broke"]
        container.remove(force=True)
