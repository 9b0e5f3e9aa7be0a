"""Prints a report for people at a terminal; outside text is data here, never markup."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from bot.catalogue.links import help_line
from bot.cli.sparkline import chart_lines
from bot.domain.evidence import SourceState
from bot.domain.report import Finding, Report, Severity, Table, TimelineEntry, Verdict
from bot.text.privacy import presentable
from bot.text.times import UtcTimes, report_times
from bot.text.wording import (
    STATE_WORDS,
    flat_facts,
    next_commands,
    shown_tables,
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
WIDEST = 10_000
LONG_FACT = 60


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


def _head(report: Report, times: UtcTimes) -> Iterator[Text]:
    style = VERDICT_STYLES[report.verdict]
    first, summary = times.text(report.first_line), times.text(report.summary)
    yield Text(first, style=style)
    if summary and summary.rstrip(".") not in first:
        yield Text(summary)
    if (title := times.text(report.title)) not in first:
        yield Text(title, style="dim")
    if times.notice:
        yield Text(times.notice, style="dim")


def _parts(report: Report) -> Iterator[RenderableType]:
    times = UtcTimes.of(report_times(report))
    yield from _head(report, times)
    yield from (Text(times.text(sentence)) for sentence in report.story)
    if report.lines:
        yield Text()
        yield from (Text(times.text(line)) for line in report.lines)
    if report.matters:
        yield Text()
        yield _columns((str(name), times.text(text)) for name, text in report.matters)
    yield from _findings(report.findings, times)
    facts = [(name, times.text(text)) for name, text in flat_facts(report.facts)]
    for table in _tables(report, dict(facts), times):
        yield Text()
        yield WideOrNarrow(_grid(table, times), _cards(table, times), by_words=True)
    for chart in report.charts:
        if drawn := chart_lines(chart):
            yield Text()
            yield Text("\n".join(drawn), style="cyan", no_wrap=True, overflow="crop")
    if report.timeline:
        yield Text()
        yield WideOrNarrow(
            _timeline(report.timeline, times), _timeline(report.timeline, times, narrow=True)
        )
    if facts:
        yield Text()
        yield _columns(_fact_rows(report.facts, times))
    if report.sources:
        yield Text()
        yield _sources(report, times)
    if commands := next_commands(report):
        yield Text()
        line = Text("Next: " + "   ".join(commands), style="bold")
        yield WideOrNarrow(line, Text("\n".join(["Next:", *commands]), style="bold"))


@dataclass(frozen=True, slots=True)
class WideOrNarrow:
    """Something wide, and what stands in its place where it would have to be folded.

    With `by_words` it may be folded between words, but not within one.
    """

    wide: RenderableType
    narrow: RenderableType
    by_words: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield whichever fits."""
        least, most = Measurement.get(console, options.update(max_width=WIDEST), self.wide)
        needed = least if self.by_words else most
        yield self.wide if needed <= options.max_width else self.narrow


def _fact_rows(facts: Mapping[str, Any], times: UtcTimes) -> Iterator[tuple[str, str]]:
    """Yield facts as rows; a fact of many parts has a row for each."""
    for name, typed in flat_facts(facts):
        text = times.text(typed)
        value = facts.get(name.replace(" ", "_"), facts.get(name))
        if isinstance(value, Mapping) and len(text) > LONG_FACT:
            yield name, ""
            yield from ((f"  {part}", times.text(inner)) for part, inner in flat_facts(value))
        else:
            yield name, text


def _columns(rows: Iterable[tuple[str, str]]) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    for name, text in rows:
        grid.add_row(Text(name, style="dim"), Text(text, overflow="fold"))
    return grid


def _findings(findings: Sequence[Finding], times: UtcTimes) -> Iterator[RenderableType]:
    """Yield findings, each with what to type to read what its rule means."""
    for number, finding in enumerate(findings, start=1):
        yield Text()
        yield from _finding(number, finding, times)


def _finding(number: int, finding: Finding, times: UtcTimes) -> Iterator[RenderableType]:
    style = SEVERITY_STYLES[finding.severity]
    yield Text.assemble(
        (f"{number}. ", "bold"),
        (finding.severity.value.upper(), style),
        f" {help_line(finding.rule)} (confidence {finding.confidence.value})",
        f", follows from {finding.cause}" if finding.cause else "",
    )
    yield _indented(Text(times.text(finding.what), style="bold"))
    if finding.why:
        yield _indented(Text(times.text(finding.why)))
    for line in finding.evidence:
        when = f"{times.at(line.at)} " if line.at else ""
        yield _indented(Text(f"- {when}{line.source}: {times.text(line.text)}", style="dim"))
    for step in finding.next:
        yield _indented(Text(f"-> {times.text(step)}", style="cyan"))


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 3))


def _tables(report: Report, facts: Mapping[str, str], times: UtcTimes) -> Sequence[Table]:
    """Return the tables; one that only says the facts again is left out."""
    return [
        table
        for table in shown_tables(report)
        if not (report.tables or report.folded)
        or not all(
            len(row) == 2 and facts.get(times.text(row[0])) == times.text(row[1])
            for row in table.rows
        )
    ]


def _grid(table: Table, times: UtcTimes) -> Grid:
    caption = times.text(table.caption)
    grid = Grid(title=Text(caption) if caption else None, title_justify="left", box=None)
    for column in table.columns:
        grid.add_column(Text(column, style="bold"), overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(times.text(cell)) for cell in row[: len(table.columns)]))
    return grid


def _cards(table: Table, times: UtcTimes) -> Grid:
    """Return a table's rows one below the other, each cell behind its heading."""
    grid = Grid.grid(padding=(0, 2))
    if table.caption:
        grid.title, grid.title_justify = Text(times.text(table.caption)), "left"
    for number, row in enumerate(table.rows):
        if number:
            grid.add_row("", "")
        for column, cell in zip(table.columns, row, strict=False):
            if cell:
                grid.add_row(Text(column, style="bold"), Text(times.text(cell), overflow="fold"))
    return grid


def _timeline(entries: Sequence[TimelineEntry], times: UtcTimes, *, narrow: bool = False) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    for entry in entries:
        at = Text(times.at(entry.at, "no time"), style="dim", no_wrap=True)
        who, what = entry.service or entry.source, times.text(entry.text)
        if narrow:
            grid.add_row(at, Text(f"{who}: {what}", overflow="fold"))
        else:
            grid.add_row(at, Text(who), Text(what, overflow="fold"))
    return grid


def _sources(report: Report, times: UtcTimes) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    for reading in report.sources:
        state = Text(STATE_WORDS[reading.state], style=STATE_STYLES[reading.state])
        told = times.text(reading.detail)
        grid.add_row(
            Text(reading.name), state, Text("" if told == state.plain else told, style="dim")
        )
    return grid
