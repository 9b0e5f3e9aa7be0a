"""The judge of messages finds each thing that Slack refuses, and nothing in a good message."""

from typing import Any

import pytest

from bot.slack.blocks import elements as kit
from bot.slack.blocks.limits import violations
from bot.slack.outbound.block_fallback import without

GOOD = [
    kit.section("hello"),
    kit.context("small"),
    *kit.buttons([kit.button("a", "b", "c")]),
]


def _cell(text: str) -> dict[str, str]:
    return {"type": "raw_text", "text": text}


BAD: dict[str, list[dict[str, Any]]] = {
    "at most 50": [kit.section("x")] * 51,
    "characters of JSON": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2_999}}]
    * 5,
    "tables": [{"type": "table", "rows": [[_cell("x")]]}] * 2,
    "different lengths": [{"type": "table", "rows": [[_cell("x")], [_cell("x"), _cell("y")]]}],
    "rows.*.*.text has 0": [{"type": "table", "rows": [[_cell("")]]}],
    "text.text has 3001": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}],
    "has type 'markdown'": [{"type": "section", "text": {"type": "markdown", "text": "x"}}],
    "has type 'mrkdwn'": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
    "action_id twice": kit.buttons([kit.button("a", "same", "c")] * 2),
    "block_id is used twice": [{**kit.section("x"), "block_id": "same"}] * 2,
    "elements has 26": kit.buttons([kit.button("a", str(i), "c") for i in range(26)]),
}


def test_a_good_message_is_accepted() -> None:
    assert violations(GOOD, "hello") == []


@pytest.mark.parametrize("reason", BAD)
def test_a_refused_message_is_named(reason: str) -> None:
    assert any(reason in line for line in violations(BAD[reason], "text"))


@pytest.mark.parametrize(
    ("text", "reason"), [("", "empty"), ("a\nb", "line"), ("x" * 4_000, "4000")]
)
def test_the_text_beside_the_blocks_is_judged_too(text: str, reason: str) -> None:
    assert any(reason in line for line in violations(GOOD, text))


def test_a_refused_table_is_said_as_a_line_for_each_row() -> None:
    blocks = [
        {"type": "table", "rows": [[_cell("id"), _cell("state")], [_cell("34"), _cell("ok")]]}
    ]
    plain = without(blocks, frozenset({"table"}))
    assert "".join(one["text"] for one in plain[0]["elements"][0]["elements"]) == "id 34 · ok"
