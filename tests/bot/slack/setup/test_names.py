from typing import Any, cast

import aiohttp
import pytest

from bot.demo.workspace.server import Workspace
from bot.slack.outbound.web_api import Web, make_client
from bot.slack.setup.names import find_channels, find_users


class Listed:
    """A workspace that lists its channels."""

    team_id = ""

    def __init__(self, *channels: dict[str, Any]) -> None:
        self._channels = channels

    async def query(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Return those that were asked for."""
        hidden = arguments.get("exclude_archived", False)
        shown = [row for row in self._channels if not (hidden and row.get("is_archived"))]
        return {"ok": True, "channels": shown}


ARCHIVED = {"id": "C00000001", "name": "alerts", "is_archived": True}
STANDING = {"id": "C00000002", "name": "alerts"}
OTHER = {"id": "C00000003", "name": "alerts"}


@pytest.mark.parametrize(
    ("channels", "id"),
    [
        ((STANDING,), "C00000002"),
        ((ARCHIVED,), "C00000001"),
        ((ARCHIVED, STANDING), "C00000002"),
        ((STANDING, OTHER), None),
        ((), None),
    ],
)
async def test_a_channel_is_found_also_when_it_is_archived(
    channels: tuple[dict[str, Any], ...], id: str | None
) -> None:
    found = await find_channels(cast(Web, Listed(*channels)), ["#alerts"])
    assert found.ids.get("#alerts") == id
    assert found.unknown == (() if id else ("#alerts",))


async def test_a_user_group_stands_for_those_who_belong_to_it() -> None:
    async with Workspace() as space, aiohttp.ClientSession() as session:
        web = Web(make_client(space.bot_token, space.api_url, session))
        found = await find_users(web, ["@llm-oncall", "nobody"])
        assert found.of(["@llm-oncall", "nobody"]) == {"U0ONCALL0"}
        assert found.unknown == ("nobody",)
        space.app.missing.add("usergroups:read")
        found = await find_users(web, ["@llm-oncall"])
        assert found.unknown == ("@llm-oncall",)
        assert "missing_scope" in found.problem
