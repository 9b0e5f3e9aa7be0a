"""The doctor: a line each, a fix for what is wrong, exit 1 when something needed is broken."""

import os
from pathlib import Path

import pytest

from bot.cli.doctor.examination import examine, examine_settings
from bot.cli.doctor.examined import CheckState, Examined, show
from bot.cli.doctor.slack import examine_slack
from bot.cli.doctor.sources import examine_source
from bot.demo.workspace.server import Workspace
from bot.settings import load_settings, readable_settings
from tests.support.slack.web_api import slack_api


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOG_FILES_DIR", str(tmp_path))


async def test_nothing_configured_is_told_with_its_fixes() -> None:
    found = {one.what: one for one in await examine(load_settings())}
    assert found["Slack"].state is CheckState.BROKEN
    assert found["CJ database"].state is CheckState.SKIPPED
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
    assert found["SLACK_BOT_TOKEN"].state is CheckState.OK
    assert "users:read missing" in found["scopes"].detail
    assert found["SLACK_OPERATORS"].state is CheckState.BROKEN
    assert found["SLACK_OPERATORS"].detail.startswith("unknown: nobody")
    assert found["channel alerts"].state is CheckState.OK


async def test_a_source_that_is_down_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_QUEUE_REDIS_URL", "redis://:hunter22@127.0.0.1:1/0")
    found = {one.what: one for one in await examine(load_settings())}
    assert found["LLM queue"].state is CheckState.BROKEN
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
    assert found[what].state is CheckState.BROKEN
    assert fix in found[what].fix
    assert "hunter22" not in str(found)


async def test_what_nobody_asked_for_is_never_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = tmp_path / "docker.sock"
    stale.touch()
    monkeypatch.setattr("bot.sources.docker.http.DEFAULT_SOCKET", str(stale))
    found = {one.what: one for one in await examine(load_settings())}
    assert found["containers"].state is found["runners"].state is CheckState.WARNING
    assert found["callback topic"].state is found["service health"].state is CheckState.SKIPPED


class Said:
    """A source whose check says what it is told to."""

    def __init__(self, detail: str) -> None:
        self._detail = detail

    async def check(self) -> str:
        return self._detail


@pytest.mark.parametrize(
    ("detail", "state"),
    [
        ("schema with total_budget; the role could write: use a read-only one", CheckState.WARNING),
        ("cj says healthy; llm says healthy, mock mode", CheckState.OK),
        ("cj says unhealthy", CheckState.WARNING),
        ("llm says degraded", CheckState.WARNING),
        ("llm says healthy, open circuit: anthropic_api", CheckState.WARNING),
        ("0 containers of the services, 0 running", CheckState.WARNING),
        ("10 containers of the services, 0 running", CheckState.OK),
        ("3 log files, 1 cannot be read: cj_assessment_service.log", CheckState.WARNING),
    ],
)
async def test_an_answer_that_needs_a_look_is_a_warning(detail: str, state: CheckState) -> None:
    found = await examine_source("x", Said(detail), "fix")
    assert (found.state, bool(found.fix)) == (state, state is CheckState.WARNING)


@pytest.mark.parametrize(
    ("state", "code"), [(CheckState.OK, 0), (CheckState.WARNING, 0), (CheckState.BROKEN, 1)]
)
def test_the_exit_code_is_1_only_when_something_is_broken(
    state: CheckState, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show([Examined("x", state, "detail", "do this")]) == code
    assert ("do this" in capsys.readouterr().out) is (state is not CheckState.OK)


WRONG = """
SLACK_BOT_TOKN=xoxb-hunter22
HTTP_PORT=hunter22
SERVICES=[{"name": "hunter22"
LOG_SOURCE=loki
LOG_TIMEZONE=hunter22
DETECTOR_STUCK_QUEUE_OPEN_AFTER=3
DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS=hunter22
BOT_DATABASE_PASSWORD=hunter22
this is hunter22
HUNTER=22
"""


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Examined]:
    (tmp_path / ".env").write_text(WRONG, encoding="utf-8")
    monkeypatch.setenv("CJ_DATABSE_URL", "postgresql://me:hunter22@h/db")
    monkeypatch.setenv("HTTP_PROXY", "http://hunter22")
    monkeypatch.setenv("EDITOR", "hunter22")
    return {one.what: one for one in examine_settings(readable_settings()[1])}


@pytest.mark.parametrize(
    ("what", "state", "told"),
    [
        ("HTTP_PORT", CheckState.BROKEN, "must be a whole number"),
        ("SERVICES", CheckState.BROKEN, "no valid JSON"),
        ("LOG_SOURCE", CheckState.BROKEN, "LOKI_URL"),
        ("LOG_TIMEZONE", CheckState.BROKEN, "Europe/Stockholm"),
        ("DETECTOR_STUCK_QUEUE_*", CheckState.BROKEN, "open_after_seconds"),
        ("SLACK_BOT_TOKN", CheckState.WARNING, "Did you mean SLACK_BOT_TOKEN?"),
        ("CJ_DATABSE_URL", CheckState.WARNING, "Did you mean CJ_DATABASE_URL?"),
        ("DETECTOR_STUCK_QUEUE_OPEN_AFTER", CheckState.WARNING, "OPEN_AFTER_SECONDS?"),
        (".env, line 10", CheckState.WARNING, "cannot be read"),
        (".env, line 11", CheckState.WARNING, "See .env.example"),
    ],
)
def test_each_odd_setting_has_its_line(
    wrong: dict[str, Examined], what: str, state: CheckState, told: str
) -> None:
    assert wrong[what].state is state
    assert told in f"{wrong[what].detail} {wrong[what].fix}"


