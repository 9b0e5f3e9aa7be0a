"""Runners are found by their command line alone, and nothing else is ever stopped."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.domain.log import Role, Service
from bot.domain.runner import RunnerKind
from bot.errors import SourceError
from bot.sources.runners import EngineRunners

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
    assert [reason for _, reason in listing.unreadable] == ["the Docker Engine does not answer"]
    with pytest.raises(SourceError, match="Docker Engine"):
        await source.check()
    await source.close()
