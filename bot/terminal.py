"""Prints a report for people at a terminal; outside text is data here, never markup."""

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from bot.domain.evidence import SourceState
from bot.domain.privacy import presentable
from bot.domain.report import Finding, Report, Severity, Table, TimelineEntry, Verdict
from bot.domain.wording import (
    STATE_WORDS,
    VERDICT_MARKS,
    fact_rows,
    flat_facts,
    headline,
    next_commands,
)

VERDICT_STYLES = {
    Verdict.OK: "bold green",
    Verdict.WARN: "bold yellow",
    Verdict.UNKNOWN: "bold magenta",
    Verdict.ERROR: "bold red",
}
SEVERITY_STYLES = {Severity.INFO: "cyan", Severity.WARN: "yellow", Severity.ERROR: "red"}
STATE_STYLES = {
    SourceState.OK: "green",
    SourceState.MISSING: "red",
    SourceState.TIMEOUT: "red",
    SourceState.NOT_CONFIGURED: "dim",
}
PIPE_WIDTH = 160


def console(*, error: bool = False) -> Console:
    """Return a console for stdout or stderr that takes outside text as it is."""
    return Console(stderr=error, highlight=False, markup=False, emoji=False)


def printed(report: Report) -> str:
    """Return a report as plain text, for a pipe: no colour, no padding at a line's end."""
    plain = Console(
        file=io.StringIO(), width=PIPE_WIDTH, highlight=False, markup=False, emoji=False
    )
    with plain.capture() as captured:
        plain.print(show(report))
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def show(report: Report) -> RenderableType:
    """Return a report as something that rich can print."""
    clean = presentable(report)
    return Group(*_parts(clean))


def _parts(report: Report) -> Iterator[RenderableType]:
    style = VERDICT_STYLES[report.verdict]
    yield Text(f"{VERDICT_MARKS[report.verdict]} {headline(report)}", style=style)
    if report.summary and report.title != report.summary:
        yield Text(report.title, style="dim")
    facts = list(flat_facts(report.facts))
    if facts:
        yield Text()
        yield _columns([(name, text) for name, text in facts])
    for number, finding in enumerate(report.findings, start=1):
        yield Text()
        yield from _finding(number, finding)
    for table in _tables(report):
        yield Text()
        yield _grid(table)
    if report.timeline:
        yield Text()
        yield _timeline(report.timeline)
    if report.sources:
        yield Text()
        yield _sources(report)
    if commands := next_commands(report):
        yield Text()
        yield Text("Next: " + "   ".join(commands), style="bold")


def _columns(rows: Sequence[tuple[str, str]]) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    for name, text in rows:
        grid.add_row(Text(name, style="dim"), Text(text))
    return grid


def _finding(number: int, finding: Finding) -> Iterator[RenderableType]:
    style = SEVERITY_STYLES[finding.severity]
    yield Text.assemble(
        (f"{number}. ", "bold"),
        (finding.severity.value.upper(), style),
        f" {finding.rule} (confidence {finding.confidence.value})",
    )
    yield _indented(Text(finding.what, style="bold"))
    if finding.why:
        yield _indented(Text(finding.why))
    for line in finding.evidence:
        when = f"{_time(line.at)} " if line.at else ""
        yield _indented(Text(f"- {when}{line.source}: {line.text}", style="dim"))
    for step in finding.next:
        yield _indented(Text(f"-> {step}", style="cyan"))


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 3))


def _tables(report: Report) -> Sequence[Table]:
    if report.tables:
        return report.tables
    return [
        Table(tuple(rows[0]), tuple(map(tuple, rows[1:])), name.replace("_", " "))
        for name, rows in fact_rows(report.facts)
        if rows[0]
    ]


def _grid(table: Table) -> Grid:
    grid = Grid(
        title=Text(table.caption) if table.caption else None, title_justify="left", box=None
    )
    for column in table.columns:
        grid.add_column(Text(column, style="bold"), overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(cell) for cell in row[: len(table.columns)]))
    return grid


def _timeline(entries: Sequence[TimelineEntry]) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    for entry in entries:
        grid.add_row(
            Text(_time(entry.at), style="dim"),
            Text(entry.service or entry.source),
            Text(entry.text, overflow="fold"),
        )
    return grid


def _sources(report: Report) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    for reading in report.sources:
        words = Text(STATE_WORDS[reading.state], style=STATE_STYLES[reading.state])
        detail = "" if reading.detail == words.plain else reading.detail
        grid.add_row(Text(reading.name), words, Text(detail, style="dim"))
    return grid


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if at else "no time"
