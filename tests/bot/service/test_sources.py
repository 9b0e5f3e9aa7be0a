"""What the settings name is built, on nothing that a command does not need."""

import os
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.detectors.stuck_queue.detector import StuckQueueSettings
from bot.domain.evidence import Missing
from bot.domain.log import LogQuery, Role
from bot.ports import Sources
from bot.service.command_options import StuckAfter, command_options
from bot.service.sources import build_sources
from bot.settings import load_settings
from tests.support.fakes.sources import FakeMemory
from tests.support.paths import ROOT

LOGS = ROOT / "bot" / "demo" / "incident" / "logs" / "json"


async def built(stack: AsyncExitStack, memory: FakeMemory | None = None) -> Sources:
    return await build_sources(load_settings(), stack, memory)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.sources.docker.http.DEFAULT_SOCKET", str(tmp_path / "none.sock"))


async def test_without_an_engine_the_processes_are_listed_all_the_same() -> None:
    async with AsyncExitStack() as stack:
        sources = await built(stack)
        assert sources.runners is not None
        assert not isinstance(sources.runners, Missing)
        (scope,) = (await sources.runners.list()).looked_at
    assert scope.startswith("processes of")
    assert (sources.containers, sources.probe, sources.callbacks) == (None, None, None)


async def test_without_an_engine_and_without_processes_no_runner_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RUNNER_PROCESSES", "off")
    async with AsyncExitStack() as stack:
        assert (await built(stack)).runners is None


async def test_what_a_killed_search_left_is_removed_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "batchbot-spool-abcd1234"
    left.mkdir()
    os.utime(left, (0, 0))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("LOKI_URL", "http://127.0.0.1:1")
    async with AsyncExitStack() as stack:
        await built(stack)
    assert not left.exists()


async def test_a_malformed_address_is_a_missing_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CJ_URL", "nonsense")
    async with AsyncExitStack() as stack:
        probe = (await built(stack)).probe
    assert isinstance(probe, Missing)
    assert "CJ_URL" in probe.reason


async def test_kafka_without_its_client_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    async with AsyncExitStack() as stack:
        callbacks = (await built(stack)).callbacks
    assert isinstance(callbacks, Missing)
    assert "kafka extra" in callbacks.reason


async def test_the_logs_teach_the_memory_the_labels_of_the_night(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOG_FILES_DIR", str(LOGS))
    memory = FakeMemory()
    async with AsyncExitStack() as stack:
        logs = (await built(stack, memory)).logs
        assert logs is not None
        assert not isinstance(logs, Missing)
        await logs.search(LogQuery(roles=(Role.RUNNER,)))
    assert sorted(one.label for one in memory.labels) == [
        "serial-bundle-20251119-0018",
        "serial-bundle-20251119-0048",
    ]


def test_answers_call_the_queue_stuck_when_the_alert_does(monkeypatch: pytest.MonkeyPatch) -> None:
    alike = (StuckAfter().open_after_seconds, StuckQueueSettings().open_after_seconds)
    assert alike[0] == alike[1]
    monkeypatch.setenv("DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS", "20")
    assert command_options(load_settings()).opens_after == timedelta(seconds=20)
