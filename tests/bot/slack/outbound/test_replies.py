"""What an answer rests on is read in its thread, or in a modal, where Slack does not fold it."""

from typing import Any

from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Finding, Report, Severity
from tests.support.slack import payloads
from tests.support.slack.bot import QUIET, Bot

LINES = tuple(EvidenceLine("logs", None, f"line {n} of many that were read") for n in range(400))
FINDING = Finding("provider-failures", Severity.ERROR, Confidence.HIGH, "It failed", "So", LINES)
LONG = Report("batch status", "Batch 34", summary="Batch 34 failed", findings=(FINDING,))
SHORT = Report("batch status", "Batch 34", summary="It is fine", facts={"batch_id": 34})


def _kinds(said: Any) -> list[str]:
    return [block["type"] for block in said.arguments["blocks"]]


async def test_what_does_not_fit_a_public_answer_goes_into_its_thread(bot: Bot) -> None:
    bot.shop.report = LONG
    await bot.send(payloads.slash("/batch", "status 34"))
    answer, more, *_ = await bot.slack.wait_for(2)
    assert "container" in _kinds(answer)
    assert more.arguments["thread_ts"] == "1700000000.000001"
    assert "line 0 of many" in str(more.arguments["blocks"])


async def test_what_fits_a_public_answer_is_said_once(bot: Bot) -> None:
    bot.shop.report = SHORT
    await bot.send(payloads.slash("/batch", "status 34"))
    (answer,) = await bot.slack.wait_for(1)
    assert "container" in _kinds(answer)
    assert "Details" not in str(answer.arguments["blocks"])


async def test_where_containers_are_refused_all_that_is_folded_goes_into_the_thread(
    bot: Bot,
) -> None:
    bot.shop.report = SHORT
    bot.slack.refuse("chat.postMessage", "invalid_blocks")
    await bot.send(payloads.slash("/batch", "status 34"))
    answer, more = await bot.slack.wait_for(2)
    assert "container" not in _kinds(answer)
    assert "Facts" in str(more.arguments["blocks"])
    assert more.arguments["thread_ts"] == "1700000000.000001"


async def test_what_does_not_fit_a_private_answer_is_behind_a_button(bot: Bot) -> None:
    bot.shop.report = LONG
    url = bot.slack.response_url()
    await bot.send(payloads.slash("/batch", "status 34", channel=QUIET, response_url=url))
    (answer,) = await bot.slack.wait_for(1)
    (row,) = (block for block in answer.arguments["blocks"] if block["type"] == "actions")
    details = next(one for one in row["elements"] if one["text"]["text"] == "Details")
    await bot.send(payloads.press(details["action_id"], details["value"], channel=QUIET))
    opened = await bot.slack.wait_for_text("line 0 of many")
    assert opened.way in ("views.open", "views.update")
    assert "container" not in opened.text


async def test_what_is_chosen_in_a_menu_is_run(bot: Bot) -> None:
    bot.shop.report = LONG
    pressed = payloads.press("run_menu", "")
    option = {"text": {"type": "plain_text", "text": "x"}, "value": "/batch status 34 --file"}
    pressed["actions"] = [{"action_id": "run_menu", "type": "overflow", "selected_option": option}]
    await bot.send(pressed)
    (answer,) = await bot.slack.wait_for(1)
    assert answer.way == "chat.postMessage"
    assert bot.shop.started == ["batch status 34"]


async def test_everybody_reads_who_asked(bot: Bot) -> None:
    bot.shop.report = SHORT
    await bot.send(payloads.slash("/batch", "status 34"))
    (answer,) = await bot.slack.wait_for(1)
    assert "Asked `/batch status 34` by oncall" in str(answer.arguments["blocks"])
