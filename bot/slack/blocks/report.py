"""Turns a report into a Slack message: the verdict first, then facts, findings, sources, buttons.

Nothing here decides anything about batches; it only lays out what the report says. A message is
built at falling levels of detail until it fits Slack's limits; what was left out is counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.chart import drawable
from bot.domain.report import Finding, Report, TimelineEntry
from bot.domain.words import Words
from bot.ports.action_ids import COMMAND_ACTION, SHARE_ACTION
from bot.slack.blocks import elements as kit
from bot.slack.blocks.charts import chart_blocks
from bot.slack.blocks.elements import Block, gap, line, moment, piece, pieces
from bot.slack.blocks.mrkdwn import clamp, code, escape, literal, mrkdwn, short_ids
from bot.text.wording import (
    SEVERITY_MARKS,
    as_step,
    flat_facts,
    next_commands,
    shown_tables,
    source_words,
)

SUMMARY_CHARS = 400
HEADLINE_CHARS = 120
NO_HEADLINE = "An answer without words"
# Room for a cause or a remedy, which are written to fit.
CAUSE_CHARS = 200
NEXT_SHOWN = 2
LABEL_CHARS = 30
VALUE_CHARS = 90
# What is longer would make an aligned column scroll sideways on a phone.
SHORT_CHARS = 24


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a report one attempt shows."""

    facts: int
    findings: int
    evidence: int
    steps: int
    rows: int
    timeline: int
    buttons: int
    chars: int
    charts: int = 0


LEVELS = (
    Detail(
        facts=24,
        findings=12,
        evidence=6,
        steps=4,
        rows=30,
        timeline=25,
        buttons=5,
        chars=400,
        charts=2,
    ),
    Detail(
        facts=20,
        findings=10,
        evidence=4,
        steps=3,
        rows=20,
        timeline=15,
        buttons=5,
        chars=240,
        charts=2,
    ),
    Detail(
        facts=16,
        findings=8,
        evidence=2,
        steps=2,
        rows=12,
        timeline=8,
        buttons=4,
        chars=160,
        charts=2,
    ),
    Detail(facts=10, findings=6, evidence=1, steps=1, rows=6, timeline=4, buttons=3, chars=100),
    Detail(facts=4, findings=3, evidence=0, steps=1, rows=0, timeline=0, buttons=2, chars=60),
    Detail(facts=0, findings=1, evidence=0, steps=0, rows=0, timeline=0, buttons=1, chars=40),
)

GLANCE = Detail(
    facts=5, findings=2, evidence=0, steps=0, rows=5, timeline=0, buttons=3, chars=120
)  # fmt: skip
# The line under a shared answer needs room as well.
FOOT_CHARS = 500


def summary_line(report: Report) -> str:
    """Return the headline in one escaped line, for notifications and screen readers."""
    line = clamp(escape(literal(report.first_line, HEADLINE_CHARS)), SUMMARY_CHARS)
    return line or NO_HEADLINE


def report_blocks(report: Report, detail: Detail, share: str = "") -> Iterator[Block]:
    """Yield a presentable report at one level of detail; `share` offers to make it public.

    What to read and what to do comes first, then the buttons, then what it rests on.
    """
    yield from _head(report, detail)
    yield from _first(report.findings, detail)
    if not report.matters:
        yield from _shown(report, detail)
    yield from kit.buttons(_buttons(report, detail, share))
    if report.matters:
        yield from _shown(report, detail)
    if detail.evidence:
        for number, finding in enumerate(report.findings[: detail.findings], start=1):
            yield _finding(number, finding, detail)
    if detail.timeline and report.timeline:
        yield _timeline(report.timeline, detail)
    if detail.facts:
        yield from _facts(report, detail)
    yield from _small_print(report, detail)