def test_others_names_are_nobodys_business_and_no_value_is_shown(
    wrong: dict[str, Examined],
) -> None:
    assert not {"HTTP_PROXY", "EDITOR", "BOT_DATABASE_PASSWORD"} & set(wrong)
    assert "hunter22" not in str(wrong)


def test_bad_settings_stand_at_their_defaults_so_that_the_rest_can_be_examined(
    wrong: dict[str, Examined],
) -> None:
    settings, _ = readable_settings()
    assert settings.bot.http_port == 8080
    assert settings.logs.timezone == "UTC"


def test_settings_without_a_fault_have_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HTTP_PORT=9090\n", encoding="utf-8")
    (found,) = examine_settings({})
    assert (found.what, found.state) == ("settings", CheckState.OK)


@pytest.mark.parametrize("token", ["xapp-1-hunter22", "xoxp-hunter22"])
async def test_a_token_of_another_kind_is_named_without_asking_slack(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", token)
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:1/api/")
    found = {one.what: one for one in await examine(load_settings())}
    assert found["SLACK_BOT_TOKEN"].state is CheckState.BROKEN
    assert "xoxb-" in found["SLACK_BOT_TOKEN"].fix
    assert "hunter22" not in str(found)


@pytest.mark.parametrize(
    ("services", "lacking"),
    [
        ('[{"name": "assessor"}, {"name": "lps"}]', "no service has the role cj, "),
        ('[{"name": "x", "role": "runner"}]', "no service has the role cj or llm_provider, "),
        ('[{"name": "assessor", "role": "cj"}, {"name": "llm_provider"}]', ""),
        ("", ""),
    ],
)
async def test_a_log_that_no_verdict_can_rest_on_is_a_warning(
    services: str, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICES", services)
    found = {one.what: one for one in await examine(load_settings())}
    assert ("SERVICES" in found) is bool(lacking)
    if lacking:
        assert found["SERVICES"].state is CheckState.WARNING
        assert found["SERVICES"].detail.startswith(lacking)


async def test_a_place_where_the_memory_cannot_be_kept_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BOT_DATA_DIR", str(tmp_path / "file" / "data"))
    found = {one.what: one for one in await examine(load_settings())}
    assert found["bot's own database"].state is CheckState.BROKEN


async def test_a_memory_that_is_not_made_yet_is_no_sound_one_and_is_not_made_by_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "data"
    monkeypatch.setenv("BOT_DATA_DIR", str(place))
    found = {one.what: one for one in await examine(load_settings())}["bot's own database"]
    assert (found.state, found.detail.endswith("not made yet")) == (CheckState.WARNING, True)
    assert "batchbot run" in found.fix
    assert not place.exists()
    (place / "pg16").mkdir(parents=True)
    found = {one.what: one for one in await examine(load_settings())}["bot's own database"]
    assert (found.state, "not opened" in found.detail) == (CheckState.OK, True)


@pytest.mark.skipif(not os.access("/proc", os.W_OK), reason="only root may write there")
async def test_where_no_folder_can_be_made_it_is_not_the_space_that_is_lacking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BOT_DATA_DIR", "/proc/batchbot/data")
    found = {one.what: one for one in await examine(load_settings())}["bot's own database"]
    assert (found.state, found.detail.split(":")[0]) == (
        CheckState.BROKEN, "/proc/batchbot/data cannot be made"
    )  # fmt: skip
    assert "space" not in found.detail


def test_a_port_that_nobody_can_know_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PORT", "0")
    (found,) = [one for one in examine_settings({}) if one.what == "HTTP_PORT"]
    assert found.state is CheckState.WARNING


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("SLACK_ALERT_CHANNEL", "alrets", "no channel is called alrets"),
        ("SLACK_ALERT_CHANNEL", "#Alerts channel", "no channel is called"),
        ("SLACK_OPERATORS", "oncal", "unknown: oncal"),
        ("SLACK_ALLOWED_USERS", "@reseacher,nobody", "unknown: "),
    ],
)
async def test_a_misspelt_name_is_told_with_its_setting_and_ends_by_1(
    setting: str,
    value: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    right = {"SLACK_ALERT_CHANNEL": "alerts", "SLACK_OPERATORS": "oncall"}
    async with Workspace() as workspace:
        tokens = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "SLACK_API_URL": workspace.api_url,
        }
        for name, given in {**tokens, **right}.items():
            monkeypatch.setenv(name, given)
        sound = show(await examine_slack(load_settings()))
        assert sound == 0, capsys.readouterr().out
        monkeypatch.setenv(setting, value)
        code = show(await examine_slack(load_settings()))
    lines = [line for line in capsys.readouterr().out.splitlines() if "broken" in line]
    assert code == 1
    assert len(lines) == 1
    assert f"{setting} - broken: {told}" in lines[0]
