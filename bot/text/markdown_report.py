"""Writes a report as Markdown, for issues, investigations and files in a thread."""

from collections.abc import Iterator, Sequence

from bot.domain.report import Finding, Report, Table
from bot.text.markdown import code, moment, plain_text, table
from bot.text.privacy import presentable
from bot.text.wording import (
    VERDICT_MARKS,
    fact_rows,
    flat_facts,
    headline,
    next_commands,
    source_words,
)


def render(report: Report) -> str:
    """Return the whole report as Markdown; outside text cannot format, link or mention."""
    if report.document:
        return report.document
    return "\n".join(_lines(presentable(report))).rstrip() + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {plain_text(report.title)}"
    yield ""
    yield f"{VERDICT_MARKS[report.verdict]} **{plain_text(headline(report))}**"
    yield ""
    facts = [(name, text) for name, text in flat_facts(report.facts)]
    if facts:
        yield from table(("fact", "value"), facts)
    for number, finding in enumerate(report.findings, start=1):
        yield from _finding(number, finding)
    for one in _tables(report):
        if one.caption:
            yield f"**{plain_text(one.caption)}**"
            yield ""
        yield from table(one.columns, one.rows)
    if report.timeline:
        rows = [(moment(e.at), e.service, e.source, e.text) for e in report.timeline]
        yield "## Timeline"
        yield ""
        yield from table(("at", "service", "source", "what"), rows)
    if report.sources:
        yield "## Sources"
        yield ""
        yield from (f"- {plain_text(line)}" for line in source_words(report.sources))
        yield ""
    if commands := next_commands(report):
        yield "## Next"
        yield ""
        yield from (f"- {code(command)}" for command in commands)


def _finding(number: int, finding: Finding) -> Iterator[str]:
    yield f"## {number}. {plain_text(finding.what)}"
    yield ""
    yield f"{finding.severity.value} · `{finding.rule}` · confidence {finding.confidence.value}"
    yield ""
    if finding.why:
        yield plain_text(finding.why)
        yield ""
    for line in finding.evidence:
        when = f"{moment(line.at)} " if line.at else ""
        yield f"- {when}{plain_text(line.source)}: {code(line.text)}"
    yield from (f"- Next: {plain_text(step)}" for step in finding.next)
    yield ""


def _tables(report: Report) -> Sequence[Table]:
    if report.tables:
        return report.tables
    return [
        Table(tuple(rows[0]), tuple(map(tuple, rows[1:])), name.replace("_", " "))
        for name, rows in fact_rows(report.facts)
        if rows[0]
    ]