def _head(report: Report, detail: Detail) -> Iterator[Block]:
    first = report.first_line
    yield kit.section(f"*{mrkdwn(first, SUMMARY_CHARS)}*")
    if report.matters:
        told = (f"*{mrkdwn(n, 40)}*\n{mrkdwn(t, max(detail.chars, 80))}" for n, t in report.matters)
        yield kit.fields(told)
    elif report.summary and str(report.summary).rstrip(".") not in str(first):
        yield kit.section(mrkdwn(report.summary, max(200, detail.chars)))


def _first(findings: Sequence[Finding], detail: Detail) -> Iterator[Block]:
    """Yield the first finding with its cause and remedy, and what the next two are."""
    if not findings:
        return
    chars = max(detail.chars, CAUSE_CHARS)
    first, *others = findings
    mark = SEVERITY_MARKS[first.severity]
    elements = [line(gap(f"{mark} "), *pieces(first.what, chars, bold=True))]
    if first.why:
        elements.append(line(*pieces(first.why, chars)))
    if first.next:
        todo = pieces(as_step(first.next[0]), chars)
        elements.append(line(piece("Do:", 10, bold=True), gap(" "), *todo))
    if others:
        elements.append(kit.bullets(line(*pieces(one.what, chars)) for one in others[:NEXT_SHOWN]))
    yield kit.rich(*elements)
    if (more := len(others) - NEXT_SHOWN) > 0:
        yield kit.context(f"+{more} more, below")


def _shown(report: Report, detail: Detail) -> Iterator[Block]:
    yield from _tables(report, detail)
    if detail.charts:
        for chart in [one for one in report.charts if drawable(one)][: detail.charts]:
            yield from chart_blocks(chart)


def _buttons(report: Report, detail: Detail, share: str) -> list[kit.Piece]:
    """Return the first command as the one that stands out, two more, and the others in a menu."""
    commands = next_commands(report)
    commands.sort(key=lambda one: one.endswith(" --yes"), reverse=True)
    shown, others = commands[: min(3, detail.buttons)], commands[3 : 3 + kit.MENU_ITEMS]
    found = [
        _button(one, i, "" if i or one.endswith(" --yes") else "primary")
        for i, one in enumerate(shown)
    ]
    if share:
        found.append(kit.button("Share", SHARE_ACTION, share))
    menu = [(button_label(one), one) for one in others if _fits_menu(one)]
    if menu:
        found.append(kit.menu(f"{COMMAND_ACTION}_menu", menu))
    return found


def _facts(report: Report, detail: Detail) -> Iterator[Block]:
    moments = {name: at for name, at in report.facts.items() if isinstance(at, datetime)}
    others = {name: value for name, value in report.facts.items() if name not in moments}
    pairs = list(flat_facts(others))[: detail.facts]
    limit = min(VALUE_CHARS, detail.chars)
    short, long = [], []
    for name, text in pairs:
        shown = literal(text, limit)
        if len(shown) <= SHORT_CHARS and not isinstance(text, Words):
            short.append((literal(name, LABEL_CHARS), shown))
        else:
            label = piece(name, LABEL_CHARS, bold=True)
            long.append(line(label, gap(" "), *pieces(text, limit)))
    if short:
        yield kit.preformatted(kit.table_lines(short))
    if long:
        yield kit.rich(kit.bullets(long))
    if moments:
        told = [
            [piece(name.replace("_", " "), LABEL_CHARS), gap(" "), moment(at)]
            for name, at in list(moments.items())[:6]
        ]
        some = [one for three in told for one in (*three, gap("   "))]
        yield kit.rich(line(*some[:-1]))


