"""A line that lacks words is asked for the rest: in a modal, or in words where there is none."""

import json
from typing import Any

import pytest

from tests.support.slack import payloads
from tests.support.slack.bot import INCIDENTS, QUIET, Bot
from tests.support.slack.views import view_violations


def _view(said: Any) -> dict[str, Any]:
    return dict(said.arguments["view"])


def _blocks(view: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in view["blocks"] if block["type"] == "input"]


async def _opened(bot: Bot, text: str = "status", **more: str) -> dict[str, Any]:
    """Send a slash command that lacks words, and return the modal once it is whole."""
    await bot.send(payloads.slash("/batch", text, **more))
    opened, updated = (await bot.slack.wait_for(2))[:2]
    assert (opened.way, updated.way) == ("views.open", "views.update")
    return _view(updated)


async def test_the_modal_can_be_filled_in_at_once_and_gets_recent_batches(bot: Bot) -> None:
    whole = await _opened(bot)
    first = _view(bot.slack.said[0])
    assert _blocks(first) == ["word_0"]
    assert not first["blocks"][1]["optional"]
    assert _blocks(whole) == ["pick_0", "word_0"]
    options = whole["blocks"][1]["element"]["options"]
    assert [(one["value"], one["text"]["text"]) for one in options] == [
        ("34", "34 · scoring"),
        ("33", "33 · scoring"),
    ]
    assert view_violations(first) == view_violations(whole) == []
    assert bot.shop.started == []


async def test_without_recent_ones_the_field_alone_is_asked_for(bot: Bot) -> None:
    bot.shop.recent = ()
    assert _blocks(await _opened(bot)) == ["word_0"]


@pytest.mark.parametrize(
    ("values", "typed"),
    [
        ({"pick_0": "33"}, "batch status 33"),
        ({"word_0": " 31 "}, "batch status 31"),
        ({"pick_0": "33", "word_0": "31"}, "batch status 31"),
    ],
)
async def test_what_was_filled_in_is_answered_where_it_was_asked(
    bot: Bot, values: dict[str, str | None], typed: str
) -> None:
    view = await _opened(bot)
    ack = await bot.deliver(payloads.submission(view, values))
    assert (ack.status, ack.body) == (200, "")
    said = (await bot.slack.wait_for(3))[2]
    assert (said.way, said.arguments["channel"]) == ("chat.postMessage", INCIDENTS)
    assert bot.shop.started == [typed]


async def test_an_answer_for_one_comes_through_the_response_url_of_the_question(bot: Bot) -> None:
    url = bot.slack.response_url("asked")
    view = await _opened(bot, channel=QUIET, response_url=url)
    await bot.send(payloads.submission(view, {"pick_0": "34"}))
    assert (await bot.slack.wait_for(3))[2].way == "respond"


@pytest.mark.parametrize(
    ("values", "problem"),
    [({}, "Choose one, or type one here."), ({"word_0": "nonsense"}, "nonsense is no id.")],
)
async def test_a_form_without_an_id_says_so_and_stays_open(
    bot: Bot, values: dict[str, str | None], problem: str
) -> None:
    view = await _opened(bot)
    ack = json.loads((await bot.deliver(payloads.submission(view, values))).body)
    assert ack["response_action"] == "errors"
    assert problem in ack["errors"]["word_0"]
    assert bot.shop.started == []


async def test_each_blank_has_its_own_error(bot: Bot) -> None:
    view = await _opened(bot, "compare")
    answer = await bot.deliver(payloads.submission(view, {"pick_0": "34"}))
    assert list(json.loads(answer.body)["errors"]) == ["word_1"]


async def test_who_fills_in_a_form_is_admitted_anew(bot: Bot) -> None:
    view = await _opened(bot)
    await bot.send(payloads.submission(view, {"pick_0": "34"}, user="U0GUEST00"))
    assert "not on the list" in (await bot.slack.wait_for(3))[2].text
    assert bot.shop.started == []


async def test_who_fills_in_a_form_is_of_their_own_workspace_not_its_openers(bot: Bot) -> None:
    view = await _opened(bot)
    sent = payloads.submission(view, {"pick_0": "34"})
    sent["user"]["team_id"] = "T0ELSEWHERE"
    await bot.send(sent)
    assert "other workspaces" in (await bot.slack.wait_for(3))[2].text
    assert bot.shop.started == []


async def test_a_form_of_an_older_bot_is_refused_in_words(bot: Bot) -> None:
    view = {**await _opened(bot), "private_metadata": '{"v": 0}'}
    ack = json.loads((await bot.deliver(payloads.submission(view, {"pick_0": "34"}))).body)
    assert "older bot" in ack["errors"]["word_0"]


async def test_a_mention_gets_the_same_question_in_words_with_what_exists(bot: Bot) -> None:
    await bot.send(payloads.mention("<@UBOT00000> batch status", thread_ts="1.5"))
    said = (await bot.slack.wait_for(1))[0]
    assert (said.way, said.arguments["thread_ts"]) == ("chat.postMessage", "1.5")
    assert "For example `/batch status 34`. There are: 34 · scoring; 33 · scoring." in said.text


async def test_a_trigger_that_ran_out_is_answered_in_words(bot: Bot) -> None:
    bot.slack.refuse("views.open", "expired_trigger_id")
    url = bot.slack.response_url()
    await bot.send(payloads.slash("/batch", "status", response_url=url))
    assert "For example" in (await bot.slack.wait_for(1))[0].text


async def test_a_button_that_lacks_words_opens_the_form_too(bot: Bot) -> None:
    await bot.send(payloads.press("run_0", "/batch status"))
    assert (await bot.slack.wait_for(1))[0].way == "views.open"


async def test_a_press_in_the_home_is_answered_in_a_modal(bot: Bot) -> None:
    await bot.send(payloads.view_press("run_0", "/batch status 34", user="U0RESEARCH"))
    opened, answer = await bot.slack.wait_for(2)
    assert (opened.way, answer.way) == ("views.open", "views.update")
    assert "Working on" in str(_view(opened))
    assert "batch status 34" in str(_view(answer))
    assert view_violations(_view(answer)) == []


async def test_a_press_in_that_modal_is_answered_in_the_same_modal(bot: Bot) -> None:
    await bot.send(payloads.view_press("run_0", "/trace x", kind="modal", view_id="V0SHEET"))
    said = (await bot.slack.wait_for(1))[0]
    assert (said.way, said.arguments["view_id"]) == ("views.update", "V0SHEET")


async def test_a_form_from_the_home_becomes_the_answer(bot: Bot) -> None:
    await bot.send(payloads.view_press("run_0", "/batch status"))
    view = _view((await bot.slack.wait_for(2))[1])
    ack = json.loads((await bot.deliver(payloads.submission(view, {"pick_0": "34"}))).body)
    assert ack["response_action"] == "update"
    assert view_violations(ack["view"]) == []
    said = (await bot.slack.wait_for(3))[2]
    assert (said.way, said.arguments["view_id"]) == ("views.update", "V0MODAL000")


async def test_a_guest_who_presses_in_the_home_is_denied(bot: Bot) -> None:
    await bot.send(payloads.view_press("run_0", "/batch status 34", user="U0GUEST00"))
    assert "not on the list" in (await bot.slack.wait_for(1))[0].text
