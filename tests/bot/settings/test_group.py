"""Secrets from files, passwords apart from addresses, and another file than .env."""

import os
from datetime import UTC
from pathlib import Path

import pytest

from bot.drivers.postgres_address import live_login, postgres_address
from bot.errors import SettingsError
from bot.settings import live, load_settings, readable_settings, setting_names, use_env_file
from bot.settings.group import with_password
from tests.support.program import batchbot

ANY = "p$a@b/c#d?e:f%41 '\"\\`é"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_secret_is_read_from_the_file_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("xoxb-1\n", encoding="utf-8")
    (tmp_path / "loki").write_text(ANY, encoding="utf-8")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(tmp_path / "token"))
    (tmp_path / ".env").write_text(f"LOKI_TOKEN_FILE={tmp_path / 'loki'}\n", encoding="utf-8")
    settings = load_settings()
    assert settings.slack.bot_token is not None
    assert settings.slack.bot_token.get_secret_value() == "xoxb-1"
    assert settings.logs.loki_token is not None
    assert settings.logs.loki_token.get_secret_value() == ANY
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-2")
    again = load_settings().slack.bot_token
    assert again is not None
    assert again.get_secret_value() == "xoxb-2"


def test_a_secret_in_a_file_is_what_stands_there_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("old\n", encoding="utf-8")
    monkeypatch.setenv("CJ_DATABASE_URL", "postgresql://u@h/d")
    monkeypatch.setenv("CJ_DATABASE_PASSWORD_FILE", str(file))
    secret = load_settings().cj.database_url
    read = live(secret)
    assert read is not None
    assert read() == "postgresql://u:old@h/d"
    file.write_text("n/w\n", encoding="utf-8")
    assert read() == "postgresql://u:n%2Fw@h/d"
    assert live_login(read)["password"]() == "n/w"
    file.unlink()
    assert read() == "postgresql://u:n%2Fw@h/d"
    monkeypatch.setenv("CJ_DATABASE_PASSWORD", "fixed")
    assert live(load_settings().cj.database_url) is None
    assert live_login(None) == {}


def test_a_value_that_holds_the_next_line_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOKI_URL", "http://loki:3100LOKI_TOKEN=s3cr3t")
    monkeypatch.setenv("SLACK_OPERATORS", "anna,SLACK_BOT_TOKEN=s3cr3t")
    monkeypatch.setenv("LOKI_PASSWORD", "PASS_WORD=1")
    settings, wrong = readable_settings()
    assert set(wrong) == {"LOKI_URL", "SLACK_OPERATORS"}
    assert "line break" in wrong["LOKI_URL"]
    assert "s3cr3t" not in str(wrong)
    assert settings.logs.loki_password is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [("SLACK_BOT_TOKEN", "xoxb-1 SLACK_APP_TOKEN=s3cr3t"),
     ("LLM_QUEUE_REDIS_URL", "redis://h/0 SLACK_APP_TOKEN=s3cr3t"),
     ("CJ_DATABASE_URL", "postgresql://u@h/dKAFKA_BOOTSTRAP_SERVERS=s3cr3t")],
)  # fmt: skip
def test_a_secret_that_holds_one_of_our_own_lines_is_refused_too(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    _, wrong = readable_settings()
    assert list(wrong) == [name]
    assert "line break" in wrong[name]
    assert "s3cr3t" not in wrong[name]


@pytest.mark.parametrize(
    ("name", "value"),
    [("SLACK_OPERATORS", "U0123ABCD, xoxb-1-s3cr3t"), ("SLACK_ALERT_CHANNEL", "xapp-1-s3cr3t"),
     ("HTTP_HOST", "xoxp-s3cr3t"), ("BOT_ENVIRONMENT", "xoxe-s3cr3t")],
)  # fmt: skip
def test_a_token_of_slack_in_a_setting_that_is_shown_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    _, wrong = readable_settings()
    assert "holds a token of Slack" in wrong[name]
    assert "s3cr3t" not in str(wrong)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("HTTP_PORT", "abc", "must be a whole number"),
     ("HTTP_PORT", "99999", "must be 65535 or less"),
     ("TICK_SECONDS", "0", "must be above 0"), ("TICK_SECONDS", "often", "must be a number"),
     ("KEEP_AUDIT_DAYS", "-1", "must be 0 or more"), ("KEEP_AUDIT_DAYS", "1.5", "whole number"),
     ("RUNNER_STOP", "perhaps", "must be true or false"),
     ("LOG_FORMAT", "xml", "must be 'console' or 'json'"),
     ("SLACK_TEAM_ID", "acme", "the form that .env.example shows"),
     ("TICK_SECONDS", "nan", "must be"), ("LOG_SOURCE", "paper", "must be 'files'")],
)  # fmt: skip
def test_a_bad_value_is_told_in_words_and_not_in_the_validators(
    name: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    _, wrong = readable_settings()
    assert told in wrong[name]
    assert "Input should" not in wrong[name]


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read: no such file"), (b"", "is empty"), (b"\n", "is empty"),
     (b"\xff\xfe", "is not UTF-8"), (b"x" * 70_000, "too long")],
)  # fmt: skip
def test_a_file_without_a_secret_is_a_problem_of_its_setting(
    content: bytes | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("SLACK_APP_TOKEN_FILE", str(path))
    _, wrong = readable_settings()
    assert list(wrong) == ["SLACK_APP_TOKEN"]
    assert told in wrong["SLACK_APP_TOKEN"]


def test_only_secrets_are_read_from_files() -> None:
    assert {"SLACK_BOT_TOKEN_FILE", "BOT_DATABASE_PASSWORD_FILE"} <= setting_names()
    assert "BOT_ENVIRONMENT_FILE" not in setting_names()


def test_a_password_of_any_characters_reaches_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "password").write_text(f"{ANY}\n", encoding="utf-8")
    for name, url in (
        ("BOT_DATABASE", "postgresql://batchbot@memory:5432/batchbot"),
        ("CJ_DATABASE", "postgresql://reader:old@db:5432/cj?sslmode=disable"),
        ("LLM_QUEUE_REDIS", "redis://redis:6379/0"),
    ):
        monkeypatch.setenv(f"{name}_URL", url)
        monkeypatch.setenv(f"{name}_PASSWORD_FILE", str(tmp_path / "password"))
    settings = load_settings()
    own, cj, redis = settings.bot.database_url, settings.cj.database_url, settings.queue.redis_url
    assert own is not None
    assert cj is not None
    assert redis is not None
    address = postgres_address(own.get_secret_value(), "BOT_DATABASE_URL")
    assert (address.user, address.where) == ("batchbot", "memory:5432")
    assert address.url == own.get_secret_value()
    assert cj.get_secret_value().endswith("@db:5432/cj?sslmode=disable")
    assert "old" not in cj.get_secret_value()
    assert redis.get_secret_value().startswith("redis://:p%24a%40b%2Fc%23d%3F")


