"""The command line as a person and a script meet it: words, exit codes, no traceback, quick."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from bot.__main__ import cli
from bot.cli.ask import Asked, answer, understand
from bot.cli.formats import Exit, Format
from bot.cli.output import error_code, event_line, exit_code, rendered
from bot.cli.progress import Work
from bot.cli.setting_check import known_names
from bot.cli.terminal import printed
from bot.domain.report import Confidence, Finding, Report, Severity
from bot.errors import (
    BatchbotError,
    DeniedError,
    NotFoundError,
    SettingsError,
    SourceError,
    UsageError,
)
from bot.ports import CommandContext, Request
from bot.registry import SlashCommand
from bot.settings import load_settings
from tests.support.fakes.sources import FakeMemory
from tests.support.paths import ROOT
from tests.support.program import batchbot

HEAVY = ("slack_bolt", "slack_sdk", "matplotlib", "docker", "aiohttp", "asyncpg", "redis")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("ask", "/help"), 0, "/queue"),
        (("ask", "/hepl"), 2, "Did you mean /help?"),
        (("ask", "/queue", "nonsense"), 2, "/queue takes no nonsense"),
        (("ask",), 2, "Missing argument"),
        (("nonsense",), 2, "No such command"),
        (("ask", "/help", "--format", "xml"), 2, "xml"),
        (("replay", "--logs", "/nowhere"), 2, "There is no folder /nowhere"),
        (("--help",), 0, "doctor"),
        (("ask", "--help"), 0, "2  wrong words, or nothing found"),
        (("manifest",), 0, 'command: "/help"'),
    ],
)
def test_each_call_ends_in_words_and_the_right_exit_code(
    words: tuple[str, ...], code: int, told: str, tmp_path: Path
) -> None:
    done = batchbot(*words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("format", ["text", "json"])
def test_a_replay_in_which_nothing_is_told_says_so_on_stdout(format: str, tmp_path: Path) -> None:
    line = "2026-02-10 08:37:38 [info     ] Queue processor stats [llm] extra={'processed': 4}\n"
    (tmp_path / "llm_provider_service.log").write_text(line * 3)
    done = batchbot("replay", "--logs", str(tmp_path), "--format", format, cwd=tmp_path)
    told = "0 events: read 1 file, 3 lines, 0 samples"
    assert done.returncode == 0
    if format == "text":
        assert done.stdout == f"{told}\n"
        return
    (answer,) = map(orjson.loads, done.stdout.splitlines())
    assert (answer["event"], answer["title"], answer["evidence"]) == ("none", told, [])
    assert {"at", "detector", "key", "severity", "since"} <= set(answer)
    assert (answer["files"], answer["lines"], answer["samples"]) == (1, 3, 0)


@pytest.mark.parametrize("name", ["run", "demo", "ask", "replay", "doctor", "manifest"])
def test_each_help_has_an_example_and_names_only_settings_that_are(
    name: str, tmp_path: Path
) -> None:
    told = batchbot(name, "--help", cwd=tmp_path).stdout
    assert f"  batchbot {name}" in told
    assert max(map(len, told.splitlines())) <= 80
    assert set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", told)) - {"NO_COLOR"} <= known_names()


def test_a_bad_setting_is_named_without_its_value(tmp_path: Path) -> None:
    done = batchbot("ask", "/help", cwd=tmp_path, settings={"HTTP_PORT": "s3cret-port"})
    assert done.returncode == 2
    assert "HTTP_PORT" in done.stderr
    assert "s3cret-port" not in done.stderr


BREAKS = "import sys; sys.modules['bot.service.build'] = None\n"


@pytest.mark.parametrize(
    ("more", "code", "told"),
    [
        ({}, Exit.USAGE, "SLACK_BOT_TOKEN"),
        ({"HTTP_PORT": "abc"}, Exit.USAGE, "HTTP_PORT"),
        ({"HTTP_PORT": "abc", "LOG_LEVEL": "LOUD"}, Exit.USAGE, "LOG_LEVEL"),
        ({"PYTHONPATH": "."}, Exit.BROKEN, "Something broke inside batchbot"),
    ],
)
def test_a_start_that_fails_is_a_line_of_the_log_where_a_collector_reads_it(
    more: dict[str, str], code: Exit, told: str, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BREAKS)
    settings = {"LOG_FORMAT": "JSON", "log_level": "error", "BOT_ENVIRONMENT": "prod", **more}
    done = batchbot("run", cwd=tmp_path, settings=settings)
    assert done.returncode == code
    rows = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(one["level"], one["deployment.environment"]) for one in rows] == [("critical", "prod")]
    assert told in rows[0]["event"]


def test_an_answer_into_a_pipe_is_plain_and_json_is_the_contract(tmp_path: Path) -> None:
    text = batchbot("ask", "/help", cwd=tmp_path).stdout
    assert "\x1b" not in text
    assert not any(line.endswith(" ") for line in text.splitlines())
    made = json.loads(batchbot("ask", "/help", "--format", "json", cwd=tmp_path).stdout)
    contract = {"command", "title", "verdict", "facts", "findings", "timeline", "sources"}
    assert set(made) == contract | {"headline", "summary"}


@pytest.mark.parametrize(
    ("line", "so"),
    [
        ("/alerts", "what is open is not known"),
        ("anything open?", "what is open is not known"),
        ("/alerts mute lost_callbacks 2h", "what you do cannot be written down"),
        ("/runner stop 1a2b3c4d5e6f", "what you do cannot be written down"),
    ],
)
def test_asking_for_alerts_where_no_bot_runs_makes_no_folder_and_calls_nothing_well(
    line: str, so: str, tmp_path: Path
) -> None:
    done = batchbot("ask", line, cwd=tmp_path)
    assert f"No bot has kept anything here, so {so}." in done.stdout + done.stderr
    assert done.returncode == 3
    assert list(tmp_path.iterdir()) == []


def without_an_engine(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run batchbot as on a machine without Docker, whose socket is a source by itself."""
    code = (
        "import sys\nfrom bot.sources.docker import http\n"
        f"http.DEFAULT_SOCKET = '/nowhere'\nsys.argv = {['batchbot', *words]!r}\n"
        "from bot.__main__ import main\nmain()"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env={"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_an_answer_without_any_source_says_where_to_go(tmp_path: Path) -> None:
    done = without_an_engine("ask", "why is batch 34 stuck?", cwd=tmp_path)
    assert done.returncode == 3
    assert "batchbot demo" in done.stderr
    assert ".env.example" in done.stderr
    assert "No source" not in without_an_engine("ask", "/help", cwd=tmp_path).stderr


def test_a_failure_in_json_is_json_too(tmp_path: Path) -> None:
    done = batchbot("ask", "/hepl", "--format", "json", cwd=tmp_path)
    assert json.loads(done.stdout)["error"] == "There is no command /hepl."


def test_running_without_tokens_says_which_setting_is_missing(tmp_path: Path) -> None:
    done = batchbot("run", cwd=tmp_path)
    assert done.returncode == 2
    assert "SLACK_BOT_TOKEN is not set" in done.stderr


def test_asking_imports_no_library_that_it_does_not_need(tmp_path: Path) -> None:
    code = (
        "import sys\nsys.argv = ['batchbot', 'ask', '/help']\n"
        "from bot.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    root = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": root},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr.strip() == "[]"


def _report(*severities: Severity, found: bool = True, unreadable: bool = False) -> Report:
    findings = tuple(Finding("rule", severity, Confidence.HIGH, "x") for severity in severities)
    return Report("batch", "b", findings=findings, found=found, unreadable_need=unreadable)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (_report(), Exit.FINE),
        (_report(Severity.INFO, Severity.WARN), Exit.FINE),
        (_report(Severity.ERROR), Exit.ERROR),
        (_report(Severity.ERROR, unreadable=True), Exit.ERROR),
        (_report(Severity.WARN, unreadable=True), Exit.UNKNOWN),
        (_report(found=False), Exit.USAGE),
    ],
)
def test_the_exit_code_tells_the_verdict(report: Report, code: Exit) -> None:
    assert exit_code(report) is code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), Exit.USAGE),
        (NotFoundError("x"), Exit.USAGE),
        (DeniedError("x"), Exit.USAGE),
        (SettingsError("x"), Exit.USAGE),
        (SourceError("db", "x"), Exit.UNKNOWN),
        (BatchbotError("x"), Exit.UNKNOWN),
    ],
)
def test_the_exit_code_tells_the_failure(error: BatchbotError, code: Exit) -> None:
    assert error_code(error) is code


