"""Modals and App Home are kept as Slack keeps them, and refused by Slack's names."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.demo.workspace.state.feed import Feed
from bot.demo.workspace.state.refusal import Refusal
from bot.demo.workspace.state.space import USERS, Faults
from bot.demo.workspace.web_api.views import TRIGGER_SECONDS, Views

ONCALL = USERS["oncall"]


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def views(hands: Hands) -> Views:
    return Views(Feed(), Faults, clock=hands)


def modal(**more: Any) -> dict[str, Any]:
    title = {"type": "plain_text", "text": "Trace"}
    return {"type": "modal", "title": title, "blocks": [section()], **more}


def section(words: str = "hello", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": words}, **more}


def refused(call: Any, values: Mapping[str, Any]) -> str:
    with pytest.raises(Refusal) as caught:
        call(values)
    return caught.value.error


def test_a_trigger_opens_one_modal_within_three_seconds(views: Views, hands: Hands) -> None:
    trigger = views.trigger(ONCALL)
    opened = views.open({"trigger_id": trigger, "view": modal()})["view"]
    assert views.stack(ONCALL) == [opened]
    assert opened["blocks"][0]["block_id"]
    again = {"trigger_id": trigger, "view": modal()}
    assert refused(views.open, again) == "exchanged_trigger_id"

    late = views.trigger(ONCALL)
    hands.now += TRIGGER_SECONDS + 0.01
    assert refused(views.open, {"trigger_id": late, "view": modal()}) == "expired_trigger_id"
    assert refused(views.open, {"trigger_id": "made up", "view": modal()}) == "invalid_trigger_id"


def test_a_view_that_is_refused_does_not_use_its_trigger_up(views: Views) -> None:
    trigger = views.trigger(ONCALL)
    assert refused(views.open, {"trigger_id": trigger, "view": {"type": "modal"}})
    assert views.open({"trigger_id": trigger, "view": modal()})["view"]["id"]


def test_three_modals_lie_on_each_other_and_no_more(views: Views) -> None:
    first = views.open({"trigger_id": views.trigger(ONCALL), "view": modal()})["view"]
    for _ in range(2):
        views.push({"trigger_id": views.trigger(ONCALL), "view": modal()})
    assert [view["root_view_id"] for view in views.stack(ONCALL)] == [first["id"]] * 3
    one_more = {"trigger_id": views.trigger(ONCALL), "view": modal()}
    assert refused(views.push, one_more) == "push_limit_reached"


def test_an_update_keeps_the_id_and_a_stale_hash_is_refused(views: Views) -> None:
    opened = views.open({"trigger_id": views.trigger(ONCALL), "view": modal(external_id="one")})[
        "view"
    ]
    id, old_hash = opened["id"], opened["hash"]
    views.update({"view_id": id, "hash": old_hash, "view": modal(blocks=[section("new")])})
    shown = views.stack(ONCALL)[0]
    assert (shown["id"], shown["blocks"][0]["text"]["text"]) == (id, "new")
    stale = {"view_id": id, "hash": old_hash, "view": modal()}
    assert refused(views.update, stale) == "hash_conflict"
    assert refused(views.update, {"view_id": "V0", "view": modal()}) == "not_found"


def test_an_external_id_stands_for_one_view(views: Views) -> None:
    views.open({"trigger_id": views.trigger(ONCALL), "view": modal(external_id="one")})
    twice = {"trigger_id": views.trigger(ONCALL), "view": modal(external_id="one")}
    assert refused(views.push, twice) == "duplicate_external_id"


def test_a_home_is_replaced_in_full_and_keeps_its_id(views: Views) -> None:
    for words in ("first", "second"):
        view = {"type": "home", "blocks": [section(words)]}
        published = views.publish({"user_id": ONCALL, "view": view})["view"]
    shown = views.home(ONCALL)
    assert shown == published
    assert [block["text"]["text"] for block in published["blocks"]] == ["second"]
    assert views.home(USERS["guest"]) is None
    nobody = {"user_id": "U0NOBODY", "view": {"type": "home", "blocks": []}}
    assert refused(views.publish, nobody) == "invalid_arguments"


INPUT = {
    "type": "input",
    "label": {"type": "plain_text", "text": "Which batch?"},
    "element": {"type": "plain_text_input"},
}


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (modal(title={"type": "plain_text", "text": "x" * 25}), "less than 25"),
        (modal(blocks=[INPUT]), "missing required field: submit"),
        (modal(private_metadata="x" * 3001), "less than 3001"),
        (modal(blocks=[section()] * 101), "no more than 100"),
        (modal(blocks=[section(block_id="a"), section(block_id="a")]), "block_id already exists"),
        (modal(colour="red"), "invalid additional property: colour"),
        (modal(blocks=[{"type": "table", "rows": []}]), "unsupported type: table"),
        (modal(blocks=[{"type": "image", "alt_text": "x", "slack_file": {"id": "F0"}}]),
         "invalid slack file [json-pointer:/view/blocks/0/slack_file]"),
        ({"type": "home", "blocks": []}, "must be of type modal"),
    ],
)  # fmt: skip
def test_it_refuses_views_that_slack_refuses(
    views: Views, view: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refusal) as caught:
        views.open({"trigger_id": views.trigger(ONCALL), "view": view})
    assert caught.value.error == "invalid_arguments"
    assert words in " ".join(caught.value.messages)
