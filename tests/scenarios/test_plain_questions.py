"""Plain questions in Slack: read aloud, answered in place, and following a thread's subject."""

import asyncio

import pytest

from tests.support.slack.people import Person

pytestmark = pytest.mark.timeout(60)


async def _asks(person: Person, text: str, channel: str = "incidents", thread: str = "") -> str:
    """Say something to the bot; return the thread in which it is answered."""
    sent = await person.does(
        "send",
        channel=channel,
        user="oncall",
        text=text,
        **({"thread_ts": thread} if thread else {}),
    )
    return thread or str(sent["ts"])


async def _reads(
    person: Person, thread: str, wanted: str, channel: str = "incidents"
) -> dict[str, object]:
    while True:
        for one in await person.sees(channel, thread, "oncall"):
            if wanted in str(one["blocks"]) + str(one.get("text")):
                return one
        await asyncio.sleep(0.02)


async def test_a_question_says_what_it_was_read_as_and_why_follows_its_thread(
    person: Person,
) -> None:
    thread = await _asks(person, "@batchbot is 33 ok?")
    await _reads(person, thread, "/batch status 33")
    await _asks(person, "@batchbot why?", thread=thread)
    answer = await _reads(person, thread, "/batch investigate 33")
    assert "Read as" in str(answer["blocks"])


async def test_what_an_answer_leaves_out_of_a_question_is_told_in_it(person: Person) -> None:
    thread = await _asks(person, "@batchbot is 33 ok since friday?")
    answer = await _reads(person, thread, "/batch status 33")
    assert "without “since friday”" in str(answer["blocks"])


async def test_what_cannot_be_read_is_answered_in_the_thread_with_three_buttons(
    person: Person,
) -> None:
    thread = await _asks(person, "@batchbot mute everything")
    answer = await _reads(person, thread, "Nothing was run")
    buttons = answer["blocks"][-1]["elements"]  # type: ignore[index]
    assert [one["value"] for one in buttons] == ["/batch list", "/queue", "/help"]
    assert answer["ephemeral_to"] is None


async def test_a_direct_message_is_a_question_too(person: Person) -> None:
    await _asks(person, "hows batch34 doing", "@batchbot")
    answer = await _reads(person, "", "/batch status 34", "@batchbot")
    assert "Read as" in str(answer["blocks"])
