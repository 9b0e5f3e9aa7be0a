"""A real Bolt app and a person meet in modals, App Home, shortcuts and answers to presses."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace.server import Workspace

Body = dict[str, Any]


class Person:
    """Does in the workspace what oncall does on the page."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def does(self, what: str, **body: Any) -> Body:
        url = f"{self._url}/workspace/{what}"
        async with self._session.post(url, json={"user": "oncall", **body}) as answer:
            told: Body = await answer.json()
            return told

    async def sees(self, what: str, **query: str) -> Body:
        url = f"{self._url}/workspace/{what}"
        async with self._session.get(url, params={"user": "oncall", **query}) as answer:
            told: Body = await answer.json()
            return told

    async def modals(self) -> list[Body]:
        views: list[Body] = (await self.sees("views"))["views"]
        return views


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace() as running:
        yield running


@pytest.fixture
async def person(workspace: Workspace) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession() as session:
        yield Person(workspace.url, session)


@pytest.fixture
async def app(workspace: Workspace) -> AsyncIterator[AsyncApp]:
    client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
    made = AsyncApp(client=client, name="test")
    handler = AsyncSocketModeHandler(made, workspace.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    yield made
    await handler.close_async()  # type: ignore[no-untyped-call]


class Heard:
    """What the app was sent; a test waits for it instead of sleeping."""

    def __init__(self) -> None:
        self._bodies: asyncio.Queue[Body] = asyncio.Queue()

    def __call__(self, body: Body | bytes) -> None:
        assert isinstance(body, dict)
        self._bodies.put_nowait(body)

    async def next(self) -> Body:
        async with asyncio.timeout(10):
            return await self._bodies.get()


def plain(words: str) -> Body:
    return {"type": "plain_text", "text": words}


def options(*words: str) -> list[Body]:
    return [{"text": plain(word), "value": word} for word in words]


FORM: Body = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Trace"),
    "submit": plain("Go"),
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "id",
            "label": plain("Id"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        },
        {
            "type": "input",
            "block_id": "how",
            "label": plain("How"),
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "options": options("short", "long"),
                "initial_option": options("short")[0],
            },
        },
    ],
}


async def opened(app: AsyncApp, person: Person) -> tuple[str, Heard]:
    """Open the form by a slash command; return its id and what is heard of it."""
    heard = Heard()

    @app.command("/trace")
    async def ask(ack: Any, body: Body, client: AsyncWebClient) -> None:
        await ack()
        heard((await client.views_open(trigger_id=body["trigger_id"], view=FORM)).data)

    await person.does("send", channel="incidents", text="/trace")
    view = (await heard.next())["view"]
    return view["id"], heard


async def test_a_form_is_filled_refused_and_taken(app: AsyncApp, person: Person) -> None:
    id, heard = await opened(app, person)

    @app.view("form")
    async def take(ack: Any, body: Body) -> None:
        if body["view"]["state"]["values"]["id"]["text"]["value"] == "wrong":
            await ack(response_action="errors", errors={"id": "No such batch."})
            return
        await ack()
        heard(body)

    empty = await person.does("submit", view_id=id, values={})
    assert empty["errors"] == {"id": "Please complete this required field."}
    wrong = await person.does("submit", view_id=id, values={"id": {"text": "wrong"}})
    assert wrong == {"ok": False, "errors": {"id": "No such batch."}}
    typed = {"id": {"text": "34"}, "how": {"pick": "long"}}
    assert (await person.does("submit", view_id=id, values=typed))["ok"]
    body = await heard.next()
    values = body["view"]["state"]["values"]
    assert values["id"]["text"] == {"type": "plain_text_input", "value": "34"}
    assert values["how"]["pick"]["selected_option"]["value"] == "long"
    assert body["user"]["name"] == "oncall"
    assert await person.modals() == []


@pytest.mark.parametrize(
    ("action", "titles"),
    [("update", ["Second"]), ("push", ["Trace", "Second"]), ("clear", [])],
)
async def test_an_acknowledgement_may_change_the_modals(
    app: AsyncApp, person: Person, action: str, titles: list[str]
) -> None:
    id, _ = await opened(app, person)
    second = {"type": "modal", "title": plain("Second"), "blocks": []}

    @app.view("form")
    async def take(ack: Any) -> None:
        await ack(response_action=action, **({} if action == "clear" else {"view": second}))

    answer = await person.does("submit", view_id=id, values={"id": {"text": "34"}})
    assert answer == {"ok": True, "response_action": action}
    assert [view["title"]["text"] for view in await person.modals()] == titles


async def test_a_submission_that_is_not_acknowledged_stays_open_and_says_so(
    app: AsyncApp, person: Person
) -> None:
    id, _ = await opened(app, person)
    answer = await person.does("submit", view_id=id, values={"id": {"text": "34"}})
    assert "trouble connecting" in answer["error"]
    assert len(await person.modals()) == 1


