"""Writes a report as Markdown, for issues, investigations and files in a thread."""

from collections.abc import Iterator

from bot.domain.report import Report
from bot.text.markdown import MarkdownWriter, code
from bot.text.privacy import presentable
from bot.text.times import UtcTimes, report_times
from bot.text.wording import (
    flat_facts,
    next_commands,
    shown_tables,
    source_words,
)


def render(report: Report) -> str:
    """Return the whole report as Markdown; outside text cannot format, link or mention."""
    if report.document:
        return report.document
    return "\n".join(_lines(presentable(report))).rstrip() + "\n"


def _body(report: Report, write: MarkdownWriter) -> Iterator[str]:
    for sentence in report.story:
        yield write.text(sentence)
        yield ""
    if report.lines:
        yield from (f"- {write.text(line)}" for line in report.lines)
        yield ""


def _lines(report: Report) -> Iterator[str]:
    times = UtcTimes.of(report_times(report))
    write = MarkdownWriter(times)
    yield f"# {write.text(report.title)}"
    yield ""
    yield f"**{write.text(report.first_line)}**"
    yield ""
    if report.summary:
        yield write.text(report.summary)
        yield ""
    yield from _body(report, write)
    if times.notice:
        yield times.notice
        yield ""
    if facts := list(flat_facts(report.facts)):
        yield from write.table(("fact", "value"), facts)
    for number, finding in enumerate(report.findings, start=1):
        yield f"## {number}. {write.text(finding.what)}"
        yield ""
        yield from write.finding(finding)
    for one in shown_tables(report):
        if one.caption:
            yield f"**{write.text(one.caption)}**"
            yield ""
        yield from write.table(one.columns, one.rows)
    if report.timeline:
        yield "## Timeline"
        yield ""
        yield from write.timeline(report.timeline)
    if report.sources:
        yield "## Sources"
        yield ""
        yield from (f"- {write.text(line)}" for line in source_words(report.sources))
        yield ""
    if commands := next_commands(report):
        yield "## Next"
        yield ""
        yield from (f"- {code(command)}" for command in commands)
