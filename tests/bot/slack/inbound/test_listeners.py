"""The bot in Slack: payloads through the real Bolt app, answers at a real socket."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from bot.domain.report import Report
from bot.errors import DeniedError
from bot.ports import Place
from bot.requests.access import Access
from bot.requests.admission import Limits
from tests.support.slack import payloads
from tests.support.slack.bot import ALERTS, INCIDENTS, QUIET, UUID, Bot


async def test_a_command_is_acknowledged_before_any_work(bot: Bot) -> None:
    bot.shop.gate.clear()
    status = await bot.send(payloads.slash("/batch", "wait 34"))
    assert status == 200
    assert bot.slack.calls == []
    bot.shop.gate.set()
    await bot.slack.wait_for(1)


async def test_an_answer_in_an_incident_channel_is_public_and_said_once(bot: Bot) -> None:
    await bot.send(payloads.slash("/batch", "status 34", response_url=bot.slack.response_url()))
    said = await bot.slack.wait_for(1)
    assert [(one.way, one.text) for one in said] == [("chat.postMessage", "batch status 34")]
    arguments = said[0].arguments
    assert (arguments["unfurl_links"], arguments["parse"]) == (False, "none")


async def test_elsewhere_only_the_asker_sees_the_answer(bot: Bot) -> None:
    url = bot.slack.response_url()
    await bot.send(payloads.slash("/batch", "status 34", channel=QUIET, response_url=url))
    said = await bot.slack.wait_for(1)
    assert said[0].way == "respond"
    assert said[0].arguments["response_type"] == "ephemeral"


@pytest.mark.parametrize(
    ("channel", "option", "way"),
    [(QUIET, "--here", "chat.postMessage"), (INCIDENTS, "--me", "respond")],
)
async def test_the_asker_may_choose_who_reads_it(
    bot: Bot, channel: str, option: str, way: str
) -> None:
    url = bot.slack.response_url()
    text = f"status 34 {option}"
    await bot.send(payloads.slash("/batch", text, channel=channel, response_url=url))
    assert (await bot.slack.wait_for(1))[0].way == way


@pytest.mark.parametrize(
    ("user", "channel", "text", "told"),
    [
        ("U0GUEST00", INCIDENTS, "status 34", "not on the list"),
        ("U0ONCALL0", "C0PRIVATE0", "status 34", "Ask in #incidents"),
        ("U0RESEARCH", INCIDENTS, "alias a 34", "Only operators"),
        ("U0ONCALL0", INCIDENTS, "", "needs words"),
        ("U0ONCALL0", INCIDENTS, "down 1", "cj_database: connection refused"),
    ],
)
async def test_a_refusal_goes_to_the_asker_alone(
    bot: Bot, user: str, channel: str, text: str, told: str
) -> None:
    url = bot.slack.response_url()
    await bot.send(payloads.slash("/batch", text, user=user, channel=channel, response_url=url))
    said = await bot.slack.wait_for(1)
    assert (said[0].way, said[0].arguments["response_type"]) == ("respond", "ephemeral")
    assert told in said[0].text
    if "cj_database" not in told:
        assert bot.shop.started == []


def test_empty_lists_allow_nobody() -> None:
    with pytest.raises(DeniedError):
        Access().refuse_strangers(Place("C1", "U0ONCALL0"))
    Access(users=frozenset({"*"})).refuse_strangers(Place("C1", "U0ANYBODY"))


async def test_a_bug_is_told_as_an_id_that_is_in_the_log(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    url = bot.slack.response_url()
    assert await bot.send(payloads.slash("/batch", "break 1", response_url=url)) == 200
    said = (await bot.slack.wait_for(1))[0]
    assert "Error id" in said.text
    assert "secret detail" not in str(said.arguments)
    error_id = said.text.split("Error id ")[1].split(".")[0]
    assert any(error_id in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize(
    "sent",
    [payloads.slash("/batch", "status 34"), payloads.mention("<@UBOT00000> batch status 34")],
)
async def test_an_answer_says_what_was_asked_whichever_door_it_came_through(
    bot: Bot, sent: dict[str, Any]
) -> None:
    await bot.send(sent)
    said = (await bot.slack.wait_for(1))[0]
    assert "`/batch status 34`" in json.dumps(said.arguments["blocks"])


async def test_a_mention_in_a_thread_is_answered_in_that_thread(bot: Bot) -> None:
    thread = "1700000000.000100"
    await bot.send(payloads.mention("<@UBOT00000> batch status 34", thread_ts=thread))
    said = (await bot.slack.wait_for(1))[0]
    assert (said.way, said.arguments["thread_ts"]) == ("chat.postMessage", thread)


async def test_an_event_that_slack_delivers_again_is_answered_once(bot: Bot) -> None:
    for _ in range(3):
        await bot.send(payloads.mention("<@UBOT00000> batch status 34", event_id="Ev1"))
    await bot.send(payloads.mention("<@UBOT00000> batch status 35", event_id="Ev2"))
    said = await bot.slack.wait_for(2)
    assert sorted(one.text[-2:] for one in said) == ["34", "35"]


async def test_a_button_runs_its_command_in_the_thread_of_its_message(bot: Bot) -> None:
    await bot.send(payloads.press("trace", f"/trace {UUID}", channel=ALERTS, message_ts="5.5"))
    said = (await bot.slack.wait_for(1))[0]
    assert (said.way, said.arguments["thread_ts"]) == ("chat.postMessage", "5.5")
    assert bot.shop.started == [f"trace {UUID}"]


async def test_the_shortcut_finds_the_id_in_any_message(bot: Bot) -> None:
    message = {"text": f"boom in `{UUID}`"}
    await bot.send(payloads.shortcut(message, response_url=bot.slack.response_url()))
    await bot.slack.wait_for(1)
    assert bot.shop.started == [f"trace {UUID}"]


async def test_the_shortcut_lets_the_asker_choose_between_ids(bot: Bot) -> None:
    message = {"text": f"{UUID} in batch 34"}
    await bot.send(payloads.shortcut(message, response_url=bot.slack.response_url()))
    said = (await bot.slack.wait_for(1))[0]
    assert said.way == "views.open"
    blocks = said.arguments["view"]["blocks"]
    (buttons,) = (block["elements"] for block in blocks if block["type"] == "actions")
    values = [button["value"] for button in buttons]
    assert values == [f"/trace {UUID}", "/batch status 34"]


async def test_the_shortcut_says_when_there_is_no_id(bot: Bot) -> None:
    url = bot.slack.response_url()
    await bot.send(payloads.shortcut({"text": "hello"}, response_url=url))
    said = (await bot.slack.wait_for(1))[0]
    assert said.way == "views.open"
    assert "no id in that message" in said.text


async def test_long_public_work_is_one_message_that_is_edited(bot: Bot) -> None:
    await bot.send(payloads.slash("/batch", "wait 34"))
    said = await bot.slack.wait_for(2)
    assert "Working on" in said[0].text
    assert "2 of 3 sources" in said[0].text
    bot.shop.gate.set()
    await bot.slack.wait_for_text("batch wait 34")
    assert [one.way for one in bot.slack.said].count("chat.postMessage") == 1
    assert bot.slack.said[-1].way == "chat.update"


@pytest.mark.parametrize(
    ("words", "told"),
    [("wait down", "connection refused"), ("wait break", "ended without an answer")],
)
async def test_long_public_work_that_fails_says_why_in_the_place_of_its_progress(
    bot: Bot, words: str, told: str
) -> None:
    await bot.send(payloads.slash("/batch", words))
    await bot.slack.wait_for_text("Working on")
    bot.shop.gate.set()
    said = await bot.slack.wait_for_text(told)
    assert said.way == "chat.update"
    await bot.dispatcher.close()
    assert "Working on" not in bot.slack.said[-1].text
    (progress, *_) = bot.slack.messages["C0INCIDENT"]
    assert said.arguments["ts"] == progress["ts"]


async def test_long_work_that_repeats_what_was_typed_leaves_no_more_than_a_word_in_public(
    bot: Bot,
) -> None:
    url = bot.slack.response_url()
    typed = payloads.slash("/batch", "wait unfit tr0ub4dor", response_url=url)
    await bot.send(typed)
    await bot.slack.wait_for_text("Working on")
    bot.shop.gate.set()
    said = await bot.slack.wait_for_text("no queue tr0ub4dor")
    assert said.way == "respond"
    await bot.dispatcher.close()
    public = [one for one in bot.slack.said if one.way.startswith("chat.")]
    assert "who asked reads why" in public[-1].text
    assert not any("tr0ub4dor" in str(one.arguments) for one in public)


async def test_long_work_that_found_nothing_is_answered_to_who_asked(bot: Bot) -> None:
    bot.shop.report = Report("batch status", "No batch tr0ub4dor", found=False)
    url = bot.slack.response_url()
    await bot.send(payloads.slash("/batch", "wait 34", response_url=url))
    await bot.slack.wait_for_text("Working on")
    bot.shop.gate.set()
    await bot.slack.wait_for_text("No batch tr0ub4dor")
    await bot.dispatcher.close()
    public = [one for one in bot.slack.said if one.way.startswith("chat.")]
    assert "who asked reads why" in public[-1].text
    assert not any("tr0ub4dor" in str(one.arguments) for one in public)


async def test_long_private_work_is_one_acknowledgement_and_one_answer(bot: Bot) -> None:
    url = bot.slack.response_url()
    await bot.send(payloads.slash("/batch", "wait 34", channel=QUIET, response_url=url))
    await bot.slack.wait_for(1)
    bot.shop.gate.set()
    said = await bot.slack.wait_for(2)
    assert [one.way for one in said] == ["respond", "respond"]
    assert "batch wait 34" in said[1].text


async def test_running_work_can_be_cancelled_by_its_asker_only(bot: Bot) -> None:
    await bot.send(payloads.slash("/batch", "wait 34"))
    said = await bot.slack.wait_for(1)
    run_id = said[0].arguments["blocks"][-1]["elements"][0]["value"]
    await bot.send(payloads.press("cancel", run_id, user="U0RESEARCH"))
    await bot.send(payloads.press("cancel", run_id))
    await bot.slack.wait_for_text("stopped")
    assert any("Only the person who asked" in one.text for one in bot.slack.said)


async def test_fifty_commands_at_once_each_get_one_answer(bot: Bot) -> None:
    sent = [bot.send(payloads.slash("/batch", f"status {n}")) for n in range(50)]
    assert set(await asyncio.gather(*sent)) == {200}
    said = await bot.slack.wait_for(50)
    assert sorted(one.text for one in said) == sorted(f"batch status {n}" for n in range(50))


async def test_too_much_work_is_refused_in_words(bot: Bot) -> None:
    bot.dispatcher.jobs.limits = Limits(running=1, waiting=1, progress_after=60, grace=0.1)
    for n in range(2):
        await bot.send(payloads.slash("/batch", f"wait {n}"))
    await bot.send(payloads.slash("/batch", "wait 3"))
    assert "I am busy with 2 questions" in (await bot.slack.wait_for(1))[0].text


async def test_a_command_that_takes_too_long_is_answered_at_the_deadline(bot: Bot) -> None:
    bot.dispatcher.jobs.limits = Limits(deadline=0.05, progress_after=60)
    await bot.send(payloads.slash("/batch", "wait 1"))
    assert "no answer within 0.05 s" in (await bot.slack.wait_for(1))[0].text


async def test_blocks_that_slack_refuses_are_said_as_text(bot: Bot) -> None:
    bot.slack.refuse("chat.postMessage", "invalid_blocks")
    await bot.send(payloads.slash("/batch", "status 34"))
    said = (await bot.slack.wait_for(1))[0]
    assert "batch status 34" in said.text
    assert "blocks" not in said.arguments


async def test_a_rate_limit_is_waited_out(bot: Bot) -> None:
    bot.slack.refuse(
        "chat.postMessage", "ratelimited", status=429, headers={"Retry-After": "0"}, times=2
    )
    await bot.send(payloads.slash("/batch", "status 34"))
    assert len(await bot.slack.wait_for(1)) == 1


async def test_a_bot_that_is_not_in_the_channel_answers_through_the_response_url(bot: Bot) -> None:
    bot.slack.refuse("chat.postMessage", "not_in_channel")
    url = bot.slack.response_url()
    await bot.send(payloads.slash("/batch", "status 34", response_url=url))
    said = (await bot.slack.wait_for(1))[0]
    assert (said.way, said.arguments["response_type"]) == ("respond", "in_channel")


async def test_a_used_up_response_url_is_replaced_by_a_whisper(bot: Bot) -> None:
    bot.slack.refuse("respond", "used_url", status=404)
    url = bot.slack.response_url()
    await bot.send(payloads.slash("/batch", "status 34", channel=QUIET, response_url=url))
    assert (await bot.slack.wait_for(1))[0].way == "chat.postEphemeral"


async def test_an_answer_that_slack_took_without_saying_so_is_not_said_twice(bot: Bot) -> None:
    def take_and_drop(arguments: Mapping[str, Any]) -> web.Response:
        bot.slack._chat_postMessage(dict(arguments))
        return web.Response(status=500, text="lost")

    bot.slack.refusals["chat.postMessage"].append(take_and_drop)
    await bot.send(payloads.slash("/batch", "status 34"))
    await bot.slack.wait_for(1)
    await bot.dispatcher.close()
    assert [one.way for one in bot.slack.said] == ["chat.postMessage"]


async def test_the_home_shows_glances_to_those_who_may_ask(bot: Bot) -> None:
    await bot.send(payloads.home_opened("U0GUEST00"))
    said = (await bot.slack.wait_for(1))[0]
    assert "not on the list" in str(said.arguments["view"])


async def test_a_stop_waits_for_running_work_and_refuses_new(bot: Bot) -> None:
    await bot.send(payloads.slash("/batch", "wait 34"))
    await bot.slack.wait_for(1)
    await bot.dispatcher.close()
    assert any("stopped" in one.text for one in bot.slack.said)
    await bot.send(payloads.slash("/batch", "status 34"))
    assert await bot.slack.wait_for_text("being restarted")


@pytest.mark.parametrize("payload", [{}, {"type": "x"}, {"event": None}, {"command": "/nobody"}])
async def test_a_payload_of_no_known_kind_is_survived(bot: Bot, payload: dict[str, Any]) -> None:
    assert await bot.send(payload) >= 400
    assert bot.slack.said == []


@pytest.mark.parametrize(
    "sent",
    [
        {**payloads.slash("/batch", "status 34"), "team_id": "T0ELSEWHERE"},
        payloads.press("x", "/batch status 34", team="T0ELSEWHERE"),
        payloads.mention("<@UBOT00000> batch status 34", user_team="T0ELSEWHERE"),
        payloads.mention("<@UBOT00000> batch status 34", source_team="T0ELSEWHERE"),
        payloads.mention("<@UBOT00000> batch status 34", team="T0ELSEWHERE"),
        {**payloads.mention("<@UBOT00000> batch status 34"), "is_ext_shared_channel": True},
        {**payloads.home_opened(), "team_id": "T0ELSEWHERE"},
    ],
)
async def test_people_of_another_workspace_are_refused_unless_it_is_listed(
    bot: Bot, sent: dict[str, Any]
) -> None:
    await bot.send(sent)
    said = (await bot.slack.wait_for(1))[0]
    assert "SLACK_ALLOWED_TEAMS" in str(said.arguments)
    assert bot.shop.started == []


async def test_a_listed_workspaces_people_are_answered(bot: Bot) -> None:
    access = bot.dispatcher.admission.access
    bot.dispatcher.admission.access = replace(access, teams=access.teams | {"T0ELSEWHERE"})
    await bot.send(payloads.mention("<@UBOT00000> batch status 34", user_team="T0ELSEWHERE"))
    assert (await bot.slack.wait_for(1))[0].text == "batch status 34"
