"""The local workspace refuses what Slack refuses, and shows what a person would see."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace.server import Workspace
from bot.demo.workspace.state.space import CHANNELS
from bot.registry import commands
from bot.slack.setup.manifest import build_manifest


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace() as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


@pytest.fixture
def client(workspace: Workspace, session: aiohttp.ClientSession) -> AsyncWebClient:
    return AsyncWebClient(workspace.bot_token, base_url=workspace.api_url, session=session)


async def test_a_message_its_edit_and_its_thread_are_seen(
    workspace: Workspace, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    head = await client.chat_postMessage(channel="alerts", text="stuck")
    await client.chat_postMessage(channel="alerts", text="still", thread_ts=head["ts"])
    await client.chat_update(channel=head["channel"], ts=head["ts"], text="resolved")
    async with session.get(f"{workspace.url}/workspace/messages?channel=alerts") as answer:
        (seen,) = (await answer.json())["messages"]
    assert (seen["text"], seen["reply_count"], seen["user"]) == ("resolved", 1, "batchbot")
    url = f"{workspace.url}/workspace/messages?channel=alerts&thread_ts={head['ts']}"
    async with session.get(url) as answer:
        assert [m["text"] for m in (await answer.json())["messages"]] == ["resolved", "still"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "nowhere", "text": "x"}, "channel_not_found"),
        ({"channel": "alerts", "text": ""}, "no_text"),
        ({"channel": "alerts", "text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"channel": "alerts", "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
    ],
)
async def test_it_refuses_by_slack_s_names(
    client: AsyncWebClient, arguments: dict[str, object], error: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("chat.postMessage", json=arguments)
    assert caught.value.response["error"] == error


async def test_a_wrong_token_and_an_unknown_method_are_refused(
    workspace: Workspace, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    wrong = AsyncWebClient("xoxb-wrong", base_url=workspace.api_url, session=session)
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await wrong.auth_test()
    with pytest.raises(SlackApiError, match="unknown_method"):
        await client.api_call("chat.nonsense")


async def test_a_file_is_shared_where_it_was_sent(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    await client.files_upload_v2(channel="C0ALERTS00", content="whole answer", filename="answer.md")
    (seen,) = workspace.space.seen("C0ALERTS00")
    assert [(file["name"], file["size"]) for file in seen["files"]] == [("answer.md", 12)]


async def test_a_rate_limited_workspace_says_when_to_come_back(
    workspace: Workspace, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    await session.post(f"{workspace.url}/workspace/faults", json={"rate_limit": True})
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="alerts", text="x")
    assert caught.value.response.headers["Retry-After"] == "2"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("send", {"channel": "nowhere", "user": "oncall", "text": "x"}),
        ("send", {"channel": "alerts", "user": "nobody", "text": "x"}),
        ("send", {"channel": "alerts", "user": "oncall", "text": ""}),
        ("act", {"channel": "alerts", "user": "oncall", "ts": "1", "action_id": "x"}),
        ("faults", {"errors": "many"}),
        ("send", ["no", "object"]),
    ],
)
async def test_a_bad_call_from_outside_is_told_why(
    workspace: Workspace, session: aiohttp.ClientSession, path: str, body: object
) -> None:
    async with session.post(f"{workspace.url}/workspace/{path}", json=body) as answer:
        assert 400 <= answer.status < 500
        assert (await answer.json())["error"]


async def test_a_method_without_its_scope_is_refused(
    workspace: Workspace, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    url = f"{workspace.url}/workspace/faults"
    await session.post(url, json={"withhold": ["chat:write"]})
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="alerts", text="x")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "chat:write"
    assert "chat:write" not in caught.value.response["provided"].split(",")
    await session.post(url, json={"withhold": []})
    assert (await client.chat_postMessage(channel="alerts", text="x"))["ok"]


async def test_a_permalink_leads_to_the_message_on_the_page(
    workspace: Workspace, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    ts = (await client.chat_postMessage(channel="alerts", text="x"))["ts"]
    link = await client.chat_getPermalink(channel="C0ALERTS00", message_ts=str(ts))
    async with session.get(link["permalink"], allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"{workspace.url}/#alerts/{ts}"


async def test_an_image_may_show_a_file_that_was_uploaded(
    workspace: Workspace, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    picture = b"\x89PNG"
    offer = await client.files_getUploadURLExternal(filename="queue.png", length=len(picture))
    block = {"type": "image", "alt_text": "queue", "slack_file": {"id": offer["file_id"]}}
    with pytest.raises(SlackApiError, match="invalid slack file"):
        await client.chat_postMessage(channel="alerts", text="queue", blocks=[block])
    await session.post(offer["upload_url"], data=picture)
    await client.files_completeUploadExternal(files=[{"id": offer["file_id"]}])
    assert (await client.chat_postMessage(channel="alerts", text="queue", blocks=[block]))["ok"]
    async with session.get(f"{workspace.url}/workspace/files/{offer['file_id']}") as answer:
        assert (await answer.read(), answer.content_type) == (picture, "image/png")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_what_changed_is_told_at_once(
    workspace: Workspace, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    async with session.get(f"{workspace.url}/workspace/events") as stream:
        while b"here" not in (line := await stream.content.readline()):
            assert line
        await client.chat_postMessage(channel="alerts", text="x")
        while b"data" not in (line := await stream.content.readline()):
            assert line
    assert b'"kind": "messages", "channel": "C0ALERTS00"' in line


async def test_a_command_that_is_not_installed_is_refused_by_the_client(
    session: aiohttp.ClientSession,
) -> None:
    manifest = build_manifest({"queue": commands()["queue"]})
    async with Workspace(manifest=manifest) as workspace:
        body = {"channel": "alerts", "user": "oncall", "text": "/nonsense 1"}
        async with session.post(f"{workspace.url}/workspace/send", json=body):
            pass
        (seen,) = workspace.space.seen("C0ALERTS00")
    assert seen["text"] == "/nonsense is not a valid command."
    assert seen["ephemeral_to"] == "oncall"


async def test_what_is_typed_before_the_app_came_up_waits_for_it(
    session: aiohttp.ClientSession,
) -> None:
    async with Workspace(app_starts=True) as workspace:
        typed = {"channel": "incidents", "user": "oncall", "text": "/queue"}
        await session.post(f"{workspace.url}/workspace/send", json=typed)
        app = AsyncWebClient(base_url=workspace.api_url, session=session)
        ticket = await app.apps_connections_open(app_token=workspace.app_token)
        async with session.ws_connect(ticket["url"]) as socket:
            envelope = await socket.receive_json()
            while envelope["type"] == "hello":
                envelope = await socket.receive_json()
            assert envelope["payload"]["command"] == "/queue"
            answer = {"response_type": "in_channel", "text": "empty"}
            await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": answer})
            for _ in range(1_000):
                if seen := workspace.space.seen(CHANNELS["incidents"]):
                    break
                await asyncio.sleep(0.01)
            assert [message["text"] for message in seen] == ["empty"]


async def test_an_ephemeral_message_is_shown_in_a_thread_only_once_it_has_replies(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    head = await client.chat_postMessage(channel="alerts", text="stuck")
    whisper = {"channel": "alerts", "user": "U0ONCALL0", "thread_ts": head["ts"]}
    assert (await client.chat_postEphemeral(text="unseen", **whisper))["ok"]
    await client.chat_postMessage(channel="alerts", text="a reply", thread_ts=head["ts"])
    await client.chat_postEphemeral(text="seen", **whisper)
    seen = workspace.space.seen(CHANNELS["alerts"], head["ts"], "U0ONCALL0")
    assert [one["text"] for one in seen] == ["stuck", "a reply", "seen"]
    assert [one["text"] for one in workspace.space.hidden] == ["unseen"]
