"""Two bots of one Slack app: what is another environment's is told apart from a replica's."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.alerts.store.postgres import Store
from bot.errors import SourceError
from bot.ports import Place
from bot.service import other_bots
from bot.service.build import Bot, build_bot
from bot.service.other_bots import strangers, warn_of_environments, warn_of_others
from bot.settings import groups, load_settings
from bot.slack.setup.environments import environments_in
from tests.support.slack.web_api import SlackApi, slack_api


@pytest.mark.parametrize(
    ("connections", "replicas", "others"),
    [(2, 1, 0), (1, 1, 0), (4, 2, 0), (4, 1, 2), (3, 1, 1), (2, 0, 0), (0, 1, 0)],
)
def test_connections_beyond_those_of_the_replicas_are_anothers(
    connections: int, replicas: int, others: int
) -> None:
    assert strangers(connections, replicas, 2) == others


async def _at_once(_: float) -> None:
    return None


async def _one() -> int:
    return 1


async def _away() -> int:
    raise SourceError("memory", "gone")


async def test_it_is_said_once_and_names_the_environment(caplog: pytest.LogCaptureFixture) -> None:
    await warn_of_others(lambda: 4, _one, 2, "prod", _at_once)
    assert "another bot listens for this Slack app" in caplog.text
    assert "environment prod" in caplog.text


async def test_replicas_and_an_absent_database_are_no_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await warn_of_others(lambda: 2, _one, 2, "prod", _at_once)
    await warn_of_others(lambda: 4, _away, 2, "prod", _at_once)
    assert caplog.text == ""


async def test_replicas_of_one_database_are_counted(database_url: str) -> None:
    first, second = Store(database_url, "prod"), Store(database_url, "prod")
    await first.open()
    await second.open()
    assert await first.lead()
    assert not await second.lead()
    assert await second.replicas() == 2
    await first.close()
    await second.close()


class _Enough(Exception):
    """Ends what would look again for ever."""


async def _found(*looks: frozenset[str]) -> None:
    turns = iter([0, *range(len(looks))])

    async def sleep(_: float) -> None:
        if next(turns, None) is None:
            raise _Enough

    told = iter(looks)

    async def look() -> frozenset[str]:
        return next(told, frozenset())

    with pytest.raises(_Enough):
        await warn_of_environments([look], "prod", sleep)


async def test_each_other_environment_is_named_once_also_when_it_shows_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, both = frozenset({"prod", "dev"}), frozenset({"dev", "prod", ""})
    await _found(frozenset(), one, both, both)
    assert caplog.text.count("environment 'dev'") == 1
    assert caplog.text.count("environment ''") == 1


async def test_ones_own_environment_is_no_reason(caplog: pytest.LogCaptureFixture) -> None:
    await _found(frozenset({"prod"}), frozenset())
    assert caplog.text == ""


def test_only_what_the_bot_itself_posted_says_an_environment() -> None:
    def said(user: str, payload: object) -> dict[str, object]:
        return {
            "user": user,
            "metadata": {"event_type": "batchbot_alert", "event_payload": payload},
        }

    rows = [
        said("UBOT", {"token": "1", "environment": "dev"}),
        said("UBOT", {"token": "2"}),
        said("UBOT", {"environment": ["dev2"]}),
        said("UOTHER", {"environment": "theirs"}),
        {"user": "UBOT", "text": "by hand"}, "no message", None,
    ]  # fmt: skip
    assert environments_in(rows, "UBOT") == {"dev"}


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_bots, "LOOK_AFTER_SECONDS", 0.1)
    monkeypatch.setattr(other_bots, "LOOK_AGAIN_SECONDS", 0.1)


@pytest.fixture
async def slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackApi]:
    async with slack_api() as api:
        api.channels = [{"id": "C0INCIDENT", "name": "incidents"}]
        api.users = [{"id": "U0ONCALL0", "name": "oncall"}]
        (tmp_path / "logs").mkdir()
        for name, value in {
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_SIGNING_SECRET": "signing-secret",
            "SLACK_API_URL": f"{api.url}/api/",
            "SLACK_INCIDENT_CHANNELS": "incidents",
            "SLACK_OPERATORS": "oncall",
            "HTTP_PORT": "0",
            "LOG_FILES_DIR": str(tmp_path / "logs"),
        }.items():
            monkeypatch.setenv(name, value)
        yield api


async def _start(
    environment: str, stack: AsyncExitStack, folder: Path, patch: pytest.MonkeyPatch
) -> Bot:
    patch.setenv("BOT_ENVIRONMENT", environment)
    patch.setenv("BOT_DATA_DIR", str(folder / (environment or "nameless")))
    return await build_bot(load_settings(), stack, durable=False)


async def _told(caplog: pytest.LogCaptureFixture, text: str) -> None:
    async with asyncio.timeout(20):
        while text not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("hurried")
async def test_over_http_the_second_environment_is_named_by_what_the_first_posted(
    slack: SlackApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with AsyncExitStack() as stack:
        prod = await _start("prod", stack, tmp_path, monkeypatch)
        await prod.dispatcher.answer(Place("C0INCIDENT", "U0ONCALL0"), "/queue")
        await slack.wait_for(1)
        await _start("dev", stack, tmp_path, monkeypatch)
        await _told(caplog, "the bot of environment 'prod' uses this Slack app, too")
        assert "this is 'dev'" in caplog.text


@pytest.mark.usefixtures("hurried")
async def test_over_http_it_is_named_by_who_answers_at_slacks_address_before_any_post(
    slack: SlackApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with AsyncExitStack() as stack:
        prod = await _start("prod", stack, tmp_path, monkeypatch)
        # Slack's address is of https; that of the test's machine need not be.
        monkeypatch.setattr(groups, "_PUBLIC_URL", re.compile(r"http://127\.0\.0\.1:\d+/"))
        monkeypatch.setenv("HTTP_PUBLIC_URL", f"http://127.0.0.1:{prod.port}/")
        await _start("dev", stack, tmp_path, monkeypatch)
        await _told(caplog, "the bot of environment 'prod' uses this Slack app, too")
    assert not slack.said