async def test_a_cancelled_modal_tells_the_app(app: AsyncApp, person: Person) -> None:
    id, heard = await opened(app, person)

    @app.view_closed("form")
    async def gone(ack: Any, body: Body) -> None:
        await ack()
        heard(body)

    await person.does("close", view_id=id)
    assert (await heard.next())["view"]["id"] == id
    assert await person.modals() == []


async def test_home_is_published_when_opened_and_its_buttons_work(
    app: AsyncApp, person: Person
) -> None:
    heard = Heard()
    button = {"type": "button", "action_id": "again", "text": plain("Again"), "value": "v"}

    @app.event("app_home_opened")
    async def show(event: Body, client: AsyncWebClient) -> None:
        view = {"type": "home", "blocks": [{"type": "actions", "elements": [button]}]}
        heard((await client.views_publish(user_id=event["user"], view=view)).data)

    @app.action("again")
    async def again(ack: Any, body: Body) -> None:
        await ack()
        heard(body)

    await person.does("home", tab="home")
    view = (await heard.next())["view"]
    assert (await person.sees("home"))["view"]["id"] == view["id"]
    await person.does("act", view_id=view["id"], action_id="again")
    body = await heard.next()
    assert body["container"] == {"type": "view", "view_id": view["id"]}
    assert body["actions"][0]["value"] == "v"
    assert "channel" not in body
    assert "response_url" not in body


async def test_an_answer_to_a_press_replaces_or_deletes_its_message(
    app: AsyncApp, person: Person
) -> None:
    heard = Heard()
    button = {"type": "button", "action_id": "go", "text": plain("Go")}
    blocks = [{"type": "actions", "elements": [button]}]
    head = await app.client.chat_postMessage(channel="alerts", text="old", blocks=blocks)

    @app.action("go")
    async def go(ack: Any, respond: Any, body: Body) -> None:
        await ack()
        await respond(text="new", replace_original=True, blocks=blocks)
        heard(body)

    await person.does("act", channel="alerts", ts=head["ts"], action_id="go")
    await heard.next()
    (seen,) = (await person.sees("messages", channel="alerts"))["messages"]
    assert (seen["ts"], seen["text"], bool(seen["edited"])) == (head["ts"], "new", True)

    @app.shortcut("gone")
    async def gone(ack: Any, respond: Any, body: Body) -> None:
        await ack()
        await respond(delete_original=True)
        heard(body)

    await person.does("act", channel="alerts", ts=head["ts"], callback_id="gone")
    assert (await heard.next())["message_ts"] == head["ts"]
    assert (await person.sees("messages", channel="alerts"))["messages"] == []


async def test_a_choice_on_a_message_carries_its_option(app: AsyncApp, person: Person) -> None:
    heard = Heard()
    select = {"type": "static_select", "action_id": "pick", "options": options("1 h", "2 h")}
    blocks = [{"type": "actions", "block_id": "b", "elements": [select]}]
    head = await app.client.chat_postMessage(channel="alerts", text="x", blocks=blocks)

    @app.action("pick")
    async def picked(ack: Any, body: Body) -> None:
        await ack()
        heard(body)

    doing = {"channel": "alerts", "ts": head["ts"], "action_id": "pick"}
    assert "not on offer" in (await person.does("act", **doing, value="9 h"))["error"]
    await person.does("act", **doing, value="2 h")
    body = await heard.next()
    assert body["actions"][0]["selected_option"]["value"] == "2 h"
    assert body["state"]["values"]["b"]["pick"]["selected_option"]["value"] == "2 h"


async def test_an_event_that_is_missed_comes_again(workspace: Workspace, person: Person) -> None:
    """The first delivery falls into a gap without a connection; the retry says so."""
    await person.does("send", channel="incidents", text="@batchbot queue")
    heard = Heard()
    client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
    late = AsyncApp(client=client, name="late")

    @late.event("app_mention")
    async def mention(body: Body, request: Any) -> None:
        heard({**body, "headers": request.headers})

    handler = AsyncSocketModeHandler(late, workspace.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    body = await heard.next()
    assert body["headers"]["x-slack-retry-num"] == ["1"]
    assert body["event"]["text"].startswith("<@U0BATCHBOT>")
    await handler.close_async()  # type: ignore[no-untyped-call]


async def test_a_dm_is_the_person_s_own(app: AsyncApp, person: Person) -> None:
    await app.client.chat_postMessage(channel="U0ONCALL0", text="for you")
    mine = await person.sees("messages", channel="@batchbot", viewer="oncall")
    assert [message["text"] for message in mine["messages"]] == ["for you"]
    theirs = await person.sees("messages", channel="@batchbot", viewer="guest")
    assert theirs["messages"] == []