async def test_a_command_acts_as_an_operator_and_starts_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    contexts: list[CommandContext] = []

    async def run(request: Request, context: CommandContext) -> Report:
        contexts.append(context)
        return Report("x", "x")

    command = SlashCommand("x", "x", (), lambda text: Request("x", text), run)
    await answer(Asked(command, Request("x", "")), load_settings(), Work())
    assert contexts[0].asker.operator
    assert contexts[0].sources.memory is None
    assert not (tmp_path / ".batchbot").exists()


@pytest.mark.parametrize(
    ("line", "there", "opened"),
    [
        ("/trace run-1", "folder", True),
        ("/batch status 84ebf6", "folder", True),
        ("/trace run-1", "", False),
        ("/trace run-1", "url", True),
        ("/trace 34", "folder", False),
        ("/trace 34", "url", False),
        ("/logs cj run-1", "folder", False),
        ("/logs cj run-1", "url", True),
        ("/help", "url", False),
        ("/alerts list", "folder", True),
    ],
)
async def test_the_memory_is_opened_only_where_it_is_used_and_a_label_makes_none(
    line: str, there: str, opened: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked_for: list[object] = []

    async def build(settings: object, stack: object) -> FakeMemory:
        asked_for.append(settings)
        return FakeMemory()

    monkeypatch.setattr("bot.service.memory.build_memory", build)
    if there == "folder":
        (tmp_path / ".batchbot").mkdir()
    if there == "url":
        monkeypatch.setenv("BOT_DATABASE_URL", "postgresql://u@h/db")
    await answer(understand(line), load_settings(), Work())
    assert bool(asked_for) is opened


@pytest.mark.parametrize("form", Format)
def test_no_format_prints_a_secret(form: Format) -> None:
    secret = "dsn postgresql://u:hunter22@h/db"
    report = Report("x", secret, summary=secret)
    text = printed(report) if form is Format.TEXT else rendered(report, form)
    assert "dsn postgresql" in text
    assert "hunter22" not in text


@pytest.mark.parametrize("form", [Format.MARKDOWN, Format.JSON, Format.BLOCKS])
def test_every_format_prints_the_summary(form: Format) -> None:
    assert "66 of 100" in rendered(Report("x", "66 of 100 failed"), form)


def test_a_line_of_the_terminal_reads_like_slack() -> None:
    assert understand("/queue status").request.verb == "status"


def test_an_alert_event_is_one_line() -> None:
    event = {"at": "2025-11-18T23:50:00+00:00", "event": "open", "key": "k", "title": "t"}
    assert event_line(event) == "2025-11-18T23:50:00+00:00  open  -  k  t\n"


def test_interrupting_ends_quietly(tmp_path: Path) -> None:
    code = (
        "import signal, sys, threading, os\n"
        "from bot.cli import ask\n"
        "async def wait(*_):\n"
        "    import asyncio\n"
        "    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGINT)\n"
        "    await asyncio.sleep(30)\n"
        "ask.answer = wait\n"
        "sys.argv = ['batchbot', 'ask', '/help']\n"
        "from bot.__main__ import main\nmain()\n"
    )
    root = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": root},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (130, "")


def test_a_missing_sdk_for_agents_is_told_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "bot.cli.mcp.server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    with pytest.raises(SettingsError, match="mcp_types, which is not installed") as caught:
        cli(["mcp"], standalone_mode=False)
    assert caught.value.hint.endswith("pip install 'batchbot[mcp]'")


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_that_there_is_not_is_refused_before_anything_starts(port: str) -> None:
    with pytest.raises(Exception, match="Input should be") as caught:
        cli(["demo", "--port", port], standalone_mode=False)
    assert type(caught.value).__name__ == "BadParameter"


def test_a_demo_without_its_extra_says_how_each_installer_adds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "bot.demo.run", None)
    with pytest.raises(SettingsError, match="which is not installed") as caught:
        cli(["demo"], standalone_mode=False)
    for installer in ("pipx install", "uv tool install", "pip install"):
        assert installer in caught.value.hint
    assert caught.value.hint.count("[embedded]") == 2


def test_a_user_whom_the_system_does_not_know_needs_no_home(tmp_path: Path) -> None:
    """A unit's DynamicUser without libnss-systemd, or any number in a container."""
    script = (
        "import os, pwd, sys\n"
        "os.environ.pop('HOME', None)\n"
        "def unknown(*_): raise KeyError\n"
        "pwd.getpwuid = unknown\n"
        "from bot.__main__ import main\n"
        "sys.argv = ['batchbot', 'run']\n"
        "main()\n"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == Exit.USAGE, done.stderr
    assert "SLACK_BOT_TOKEN is not set" in done.stderr
