"""Every door of the bot is drawn, heard and declared under one name."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from bot.docs import COMMANDS, MANIFEST
from bot.domain.alert import Reason
from bot.domain.report import Report
from bot.domain.routing.message import AlertMessage
from bot.errors import Blank
from bot.ports import Choice, Form, Overview, action_ids
from bot.registry import commands
from bot.slack.blocks import alert as blocks_alert
from bot.slack.blocks.renderer import BlockKit
from bot.slack.setup.manifest import build_manifest
from commands._help_answers import every
from tests.support.example_alert import ALERT
from tests.support.fakes.sources import at
from tests.support.slack import payloads
from tests.support.slack.bot import Bot

KIT = BlockKit()
REPORT = Report("queue", "Queue", actions=("/queue", "/trace", "/batch status 34"))
CARRIED = '{"place": {"channel": "C0INCIDENT"}, "typed": "/trace", "blanks": 1}'
AT = at("2025-11-19 00:30")


def _actions(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every button that stands anywhere in a message or view."""
    if isinstance(value, Mapping):
        if value.get("type") == "button":
            yield value
        for item in value.values():
            yield from _actions(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _actions(item)


def _drawn() -> list[Mapping[str, Any]]:
    shown = [
        KIT.report(REPORT, share="x")["blocks"],
        KIT.working("/queue", "", run_id="1")["blocks"],
        KIT.home(Overview([REPORT], [], AT)),
        blocks_alert.render(AlertMessage(ALERT, Reason.OPEN, is_parent=True))["blocks"],
    ]
    return list(_actions(shown))


def test_every_button_carries_a_command_or_has_a_listener_of_its_own() -> None:
    own = {action_ids.CANCEL_ACTION, action_ids.SHARE_ACTION, action_ids.REFRESH_ACTION}
    drawn = _drawn()
    assert own <= {button["action_id"] for button in drawn}
    for button in drawn:
        assert button["action_id"] in own or button["value"].startswith("/"), button


@pytest.mark.parametrize(
    "payload",
    [
        payloads.slash("/batch", "status 34"),
        payloads.slash("/trace", "x"),
        payloads.mention("<@UBOT00000> batch status 34"),
        payloads.shortcut({"text": "batch 34"}),
        payloads.home_opened(),
        *(payloads.press(one["action_id"], str(one["value"])) for one in _drawn()),
        *(payloads.view_press(one["action_id"], str(one["value"])) for one in _drawn()),
        payloads.submission(
            dict(KIT.form(Form("/trace", "Which?", (Blank("id"),), CARRIED))), {"word_0": "x"}
        ),
    ],
    ids=lambda payload: str(
        payload.get("command") or payload.get("actions", [payload])[0].get("action_id")
        or payload.get("type")
    ),
)  # fmt: skip
async def test_every_kind_of_payload_is_heard_and_answered(
    bot: Bot, payload: dict[str, Any]
) -> None:
    answer = await bot.deliver(payload)
    assert answer.status == 200
    await bot.slack.wait_for(1)


def test_the_forms_and_sheets_have_the_names_that_are_heard() -> None:
    form = KIT.form(
        Form("/trace", "?", (Blank("x", "batch"),), "{}", {"batch": (Choice("1", "1"),)})
    )
    assert form["callback_id"] == action_ids.FORM_CALLBACK
    ids = [block["block_id"] for block in form["blocks"] if block["type"] == "input"]
    assert ids == [f"{action_ids.PICKED_BLOCK}_0", f"{action_ids.TYPED_BLOCK}_0"]
    assert KIT.sheet(KIT.report(REPORT))["callback_id"] == action_ids.SHEET_CALLBACK


def test_manifest_readme_and_help_name_the_same_commands() -> None:
    made = build_manifest(commands())
    declared = {row["command"] for row in made["features"]["slash_commands"]}
    shortcuts = [row["callback_id"] for row in made["features"]["shortcuts"]]
    assert shortcuts == [action_ids.TRACE_SHORTCUT]
    assert made["settings"]["event_subscriptions"]["bot_events"] == list(action_ids.EVENTS)
    assert yaml.safe_load(MANIFEST.read_text(encoding="utf-8")) == made
    told = {str(row[0]).split()[0] for row in every(commands()).folded[0].rows}
    readme = COMMANDS.read_text(encoding="utf-8")
    assert declared == told == {f"/{name}" for name in commands()}
    for command in commands().values():
        for usage in command.usages:
            assert f"`{usage.example}`" in readme
