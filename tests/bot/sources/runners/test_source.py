"""Runners are found by their command line alone, and nothing else is ever stopped."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import docker
import pytest

from bot.domain.log import Role, Service
from bot.domain.runner import RunnerKind
from bot.errors import SourceError
from bot.sources.runners.source import EngineRunners
from tests.support.servers.engine import IMAGE, Engine, running_engine

# The docker SDK leaves the sockets of ended streams to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

SERVICES = (
    Service("eng5_np_runner", "*eng5_np_runner-run-*", Role.RUNNER),
    Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),
)
OBEDIENT = "import sys, time\nprint('ready', flush=True)\ntime.sleep(60)\n"
STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "print('ready', flush=True)\ntime.sleep(60)\n"
)
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a script under a name, wait until it is ready, and end it afterwards."""
    started: list[subprocess.Popen[str]] = []

    def begin(code: str, *arguments: str, name: str = "eng5-np-run") -> "subprocess.Popen[str]":
        script = tmp_path / name
        script.write_text(code, encoding="utf-8")
        command = [sys.executable, str(script), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


async def test_a_running_process_is_listed_with_its_label_and_age(start: Start) -> None:
    process = start(OBEDIENT, "--mode", "execute", "--batch-id", "serial-bundle-1")
    listing = await EngineRunners((), SERVICES).list()
    (runner,) = [one for one in listing.runners if one.id == f"p{process.pid}"]
    assert runner.kind is RunnerKind.PROCESS
    assert runner.options == {"mode": "execute", "batch-id": "serial-bundle-1"}
    assert runner.started_at is not None
    assert listing.unreadable == ()


async def test_who_asks_at_the_same_time_shares_one_look_and_the_next_is_a_new_one() -> None:
    source = EngineRunners((), SERVICES)
    first, *others = await asyncio.gather(*(source.list() for _ in range(50)))
    assert all(one is first for one in others)
    assert await source.list() is not first
    await source.close()


@pytest.mark.parametrize(
    ("code", "grace", "outcome"),
    [(OBEDIENT, 10, "it ended"), (STUBBORN, 0.2, "it had to be killed")],
)
async def test_stop_asks_first_and_forces_after_the_grace(
    start: Start, code: str, grace: float, outcome: str
) -> None:
    process = start(code)
    assert await EngineRunners((), SERVICES).stop(f"p{process.pid}", grace_seconds=grace) == outcome
    assert process.poll() is not None


async def test_a_process_that_is_no_runner_is_never_stopped(start: Start) -> None:
    process = start(OBEDIENT, name="innocent")
    with pytest.raises(SourceError, match="no runner"):
        await EngineRunners((), SERVICES).stop(f"p{process.pid}", grace_seconds=1)
    assert process.poll() is None


async def test_an_engine_that_is_down_is_named_and_the_processes_are_still_listed(
    start: Start, tmp_path: Path
) -> None:
    process = start(OBEDIENT)
    source = EngineRunners((f"unix://{tmp_path}/none.sock",), SERVICES)
    listing = await source.list()
    assert f"p{process.pid}" in [one.id for one in listing.runners]
    (reason,) = [reason for _, reason in listing.unreadable]
    assert reason.startswith("the Docker Engine does not answer: ")
    with pytest.raises(SourceError, match="Docker Engine"):
        await source.check()
    await source.close()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-eng-"))) as running:
        yield running


@pytest.fixture
async def containers(engine: Engine) -> AsyncIterator[EngineRunners]:
    """The runners of a real Engine alone; whatever a test started is removed."""
    source = EngineRunners((engine.url,), SERVICES, processes=False)
    yield source
    await source.close()
    for container in engine.client.containers.list(all=True, ignore_removed=True):
        with suppress(docker.errors.APIError):  # one that removes itself may be at it
            container.remove(force=True)


PROJECT = {"com.docker.compose.project": "huleedu"}
OF_CJ = {**PROJECT, "com.docker.compose.service": "cj_assessment_service"}
OBEYS = "trap 'exit 0' TERM; while true; do sleep 0.05; done"
RESISTS = "trap '' TERM; while true; do sleep 0.05; done"


@pytest.mark.engine
async def test_runner_containers_are_known_by_name_or_label_and_others_are_not(
    engine: Engine, containers: EngineRunners
) -> None:
    by_name = engine.run("proj-eng5_np_runner-run-1a2b", OBEYS)
    by_label = engine.run("odd", OBEYS, labels={"com.docker.compose.service": "eng5_np_runner"})
    engine.run("huleedu_cj_assessment_service", OBEYS)
    listing = await containers.list()
    assert {one.id for one in listing.runners} == {by_name.id, by_label.id}
    assert all(one.running and one.started_at for one in listing.runners)
    assert await containers.check() == "2 runners among containers"


@pytest.mark.engine
@pytest.mark.parametrize(
    ("script", "removed", "outcome"),
    [
        (OBEYS, False, "it ended with exit code 0"),
        (RESISTS, False, "it had to be killed"),
        (OBEYS, True, "it ended, and was removed with its logs"),
    ],
)
async def test_a_container_is_asked_first_and_forced_after_the_grace(
    engine: Engine, containers: EngineRunners, script: str, removed: bool, outcome: str
) -> None:
    engine.run("any", OBEYS, labels=OF_CJ)
    runner = engine.run("proj-eng5_np_runner-run-1", script, auto_remove=removed, labels=PROJECT)
    ended = await containers.stop(runner.id or "", grace_seconds=1)
    # A container that removes itself may still be listed for a moment.
    assert ended == outcome or (removed and ended == "it ended with exit code 0")


@pytest.mark.engine
@pytest.mark.parametrize("labels", [{}, {"com.docker.compose.project": "somebody-elses"}])
async def test_a_runner_of_another_project_is_listed_and_never_stopped(
    engine: Engine, containers: EngineRunners, labels: dict[str, str]
) -> None:
    engine.run("any", OBEYS, labels=OF_CJ)
    runner = engine.run("proj-eng5_np_runner-run-1", OBEYS, labels=labels)
    assert [one.id for one in (await containers.list()).runners] == [runner.id]
    with pytest.raises(SourceError, match="compose project"):
        await containers.stop(runner.id or "", grace_seconds=1)
    runner.reload()
    assert runner.status == "running"


@pytest.mark.engine
async def test_the_options_of_a_runners_command_line_are_read_from_the_list(
    engine: Engine, containers: EngineRunners
) -> None:
    engine.client.containers.run(
        IMAGE, ["/bin/sleep", "60", "--mode", "execute", "--batch-id=a b", "--key", "SECRET"],
        name="proj-eng5_np_runner-run-2", detach=True, network_mode="none",
        entrypoint=["/bin/sh", "-c", "sleep 60", "--"],
    )  # fmt: skip
    (runner,) = (await containers.list()).runners
    assert {name: str(value) for name, value in runner.options.items()} == {
        "mode": "execute", "batch-id": "a b"
    }  # fmt: skip


@pytest.mark.engine
async def test_a_container_that_is_no_runner_is_never_stopped(
    engine: Engine, containers: EngineRunners
) -> None:
    service = engine.run("huleedu_cj_assessment_service", OBEYS)
    for id in (service.short_id, service.id or "", "", "p1"):
        with pytest.raises(SourceError, match="no runner"):
            await containers.stop(id, grace_seconds=1)
    service.reload()
    assert service.status == "running"


async def test_nothing_is_loaded_until_runners_are_asked_for(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom bot.sources.runners.source import EngineRunners\n"
        "EngineRunners(('',), ())\nprint({'docker', 'psutil'} & set(sys.modules))"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
