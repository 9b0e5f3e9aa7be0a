"""Whether Slack takes the tokens: a refusal is a setting's, what passes by itself is waited for."""

import aiohttp
import pytest

from bot.cli.formats import Exit
from bot.cli.output import start_code
from bot.errors import AwayError, BatchbotError, SettingsError, SourceError
from bot.slack.outbound.web_api import Web, make_client
from bot.slack.setup.identity import check_app_token, check_bot_token, patient
from tests.support.slack.web_api import slack_api


async def test_what_passes_by_itself_is_waited_for_as_slack_says() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with slack_api() as slack, aiohttp.ClientSession() as session:
        slack.refuse("auth.test", "ratelimited", status=429, headers={"Retry-After": "30"})
        slack.refuse("auth.test", "ratelimited", status=429)
        slack.refuse("auth.test", "internal_error", status=200)
        slack.refuse("auth.test", "fatal_error", status=503)
        web = Web(make_client("xoxb-test", f"{slack.url}/api/", session))
        told, _ = await patient(lambda: check_bot_token(web), sleep=sleep)
    assert told["user_id"] == "UBOT00000"
    assert slept == [30, 4, 8, 16]


async def test_patience_ends_with_the_error_that_says_so() -> None:
    async def sleep(_: float) -> None:
        return

    async with slack_api() as slack, aiohttp.ClientSession() as session:
        slack.refuse("apps.connections.open", "internal_error", status=500, times=9)
        web = Web(make_client("xoxb-test", f"{slack.url}/api/", session))
        with pytest.raises(AwayError, match="cannot be asked now whether SLACK_APP_TOKEN"):
            await patient(lambda: check_app_token(web, "xapp-1"), patience=20, sleep=sleep)


async def test_a_refused_token_is_never_tried_again() -> None:
    async with slack_api() as slack, aiohttp.ClientSession() as session:
        slack.refuse("auth.test", "token_revoked")
        web = Web(make_client("xoxb-test", f"{slack.url}/api/", session))
        with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN does not work"):
            await patient(lambda: check_bot_token(web))
        assert len(slack.calls) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AwayError("Slack"), 69),
        (SourceError("memory", "starting up"), 69),
        (SourceError("memory", "no such database", permanent=True), Exit.USAGE),
        (SettingsError("HTTP_PORT"), Exit.USAGE),
    ],
)
def test_a_start_that_fails_says_by_its_code_whether_a_setting_is_wrong(
    error: BatchbotError, code: int
) -> None:
    assert start_code(error) == code
