"""Where Slack draws no charts, answers and alerts show a picture in their thread."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from bot.domain.alert import Reason
from bot.domain.chart import Chart
from bot.domain.report import Attachment, Report
from bot.domain.routing.message import AlertMessage
from bot.ports import Place
from bot.slack.blocks.charts import CHART
from bot.slack.blocks.renderer import BlockKit
from bot.slack.outbound.alert_threads import Threads
from bot.slack.outbound.block_fallback import BlockFallback
from bot.slack.outbound.replies import SlackReplies
from bot.slack.outbound.web_api import Web, make_client
from tests.support.charts import QUEUE
from tests.support.example_alert import ALERT
from tests.support.slack.web_api import SlackApi, slack_api

REPORT = Report("queue", "Queue", charts=(QUEUE,))
PLACE = Place("C1", "U1")


async def _draw(chart: Chart) -> Attachment:
    return Attachment("chart.png", b"\x89PNG", chart.title, alt=chart.alt)


@dataclass
class Line:
    """The bot's two ways of speaking, which share what Slack refused."""

    slack: SlackApi
    speech: SlackReplies
    threads: Threads


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with slack_api() as slack, aiohttp.ClientSession() as session:
        web, fallback = Web(make_client("xoxb-test", f"{slack.url}/api/", session)), BlockFallback()
        yield Line(
            slack,
            SlackReplies(web, session, _draw, fallback),
            Threads(web, draw=_draw, fallback=fallback),
        )


def _kinds(arguments: dict[str, Any]) -> set[str]:
    return {block["type"] for block in arguments.get("blocks", [])}


async def test_a_chart_that_slack_draws_needs_no_picture(line: Line) -> None:
    await line.speech.public(PLACE, BlockKit().report(REPORT))
    assert CHART in _kinds(line.slack.said[0].arguments)
    assert len(line.slack.said) == 1


async def test_a_refused_chart_is_a_picture_with_its_alt_text_in_the_thread(line: Line) -> None:
    line.slack.refuse("chat.postMessage", "invalid_blocks")
    ts = await line.speech.public(PLACE, BlockKit().report(REPORT))
    message, files = line.slack.said
    assert CHART not in _kinds(message.arguments)
    assert "rich_text" in _kinds(message.arguments)
    assert (files.way, files.arguments["thread_ts"]) == ("files", ts)
    (file,) = line.slack.files.values()
    assert b"PNG" in file["content"]
    assert file["asked"]["alt_txt"] == QUEUE.alt


async def test_an_alert_knows_what_an_answer_was_refused(line: Line) -> None:
    line.slack.refuse("chat.postMessage", "invalid_blocks")
    await line.speech.public(PLACE, BlockKit().report(REPORT))
    alert = replace(ALERT, condition=replace(ALERT.condition, chart=QUEUE))
    posts = [method for method, _ in line.slack.calls].count("chat.postMessage")
    ts = await line.threads.post(AlertMessage(alert, Reason.OPEN, True), channel="C1", token="t")
    after = [method for method, _ in line.slack.calls].count("chat.postMessage")
    assert after == posts + 1
    assert (line.slack.said[-1].way, line.slack.said[-1].arguments["thread_ts"]) == ("files", ts)


async def test_a_picture_that_cannot_be_shown_leaves_the_alert_said(line: Line) -> None:
    line.slack.refuse("chat.postMessage", "invalid_blocks")
    line.slack.refuse("files.getUploadURLExternal", "missing_scope")
    alert = replace(ALERT, condition=replace(ALERT.condition, chart=QUEUE))
    message = AlertMessage(alert, Reason.OPEN, True)
    assert await line.threads.post(message, channel="C1", token="t")


async def test_an_answer_for_one_has_its_chart_in_text_and_no_file(line: Line) -> None:
    line.slack.refuse("respond", '{"ok": false, "error": "invalid_blocks"}')
    place = replace(PLACE, response_url=line.slack.response_url())
    await line.speech.private(place, BlockKit().report(REPORT))
    (said,) = line.slack.said
    assert said.way == "respond"
    assert CHART not in _kinds(said.arguments)
    assert "▁" in str(said.arguments["blocks"])
    assert line.slack.files == {}
