"""Every report becomes a message that Slack takes, that reads well and that pings nobody."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from bot.domain.evidence import EvidenceLine, SourceReading, SourceState
from bot.domain.report import (
    Attachment,
    Confidence,
    Finding,
    Report,
    Severity,
    Table,
    TimelineEntry,
)
from bot.errors import Blank, DeniedError, SourceError, UsageError
from bot.ports import Form
from bot.slack.blocks.command_buttons import button_label
from bot.slack.blocks.limits import size, violations
from bot.slack.blocks.mrkdwn import clamp, escape
from bot.slack.blocks.renderer import BlockKit
from tests.support.strategies import reports

AT = datetime(2025, 11, 18, 23, 19, 26, tzinfo=UTC)
PINGS = re.compile(r"<(?!!date\^)[!@#]")
LATE = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

ENTRY = TimelineEntry(AT, "cj_assessment_service", "cj_database", "batch created")
BATCH_33 = Report(
    command="batch status 33",
    title="Batch 33",
    summary="66 of 100 comparisons failed and were counted as done",
    facts={"batch_id": 33, "errors": 66, "valid": 34, "by_winner": {"essay_a": 11, "essay_b": 23},
           "last_activity_at": AT, "unknown": None},
    findings=(
        Finding(
            "errors-counted-as-done", Severity.ERROR, Confidence.HIGH,
            "34 of 100 pairs are valid", "Errors count as completed.",
            (EvidenceLine("cj_database", AT, "100 rows: 66 error"),), ("/batch investigate 33",),
        ),
    ),
    sources=(
        SourceReading("cj_database", SourceState.OK, "5 ms"),
        SourceReading("queue", SourceState.TIMEOUT, "no answer within 5 s"),
        SourceReading("loki", SourceState.NOT_CONFIGURED),
    ),
    tables=(Table(("pair", "winner"), (("1", "first essay"), ("2", "error")), "Pairs"),),
    actions=("/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9",),
)  # fmt: skip


def _texts(blocks: Any) -> str:
    return json.dumps(blocks, ensure_ascii=False)


@LATE
@given(reports)
def test_any_report_fits_slack_and_pings_nobody(report: Report) -> None:
    message = BlockKit().report(report)
    assert violations(message["blocks"], message["text"]) == []
    assert size(message["blocks"]) <= 10_000
    assert not PINGS.search(_texts(message["blocks"]) + message["text"])
    json.dumps(message["blocks"], ensure_ascii=False).encode()


def test_the_first_line_is_the_state_of_the_subject_in_one_breath() -> None:
    message = BlockKit().report(BATCH_33)
    first = message["blocks"][0]["text"]["text"]
    assert first == "*🔴 66 of 100 comparisons failed and were counted as done*"
    assert message["text"] == "🔴 66 of 100 comparisons failed and were counted as done"


def test_an_answer_shows_evidence_next_steps_and_every_source() -> None:
    shown = _texts(BlockKit().report(BATCH_33)["blocks"])
    for part in (
        "errors-counted-as-done", "sure: high", "100 rows: 66 error", "Errors count as",
        "read: cj_database (5 ms)", "timed out: queue (no answer within 5 s)",
        "not configured: loki", "essay a 11 · essay b 23", "<!date^1763507966^", "Not read: queue",
    ):  # fmt: skip
        assert part in shown
    assert "unknown" not in shown


def test_next_commands_become_buttons_once_each() -> None:
    blocks = BlockKit().report(BATCH_33)["blocks"]
    (buttons,) = (block["elements"] for block in blocks if block["type"] == "actions")
    assert [(b["text"]["text"], b["value"]) for b in buttons] == [
        ("Trace 8f3a11d7", "/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9"),
        ("Investigate 33", "/batch investigate 33"),
    ]


def test_what_has_no_subject_carries_no_mark() -> None:
    message = BlockKit().report(Report("batch status 9", "No batch 9", found=False))
    assert message["text"] == "No batch 9"
    assert BlockKit().report(Report("help", "What can be asked"))["text"] == "What can be asked"


def test_the_first_remedy_and_the_buttons_stand_before_what_they_rest_on() -> None:
    shown = _texts(BlockKit().report(BATCH_33)["blocks"])
    places = [shown.index(one) for one in ("Errors count as", "Do:", '"actions"', "100 rows: 66")]
    assert places == sorted(places)


def test_what_it_rests_on_is_folded_below_the_screen() -> None:
    blocks = BlockKit().report(BATCH_33)["blocks"]
    folds = [block for block in blocks if block["type"] == "container"]
    titles = [block["title"]["text"] for block in folds]
    assert titles == ["Evidence (5)", "Facts (5)", "Sources (3)"]
    assert all(block["is_collapsible"] and block["default_collapsed"] for block in folds)
    assert blocks[-1]["elements"][0]["text"].startswith("Not read: queue")


def test_commands_of_a_shell_stand_in_a_code_block_to_copy() -> None:
    (finding,) = BATCH_33.findings
    remove = (
        "To take it out by hand: redis-cli ZREM q:requests 1 and redis-cli HDEL q:data 1. "
        "CJ gets no callback."
    )
    steps = ("Stop the worker first", remove)
    folded = BlockKit().report(replace(BATCH_33, findings=(replace(finding, next=steps),)))
    text = next(one for one in folded["blocks"] if one["type"] == "container")["child_blocks"][0]
    assert (
        "→ To take it out by hand:\n```redis-cli ZREM q:requests 1\nredis-cli HDEL q:data 1```\n"
        "CJ gets no callback."
    ) in text["text"]["text"]
    first = BlockKit().report(replace(BATCH_33, findings=(replace(finding, next=(remove,)),)))
    boxes = [
        one["elements"][0]["text"]
        for block in first["blocks"]
        for one in block.get("elements", ())
        if one["type"] == "rich_text_preformatted"
    ]
    assert boxes == ["redis-cli ZREM q:requests 1\nredis-cli HDEL q:data 1"]


def test_what_does_not_fit_is_counted_and_kept_for_the_thread() -> None:
    many = replace(BATCH_33, findings=BATCH_33.findings * 40, timeline=(ENTRY,) * 200)
    message = BlockKit().report(many)
    assert size(message["blocks"]) <= 10_000
    assert " more, not here" in _texts(message["blocks"])
    assert message["rest"]
    for page in (*message["rest"], *message["details"]):
        assert violations(page, "More") == []


def test_the_whole_answer_is_a_file_that_is_asked_for_and_said_in_one_line() -> None:
    kit = BlockKit(whole=lambda report: f"{len(report.findings)} findings")
    asked = replace(BATCH_33, command="/batch status 33", attachments=(Attachment("a", b"1"),))
    message = kit.report(asked)
    assert [file.filename for file in message["files"]] == ["a"]
    assert "/batch status 33 --file" in _texts(message["blocks"])
    message = kit.report(replace(asked, command="/batch status 33 --file"), whole=True)
    assert [(file.filename, file.content) for file in message["files"]] == [
        ("batch-status-33.md", b"1 findings")
    ]
    assert len(message["blocks"]) == 2


def test_nothing_offers_to_run_a_change_once_more() -> None:
    kit = BlockKit(whole=lambda report: f"{len(report.findings)} findings")
    asked = replace(BATCH_33, command="/alerts mute stuck_queue 2h", is_change=True)
    message = kit.report(asked)
    assert message["details"]
    assert "alerts mute" not in " ".join(_values(message["blocks"]))
    assert not message["asks"]


def _values(block: Any) -> list[str]:
    """Return what each button and choice carries."""
    if isinstance(block, list | tuple):
        return [one for item in block for one in _values(item)]
    if isinstance(block, dict):
        own = [block["value"]] if isinstance(block.get("value"), str) else []
        return own + [one for item in block.values() for one in _values(item)]
    return []


@pytest.mark.parametrize(
    ("command", "label"),
    [
        ("/alerts unmute stuck_queue", "Unmute stuck queue"),
        ("/alerts list stuck_queue", "All of them"),
        ("/logs cj the text --since 2d", "Logs: the text, older ones"),
        ("/runner stop np_runner_eng5", "Runner stop np_runner_eng5"),
    ],
)
def test_no_button_names_a_rule_or_a_detector_by_its_id(command: str, label: str) -> None:
    assert button_label(command) == label


def test_small_print_says_where_and_for_whom_it_was_answered() -> None:
    asked = replace(BATCH_33, command="/queue", environment="staging", asked_by="Ada")
    shown = BlockKit().report(asked)["blocks"][-1]["elements"][0]["text"]
    assert shown == "Not read: queue · Asked `/queue` by Ada · staging"


@pytest.mark.parametrize("data", ["Lova-Sandberg", "hunter2", "sk-" + "ant-api03-Zm9vYmFyQmF6"])
def test_what_a_person_typed_is_repeated_to_everybody_without_its_data(data: str) -> None:
    typed = f"/logs cj {data} --since 2h"
    form = Form(typed, "What to look for?", (Blank("text or id"),), "")
    shown = (
        BlockKit().report(replace(BATCH_33, command=typed, asked_by="Ada"))["blocks"][-1],
        BlockKit().working(typed, ""),
        BlockKit().form(form)["blocks"],
    )
    for message in shown:
        assert "/logs cj … --since 2h" in str(message)
        assert data not in str(message)


def test_a_story_shows_causes_with_what_followed_below_them() -> None:
    cause = BATCH_33.findings[0]
    later = replace(cause, rule="early-finalisation", what="Published early", cause=cause.rule)
    told = replace(BATCH_33, story=("It was asked.", "It broke."), findings=(cause, later))
    shown = BlockKit().report(told)["blocks"]
    assert shown[1]["text"]["text"] == "It was asked.\nIt broke."
    (tree,) = (b for b in shown if b["type"] == "rich_text" and "indent" in b["elements"][-1])
    assert [one["indent"] for one in tree["elements"][1:]] == [0, 1]


def test_an_answer_without_words_says_so_where_it_begins() -> None:
    message = BlockKit().report(Report("batch status", " "))
    assert message["blocks"][0]["text"]["text"].strip("*") == message["text"]


def test_a_word_longer_than_its_room_is_shown_as_far_as_it_fits() -> None:
    assert clamp(escape("🔵 " + "x" * 200), 80) == "🔵 " + "x" * 77 + "…"


def test_nothing_is_cut_inside_a_word() -> None:
    for limit in range(12, 60):
        shown = str(clamp(escape("Read the provider's log of that night and ask again"), limit))
        assert shown.removesuffix("…") in ("", *_beginnings(escape(LONG)), LONG)


LONG = "Read the provider's log of that night and ask again"


def _beginnings(text: str) -> list[str]:
    words = text.split()
    return [" ".join(words[:count]) for count in range(1, len(words) + 1)]


def test_a_secret_never_reaches_a_block() -> None:
    planted = "cannot reach postgresql://cj:hunter22@db/cj with token xoxb-12345-abcdef"
    report = Report("x", planted, summary=planted, facts={"dsn": planted},
                    sources=(SourceReading("db", SourceState.MISSING, planted),))  # fmt: skip
    shown = _texts(BlockKit().report(report))
    assert "hunter22" not in shown
    assert "12345" not in shown


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UsageError("There is no /bath.", usage=("/batch status <id>",), hint="Did you mean?"),
         "There is no /bath. Did you mean?"),
        (DeniedError("Only operators may do that."), "Only operators may do that."),
        (SourceError("cj_database", "refused", hint="Is it up?"), "cj_database: refused Is it up?"),
        (RuntimeError("secret detail"), "Error id e-1"),
    ],
)  # fmt: skip
def test_an_error_is_one_plain_sentence(error: Exception, expected: str) -> None:
    message = BlockKit().error(error, error_id="e-1")
    assert expected in message["text"]
    assert "secret detail" not in _texts(message["blocks"])
    assert violations(message["blocks"], message["text"]) == []


def test_a_misspelt_command_has_a_button_that_runs_the_meant_one() -> None:
    error = UsageError("No.", hint="Did you mean status?", offers=("/batch status 34",))
    blocks = BlockKit().error(error)["blocks"]
    (button,) = blocks[-1]["elements"]
    assert (button["text"]["text"], button["value"]) == ("Batch 34", "/batch status 34")


def test_a_button_reads_like_words() -> None:
    assert button_label("/batch status 34") == "Batch 34"
