"""A block type that Slack refuses once is left out from then on; the others stay."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bot.domain.report import Table
from bot.errors import PostError, PostFailure
from bot.slack.blocks import elements as kit
from bot.slack.blocks.charts import CHART, visualization
from bot.slack.blocks.folds import FoldedList, container
from bot.slack.outbound.block_fallback import BlockFallback, Refused, with_details
from tests.support.charts import FUNNEL

TABLE = kit.table(Table(("a",), (("1",),)), 9, 9)
DATA_TABLE = kit.data_table(Table(("a",), (("1",),)), 9, 9, title="t")
MESSAGE = {"text": "t", "blocks": [kit.section("s"), visualization(FUNNEL), TABLE, DATA_TABLE]}


class Slack:
    """Takes messages without the refused types; `points` says whether it tells which block."""

    def __init__(self, refused: Sequence[str], *, points: bool = True) -> None:
        self.refused, self.points = set(refused), points
        self.seen: list[list[str]] = []

    async def send(self, message: Mapping[str, Any]) -> str:
        kinds = [block["type"] for block in message["blocks"]]
        self.seen.append(kinds)
        wrong = [n for n, kind in enumerate(kinds) if kind in self.refused]
        if wrong:
            told = f"[ERROR] unsupported type [json-pointer:/blocks/{wrong[0]}/type]"
            notes = [told] if self.points else []
            raise PostError(PostFailure.PAYLOAD, "chat.postMessage: invalid_blocks", notes=notes)
        return "1.1"


FOLDED = container(FoldedList("Evidence", ("100 rows",), 1))


async def test_where_containers_are_refused_a_button_leads_to_what_they_hold() -> None:
    slack, fallback = Slack(["container"]), BlockFallback()
    message = {"text": "t", "blocks": [kit.section("s"), FOLDED], "asks": "/batch status 34"}
    assert (await fallback.send(message, slack.send)).without == {"container"}
    assert slack.seen[-1] == ["section", "actions"]
    (row,) = with_details([kit.section("s")], "/batch status 34")[1:]
    assert row["elements"][0]["value"] == "/batch status 34 --me"


def test_the_details_stand_before_the_menu() -> None:
    menu = kit.menu("m", [("a", "/queue")])
    row = {"type": "actions", "elements": [kit.button("a", "b", "/queue"), menu]}
    (shown,) = with_details([row], "/queue")
    assert [one["type"] for one in shown["elements"]] == ["button", "button", "overflow"]
    assert len(row["elements"]) == 2


@pytest.mark.parametrize("points", [True, False])
@pytest.mark.parametrize("kind", [CHART, "table", "data_table"])
async def test_only_the_type_that_was_refused_is_remembered(kind: str, points: bool) -> None:
    slack, fallback = Slack([kind], points=points), BlockFallback()
    sent = await fallback.send(MESSAGE, slack.send)
    assert sent.without == fallback.refused.types() == {kind}
    slack.seen.clear()
    assert (await fallback.send(MESSAGE, slack.send)).without == {kind}
    assert len(slack.seen) == 1
    assert len(slack.seen[0]) == 4  # said in another form, not left out


async def test_all_types_refused_are_all_remembered() -> None:
    slack, fallback = Slack([CHART, "table", "data_table"], points=False), BlockFallback()
    assert (await fallback.send(MESSAGE, slack.send)).without == {CHART, "table", "data_table"}
    assert fallback.refused.types() == {CHART, "table", "data_table"}


async def test_where_tries_count_few_are_spent_and_a_guess_is_not_remembered() -> None:
    slack, fallback = Slack(["table"], points=False), BlockFallback()
    await fallback.send(MESSAGE, slack.send, brief=True)
    assert len(slack.seen) == 2
    assert fallback.refused.types() == frozenset()


async def test_a_refusal_for_another_reason_ends_in_plain_text_and_teaches_nothing() -> None:
    slack, fallback = Slack(["section", "rich_text"]), BlockFallback()
    sent = await fallback.send(MESSAGE, slack.send)
    assert slack.seen[-1] == []
    assert CHART in sent.without
    assert fallback.refused.types() == frozenset()
    with pytest.raises(PostError):
        await fallback.send(MESSAGE, slack.send, bare=False)


async def test_a_refused_type_is_tried_again_after_a_day() -> None:
    now = [0.0]
    refused = Refused(lambda: now[0])
    refused.remember(frozenset({"table"}))
    assert refused.types() == {"table"}
    now[0] += 24 * 3_600 + 1
    assert refused.types() == frozenset()