def test_a_password_without_an_address_to_go_into_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CJ_DATABASE_URL", "host=db dbname=cj")
    monkeypatch.setenv("CJ_DATABASE_PASSWORD", "s3cr3t")
    with pytest.raises(SettingsError, match="CJ_DATABASE_URL: write it as an address"):
        load_settings()


def test_the_user_stays_and_an_older_password_goes() -> None:
    assert with_password("redis://h/0", "a") == "redis://:a@h/0"
    assert with_password("redis://u@h/0", "a") == "redis://u:a@h/0"
    assert with_password("postgresql://u:b@h1,h2/d", "a") == "postgresql://u:a@h1,h2/d"


def test_utc_needs_no_list_of_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small image may have none, and the default must hold there, too."""

    def none(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr("bot.settings.groups.ZoneInfo", none)
    assert load_settings().logs.zone is UTC
    monkeypatch.setenv("LOG_TIMEZONE", "Europe/Stockholm")
    with pytest.raises(SettingsError, match="LOG_TIMEZONE: there is no such time zone"):
        load_settings()


def test_settings_come_from_the_file_that_was_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BOT_ENVIRONMENT=dev\n", encoding="utf-8")
    (tmp_path / "prod.env").write_text("BOT_ENVIRONMENT=prod\nLOG_TIMEZNE=x\n", encoding="utf-8")
    use_env_file("prod.env")
    try:
        assert load_settings().bot.environment == "prod"
    finally:
        use_env_file(".env")
    assert load_settings().bot.environment == "dev"


def test_the_command_line_names_its_version_and_its_file(tmp_path: Path) -> None:
    (tmp_path / "prod.env").write_text("HTTP_PORT=99999999\n", encoding="utf-8")
    done = batchbot("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout.split()[0]) == (0, "batchbot")
    wrong = batchbot("--env-file", "prod.env", "run", cwd=tmp_path)
    assert (wrong.returncode, "HTTP_PORT" in wrong.stderr) == (2, True)
    absent = batchbot("--env-file", "gone.env", "run", cwd=tmp_path)
    assert (absent.returncode, "There is no file gone.env" in absent.stderr) == (2, True)
    folder = batchbot("--env-file", str(tmp_path), "run", cwd=tmp_path)
    assert (folder.returncode, "is a folder" in folder.stderr) == (2, True)
    assert f"--env-file {tmp_path}/.env" in folder.stderr
    os.mkfifo(tmp_path / "pipe")
    pipe = batchbot("--env-file", "pipe", "doctor", cwd=tmp_path)
    assert (pipe.returncode, "pipe is no regular file" in pipe.stderr) == (2, True)


def test_a_manifest_for_http_needs_the_bots_address(tmp_path: Path) -> None:
    secret = {"SLACK_SIGNING_SECRET": "s3cr3t"}
    done = batchbot("manifest", cwd=tmp_path, settings=secret)
    assert (done.returncode, "HTTP_PUBLIC_URL" in done.stderr, done.stdout) == (2, True, "")
    url = {"HTTP_PUBLIC_URL": "https://bot.example.org"}
    assert batchbot("manifest", cwd=tmp_path, settings={**secret, **url}).returncode == 0
