"""Writes a report as Markdown, for issues, investigations and files in a thread."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot.domain.privacy import presentable
from bot.domain.report import Finding, Report, Table
from bot.domain.wording import (
    VERDICT_MARKS,
    fact_rows,
    flat_facts,
    headline,
    next_commands,
    source_words,
)

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!])")
_MENTION = re.compile(r"(?<![\w`])@(?=\w)")


def render(report: Report) -> str:
    """Return the whole report as Markdown; outside text cannot format, link or mention."""
    return "\n".join(_lines(presentable(report))).rstrip() + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# {_plain(report.title)}"
    yield ""
    yield f"{VERDICT_MARKS[report.verdict]} **{_plain(headline(report))}**"
    yield ""
    facts = [(name, text) for name, text in flat_facts(report.facts)]
    if facts:
        yield from _table(("fact", "value"), facts)
    for number, finding in enumerate(report.findings, start=1):
        yield from _finding(number, finding)
    for table in _tables(report):
        if table.caption:
            yield f"**{_plain(table.caption)}**"
            yield ""
        yield from _table(table.columns, table.rows)
    if report.timeline:
        rows = [(_time(e.at), e.service, e.source, e.text) for e in report.timeline]
        yield "## Timeline"
        yield ""
        yield from _table(("at", "service", "source", "what"), rows)
    if report.sources:
        yield "## Sources"
        yield ""
        yield from (f"- {_plain(line)}" for line in source_words(report.sources))
        yield ""
    if commands := next_commands(report):
        yield "## Next"
        yield ""
        yield from (f"- {_code(command)}" for command in commands)


def _finding(number: int, finding: Finding) -> Iterator[str]:
    yield f"## {number}. {_plain(finding.what)}"
    yield ""
    yield f"{finding.severity.value} · `{finding.rule}` · confidence {finding.confidence.value}"
    yield ""
    if finding.why:
        yield _plain(finding.why)
        yield ""
    for line in finding.evidence:
        when = f"{_time(line.at)} " if line.at else ""
        yield f"- {when}{_plain(line.source)}: {_code(line.text)}"
    yield from (f"- Next: {_plain(step)}" for step in finding.next)
    yield ""


def _tables(report: Report) -> Sequence[Table]:
    if report.tables:
        return report.tables
    return [
        Table(tuple(rows[0]), tuple(map(tuple, rows[1:])), name.replace("_", " "))
        for name, rows in fact_rows(report.facts)
        if rows[0]
    ]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(_plain(column) for column in columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(_plain(cell) or ' ' for cell in row[: len(columns)])} |"
    yield ""


def _plain(text: str) -> str:
    """Return outside text so that every character stands for itself."""
    line = " ".join(str(text).split())
    return _MENTION.sub("@\u200b", _SPECIAL.sub(r"\\\1", line))


def _code(text: str) -> str:
    line = " ".join(text.split()).replace("`", "ˋ")
    return f"`{line}`" if line else ""


def _time(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if at else ""
