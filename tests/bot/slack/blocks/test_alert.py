"""Alerts as messages: one line that says it all, a head that turns green, replies that tell."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.alert import Alert, AlertState, Reason, SeenBefore
from bot.domain.changes.change import Change, ChangeKind
from bot.domain.evidence import EvidenceLine
from bot.domain.mute import Mute, MuteKind
from bot.domain.report import UNPROVEN
from bot.domain.routing.message import AlertMessage
from bot.domain.words import Time, words
from bot.slack.blocks.alert import render
from bot.slack.blocks.limits import violations
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


def _row(message: dict[str, Any]) -> list[dict[str, Any]]:
    (row,) = (block for block in message["blocks"] if block["type"] == "actions")
    found: list[dict[str, Any]] = row["elements"]
    return found


def _small_print(message: dict[str, Any]) -> str:
    told = [block for block in message["blocks"] if block["type"] == "context"]
    return str(told[-1]["elements"][0]["text"])


def test_the_headline_is_one_breath_with_how_long_and_the_environment() -> None:
    stuck = replace(CONDITION, headline="LLM queue stuck: batch 34 waits for an item")
    later = replace(ALERT, condition=stuck, changed_at=AT + timedelta(minutes=6))
    assert _head(later)["text"] == "🔴 LLM queue stuck for 6 min: batch 34 waits for an item (np)"
    assert _head(replace(later, environment="production"))["text"].endswith("waits for an item")
    once = replace(stuck, headline="Rejected callback 8f3a11d7: no batch owns it", lasts=False)
    assert "for 6 min" not in _head(replace(later, condition=once))["text"]


def test_fields_say_about_what_since_when_how_sure_and_seen_before() -> None:
    before = SeenBefore(2, AT - timedelta(days=3), timedelta(minutes=12), helped="a restart")
    blocks = _head(replace(ALERT, before=before))["blocks"]
    told = [one["text"] for one in blocks[1]["fields"]]
    assert [one.split("* ")[0] for one in told] == ["*About", "*Since", "*Sure", "*Seen before"]
    assert told[0] == "*About* batch 34"
    assert "2× in 7 days, last" in told[3]
    assert "12 min; what helped: a restart" in told[3]


def test_what_changed_shortly_before_is_told_as_a_coincidence_and_only_while_it_fires() -> None:
    changes = [
        Change(AT, ChangeKind.RECREATED, f"service_{n}", "a1b2", "c3d4", is_exact=True)
        for n in range(5)
    ]
    told = _small_print(_head(replace(ALERT, changed=tuple(changes[:1]))))
    assert told.startswith("Changed shortly before: service_0 recreated, image a1b2 → c3d4 <!date")
    assert told.endswith(". This may be a coincidence.")
    assert "; +2 more. " in _small_print(_head(replace(ALERT, changed=tuple(changes))))
    over = replace(ALERT, changed=tuple(changes), state=AlertState.RESOLVED, resolved_at=AT)
    assert "shortly before" not in json.dumps(_head(over)["blocks"])


def test_a_warning_that_came_about_is_not_told_as_resolved() -> None:
    over = replace(
        ALERT,
        state=AlertState.RESOLVED,
        changed_at=AT + timedelta(minutes=4),
        resolved_at=AT + timedelta(minutes=4),
        closing="CJ's outbox is stuck: 3 events wait to be published",
        covered_by="outbox_unpublished/np/x",
    )
    told = "➡️ It came about after 4 min: CJ's outbox is stuck: 3 events wait to be published"
    assert _head(over)["text"] == told


def test_why_and_what_to_do_stand_before_the_buttons_and_the_rest_is_folded() -> None:
    blocks = _head()["blocks"]
    kinds = [block["type"] for block in blocks]
    assert kinds == ["section", "section", "section", "actions", "context", "container"]
    assert blocks[2]["text"]["text"] == "*Why:* Nobody owns it.\n*Do:* Wait for its TTL"
    assert "stuck_queue/np/llm" in json.dumps(blocks[-1])


@pytest.mark.parametrize(
    ("line", "unproven"),
    [
        (EvidenceLine("llm", AT, "Redis marked unhealthy: connection refused"), 0),
        (EvidenceLine("llm", AT, "it does not return", lacks="Redis connection restored"), 1),
        (EvidenceLine("llm", AT, "it never began", lacks="Queue processor started"), 0),
        (EvidenceLine("llm_queue", AT, "size 1, queued 0"), 0),
    ],
)
def test_evidence_says_once_that_a_text_which_it_misses_was_never_seen(
    line: EvidenceLine, unproven: int
) -> None:
    condition = replace(CONDITION, evidence=(line, line))
    blocks = _head(replace(ALERT, condition=condition))["blocks"]
    assert json.dumps(blocks[-1]).count(UNPROVEN) == unproven
    assert UNPROVEN not in json.dumps(blocks[:-1])


def test_commands_by_hand_stand_in_code_of_their_own() -> None:
    removal = "redis-cli ZREM q:requests 1f and redis-cli HDEL q:data 1f. CJ gets no callback."
    steps = ("Take it out.", "/trace 34", f"To remove it: {removal}")
    blocks = _head(replace(ALERT, condition=replace(CONDITION, next=steps)))["blocks"]
    assert blocks[2]["text"]["text"].endswith("*Do:* Take it out.")
    (fold,) = (block for block in blocks if block.get("title", {}).get("text") == "By hand (1)")
    shown = fold["child_blocks"][0]["text"]["text"]
    assert "```redis-cli ZREM q:requests 1f\nredis-cli HDEL q:data 1f```" in shown


def test_a_firing_head_has_three_buttons_at_most_and_a_menu() -> None:
    *shown, menu = _row(_head())
    assert [(b["action_id"], b["value"], b.get("style")) for b in shown] == [
        ("acknowledge", "/alerts ack stuck_queue/np/llm", "primary"),
        ("investigate", "/batch investigate 34 --about orphaned-item", None),
    ]
    assert [option["value"] for option in menu["options"]] == [
        "/alerts snooze stuck_queue/np/llm 30m",
        "/alerts snooze stuck_queue/np/llm 2h",
        "/alerts snooze stuck_queue/np/llm tomorrow",
        "/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9",
        "/alerts export stuck_queue/np/llm",
    ]


def test_an_orphan_may_be_put_back_where_that_is_taken() -> None:
    orphan = replace(CONDITION, requeue="1a2b3c4d-0000-4000-8000-000000000001")
    message = AlertMessage(replace(ALERT, condition=orphan), Reason.OPEN, is_parent=True)
    assert _row(dict(render(message)))[2]["value"].startswith("/queue requeue 1a2b3c4d")
    off = dict(render(message, lambda typed: not typed.startswith("/queue requeue")))
    assert [one["action_id"] for one in _row(off)] == ["acknowledge", "investigate", "alert_menu"]


def test_what_to_do_is_the_button_where_an_orphan_may_be_put_back() -> None:
    told = "Take it out of the queue by hand, and ask for the comparison again."
    orphan = replace(CONDITION, requeue="1a2b3c4d-0000-4000-8000-000000000001", next=(told,))
    for is_parent in (True, False):
        message = AlertMessage(replace(ALERT, condition=orphan), Reason.OPEN, is_parent=is_parent)
        on = json.dumps(render(message)["blocks"], ensure_ascii=False)
        assert "*Do:* Press “Put it back …”" in on
        assert on.index("Put it back") < on.index(told), "by hand stays, and comes second"
        off = render(message, lambda typed: not typed.startswith("/queue requeue"))["blocks"]
        assert f"*Do:* {told}" in json.dumps(off)


def test_a_step_that_reads_logs_is_a_button_and_what_to_do_stands_in_words() -> None:
    logs = "/logs llm_provider error --since 30m --level error"
    failing = replace(CONDITION, batch="", correlation_id="", next=(logs,))
    message = AlertMessage(replace(ALERT, condition=failing), Reason.OPEN, is_parent=True)
    blocks = render(message)["blocks"]
    assert "*Do:* Read what the service logged." in blocks[2]["text"]["text"]
    assert [(one["text"]["text"], one["value"]) for one in _row(dict(render(message)))[1:3]] == [
        ("Look at the queue", "/queue"),
        ("Logs: error", logs),
    ]


def test_a_button_that_would_do_nothing_is_not_shown() -> None:
    stray = replace(ALERT, condition=replace(CONDITION, batch=""))
    opened = AlertMessage(stray, Reason.OPEN, is_parent=True)
    message = dict(render(opened, lambda typed: typed.startswith("/trace")))
    assert [button["action_id"] for button in _row(message)] == ["trace"]


def test_an_acknowledged_alert_says_so_and_offers_it_no_more() -> None:
    seen = replace(ALERT, acknowledged_by="U1")
    message = dict(render(AlertMessage(seen, Reason.QUIET, is_parent=True), names={"U1": "oncall"}))
    assert "👀 oncall" in _small_print(message)
    assert _row(message)[0]["action_id"] == "unacknowledge"
    assert "U1" not in json.dumps(message)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason.ACKNOWLEDGE, "👀 Acknowledged by an operator: not repeated until it changes"),
        (
            Reason.SNOOZE,
            "💤 Snoozed by oncall, also if it comes back",
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
        (Mute("x", AT, by="U2", kind=MuteKind.SNOOZE), "💤 until <!date^"),
        (Mute("x", AT, "deploy", kind=MuteKind.MAINTENANCE), "🔕 maintenance until <!date^"),
        (Mute("x", reason="known"), "🔕 muted until unmuted: known"),
    ],
)
def test_a_quiet_head_says_until_when_also_once_it_is_resolved(mute: Mute, words: str) -> None:
    for state in (AlertState.FIRING, AlertState.RESOLVED):
        quiet = replace(ALERT, mute=mute, state=state)
        told = AlertMessage(quiet, Reason.QUIET, is_parent=True)
        assert words in _small_print(dict(render(told, names={"U2": "oncall"})))


def test_a_cause_says_how_many_alerts_it_hides() -> None:
    line = _small_print(_head(replace(ALERT, hides=2, number=17)))
    assert "hides 2 alerts that follow from it" in line
    assert line.startswith("#17 · ")


def test_a_digest_is_one_message_that_leads_to_the_list() -> None:
    bare = replace(ALERT, condition=replace(CONDITION, evidence=()))
    message = render(AlertMessage(bare, Reason.DIGEST, is_parent=True))
    assert message["text"].startswith("🔕 Item 3f2a")
    assert [one["value"] for one in _row(dict(message))] == ["/alerts list"]


def test_a_resolved_head_is_one_green_line_with_its_duration_and_no_buttons() -> None:
    done = replace(ALERT, state=AlertState.RESOLVED, resolved_at=AT + timedelta(minutes=12),
                   closing=words("item 3f2a completed", Time(AT, " at ")))  # fmt: skip
    message = _head(done)
    assert message["text"].startswith("✅ Resolved after 12 min: item 3f2a completed")
    assert [block["type"] for block in message["blocks"]] == ["section", "context", "container"]


def test_replies_tell_their_reason() -> None:
    said = {
        reason: render(AlertMessage(ALERT, reason, False, "now leaked"))["text"]
        for reason in (Reason.UPDATE, Reason.REPEAT)
    }
    assert "Changed: Item 3f2a" in said[Reason.UPDATE]
    assert "Still so, seen 3 times" in said[Reason.REPEAT]


def test_a_message_that_slack_refused_is_said_in_plain_text() -> None:
    message = render(AlertMessage(ALERT, Reason.OPEN, True, plain=True))
    assert message["blocks"] == []
    assert "Item 3f2a" in message["text"]
