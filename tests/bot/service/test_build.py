"""The whole bot, built from settings, in HTTP mode: real Postgres, real sockets, one stack."""

import asyncio
import errno
import hashlib
import hmac
import logging
import re
import socket
import time
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web

from bot.cli.formats import Exit
from bot.cli.output import start_code
from bot.errors import AwayError, SettingsError
from bot.monitoring.catalogue import CATALOGUE, POSTS, SOCKETS
from bot.monitoring.http import serve
from bot.service.build import build_bot
from bot.service.listening import cannot_listen
from bot.settings import load_settings
from bot.slack.setup import workspace
from tests.support.slack import payloads
from tests.support.slack.web_api import SlackApi, slack_api

SECRET = "signing-secret"


def _set(monkeypatch: pytest.MonkeyPatch, slack: SlackApi, folder: Path) -> None:
    monkeypatch.chdir(folder)
    (folder / "logs").mkdir()
    slack.channels = [{"id": "C0INCIDENT", "name": "incidents"}]
    slack.users = [{"id": "U0ONCALL0", "name": "oncall"}]
    for name, value in {
        "SLACK_BOT_TOKEN": "xoxb-test",
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{slack.url}/api/",
        "SLACK_INCIDENT_CHANNELS": "incidents",
        "SLACK_OPERATORS": "oncall, nobody-has-this-name",
        "HTTP_PORT": "0",
        "LOG_FILES_DIR": str(folder / "logs"),
        "BOT_DATA_DIR": str(folder / "data"),
    }.items():
        monkeypatch.setenv(name, value)


async def _post(port: int, body: str) -> int:
    stamp = str(int(time.time()))
    base = f"v0:{stamp}:{body}".encode()
    signature = "v0=" + hmac.new(SECRET.encode(), base, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature,
    }
    url = f"http://127.0.0.1:{port}/slack/events"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as answer,
    ):
        return answer.status


async def _get(port: int, path: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def test_the_bot_answers_over_http_and_tells_its_health(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with slack_api() as slack:
        _set(monkeypatch, slack, tmp_path)
        async with AsyncExitStack() as stack:
            bot = await build_bot(load_settings(), stack, durable=False)
            assert await _post(bot.port, urlencode(payloads.slash("/help"))) == 200
            assert "Ask in words, or by a command" in str((await slack.wait_for(1))[0].arguments)
            assert (await _get(bot.port, "/healthz"))[0] == 200
            assert (await _get(bot.port, "/readyz"))[0] == 200
            text = (await _get(bot.port, "/metrics"))[1]
            assert "batchbot_ack_seconds_count 1.0" in text
            told = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
            # Only in Socket Mode, and only where alerts are posted.
            absent = {SOCKETS.name, POSTS.name} | {one.name for one in CATALOGUE if one.leads}
            assert {one.name for one in CATALOGUE} - absent <= told
            known = {one.name for one in CATALOGUE}
            assert {name for name in told if not name.endswith("_created")} <= known


async def test_names_that_could_not_be_looked_up_at_the_start_are_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "FIRST_WAIT", 0.5)
    async with slack_api() as slack:
        _set(monkeypatch, slack, tmp_path)
        monkeypatch.setenv("SLACK_ALERT_CHANNEL", "alerts")
        slack.channels.append({"id": "C0ALERTS00", "name": "alerts"})
        for method in ("conversations.list", "users.list"):
            slack.refuse(method, "internal_error", status=500, times=1_000)
        async with AsyncExitStack() as stack:
            bot = await build_bot(load_settings(), stack, durable=False)
            status, text = await _get(bot.port, "/readyz")
            assert status == 503
            assert "SLACK_ALERT_CHANNEL=alerts could not be looked up: conversations.list" in text
            slack.refusals.clear()
            async with asyncio.timeout(20):
                while (await _get(bot.port, "/readyz"))[0] != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            access = bot.dispatcher.admission.access
            assert access.alert_channel == "C0ALERTS00"
            assert access.operators == {"U0ONCALL0"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_port_that_is_taken_may_be_free_later_and_its_start_ends_quietly(
    host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with slack_api() as slack:
        _set(monkeypatch, slack, tmp_path)
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            monkeypatch.setenv("HTTP_PORT", str(port))
            monkeypatch.setenv("HTTP_HOST", host)
            with pytest.raises(AwayError, match=f"Port {port} of {host} is taken") as caught:
                async with AsyncExitStack() as stack:
                    await build_bot(load_settings(), stack, durable=False)
    assert start_code(caught.value) is Exit.AWAY
    noise = ("apscheduler", "asyncio", "slack_bolt", "bot.alerts")
    records = [one for one in caplog.records if one.levelno >= logging.WARNING]
    told = [one for one in records if one.levelno > logging.WARNING or one.name.startswith(noise)]
    assert [one.getMessage() for one in told] == []


@pytest.mark.parametrize("host", ["192.0.2.7", "bot.invalid", "127.0.0.1:8080", "a..b", "::zz"])
async def test_a_host_that_is_not_this_machine_s_is_blamed_and_not_its_port(host: str) -> None:
    with pytest.raises((OSError, UnicodeError)) as caught:
        await serve(web.Application(), host, 0)
    assert isinstance(caught.value, OSError | UnicodeError)
    told = cannot_listen(caught.value, host, 8080)
    assert str(told) == f"HTTP_HOST={host} is no address or name of this machine."
    assert start_code(told) is Exit.USAGE


def test_a_port_of_the_system_is_a_wrong_setting() -> None:
    told = cannot_listen(PermissionError(errno.EACCES, "denied"), "0.0.0.0", 80)
    assert (start_code(told), "from 1024 on" in told.hint) == (Exit.USAGE, True)
    other = cannot_listen(OSError(errno.EIO, "broken"), "0.0.0.0", 80)
    assert "HTTP_HOST=0.0.0.0 and HTTP_PORT=80" in str(other)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN is not set"),
        ({"SLACK_SIGNING_SECRET": ""}, "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET"),
    ],
)
async def test_a_missing_token_is_named_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], told: str
) -> None:
    async with slack_api() as slack:
        _set(monkeypatch, slack, tmp_path)
        for name, value in change.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SettingsError, match=told):
            async with AsyncExitStack() as stack:
                await build_bot(load_settings(), stack)


async def test_a_token_that_slack_refuses_ends_the_start_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with slack_api() as slack:
        _set(monkeypatch, slack, tmp_path)
        slack.refuse("auth.test", "invalid_auth")
        with pytest.raises(SettingsError, match=r"does not work \(auth\.test: invalid_auth"):
            async with AsyncExitStack() as stack:
                await build_bot(load_settings(), stack)
