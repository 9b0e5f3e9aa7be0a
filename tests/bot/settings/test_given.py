"""What tells without reading any setting that none is given."""

from pathlib import Path

import pytest

from bot.settings import any_given, environment, setting_names, use_env_file
from bot.settings.given import FIRST_WORDS


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return a folder without .env, in an environment without a setting."""
    for name in [*environment()]:
        if name.partition("_")[0] in FIRST_WORDS:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_words_are_those_of_all_settings() -> None:
    assert {name.partition("_")[0] for name in setting_names()} | {"DETECTOR"} == FIRST_WORDS


@pytest.mark.parametrize(
    "name", [*sorted(setting_names()), "log_level", "DETECTOR_STUCK_QUEUE_OPEN_AFTER_SECONDS"]
)
def test_a_variable_of_any_setting_is_seen(
    name: str, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not any_given()
    monkeypatch.setenv(name, "")
    assert any_given()


@pytest.mark.usefixtures("bare")
def test_a_file_of_settings_is_seen_wherever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.settings.given._place", ".env")
    place = tmp_path / "other"
    place.write_text("")
    assert not any_given()
    use_env_file(str(place))
    assert any_given()


def test_a_file_that_leads_nowhere_is_one(bare: Path) -> None:
    (bare / ".env").symlink_to(bare / "gone")
    assert any_given()
