"""What starts imports only what it needs: counted in modules, so that no clock is asked."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.settings.given import FIRST_WORDS

ROOT = Path(__file__).parents[2]
# Libraries and rooms that a start has no use for; each costs tens of milliseconds.
DRIVERS = ("aiohttp", "aiokafka", "apscheduler", "asyncpg", "docker", "jsonschema",
           "matplotlib", "mcp", "mcp_types", "numpy", "prometheus_client",
           "psutil", "redis", "slack_bolt", "slack_sdk")  # fmt: skip
ROOMS = ("bot.alerts", "bot.charts", "bot.demo", "bot.detectors", "bot.replay", "bot.slack")
ANSWERS = ("bot.diagnosis.batch", "bot.diagnosis.comparison", "bot.diagnosis.investigate",
           "bot.diagnosis.queue", "bot.diagnosis.runner", "bot.diagnosis.trace",
           "bot.diagnosis.export", "bot.diagnosis.compare")  # fmt: skip
SETTINGS = ("bot.settings", "pydantic_settings", "dotenv", "rich", "asyncio")
READERS = ("pydantic", "pydantic_settings", "bot.settings.group")
LISTING = """
import contextlib, io, json, sys
sys.argv = ["batchbot", *json.loads(sys.argv[1])]
from bot.__main__ import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(json.dumps(sorted(sys.modules)))
"""


def _imported(*words: str, folder: Path | None = None, **environment: str) -> set[str]:
    """Return the modules that a command line imports, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", LISTING, json.dumps(words)],
        env={**_without_settings(), "PYTHONPATH": str(ROOT), **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def _without_settings() -> dict[str, str]:
    given = os.environ.items()
    return {name: value for name, value in given if name.partition("_")[0] not in FIRST_WORDS}


def _of(modules: Iterable[str], rooms: Iterable[str]) -> set[str]:
    return {
        module
        for module in modules
        for room in rooms
        if module == room or module.startswith(f"{room}.")
    }


def test_help_of_the_command_line_imports_no_room() -> None:
    loaded = _imported("--help")
    assert _of(loaded, (*DRIVERS, *ROOMS, *ANSWERS, *SETTINGS)) == set()
    assert _of(loaded, ("pydantic", "bot.registry", "bot.border", "bot.ports", "commands")) == set()


def test_completion_imports_no_settings_and_nothing_that_answers() -> None:
    loaded = _imported(
        _BATCHBOT_COMPLETE="complete_bash", COMP_WORDS="batchbot ask /ba", COMP_CWORD="2"
    )
    assert "bot.registry" in loaded
    assert _of(loaded, (*DRIVERS, *ROOMS, *ANSWERS, *SETTINGS)) == set()
    # Typer converts values by pydantic, and facts judge outside text: neither is completed.
    assert _of(loaded, ("pydantic", "bot.border", "bot.domain.log", "bot.domain.report")) == set()


@pytest.mark.parametrize("line", ["/help", "/batch"])
def test_a_command_imports_nothing_that_answers_others(line: str) -> None:
    loaded = _imported("ask", line)
    assert "commands.trace" in loaded
    rooms = ANSWERS if line == "/help" else ("bot.diagnosis.runner.report",)
    assert _of(loaded, (*DRIVERS, *ROOMS, *rooms)) == set()


def test_the_help_imports_no_fact_that_it_does_not_tell() -> None:
    loaded = _imported("ask", "/help")
    unread = (
        "bot.domain.alert",
        "bot.domain.batch.rows",
        "bot.requests.questions.reader",
        "bot.requests.questions.asking",
        "bot.requests.admission",
        "bot.requests.replies",
    )

    assert _of(loaded, unread) == set()


def test_the_help_reads_no_settings_where_none_is_given(tmp_path: Path) -> None:
    assert _of(_imported("ask", "/help", folder=tmp_path), READERS) == set()
    assert _of(_imported("ask", "/help", folder=tmp_path, BOT_ENVIRONMENT="x"), READERS) != set()
    (tmp_path / ".env").write_text("BOT_ENVIRONMENT=x\n")
    assert _of(_imported("ask", "/help", folder=tmp_path), READERS) != set()


@pytest.mark.parametrize("package", ["bot.ports", "bot.domain.batch", "bot.settings"])
def test_a_package_that_imports_later_knows_each_of_its_names(package: str) -> None:
    found = importlib.import_module(package)
    assert all(getattr(found, name) is not None for name in found.__all__)
    with pytest.raises(AttributeError):
        found.no_such_name  # noqa: B018


def test_a_command_that_reads_no_log_imports_no_source_of_them() -> None:
    loaded = _imported("ask", "/help", DOCKER_HOST="unix:///nowhere.sock", BOT_LOG_LEVEL="INFO")
    sources = ("bot.sources.docker", "bot.sources.log_format", "bot.sources.log_search",
               "bot.sources.runners")  # fmt: skip
    assert _of(loaded, sources) == set()
