"""Every way of asking, answered where Slack shows it: the whole bot in the local workspace."""

import pytest

from bot.demo.workspace.state.space import CHANNELS, USERS
from tests.support.slack.people import Person

pytestmark = pytest.mark.timeout(60)
ASKED = (
    "@batchbot why is batch 34 stuck?",
    "@batchbot batch status",
    "@batchbot batch status 34",
    "@batchbot batch status 34 --me",
    "@batchbot help",
    "@batchbot logs nowhere boom",
    "@batchbot alerts mute all",
    "@batchbot",
    "@batchbot nonsense and more of it",
)
PLACES = ("incidents", "alerts")
MESSAGES = ("no id here", "batch 33 and batch 34", "only batch 34")


@pytest.mark.parametrize("channel", PLACES)
async def test_every_mention_gets_an_answer_that_slack_shows(person: Person, channel: str) -> None:
    for user in ("oncall", "researcher", "guest"):
        for text in ASKED:
            sent = await person.does("send", channel=channel, user=user, text=text)
            person.space.space.messages[_id(person, channel)][:-1] = []
            await person.is_answered(channel, sent["ts"], user)


@pytest.mark.parametrize("channel", PLACES)
async def test_trace_this_is_answered_whatever_the_message_holds(
    person: Person, channel: str
) -> None:
    for user in ("oncall", "guest"):
        for text in MESSAGES:
            sent = await person.does("send", channel=channel, user="oncall", text=text)
            person.space.space.messages[_id(person, channel)][:-1] = []
            asked = {"channel": channel, "ts": sent["ts"], "user": user}
            await person.does("act", **asked, callback_id="trace_this")
            await person.is_answered(channel, sent["ts"], user)
            for view in list(person.space.views.stack(_user(user))):
                person.space.views.close(_user(user), view, every=True)


@pytest.mark.parametrize("text", ["hello", "batch status 34", "help", "/batch status"])
async def test_a_direct_message_is_answered_in_the_conversation(person: Person, text: str) -> None:
    for user in ("oncall", "guest"):
        sent = await person.does("send", channel="@batchbot", user=user, text=text)
        await person.is_answered("@batchbot", sent.get("ts", ""), user)


def _id(person: Person, channel: str) -> str:
    return CHANNELS[channel]


def _user(name: str) -> str:
    return USERS[name]
