"""Who the bot is in its workspace, and whether Slack takes the tokens of the settings."""

from dataclasses import dataclass
from typing import Any

from bot.errors import PostError, SettingsError
from bot.slack.outbound.web_api import Web


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in its workspace, as auth.test said at start-up."""

    bot_token: str
    bot_user_id: str
    bot_id: str = ""
    team_id: str = ""


async def check_bot_token(web: Web) -> tuple[dict[str, Any], frozenset[str]]:
    """Return what auth.test says of the bot and the scopes it was granted.

    Raises SettingsError in words a person can act on: the SDK would retry a bad token for ever.
    """
    try:
        answer = await web.call("auth.test")
    except PostError as error:
        raise SettingsError(
            f"SLACK_BOT_TOKEN does not work ({error.message}).", hint=error.hint
        ) from error
    return answer, web.scopes


async def check_app_token(web: Web, app_token: str) -> str:
    """Return a fresh WebSocket address. Raises SettingsError when Slack gives none."""
    try:
        return await web.open_socket(app_token)
    except PostError as error:
        raise SettingsError(
            f"SLACK_APP_TOKEN does not work ({error.message}).",
            hint="It begins with xapp-, has the scope connections:write, and Socket Mode is on.",
        ) from error
