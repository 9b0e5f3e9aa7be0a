"""The settings and .env.example name the same things."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from bot.cli.setting_check import OF_COMPOSE
from bot.errors import SettingsError
from bot.settings import Settings, detector_settings, load_settings
from tests.support.paths import ROOT

EXAMPLE = ROOT / ".env.example"


def _aliases() -> set[str]:
    groups = [info.annotation for info in Settings.model_fields.values()]
    return {str(field.alias) for group in groups for field in group.model_fields.values()}  # type: ignore[union-attr]


def _documented() -> dict[str, str]:
    pairs = re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(pairs)


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    of_compose = OF_COMPOSE - {"COMPOSE_PROJECT_NAME"}
    assert set(_documented()) == _aliases() | of_compose


def test_the_example_itself_is_a_valid_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.slack.api_url == "https://slack.com/api/"
    assert settings.logs.chosen_source == "docker"
    assert settings.cj.database_url is None


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HTTP_PORT", "99999999", "HTTP_PORT"),
        ("LOG_TIMEZONE", "Mars/Olympus", "LOG_TIMEZONE"),
        ("SERVICES", "{", "SERVICES"),
        ("LOG_SOURCE", "files", "LOG_FILES_DIR"),
        ("TICK_SECONDS", "-1", "TICK_SECONDS"),
        ("LOG_FORMAT", "xml", "'console' or 'json'"),
        ("LOG_LEVEL", "loud", "'DEBUG', 'INFO'"),
        ("SLACK_API_URL", "slack.com", "has not the form"),
        ("HTTP_PUBLIC_URL", "batchbot.example.org", "Slack calls https"),
        ("HTTP_PUBLIC_URL", "http://batchbot.example.org", "Slack calls https"),
        ("HTTP_PUBLIC_URL", "https://", "Slack calls https"),
        ("HTTP_PUBLIC_URL", "https:///slack", "Slack calls https"),
        ("HTTP_PUBLIC_URL", "https://me:hunter22@bot.example.org", "Slack calls https"),
        ("HTTP_PUBLIC_URL", "https://bot.example.org/?to=slack", "Slack calls https"),
        ("HTTP_PUBLIC_URL", "https://bot.example.org#slack", "Slack calls https"),
        ("HTTP_PUBLIC_URL", "https://bot.example .org", "Slack calls https"),
        ("SLACK_OPERATORS", '["oncall"', "no valid JSON"),
    ],
)
def test_a_bad_value_is_named_without_being_shown(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert said in caught.value.message


def test_a_detector_reads_its_own_settings_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Model(BaseModel):
        open_after_seconds: float = Field(300, gt=0)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DETECTOR_FLAT_OPEN_AFTER_SECONDS", "7")
    assert detector_settings("flat", Model).open_after_seconds == 7
    monkeypatch.setenv("DETECTOR_FLAT_OPEN_AFTER_SECONDS", "-7")
    with pytest.raises(SettingsError, match="DETECTOR_FLAT_"):
        detector_settings("flat", Model)
