"""Alerts as messages: one line that says it all, a head that turns green, replies that tell."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.alert import Alert, AlertMessage, AlertState, Condition, Reason
from bot.domain.evidence import EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.slack.alert_message import PLAIN_NOTE, render
from bot.slack.limits import violations
from tests.strategies_reports import alerts, texts

AT = datetime(2025, 11, 18, 23, 50, tzinfo=UTC)
CONDITION = Condition(
    "llm", "orphaned-item", Severity.ERROR, Confidence.HIGH,
    "Item 3f2a is stuck in processing for 40 min while the worker is alive", AT,
    evidence=(EvidenceLine("llm_queue", AT, "size 1, queued 0"),), why="Nobody owns it.",
    next=("Wait for its TTL", "/queue"), batch="34",
    correlation_id="8f3a11d7-9411-4ca2-9999-59a9d18c5da9",
)  # fmt: skip
ALERT = Alert(
    "stuck_queue/np/llm", "stuck_queue", "np", "llm", AlertState.FIRING, Severity.ERROR,
    CONDITION, AT, AT, AT, count=3,
)  # fmt: skip
PINGS = re.compile(r"<(?!!date\^)[!@#]")


def _head(alert: Alert = ALERT) -> dict:
    return dict(render(AlertMessage(alert, Reason.OPEN, head=True)))


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
        "(since 2025-11-18 23:50:00 UTC, confidence high). Next: Wait for its TTL"
    )


def test_a_firing_head_has_its_buttons_in_order() -> None:
    buttons = _head()["blocks"][-1]["elements"]
    assert [(b["action_id"], b["value"]) for b in buttons] == [
        ("acknowledge", "/alerts ack stuck_queue/np/llm"),
        ("snooze_30m", "/alerts snooze stuck_queue/np/llm 30m"),
        ("snooze_2h", "/alerts snooze stuck_queue/np/llm 2h"),
        ("investigate", "/batch status 34"),
        ("trace", "/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9"),
    ]


def test_a_button_that_would_do_nothing_is_not_shown() -> None:
    message = render(
        AlertMessage(ALERT, Reason.OPEN, head=True), lambda typed: typed.startswith("/trace")
    )
    buttons = message["blocks"][-1]["elements"]
    assert [button["action_id"] for button in buttons] == ["trace"]


def test_an_acknowledged_alert_says_so_and_offers_it_no_more() -> None:
    message = _head(replace(ALERT, acknowledged_by="U1"))
    assert "acknowledged" in message["blocks"][1]["elements"][0]["text"]
    assert message["blocks"][-1]["elements"][0]["action_id"] == "snooze_30m"
    assert "U1" not in json.dumps(message)


def test_a_resolved_head_is_one_green_line_with_its_duration_and_no_buttons() -> None:
    done = replace(ALERT, state=AlertState.RESOLVED, resolved_at=AT + timedelta(minutes=12),
                   closing="item 3f2a completed at 00:02")  # fmt: skip
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
    message = render(AlertMessage(ALERT, Reason.OPEN, True, PLAIN_NOTE))
    assert message["blocks"] == []
    assert "Item 3f2a" in message["text"]
