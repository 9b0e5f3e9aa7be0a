"""Reports at a terminal and as Markdown: everything is said, nothing is interpreted."""

import re
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from rich.console import Console

from bot.cli import terminal
from bot.domain.evidence import EvidenceLine, SourceReading, SourceState
from bot.domain.report import Confidence, Finding, Report, Severity, TimelineEntry
from bot.text import markdown_report
from tests.support.strategies import reports

AT = datetime(2025, 11, 18, 23, 19, 26, tzinfo=UTC)
REPORT = Report(
    "batch status 33", "Batch 33", summary="66 of 100 failed",
    facts={"errors": 66, "steps": [{"step": "sent", "at": AT}]},
    findings=(
        Finding("errors-counted-as-done", Severity.ERROR, Confidence.HIGH, "34 are valid",
                "Errors count.", (EvidenceLine("cj_database", AT, "66 [bold]error[/bold]"),),
                ("/batch investigate 33",)),
    ),
    timeline=(TimelineEntry(AT, "cj", "logs", "finalised <b>"),),
    sources=(SourceReading("queue", SourceState.TIMEOUT, "5 s"),),
)  # fmt: skip
PARTS = ("66 of 100 failed", "errors", "34 are valid", "Errors count.", "/batch investigate 33",
         "timed out", "23:19:26", "confidence high", "sent")  # fmt: skip
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def test_a_pipe_gets_every_part_as_plain_text() -> None:
    text = terminal.printed(REPORT)
    assert [part for part in PARTS if part not in text] == []
    assert "66 [bold]error[/bold]" in text
    assert "\x1b" not in text


def test_a_terminal_gets_colour() -> None:
    screen = Console(force_terminal=True, width=100, color_system="standard")
    with screen.capture() as captured:
        screen.print(terminal.show(REPORT))
    assert "\x1b[" in captured.get()


def test_markdown_has_every_part_and_no_markup_from_outside() -> None:
    text = markdown_report.render(REPORT)
    assert [part for part in PARTS if part not in text] == []
    assert r"finalised \<b\>" in text


@SLOW
@given(reports)
def test_any_report_prints_without_terminal_codes(report: Report) -> None:
    text = terminal.printed(report)
    text.encode()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


@SLOW
@given(reports)
def test_any_report_is_markdown_that_mentions_nobody(report: Report) -> None:
    text = markdown_report.render(report)
    text.encode()
    outside_code = re.sub(r"`[^`\n]*`", "", re.sub(r"\\.", " ", text))
    assert "<" not in outside_code
    assert not re.search(r"(?<![\w\u200b])@\w", outside_code)
