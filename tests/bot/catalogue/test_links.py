"""Beside each finding stands what to type to read what it means, in every way it is shown."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.cli import terminal
from bot.cli.mcp.report_schema import REPORT_SCHEMA
from bot.diagnosis.export.html import html_page
from bot.diagnosis.export.page import page
from bot.domain.report import Confidence, Finding, Report, Severity
from bot.slack.blocks.folds import folds_of
from bot.text import markdown_report

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
RULES = ("provider-failures", "bundle-collateral", "position-bias")
REPORT = Report(
    "batch investigate",
    "Investigation of batch 7",
    facts={"batch_id": 7},
    findings=tuple(
        Finding(rule, severity, Confidence.HIGH, f"{number} failed", next=("/batch list",))
        for number, (rule, severity) in enumerate(
            zip(RULES, (Severity.ERROR, Severity.WARN, Severity.INFO), strict=True)
        )
    ),
)
WAYS: dict[str, Callable[[Report], str]] = {
    "slack": lambda report: str(folds_of(report)),
    "terminal": terminal.printed,
    "markdown": markdown_report.render,
    "page": lambda report: page(report, NOW),
    "html": lambda report: html_page(report, NOW),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_finding_says_what_to_type_to_read_what_it_means(way: str) -> None:
    told = WAYS[way](REPORT)
    assert [rule for rule in RULES if f"/help {rule}" not in told] == []


def test_as_json_a_finding_names_its_rule_and_the_schema_where_that_is_explained() -> None:
    assert [one["rule"] for one in REPORT.as_json()["findings"]] == list(RULES)
    assert "batchbot://rules/{rule}" in json.dumps(REPORT_SCHEMA["properties"]["findings"])
