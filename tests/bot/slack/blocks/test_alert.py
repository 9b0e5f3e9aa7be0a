"""Alerts as messages: one line that says it all, a head that turns green, replies that tell."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.alert import Alert, AlertMessage, AlertState, Reason
from bot.domain.mute import Mute, MuteKind
from bot.domain.words import Time, words
from bot.slack.blocks.alert import render
from bot.slack.blocks.limits import violations
from bot.slack.blocks.mrkdwn import date_token
from tests.support.example_alert import ALERT, AT, CONDITION
from tests.support.strategies import alerts, texts

PINGS = re.compile(r"<(?!!date\^)[!@#]")


def _head(alert: Alert = ALERT) -> dict[str, Any]:
    return dict(render(AlertMessage(alert, Reason.OPEN, is_parent=True)))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(alerts, st.sampled_from(Reason), st.booleans(), texts)
def test_any_alert_fits_slack_and_pings_nobody(
    alert: Alert, reason: Reason, head: bool, note: str
) -> None:
    message = render(AlertMessage(alert, reason, head, note))
    assert violations(message["blocks"], message["text"]) == []
    shown = json.dumps(message["blocks"], ensure_ascii=False) + message["text"]
    assert not PINGS.search(shown)
    shown.encode()


def test_the_text_says_what_since_when_how_sure_and_what_to_do() -> None:
    assert _head()["text"] == (
        "🔴 Error: Item 3f2a is stuck in processing for 40 min while the worker is alive "
        "(confidence high). Next: Wait for its TTL"
    )


def test_a_firing_head_has_its_buttons_in_order() -> None:
    buttons = _head()["blocks"][-1]["elements"]
    assert [(b["action_id"], b["value"]) for b in buttons] == [
        ("acknowledge", "/alerts ack stuck_queue/np/llm"),
        ("snooze_30m", "/alerts snooze stuck_queue/np/llm 30m"),
        ("snooze_2h", "/alerts snooze stuck_queue/np/llm 2h"),
        ("snooze_tomorrow", "/alerts snooze stuck_queue/np/llm tomorrow"),
        ("investigate", "/batch investigate 34 --about orphaned-item"),
        ("trace", "/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9"),
    ]


def test_a_button_that_would_do_nothing_is_not_shown() -> None:
    message = render(
        AlertMessage(ALERT, Reason.OPEN, is_parent=True), lambda typed: typed.startswith("/trace")
    )
    buttons = message["blocks"][-1]["elements"]
    assert [button["action_id"] for button in buttons] == ["trace"]


def test_an_acknowledged_alert_says_so_and_offers_it_no_more() -> None:
    seen = replace(ALERT, acknowledged_by="U1")
    message = render(AlertMessage(seen, Reason.QUIET, is_parent=True), names={"U1": "oncall"})
    assert "acknowledged by oncall" in message["blocks"][1]["elements"][0]["text"]
    assert message["blocks"][-1]["elements"][0]["action_id"] == "unacknowledge"
    assert "U1" not in json.dumps(message)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.ACKNOWLEDGE, "👀 Acknowledged by an operator: not repeated until it changes"),
        (
            Reason.SNOOZE,
            "🔕 Snoozed by oncall, also if it comes back",
        ),
    ],
)
def test_the_thread_is_told_who_did_what_without_a_ping(reason: Reason, words: str) -> None:
    mute = Mute(ALERT.key, AT, by="U2", kind=MuteKind.SNOOZE)
    done = replace(ALERT, acknowledged_by="U1", mute=mute)
    message = render(AlertMessage(done, reason, is_parent=False), names={"U2": "oncall"})
    assert message["text"].startswith(words)
    assert "U1" not in json.dumps(message)


@pytest.mark.parametrize(
    ("mute", "words"),
    [
        (Mute("x", AT, by="U2", kind=MuteKind.SNOOZE), "🔕 snoozed by oncall until <!date^"),
        (Mute("x", AT, "deploy", kind=MuteKind.MAINTENANCE), "🔕 maintenance until <!date^"),
        (Mute("x", reason="known"), "🔕 muted until unmuted (known)"),
    ],
)
def test_a_quiet_head_says_until_when_also_once_it_is_resolved(mute: Mute, words: str) -> None:
    for state in (AlertState.FIRING, AlertState.RESOLVED):
        quiet = replace(ALERT, mute=mute, state=state)
        message = render(AlertMessage(quiet, Reason.QUIET, is_parent=True), names={"U2": "oncall"})
        assert words in message["blocks"][1]["elements"][0]["text"]


def test_a_title_that_says_it_all_is_not_said_twice() -> None:
    whole = replace(
        CONDITION,
        title=words("Queue stuck", Time(AT, " since "), ", high confidence: 3f2a. Next: /queue"),
    )
    message = _head(replace(ALERT, condition=whole))
    assert message["text"] == "🔴 Error: Queue stuck, high confidence: 3f2a. Next: /queue"
    assert message["blocks"][0]["text"]["text"] == (
        f"🔴 *Error:* Queue stuck since {date_token(AT)}, high confidence: 3f2a. Next: /queue"
    )


def test_a_cause_says_how_many_alerts_it_hides() -> None:
    line = _head(replace(ALERT, hides=2, number=17))["blocks"][1]["elements"][0]["text"]
    assert "hides 2 alerts that follow from it" in line
    assert line.startswith("#17 · ")


def test_a_digest_is_one_message_that_leads_to_the_list() -> None:
    message = render(AlertMessage(ALERT, Reason.DIGEST, is_parent=True))
    assert message["text"].startswith("🔕 Item 3f2a")
    assert [one["value"] for one in message["blocks"][-1]["elements"]] == ["/alerts list"]


def test_a_resolved_head_is_one_green_line_with_its_duration_and_no_buttons() -> None:
    done = replace(ALERT, state=AlertState.RESOLVED, resolved_at=AT + timedelta(minutes=12),
                   closing=words("item 3f2a completed", Time(AT, " at ")))  # fmt: skip
    message = _head(done)
    assert message["text"].startswith("✅ Resolved after 12 min: item 3f2a completed")
    assert [block["type"] for block in message["blocks"]] == ["section", "context"]


def test_replies_tell_their_reason() -> None:
    said = {
        reason: render(AlertMessage(ALERT, reason, False, "now leaked"))["text"]
        for reason in (Reason.UPDATE, Reason.REPEAT)
    }
    assert "changed:" in said[Reason.UPDATE]
    assert "(now leaked)" in said[Reason.UPDATE]
    assert "still so" in said[Reason.REPEAT]
    assert "seen 3 times" in said[Reason.REPEAT]


def test_a_message_that_slack_refused_is_said_in_plain_text() -> None:
    message = render(AlertMessage(ALERT, Reason.OPEN, True, plain=True))
    assert message["blocks"] == []
    assert "Item 3f2a" in message["text"]
