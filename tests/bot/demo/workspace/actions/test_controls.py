"""POST /workspace/incident: what breaks beside Slack, for the page and for scripts."""

from typing import Any

import aiohttp
import pytest

from bot.demo.incidents import Incidents
from bot.demo.workspace.server import Workspace


async def asked(workspace: Workspace, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
    url = f"{workspace.url}/workspace/incident"
    async with aiohttp.ClientSession() as session:
        call = session.get(url) if body is None else session.post(url, json=body)
        async with call as answer:
            return answer.status, await answer.json()


async def test_an_incident_is_started_shown_and_mended() -> None:
    incidents = Incidents()
    async with Workspace(incidents=incidents) as workspace:
        status, answer = await asked(workspace, {"name": "freeze"})
        assert (status, incidents.on) == (200, {"freeze"})
        assert [one["name"] for one in answer["incidents"] if one["on"]] == ["freeze"]
        await asked(workspace, {"name": "freeze", "on": False})
        _, answer = await asked(workspace, None)
        assert not any(one["on"] for one in answer["incidents"])


@pytest.mark.parametrize("body", [{}, {"name": "meteor"}, {"name": "freeze", "on": "yes"}])
async def test_what_it_does_not_understand_is_refused_in_words(body: dict[str, Any]) -> None:
    async with Workspace(incidents=Incidents()) as workspace:
        status, answer = await asked(workspace, body)
        assert (status, answer["ok"]) == (400, False)
        assert answer["error"]


async def test_a_workspace_without_services_has_nothing_to_break() -> None:
    async with Workspace() as workspace:
        assert await asked(workspace, None) == (200, {"ok": True, "incidents": []})
        status, _ = await asked(workspace, {"name": "freeze"})
        assert status == 404
