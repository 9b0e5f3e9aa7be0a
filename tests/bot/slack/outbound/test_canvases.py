"""A document as a canvas: its link is posted where the scope is granted, else nothing is done."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import CHANNELS
from bot.domain.report import Attachment
from bot.ports import Place
from bot.registry import commands
from bot.slack.outbound.canvases import SCOPE
from bot.slack.outbound.replies import SlackReplies
from bot.slack.outbound.web_api import Web, make_client
from bot.slack.setup.manifest import OPTIONAL_SCOPES, SCOPES, build_manifest

INCIDENTS = CHANNELS["incidents"]
DOCUMENT = Attachment("investigation.md", b"# Batch 33\n\nAll of it.", "Batch 33", is_document=True)
ANSWER = {"text": "Batch 33", "blocks": [], "files": (DOCUMENT,)}


def manifest(*more: str) -> dict[str, Any]:
    made = build_manifest(commands())
    made["oauth_config"]["scopes"]["bot"] += [*more]
    return made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def answered(space: Workspace, session: aiohttp.ClientSession) -> list[dict[str, Any]]:
    """Post an answer with a document, and return what stands in its thread."""
    web = Web(make_client(space.bot_token, space.api_url, session))
    await web.call("auth.test")
    ts = await SlackReplies(web, session).public(Place(INCIDENTS, "U0ONCALL0"), ANSWER)
    return space.space.seen(INCIDENTS, ts)[1:]


async def test_with_the_scope_a_document_is_a_canvas_that_the_channel_reads(
    session: aiohttp.ClientSession,
) -> None:
    async with Workspace(manifest=manifest(SCOPE)) as space:
        file, link = await answered(space, session)
        assert [one["name"] for one in file["files"]] == ["investigation.md"]
        assert link["text"] == "Batch 33 as a canvas"
        told = link["blocks"][0]["text"]["text"]
        address = told.removeprefix("<").partition("|")[0]
        async with session.get(address) as read:
            assert await read.text() == "# Batch 33\n\nAll of it."


async def test_without_the_scope_the_document_is_a_file_and_no_canvas(
    session: aiohttp.ClientSession,
) -> None:
    async with Workspace(manifest=manifest()) as space:
        (file,) = await answered(space, session)
        assert [one["name"] for one in file["files"]] == ["investigation.md"]
        async with session.post(
            f"{space.api_url}canvases.create",
            json={"title": "x"},
            headers={"Authorization": f"Bearer {space.bot_token}"},
        ) as refused:
            told = await refused.json()
        assert (told["error"], told["needed"]) == ("missing_scope", SCOPE)


async def test_a_canvas_that_slack_refuses_leaves_the_file_alone(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.demo.workspace.web_api.canvases.MOST_CHARS", 3)
    async with Workspace(manifest=manifest(SCOPE)) as space:
        (file,) = await answered(space, session)
        assert file["files"]


def test_the_scope_is_optional() -> None:
    assert SCOPE in OPTIONAL_SCOPES
    assert not OPTIONAL_SCOPES.keys() & SCOPES.keys()
