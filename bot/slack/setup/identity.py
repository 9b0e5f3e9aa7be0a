"""Who the bot is in its workspace, and whether Slack takes the tokens of the settings."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.errors import AwayError, PostError, PostFailure, SettingsError
from bot.slack.outbound.web_api import Web

T = TypeVar("T")
# What says nothing of a token: Slack limits, fails or cannot be understood just now.
PASSING = frozenset({PostFailure.LIMITED, PostFailure.UNAVAILABLE, PostFailure.AMBIGUOUS})
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0
PATIENCE_SECONDS = 900.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in its workspace, as auth.test said at start-up."""

    bot_token: str
    bot_user_id: str
    bot_id: str = ""
    team_id: str = ""


async def check_bot_token(web: Web) -> tuple[dict[str, Any], frozenset[str]]:
    """Return what auth.test says of the bot and the scopes it was granted.

    Raises AwayError while Slack cannot say, and SettingsError in words a person can act on: the
    SDK would retry a bad token for ever.
    """
    try:
        answer = await web.call("auth.test")
    except PostError as error:
        raise _refused("SLACK_BOT_TOKEN", error, error.hint) from error
    return answer, web.scopes


async def check_app_token(web: Web, app_token: str) -> str:
    """Return a fresh WebSocket address. Raises AwayError, or SettingsError when Slack refuses."""
    try:
        return await web.open_socket(app_token)
    except PostError as error:
        hint = "It begins with xapp-, has the scope connections:write, and Socket Mode is on."
        raise _refused("SLACK_APP_TOKEN", error, hint) from error


async def patient(
    call: Callable[[], Awaitable[T]],
    *,
    patience: float = PATIENCE_SECONDS,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """Return what `call` returns; while Slack is away, wait as it says and ever longer.

    Raises AwayError once `patience` seconds were waited.
    """
    pause, waited = FIRST_PAUSE, 0.0
    while True:
        try:
            return await call()
        except AwayError as error:
            wait = max(error.retry_after, pause)
            if waited + wait > patience:
                raise
            log.warning("%s Tried again in %.0f s.", error.message, wait)
            await sleep(wait)
            waited, pause = waited + wait, min(2 * pause, LONGEST_PAUSE)


def _refused(setting: str, error: PostError, hint: str) -> SettingsError | AwayError:
    if error.failure in PASSING:
        return AwayError(
            f"Slack cannot be asked now whether {setting} works ({error.message}).",
            hint=error.hint or "It passes; nothing is wrong with the setting as far as is known.",
            retry_after=error.retry_after,
        )
    return SettingsError(f"{setting} does not work ({error.message}).", hint=hint)
