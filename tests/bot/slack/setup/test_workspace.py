"""Names are read for as long as the bot runs: channels are renamed, groups get other members."""

import asyncio
from typing import Any, cast

import pytest

from bot.domain.routing.route import Route
from bot.errors import PostError, PostFailure
from bot.settings import SlackSettings
from bot.slack.outbound.web_api import Web
from bot.slack.setup.identity import Identity
from bot.slack.setup.workspace import SlackWorkspace, find_access, keep_names, look_up_routes

SETTINGS = SlackSettings.model_validate(
    {
        "SLACK_ALERT_CHANNEL": "alerts",
        "SLACK_INCIDENT_CHANNELS": "incidents",
        "SLACK_OPERATORS": "@oncall",
    }
)

ROUTES = (Route("stuck_queue", channel="llm", mention="@oncall"),)


class Slack:
    """A workspace whose channels and group change between one reading and the next."""

    team_id = ""

    def __init__(self) -> None:
        self.channels: list[dict[str, Any]] = [
            {"id": "C0ALERTS00", "name": "alerts"},
            {"id": "C0INCIDENT", "name": "incidents"},
        ]
        self.oncall = ["U0FIRST000"]
        self.group = "S0ONCALL00"
        self.is_away = False

    async def query(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Answer the lists."""
        if self.is_away:
            raise PostError(PostFailure.REFUSED, f"{method}: missing_scope")
        group = {"id": self.group, "handle": "oncall", "users": self.oncall}
        return {"ok": True, "channels": self.channels, "members": [], "usergroups": [group]}


async def reread(space: SlackWorkspace, *changes: Any) -> None:
    """Read the names again after each of the changes."""
    waiting = list(changes)

    async def sleep(_: float) -> None:
        if not waiting:
            raise asyncio.CancelledError
        waiting.pop(0)()

    with pytest.raises(asyncio.CancelledError):
        await keep_names(space, SETTINGS, sleep, routes=ROUTES)


async def joined(slack: Slack) -> SlackWorkspace:
    """Return the workspace as it is at the start."""
    access = (await find_access(cast(Web, slack), SETTINGS)).access
    return SlackWorkspace(cast(Web, slack), cast(Any, None), Identity("", ""), access)


async def test_who_left_the_group_may_change_nothing_any_more() -> None:
    slack = Slack()
    space = await joined(slack)
    assert space.access.operators == {"U0FIRST000"}

    def change() -> None:
        slack.oncall = ["U0SECOND00"]

    await reread(space, change)
    assert space.access.operators == {"U0SECOND00"}


async def test_a_renamed_or_converted_channel_is_still_the_one() -> None:
    slack = Slack()
    space = await joined(slack)

    def change() -> None:
        slack.channels = [
            {"id": "C0ALERTS00", "name": "llm", "previous_names": ["alerts"], "is_private": True},
            {"id": "C0INCIDENT", "name": "fires", "previous_names": ["incidents"]},
        ]

    await reread(space, change)
    assert space.access.alert_channel == "C0ALERTS00"
    assert space.access.incident_channels == {"C0INCIDENT"}
    assert space.access.names["C0INCIDENT"] == "fires"


async def test_a_name_that_another_channel_took_moves_rights_but_no_alerts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slack = Slack()
    space = await joined(slack)

    def change() -> None:
        slack.channels = [
            {"id": "C0NEW00000", "name": "alerts"},
            {"id": "C0ALERTS00", "name": "alerts-old", "previous_names": ["alerts"]},
            {"id": "C0OTHER000", "name": "incidents"},
        ]

    await reread(space, change)
    assert space.access.alert_channel == "C0ALERTS00"
    assert space.access.incident_channels == {"C0OTHER000"}
    assert "alerts stay where they are" in caplog.text


async def test_lists_that_cannot_be_read_take_nobodys_rights() -> None:
    slack = Slack()
    space = await joined(slack)

    def change() -> None:
        slack.is_away = True

    await reread(space, change)
    assert space.access.operators == {"U0FIRST000"}
    assert space.access.alert_channel == "C0ALERTS00"


async def test_a_route_wakes_the_group_that_has_the_name_now_and_keeps_its_channel() -> None:
    slack = Slack()
    slack.channels.append({"id": "C0LLM00000", "name": "llm"})
    space = await joined(slack)
    held = await look_up_routes(space, ROUTES)
    assert [(one.channel, one.mention) for one in held] == [("C0LLM00000", "<!subteam^S0ONCALL00>")]

    def change() -> None:
        slack.group = "S0NEXT0000"
        slack.channels[-1] = {"id": "C0OTHER000", "name": "llm"}

    await reread(space, change)
    assert [(one.channel, one.mention) for one in held] == [("C0LLM00000", "<!subteam^S0NEXT0000>")]


async def test_a_route_learns_a_channel_that_was_not_there_and_forgets_nothing_unread() -> None:
    slack = Slack()
    space = await joined(slack)
    held = await look_up_routes(space, ROUTES)
    assert held[0].channel == ""

    def appear() -> None:
        slack.channels.append({"id": "C0LLM00000", "name": "llm"})

    def fail() -> None:
        slack.is_away = True

    await reread(space, appear, fail)
    assert (held[0].channel, held[0].mention) == ("C0LLM00000", "<!subteam^S0ONCALL00>")
    assert "C0LLM00000" in space.access.routed_channels
