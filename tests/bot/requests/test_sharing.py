"""An answer that one person saw alone can be made public by that person, once, as it was."""

from collections import UserDict
from datetime import timedelta
from typing import Any
from weakref import ref

import pytest

from bot.domain.report import Attachment, Report
from bot.ports import Place
from bot.requests.sharing import KEPT, MOST
from bot.slack.blocks.limits import violations
from tests.support.fakes.sources import at
from tests.support.slack import payloads
from tests.support.slack.bot import QUIET, Bot


async def _asked(bot: Bot, text: str = "status 34") -> str:
    """Ask in a quiet channel and return the value of the Share button."""
    url = bot.slack.response_url("question")
    await bot.send(payloads.slash("/batch", text, channel=QUIET, response_url=url))
    said = (await bot.slack.wait_for(1))[0]
    rows = (one["elements"] for one in said.arguments["blocks"] if one["type"] == "actions")
    (button,) = (one for row in rows for one in row if one["action_id"] == "share")
    assert (button["action_id"], button["text"]["text"]) == ("share", "Share")
    return str(button["value"])


def _press(bot: Bot, value: str, **more: Any) -> dict[str, Any]:
    url = bot.slack.response_url("press")
    return payloads.press(
        "share", value, ephemeral=True, response_url=url, **{"channel": QUIET, **more}
    )


async def test_the_answer_is_said_in_public_and_taken_away_where_one_saw_it(bot: Bot) -> None:
    value = await _asked(bot)
    await bot.send(_press(bot, value))
    shared, gone = (await bot.slack.wait_for(3))[1:]
    assert (shared.way, shared.arguments["channel"]) == ("chat.postMessage", QUIET)
    assert shared.text == "batch status 34"
    assert "Shared by" in str(shared.arguments["blocks"][-1])
    assert "share" not in [b.get("action_id") for b in shared.arguments["blocks"]]
    assert violations(shared.arguments["blocks"], shared.text) == []
    assert (gone.way, gone.arguments) == ("respond", {"delete_original": True})
    assert bot.shop.started == ["batch status 34"]  # it is not run again


async def test_it_is_shared_once(bot: Bot) -> None:
    value = await _asked(bot)
    for _ in range(2):
        await bot.send(_press(bot, value))
    await bot.slack.wait_for_text("shared already")
    await bot.slack.wait_for_text("batch status 34")
    await bot.slack.wait_for(4)
    assert [one.way for one in bot.slack.said].count("chat.postMessage") == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"user": "U0RESEARCH"}, "Only the person who asked"),
        ({"user": "U0GUEST00"}, "not on the list"),
        ({"channel": "C0PRIVATE0"}, "do not answer in this channel"),
        ({"value": "forged"}, "no longer kept"),
    ],
)
async def test_rights_are_checked_anew(bot: Bot, more: dict[str, str], told: str) -> None:
    value = await _asked(bot)
    given = {**more}
    await bot.send(_press(bot, given.pop("value", value), **given))
    assert told in (await bot.slack.wait_for(2))[1].text
    assert "chat.postMessage" not in [one.way for one in bot.slack.said]


async def test_an_answer_is_kept_for_half_an_hour(bot: Bot) -> None:
    value = await _asked(bot)
    late = at("2025-11-18 23:50") + KEPT + timedelta(seconds=1)
    bot.dispatcher.shares._now = lambda: late
    await bot.send(_press(bot, value))
    assert "no longer kept" in (await bot.slack.wait_for(2))[1].text


async def test_only_so_many_answers_are_kept(bot: Bot) -> None:
    value = await _asked(bot)
    place = Place(QUIET, "U0ONCALL0")
    for number in range(MOST):
        bot.dispatcher.shares.keep(str(number), place, {"text": "t", "blocks": []})
    await bot.send(_press(bot, value))
    await bot.slack.wait_for_text("no longer kept")


async def test_what_can_no_longer_be_shared_is_not_held_any_longer(bot: Bot) -> None:
    shares, place = bot.dispatcher.shares, Place(QUIET, "U0ONCALL0")
    first, then = UserDict({"text": "t", "blocks": []}), at("2025-11-18 23:50")
    held = ref(first)
    shares._now = lambda: then
    shares.keep("first", place, first)
    del first
    assert held() is not None
    shares._now = lambda: then + KEPT + timedelta(seconds=1)
    shares.keep("second", place, {"text": "t", "blocks": []})
    assert held() is None


async def test_files_come_in_a_direct_message_and_with_the_shared_answer_in_its_thread(
    bot: Bot,
) -> None:
    files = (Attachment("batch-34.zip", b"PK", "Evidence"),)
    bot.shop.report = Report("batch bundle 34", "Bundle", attachments=files)
    value = await _asked(bot, "bundle 34")
    note, sent = (await bot.slack.wait_for(3))[1:]
    assert (note.way, note.arguments["channel"]) == ("chat.postMessage", "U0ONCALL0")
    assert (sent.way, sent.arguments["channel_id"]) == ("files", "DU0ONCALL0")
    await bot.send(_press(bot, value))
    shared = await bot.slack.wait_for(6)
    in_thread = [one.arguments for one in shared if one.way == "files"][1]
    assert in_thread["channel_id"] == QUIET
    assert in_thread["thread_ts"]


async def test_a_bot_that_is_not_in_the_channel_shares_through_the_press(bot: Bot) -> None:
    value = await _asked(bot)
    bot.slack.refuse("chat.postMessage", "not_in_channel")
    await bot.send(_press(bot, value))
    said = (await bot.slack.wait_for(3))[1]
    assert (said.way, said.arguments["response_type"]) == ("respond", "in_channel")
    assert said.arguments["replace_original"] is False
