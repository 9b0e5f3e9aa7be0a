"""An investigation as one self-contained HTML page: no script, no address, no file beside it; pure.

It is made of a presentable report, and each text is escaped where it is written: `text` is the one
way in. Its policy forbids scripts and loads nothing, whatever stands in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from typing import Any

from bot.catalogue.links import help_line
from bot.diagnosis.batch.funnel import NAMES
from bot.diagnosis.evidence.causal_order import consequences, roots
from bot.diagnosis.export.checks import (
    REFUTED,
    SUPPORTED,
    checks,
    is_open,
    open_points,
    stages,
    suspicions,
)
from bot.diagnosis.export.page import recommended, scalars, status_words
from bot.diagnosis.export.queries import commands, queries
from bot.diagnosis.export.story import story
from bot.diagnosis.export.strip import strip
from bot.diagnosis.export.style import STYLE
from bot.domain.ids import short_id
from bot.domain.report import Finding, Report, Severity
from bot.domain.words import Command, Id, Part, Text
from bot.text.privacy import said
from bot.text.times import UtcTimes, report_times
from bot.text.wording import as_step, flat_facts, source_words

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
LOST = frozenset({"stored error", "callbacks rejected", "retried dispatches"})
OTHER_UNIT = frozenset({"projections"})


class Writer:
    """Writes typed text as HTML in which every character stands for itself; times in UTC."""

    def __init__(self, times: UtcTimes) -> None:
        self.times = times

    def text(self, text: Text) -> str:
        """Return a text that can be no markup."""
        return self.times.text(text, _spelled)

    def at(self, moment: datetime | None) -> str:
        """Return a time as an element that machines can read."""
        if moment is None:
            return ""
        stamp = moment.astimezone(UTC).isoformat(timespec="seconds")
        return f'<time datetime="{stamp}">{self.times.at(moment)}</time>'


def html_page(
    report: Report, now: datetime, *, environment: str = "", recorded: int | None = None
) -> str:
    """Return the whole page; `report` is a presentable investigation."""
    write = Writer(UtcTimes.of(report_times(report)))
    title = write.text(report.title)
    body = "\n".join(_body(report, now, write, environment, recorded))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _body(
    report: Report, now: datetime, write: Writer, environment: str, recorded: int | None
) -> Iterator[str]:
    yield from _head(report, now, write, environment)
    yield from _section("story", "What happened", _paragraphs(report.story or story(report), write))
    yield from _section("funnel", "How far the comparisons came", _funnel(report.facts))
    yield from _section("bundles", "What became of each bundle", strip(report.facts, write.at))
    yield from _section("causes", "Causes, and what followed", _causes(report, write))
    if report.lines:
        changed = _list(map(write.text, report.lines))
        yield from _section("changes", "What changed around it", changed)
    yield from _section("ruled-out", "Ruled out, and by what", _suspected(report, REFUTED, write))
    if suspicions(report, SUPPORTED):
        yield from _section("supported", "Confirmed", _suspected(report, SUPPORTED, write))
    yield from _section("open", "What stays open", _list(map(write.text, open_points(report))))
    yield from _section("do", "Recommendations", _recommendations(report, write))
    yield from _section("timeline", "Timeline", _timeline(report, write))
    yield from _section("checks", "What this run established", _checks(report, recorded, write))
    yield from _section("evidence", "Evidence", _evidence(report.findings, write))
    yield from _section("facts", "Facts", _facts(report, write))
    yield from _section("queries", "Queries that give the same numbers", _queries(report.facts))
    yield from _section("sources", "Sources", _list(map(write.text, source_words(report.sources))))


def _spelled(part: Part) -> str:
    match part:
        case Id():
            return f"<code>{escape(short_id(part.value))}</code>"
        case Command():
            return f"<code>{escape(part.line)}</code>"
        case _:
            return escape(str(part))


def _section(id: str, heading: str, lines: Iterable[str]) -> Iterator[str]:
    yield f'<section id="{id}"><h2>{heading}</h2>'
    yield from lines
    yield "</section>"


def _head(report: Report, now: datetime, write: Writer, environment: str) -> Iterator[str]:
    where = f" · {write.text(said(environment))}" if environment else ""
    yield f'<header class="{report.verdict.value}">'
    yield f'<p class="kind">{write.text(report.title)}{where}</p>'
    yield f'<h1><i class="mark" aria-hidden="true"></i> {write.text(_unmarked(report))}</h1>'
    state = "open" if is_open(report) else "complete"
    yield f'<p><span class="chip {state}">{escape(status_words(report))}</span></p>'
    made = f"{UtcTimes().at(now)} UTC"
    yield f'<p class="quiet">Made on {made} by batchbot. {write.times.notice}</p></header>'


def _unmarked(report: Report) -> Text:
    """Return the headline without its mark, which the page draws: a font may lack emoji."""
    return replace(report, mark="", findings=(), unreadable_need=False).first_line


def _paragraphs(texts: Iterable[Text], write: Writer) -> Iterator[str]:
    return (f"<p>{write.text(text)}</p>" for text in texts)


def _list(lines: Iterable[str], nothing: str = "Nothing.") -> Iterator[str]:
    rows = [f"<li>{line}</li>" for line in lines]
    yield f"<ul>{''.join(rows)}</ul>" if rows else f"<p>{nothing}</p>"


def _funnel(facts: Mapping[str, Any]) -> Iterator[str]:
    rows = stages(facts)
    most = max((count or 0 for name, count in rows if name not in OTHER_UNIT), default=0)
    leak = str(facts.get("first_leak") or "").replace("_", " ")
    if not most:
        yield "<p>Nothing was counted.</p>"
        return
    yield '<dl class="funnel">'
    for name, count in rows:
        kind = "lost" if name in LOST and count else "beside" if name in OTHER_UNIT else ""
        told = NAMES.get(name.replace(" ", "_"), name)
        yield f"<dt>{escape(told)}</dt><dd>{_bar(count, most, kind, is_leak=name == leak)}</dd>"
    yield "</dl>"
    yield '<p class="quiet">Grades count essays, not comparisons.</p>'


def _bar(count: int | None, most: int, kind: str, *, is_leak: bool) -> str:
    if count is None:
        return '<span class="quiet">not counted</span>'
    share = min(100, round(100 * count / most))
    said = "" if kind == "beside" else f" <small>{share} %</small>"
    flag = ' <strong class="bad">first loss</strong>' if is_leak else ""
    width = (
        f'<i class="bar {kind}" style="width:{share}%"></i>' if count and kind != "beside" else ""
    )
    return f'<span class="track">{width}</span><span><b>{count}</b>{said}{flag}</span>'


def _causes(report: Report, write: Writer) -> Iterator[str]:
    found = roots(report.findings)
    for cause in found:
        yield f'<article class="{cause.severity.value}">{_cause(cause, write)}'
        rows = [f"<li>{write.text(one.what)}</li>" for one in consequences(cause, report.findings)]
        if rows:
            yield f"<p>From it followed:</p><ul>{''.join(rows)}</ul>"
        yield "</article>"
    if not found:
        yield "<p>No rule found anything to act on.</p>"


def _cause(finding: Finding, write: Writer) -> str:
    why = f"<p>{write.text(finding.why)}</p>" if finding.why else ""
    sure = f"{escape(help_line(finding.rule))} · confidence {finding.confidence.value}"
    return f'<h3>{write.text(finding.what)}</h3>{why}<p class="quiet">{sure}</p>'


def _suspected(report: Report, state: str, write: Writer) -> Iterator[str]:
    return _list(
        f"<b>{write.text(one.name)}</b>: {write.text(one.why)}."
        for one in suspicions(report, state)
    )


def _recommendations(report: Report, write: Writer) -> Iterator[str]:
    return _list(
        (
            f"{write.text(as_step(step))} "
            f'<small class="quiet">{finding.rule}, confidence {finding.confidence.value}</small>'
            for finding in recommended(report)
            for step in finding.next
        ),
        "Nothing to do.",
    )


def _timeline(report: Report, write: Writer) -> Iterator[str]:
    yield '<ol class="timeline">'
    for entry in report.timeline:
        mark = ' class="failed"' if entry.failed else ""
        flag = "<b>failure</b> " if entry.failed else ""
        yield (
            f"<li{mark}>{write.at(entry.at)} <span>{flag}{write.text(entry.text)}"
            f" <small>{escape(str(entry.service))}</small></span></li>"
        )
    yield "</ol>"


def _checks(report: Report, recorded: int | None, write: Writer) -> Iterator[str]:
    yield '<ul class="checks">'
    for one in checks(report, recorded):
        mark = ("☑", "done") if one.done else ("☐", "not done")
        yield (
            f'<li><span role="img" aria-label="{mark[1]}">{mark[0]}</span> '
            f"<b>{escape(one.question)}</b>: {write.text(one.answer)}</li>"
        )
    yield "</ul>"


def _evidence(findings: Sequence[Finding], write: Writer) -> Iterator[str]:
    for finding in findings:
        kind = "note" if finding.severity is Severity.INFO else finding.severity.value
        yield f'<article class="{kind}">{_cause(finding, write)}'
        for line in finding.evidence:
            yield (
                f'<p class="line">{write.at(line.at)} {escape(str(line.source))}'
                f"<code>{write.text(line.text)}</code></p>"
            )
        yield "</article>"
    if not findings:
        yield "<p>No rule found anything.</p>"


def _facts(report: Report, write: Writer) -> Iterator[str]:
    for table in report.folded[-1:]:
        yield from _pairs(
            [
                (name, cell)
                for row in table.rows
                for name, cell in zip(table.columns, row, strict=False)
            ],
            write,
        )
    yield from _pairs(list(flat_facts(scalars(report.facts))), write)


def _pairs(rows: Sequence[tuple[str, Text]], write: Writer) -> Iterator[str]:
    yield '<dl class="facts">'
    yield from (f"<dt>{write.text(name)}</dt><dd>{write.text(value)}</dd>" for name, value in rows)
    yield "</dl>"


def _queries(facts: Mapping[str, Any]) -> Iterator[str]:
    for name, query in queries(facts):
        yield f"<h3>{escape(name)}</h3><pre>{escape(query)}</pre>"
    yield f"<h3>batchbot</h3><pre>{escape(chr(10).join(commands(facts)))}</pre>"
