"""Turns a report into a Slack message of one screen: what to read and to do, and below a fold why.

Nothing here decides anything about batches; it only lays out what the report says. The screen is
built at falling levels of detail until it fits Slack's limits; what it rests on is folded below.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.chart import drawable
from bot.domain.evidence import SourceState
from bot.domain.report import Finding, Report, Severity
from bot.domain.words import Text, joined
from bot.slack.blocks import elements as kit
from bot.slack.blocks.charts import chart_blocks
from bot.slack.blocks.command_buttons import as_typed, report_buttons
from bot.slack.blocks.elements import Block, gap, line, piece, pieces
from bot.slack.blocks.mrkdwn import clamp, code, escape, literal, mrkdwn
from bot.slack.blocks.typed_steps import COMMAND_CHARS, in_words, split_step
from bot.text.redaction import echoed
from bot.text.wording import SEVERITY_MARKS, split_command, typed_command

SUMMARY_CHARS = 400
HEADLINE_CHARS = 120
NO_HEADLINE = "An answer without words"
# Room for a cause or a remedy, which are written to fit.
CAUSE_CHARS = 200
# How many findings are shown after the first.
NEXT_SHOWN = 2
REMEDIES_SHOWN = 5
VALUE_CHARS = 90
# A cell of so many characters says what is wrong.
ROW_CHARS = 12
# A table of more rows stands below the buttons.
SHORT_ROWS = 8


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a report's screen one attempt shows."""

    findings: int
    rows: int
    lines: int
    chars: int
    charts: int = 2


_LEAD = re.compile(r"^[A-Z][a-z]+(?: [a-z]+)?:")
LEVELS = (
    Detail(findings=8, rows=30, lines=24, chars=400),
    Detail(findings=8, rows=20, lines=16, chars=240),
    Detail(findings=6, rows=12, lines=12, chars=160),
    Detail(findings=4, rows=6, lines=8, chars=100, charts=1),
    Detail(findings=2, rows=0, lines=4, chars=60, charts=0),
    Detail(findings=1, rows=0, lines=0, chars=40, charts=0),
)

# What the App Home shows of an answer.
GLANCE = Detail(findings=2, rows=6, lines=5, chars=120)
# The line under a shared answer needs room as well.
FOOT_CHARS = 500


def summary_line(report: Report) -> str:
    """Return the headline in one escaped line, for notifications and screen readers."""
    line = clamp(escape(literal(report.first_line, HEADLINE_CHARS)), SUMMARY_CHARS)
    return line or NO_HEADLINE


def headline_block(report: Report) -> Block:
    """Return the block that a message begins with: what its notification says, and its times."""
    return kit.section(f"*{mrkdwn(report.first_line, SUMMARY_CHARS) or NO_HEADLINE}*")


def report_blocks(
    report: Report, detail: Detail, share: str = "", *, whole: bool = False
) -> Iterator[Block]:
    """Yield a presentable report's screen at one level of detail.

    What to read and what to do comes first, then the buttons. `share` offers to make it public,
    `whole` offers it as a file.
    """
    lines, tables = list(_lines(report, detail)), list(_tables(report, detail))
    small = sum(len(table.rows) for table in report.tables) <= SHORT_ROWS
    short = len(report.lines) <= SHORT_ROWS and not report.findings
    yield from _head(report, detail)
    if small:
        yield from tables
    yield from _first(report, detail)
    if short:
        yield from lines
    yield from kit.buttons(report_buttons(report, share, whole=whole))
    if detail.charts:
        for chart in [one for one in report.charts if drawable(one)][: detail.charts]:
            yield from chart_blocks(chart)
    if report.story:
        yield from _order(report, detail)
    if not short:
        yield from lines
    if not small:
        yield from tables
    yield _small_print(report)


def _head(report: Report, detail: Detail) -> Iterator[Block]:
    first = report.first_line
    yield headline_block(report)
    chars = max(detail.chars, 80)
    if report.story:
        yield kit.section("\n".join(_led(str(mrkdwn(one, chars))) for one in report.story))
    elif report.matters:
        yield kit.fields(f"*{mrkdwn(n, 40)}*\n{mrkdwn(t, chars)}" for n, t in report.matters)
    elif report.summary and not report.findings and not _says(first, report.summary):
        yield kit.section(mrkdwn(report.summary, max(200, detail.chars)))


def _led(text: str) -> str:
    """Return a line of mrkdwn with what leads it in bold: `*Then:* ...`."""
    return _LEAD.sub(r"*\g<0>*", text, count=1)


def _says(headline: Text, text: Text) -> bool:
    """Say whether a headline says a text already."""
    told = literal(text, SUMMARY_CHARS).rstrip(".").casefold().removeprefix("the ")
    return told in literal(headline, SUMMARY_CHARS).casefold()


