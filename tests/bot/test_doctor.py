"""The doctor: a line each, a fix for what is wrong, exit 1 when something needed is broken."""

from pathlib import Path

import pytest

from bot.doctor import Examined, State, _source, examine, show
from bot.settings import load_settings
from tests.slack_api import slack_api


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOG_FILES_DIR", str(tmp_path))


async def test_nothing_configured_is_told_with_its_fixes() -> None:
    found = {one.what: one for one in await examine(load_settings())}
    assert found["Slack"].state is State.BROKEN
    assert found["CJ database"].state is State.SKIPPED
    assert "CJ_DATABASE_URL" in found["CJ database"].fix


async def test_tokens_scopes_and_names_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with slack_api() as slack:
        slack.channels = [{"id": "C0ALERTS00", "name": "alerts"}]
        monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-test")
        monkeypatch.setenv("SLACK_SIGNING_SECRET", "x")
        monkeypatch.setenv("SLACK_API_URL", f"{slack.url}/api/")
        monkeypatch.setenv("SLACK_ALERT_CHANNEL", "alerts")
        monkeypatch.setenv("SLACK_OPERATORS", "nobody")
        found = {one.what: one for one in await examine(load_settings())}
    assert found["SLACK_BOT_TOKEN"].state is State.OK
    assert "users:read missing" in found["scopes"].detail
    assert found["users of the settings"].detail.startswith("unknown: nobody")
    assert found["channel alerts"].state is State.OK


async def test_a_source_that_is_down_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_QUEUE_REDIS_URL", "redis://:hunter22@127.0.0.1:1/0")
    found = {one.what: one for one in await examine(load_settings())}
    assert found["LLM queue"].state is State.BROKEN
    assert "hunter22" not in str(found)


@pytest.mark.parametrize(
    ("setting", "value", "what", "fix"),
    [
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1", "callback topic", "KAFKA_BOOTSTRAP_SERVERS"),
        ("CJ_URL", "http://me:hunter22@127.0.0.1:1", "service health", "CJ_URL"),
        ("LLM_PROVIDER_URL", "nonsense", "service health", "LLM_PROVIDER_URL"),
        ("DOCKER_HOST", "unix:///nowhere.sock", "containers", "DOCKER_HOST"),
        ("DOCKER_HOST", "unix:///nowhere.sock", "runners", "DOCKER_HOST"),
    ],
)
async def test_what_was_asked_for_and_does_not_answer_is_broken_with_its_fix(
    setting: str, value: str, what: str, fix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, value)
    found = {one.what: one for one in await examine(load_settings())}
    assert found[what].state is State.BROKEN
    assert fix in found[what].fix
    assert "hunter22" not in str(found)


async def test_what_nobody_asked_for_is_never_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = tmp_path / "docker.sock"
    stale.touch()
    monkeypatch.setattr("bot.assembly.DOCKER_SOCKET", stale)
    monkeypatch.setattr("bot.sources.engines.DEFAULT_SOCKET", str(stale))
    found = {one.what: one for one in await examine(load_settings())}
    assert found["containers"].state is found["runners"].state is State.WARNING
    assert found["callback topic"].state is found["service health"].state is State.SKIPPED


class Said:
    """A source whose check says what it is told to."""

    def __init__(self, detail: str) -> None:
        self._detail = detail

    async def check(self) -> str:
        return self._detail


@pytest.mark.parametrize(
    ("detail", "state"),
    [
        ("schema with total_budget; the role could write: use a read-only one", State.WARNING),
        ("cj says healthy; llm says healthy, mock mode", State.OK),
        ("cj says unhealthy", State.WARNING),
        ("llm says degraded", State.WARNING),
        ("llm says healthy, open circuit: anthropic_api", State.WARNING),
        ("0 containers of the services, 0 running", State.WARNING),
        ("10 containers of the services, 0 running", State.OK),
    ],
)
async def test_an_answer_that_needs_a_look_is_a_warning(detail: str, state: State) -> None:
    found = await _source("x", Said(detail), "fix")
    assert (found.state, bool(found.fix)) == (state, state is State.WARNING)


@pytest.mark.parametrize(("state", "code"), [(State.OK, 0), (State.WARNING, 0), (State.BROKEN, 1)])
def test_the_exit_code_is_1_only_when_something_is_broken(
    state: State, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show([Examined("x", state, "detail", "do this")]) == code
    assert ("do this" in capsys.readouterr().out) is (state is not State.OK)