def _finding(number: int, finding: Finding, detail: Detail) -> Block:
    mark = SEVERITY_MARKS[finding.severity]
    label = f"{finding.severity.value} · {finding.rule} · confidence {finding.confidence.value}"
    elements = [
        line(
            gap(f"{number}. {mark} "),
            *pieces(finding.what, detail.chars, bold=True),
            gap("\n"),
            piece(label, 120, mono=True),
        )
    ]
    if finding.why and detail.evidence:
        elements.append(line(*pieces(finding.why, detail.chars)))
    if evidence := finding.evidence[: detail.evidence]:
        elements.append(kit.bullets(kit.evidence_line(one, detail.chars) for one in evidence))
    if steps := finding.next[: detail.steps]:
        told = [one for step in steps for one in (*pieces(as_step(step), detail.chars), gap(" · "))]
        elements.append(line(piece("Next:", 10, bold=True), gap(" "), *told[:-1]))
    return kit.rich(*elements)


def _tables(report: Report, detail: Detail) -> Iterator[Block]:
    if not detail.rows:
        return
    limit, native = min(VALUE_CHARS, detail.chars), False
    for table in shown_tables(report):
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


def _timeline(entries: Sequence[TimelineEntry], detail: Detail) -> Block:
    return kit.rich(
        line(piece("Timeline", 10, bold=True)),
        kit.bullets(_entry(entry, detail) for entry in entries[: detail.timeline]),
    )


def _entry(entry: TimelineEntry, detail: Detail) -> kit.Piece:
    when = [moment(entry.at), gap("  ")] if entry.at is not None else []
    place = " · ".join(part for part in (entry.service, entry.source) if part)
    text = pieces(entry.text, detail.chars)
    return line(*when, piece(place, 80, bold=True), gap("  "), *text)


def _small_print(report: Report, detail: Detail) -> Iterator[Block]:
    notes = [f"Sources {mrkdwn(told, detail.chars * 2)}" for told in source_words(report.sources)]
    if less := left_out(report, detail):
        notes.append(f"Left out here: {mrkdwn(less, 200)}")
    typed = report.command if report.command.startswith("/") else f"/{report.command}"
    yield kit.context("\n".join([*notes, f"Answer to {code(typed, 150)}"]))


def left_out(report: Report, detail: Detail) -> str:
    """Return in words what a level of detail leaves out of a report, empty when nothing."""
    tables = shown_tables(report)
    counts = {
        "findings": len(report.findings) - detail.findings,
        "facts": len(list(flat_facts(report.facts))) - detail.facts,
        "timeline entries": len(report.timeline) - detail.timeline,
        "evidence lines": sum(
            max(0, len(finding.evidence) - detail.evidence)
            for finding in report.findings[: detail.findings]
        ),
        "rows": sum(max(0, len(table.rows) - detail.rows) for table in tables),
    }
    return ", ".join(f"{count} more {name}" for name, count in counts.items() if count > 0)


def _fits_menu(command: str) -> bool:
    """Say whether a menu may hold a command: one that asks first stays a button."""
    return len(command) <= kit.OPTION_CHARS and not command.endswith(" --yes")


def _button(command: str, index: int, style: str = "") -> kit.Piece:
    made = kit.button(button_label(command), f"{COMMAND_ACTION}_{index}", command, style=style)
    return {**made, "confirm": _confirm(command)} if command.endswith(" --yes") else made


def _confirm(command: str) -> kit.Piece:
    """Return the dialog that stands before what cannot be taken back."""
    text = f"This runs {command.removesuffix(' --yes')}. It is written to the audit trail."
    words_ = {"title": "Are you sure?", "text": text, "confirm": "Do it", "deny": "Leave it"}
    limits = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    return {
        name: {"type": "plain_text", "text": literal(one, limits[name]), "emoji": False}
        for name, one in words_.items()
    }


def button_label(command: str) -> str:
    """Return what a button that runs `command` says: `/trace 8f3a…` becomes `Trace 8f3a…`."""
    label = short_ids(command.lstrip("/"))
    return label[:1].upper() + label[1:]


def offer_blocks(commands: Sequence[str]) -> list[Block]:
    """Return a row of buttons that run commands, nothing when there is none."""
    return kit.buttons([_button(command, index) for index, command in enumerate(commands)])