def _first(report: Report, detail: Detail) -> Iterator[Block]:
    """Yield the first finding with its cause and remedy, and what the next two are."""
    if not report.findings:
        return
    chars = max(detail.chars, CAUSE_CHARS)
    first, *others = report.findings
    elements = []
    if not any(_says(told, first.what) for told in (report.first_line, *report.story)):
        mark = SEVERITY_MARKS[first.severity]
        elements.append(line(gap(f"{mark} "), *pieces(first.what, chars, bold=True)))
    if first.why:
        elements.append(line(*pieces(first.why, chars)))
    if first.next:
        step, button = split_command(first.next[0])
        told, typed, _ = (step, (), "") if button else split_step(in_words(step))
        elements.append(line(piece("Do:", 10, bold=True), gap(" "), *pieces(told, chars)))
        copied = [literal(one, COMMAND_CHARS) for one in typed]
        elements += kit.preformatted(copied)["elements"] if copied else ()
    # A table and lines, a story, or rows of a table say the others.
    is_told = report.story or (report.tables and report.lines) or _are_rows(report, others)
    shown = [] if is_told else others[:NEXT_SHOWN]
    if shown:
        elements.append(kit.bullets(line(*pieces(one.what, chars)) for one in shown))
    if elements:
        yield kit.rich(*elements)
    more = 0 if _are_rows(report, others) else len(others) - len(shown)
    if not report.story and more > 0:
        yield kit.context(f"+{more} more under Evidence")


def _are_rows(report: Report, findings: Sequence[Finding]) -> bool:
    """Say whether each of these findings is a row of a table already."""
    cells = [literal(cell, SUMMARY_CHARS) for t in report.tables for row in t.rows for cell in row]
    told = [literal(one.what, SUMMARY_CHARS) for one in findings]
    return all(any(len(cell) > ROW_CHARS and cell in one for cell in cells) for one in told)


def _order(report: Report, detail: Detail) -> Iterator[Block]:
    """Yield the causes in order, what follows from one below it, and all remedies."""
    loud = [one for one in report.findings if one.severity is not Severity.INFO]
    if len(loud) > 1:
        yield kit.rich(
            line(piece("Causes, and what followed", 40, bold=True)), *_tree(loud, detail)
        )
    steps = [
        split_command(one.next[0])[0] for one in loud if one.next and not typed_command(one.next[0])
    ]
    told = {literal(step, CAUSE_CHARS): step for step in steps}
    if len(told) > 1:
        shown = list(told.values())[:REMEDIES_SHOWN]
        numbered = kit.bullets(line(*pieces(one, CAUSE_CHARS)) for one in shown)
        yield kit.rich(
            line(piece("To do, in this order", 40, bold=True)), {**numbered, "style": "ordered"}
        )


def _tree(findings: Sequence[Finding], detail: Detail) -> Iterator[kit.Piece]:
    """Yield findings as lists, one that follows from another indented below it."""
    depth: dict[str, int] = {}
    for one in findings[: detail.findings]:
        depth[one.rule] = min(depth.get(one.cause, -1) + 1, 3)
        text = line(
            gap(f"{SEVERITY_MARKS[one.severity]} "), *pieces(one.what, max(detail.chars, 80))
        )
        yield {**kit.bullets([text]), "indent": depth[one.rule]}


def _lines(report: Report, detail: Detail) -> Iterator[Block]:
    if shown := report.lines[: detail.lines]:
        yield kit.rich(*(line(*pieces(one, max(detail.chars, 80))) for one in shown))
    if (more := len(report.lines) - len(shown)) > 0:
        yield kit.context(f"+{more} more")


def _tables(report: Report, detail: Detail) -> Iterator[Block]:
    if not detail.rows:
        return
    limit, native = min(VALUE_CHARS, detail.chars), False
    for table in report.tables:
        if not table.rows:
            continue
        if table.caption:
            yield kit.context(f"*{mrkdwn(table.caption, 150)}*")
        if len(table.rows) > kit.PAGE_ROWS:
            yield kit.data_table(table, detail.rows, limit, title=report.title)
            continue
        if not native:
            native = True
            yield kit.table(table, detail.rows, limit)
            continue
        yield kit.plain_table(kit.table(table, detail.rows, 40)["rows"])


def _small_print(report: Report) -> Block:
    """Say what was not read, what was answered, where, and to whom where everybody reads it."""
    failed = (SourceState.MISSING, SourceState.TIMEOUT)
    dark = [one.name.replace("_", " ") for one in report.sources if one.state in failed]
    told = [f"Not read: {mrkdwn(joined(', ', dark), 150)}"] if dark else []
    asked = f" by {mrkdwn(report.asked_by, 40)}" if report.asked_by else ""
    read = "Read as" if report.read_as else "Asked" if asked else "Answer to"
    without = f", without {mrkdwn(report.left_out, 80)}" if report.left_out else ""
    told.append(f"{read} {code(echoed(as_typed(report)), 150)}{without}{asked}")
    if report.environment:
        told.append(str(mrkdwn(report.environment, 40)))
    return kit.context(" · ".join(told))
