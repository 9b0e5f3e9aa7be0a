"""What the bot renders is of Slack's own types, and the check would notice if it were not."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.domain.alert import Alert, Reason
from bot.domain.report import Report
from bot.domain.routing.message import AlertMessage
from bot.errors import Blank, UsageError
from bot.ports import Choice, Form, Overview
from bot.slack.blocks import alert as blocks_alert
from bot.slack.blocks import elements as kit
from bot.slack.blocks.renderer import BlockKit
from bot.slack.outbound.views import fit
from tests.support.charts import FUNNEL, QUEUE
from tests.support.fakes.sources import at
from tests.support.slack import types as slack_types
from tests.support.strategies import alerts, reports

MANY = settings(
    max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
KIT = BlockKit()
FORM = Form("/batch status", "Which?", (Blank("batch", "batch"), Blank("text")), "{}",
            {"batch": (Choice("34", "34 · scoring"),)}, looking=True)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _compiler() -> None:
    if problem := slack_types.missing():
        if slack_types.wanted():
            pytest.fail(problem)
        pytest.skip(problem)


def test_any_message_and_view_is_of_slacks_types() -> None:
    found = _golden()

    @MANY
    @given(reports, alerts)
    def render(report: Report, alert: Alert) -> None:
        found.update(slack_types.block_shapes(KIT.report(report, share="x")["blocks"]))
        head = AlertMessage(alert, Reason.OPEN, is_parent=True)
        found.update(slack_types.block_shapes(blocks_alert.render(head)["blocks"]))

    render()
    assert slack_types.complaints(found) == ""


def _golden() -> set[tuple[str, str]]:
    report = Report("queue", "Queue", facts={"rows": [{"a": n} for n in range(20)], "at": at(
        "2025-11-19 00:30")}, charts=(QUEUE, FUNNEL), actions=("/queue",))  # fmt: skip
    messages = [
        KIT.report(report),
        KIT.error(UsageError("no", usage=("/x",), hint="so")),
        KIT.working("/x", "half", run_id="1"),
        KIT.shared(KIT.report(report), "oncall", at("2025-11-19 00:30")),
    ]
    overview = Overview([report, UsageError("no")], [], at("2025-11-19 00:30"))
    views = [
        KIT.form(FORM),
        fit(KIT.sheet(messages[0])),
        fit({"type": "home", "blocks": KIT.home(overview)}),
    ]
    found = {one for message in messages for one in slack_types.block_shapes(message["blocks"])}
    return found | {one for view in views for one in slack_types.view_shapes(view)}


CHART = {"type": "data_visualization", "title": "t"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "header", "text": {"type": "mrkdwn", "text": "no"}},
        {"type": "section", "text": {"type": "markdown", "text": "no"}},
        {**kit.section("x"), "colour": "red"},
        {**kit.section("x"), "type": "paragraph"},
        {"type": "table", "rows": [[{"type": "text", "text": "no"}]]},
        {**CHART, "chart": {"type": "radar", "series": [], "axis_config": {"categories": []}}},
        {**CHART, "chart": {"type": "line", "series": [{"name": "x"}]}},
        *[{"type": "actions", "elements": [kit.button("a", "b", "c", style="loud")]}],
    ],
)
def test_the_compiler_refuses_what_slack_refuses(block: dict[str, Any]) -> None:
    assert "rendered.ts" in slack_types.complaints(slack_types.block_shapes([block]))


def test_a_view_is_judged_as_a_view() -> None:
    wrong = {"type": "modal", "title": {"type": "mrkdwn", "text": "no"}, "blocks": []}
    assert "rendered.ts" in slack_types.complaints(slack_types.view_shapes(wrong))


def test_a_shape_keeps_what_a_type_spells_out_and_forgets_the_rest() -> None:
    rows = [[{"type": "raw_text", "text": str(n)} for n in range(5)] for _ in range(9)]
    assert slack_types.shape({"type": "table", "rows": rows}) == {
        "type": "table",
        "rows": [[{"type": "raw_text", "text": "s"}]],
    }
