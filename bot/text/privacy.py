"""The one privacy border in front of every renderer: a report or error as it may leave the bot."""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import Any, overload

from bot.domain.chart import Chart
from bot.domain.evidence import EvidenceLine, SourceReading
from bot.domain.report import Finding, Report, Table, TimelineEntry
from bot.domain.words import Text, Words, mapped
from bot.text.redaction import presented

SENTENCE_CHARS = 600
EVIDENCE_CHARS = 300


def presentable(report: Report) -> Report:
    """Return `report` with every text redacted; renderers are only ever given such a report.

    Rules already choose allow-listed fields; this is the last border, for what a service wrote
    into an unexpected place. It changes nothing in a report that is clean.
    """
    return replace(
        report,
        command=_said(report.command),
        title=_said(report.title),
        summary=_said(report.summary),
        headline=_said(report.headline),
        matters=tuple((_seen(name), _seen(text)) for name, text in report.matters),
        story=tuple(_said(one) for one in report.story),
        lines=tuple(_said(one) for one in report.lines),
        folded=tuple(_table(table) for table in report.folded),
        asked_by=_said(report.asked_by),
        facts=_facts(report.facts),
        findings=tuple(_finding(finding) for finding in report.findings),
        timeline=tuple(_entry(entry) for entry in report.timeline),
        sources=tuple(_reading(reading) for reading in report.sources),
        tables=tuple(_table(table) for table in report.tables),
        actions=tuple(_said(action) for action in report.actions),
        charts=tuple(clean_chart(chart) for chart in report.charts),
    )


@overload
def said(text: str) -> str: ...
@overload
def said(text: Text) -> Text: ...
def said(text: Text) -> Text:
    """Return one sentence as it may leave the bot; what is typed in it stays typed."""
    return _said(text)


def clean_chart(chart: Chart) -> Chart:
    """Return a chart as it may leave the bot."""
    return replace(
        chart,
        title=_seen(chart.title),
        alt=_said(chart.alt),
        labels=tuple(_seen(label) for label in chart.labels),
        series=tuple(replace(series, name=_seen(series.name)) for series in chart.series),
        y_label=_seen(chart.y_label),
    )


@overload
def _said(text: str) -> str: ...
@overload
def _said(text: Text) -> Text: ...
def _said(text: Text) -> Text:
    if isinstance(text, Words):
        return mapped(text, lambda part: _between_parts(part, SENTENCE_CHARS))
    return presented(text, SENTENCE_CHARS)


@overload
def _seen(text: str) -> str: ...
@overload
def _seen(text: Text) -> Text: ...
def _seen(text: Text) -> Text:
    if isinstance(text, Words):
        return mapped(text, lambda part: _between_parts(part, EVIDENCE_CHARS))
    return presented(text, EVIDENCE_CHARS)


def _between_parts(part: str, limit: int) -> str:
    """Return a string of typed text redacted; the blanks that part it from its neighbours stay."""
    blank = part.isspace()
    before, after = part[:1].isspace(), part[-1:].isspace() and not blank
    return f"{' ' * before}{presented(part, limit)}{' ' * after}"


def _facts(value: Any) -> Any:
    match value:
        case str() | Words():
            return value if isinstance(value, Enum) else _seen(value)
        case Mapping():
            return {_seen(str(key)): _facts(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_facts(item) for item in value]
        case _:
            return value


def _finding(finding: Finding) -> Finding:
    return replace(
        finding,
        rule=_seen(finding.rule),
        what=_said(finding.what),
        why=_said(finding.why),
        evidence=tuple(_evidence(line) for line in finding.evidence),
        next=tuple(_said(step) for step in finding.next),
    )


def _evidence(line: EvidenceLine) -> EvidenceLine:
    return replace(line, source=_seen(line.source), text=_seen(line.text))


def _entry(entry: TimelineEntry) -> TimelineEntry:
    return replace(
        entry, service=_seen(entry.service), source=_seen(entry.source), text=_said(entry.text)
    )


def _reading(reading: SourceReading) -> SourceReading:
    return replace(reading, name=_seen(reading.name), detail=_seen(reading.detail))


def _table(table: Table) -> Table:
    return replace(
        table,
        caption=_said(table.caption),
        columns=tuple(_seen(cell) for cell in table.columns),
        rows=tuple(tuple(_seen(cell) for cell in row) for row in table.rows),
    )
