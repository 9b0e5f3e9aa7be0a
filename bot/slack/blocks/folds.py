"""What an answer rests on, folded below it: evidence, facts, timeline and sources, as lines.

Slack's `container` folds blocks since June 2026 (https://docs.slack.dev/reference/block-kit); the
live check is said to take no rich text in it, so all is mrkdwn in which outside text cannot format.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.catalogue.links import help_line
from bot.domain.report import Finding, Report, Table, TimelineEntry
from bot.domain.words import Text
from bot.slack.blocks import elements as kit
from bot.slack.blocks.elements import Block
from bot.slack.blocks.limits import CONTAINER, MAX_CONTAINED
from bot.slack.blocks.mrkdwn import code, date_token, literal, mrkdwn, quoted
from bot.slack.blocks.typed_steps import step_lines
from bot.text.wording import SEVERITY_MARKS, fact_tables, flat_facts, source_words

LINE_CHARS = 400
ENTRY_CHARS = 600
SECTION_CHARS = 2_000
PAGE_CHARS = 9_000
MOST_PAGES = 2
# What each fold gets of the room while there is any, and what an empty container takes.
LEAST_ROOM = 700
FOLD_ROOM = 220


@dataclass(frozen=True, slots=True)
class FoldedList:
    """One thing that is folded: its title, and lines of ready mrkdwn.

    `worth` says what goes first where there is no room: the lowest.
    """

    title: str
    lines: tuple[str, ...]
    worth: int

    @property
    def label(self) -> str:
        """The title with how many lines it holds."""
        return f"{self.title} ({len(self.lines)})"

    def sections(self) -> list[Block]:
        """Return the lines in as few sections as they need."""
        texts: list[str] = []
        for line in self.lines:
            if texts and len(texts[-1]) + len(line) < SECTION_CHARS:
                texts[-1] += f"\n{line}"
            else:
                texts.append(line)
        return [{**kit.section(text), "expand": True} for text in texts]


@dataclass(frozen=True, slots=True)
class Folded:
    """Folds as they fit into one message: `blocks` there, `rest` is what did not fit, in pages."""

    blocks: tuple[Block, ...] = ()
    rest: tuple[tuple[Block, ...], ...] = ()


def folds_of(report: Report) -> tuple[FoldedList, ...]:
    """Return what a presentable report rests on, in reading order; what is empty is left out."""
    found = (
        FoldedList("Evidence", tuple(_evidence(report.findings)), 4),
        *(FoldedList(_title(table), tuple(_rows(table)), 3) for table in report.folded),
        FoldedList("Facts", tuple(_facts(report)), 1),
        FoldedList("Timeline", tuple(_timeline(report.timeline)), 2),
        FoldedList(
            "Sources", tuple(mrkdwn(one, LINE_CHARS) for one in source_words(report.sources)), 0
        ),
    )
    return tuple(fold for fold in found if fold.lines)


def fitted(folds: Sequence[FoldedList], room: int) -> Folded:
    """Return folds in at most `room` characters of JSON; the least worth is cut first."""
    kept: dict[int, FoldedList] = {}
    spare = {place: min(LEAST_ROOM, _size(fold)) for place, fold in enumerate(folds)}
    for place in sorted(range(len(folds)), key=lambda one: -folds[one].worth):
        del spare[place]
        short = _within(folds[place], room - sum(spare.values()))
        if short is not None:
            kept[place] = short
            room -= len(json.dumps(container(short, of=folds[place]))) + 2
    cut = [fold for place, fold in enumerate(folds) if kept.get(place) != fold]
    return Folded(
        tuple(container(kept[place], of=folds[place]) for place in sorted(kept)), pages(cut)
    )


def _size(fold: FoldedList) -> int:
    return len(json.dumps(container(fold))) + 2


def _within(fold: FoldedList, room: int) -> FoldedList | None:
    """Return as many of a fold's lines as fit, None when that is none."""
    left, kept = room - FOLD_ROOM, 0
    for line in fold.lines:
        left -= len(json.dumps(line))
        if left < 0:
            break
        kept += 1
    short = replace(fold, lines=fold.lines[:kept])
    while short.lines and not _fits(short, fold, room):
        short = replace(short, lines=short.lines[: len(short.lines) * 3 // 4])
    return short if short.lines else None


def _fits(short: FoldedList, fold: FoldedList, room: int) -> bool:
    block = container(short, of=fold)
    return len(json.dumps(block)) + 2 <= room and len(short.sections()) < MAX_CONTAINED


def container(fold: FoldedList, *, of: FoldedList | None = None) -> Block:
    """Return a fold, closed at first, that says how many lines of the whole it does not hold."""
    whole = of or fold
    more = len(whole.lines) - len(fold.lines)
    shown = replace(fold, lines=(*fold.lines, f"_{more} more, not here_")) if more else fold
    return {
        "type": CONTAINER,
        "title": kit.plain(whole.label, 150),
        "is_collapsible": True,
        "default_collapsed": True,
        "child_blocks": shown.sections()[:MAX_CONTAINED],
    }


def pages(folds: Sequence[FoldedList]) -> tuple[tuple[Block, ...], ...]:
    """Return folds laid open, in as many messages as they need; at most MOST_PAGES."""
    found: list[list[Block]] = []
    room = 0
    for fold in folds:
        for number, block in enumerate(fold.sections()):
            title = [] if number else [kit.section(f"*{mrkdwn(fold.title, 150)}*")]
            size = len(json.dumps([*title, block]))
            if size > room or len(found[-1]) + 2 > 50:
                found.append([])
                room = PAGE_CHARS
            found[-1] += [*title, block]
            room -= size
    return tuple(tuple(one) for one in found[:MOST_PAGES])


def _evidence(findings: Sequence[Finding]) -> Iterator[str]:
    for number, finding in enumerate(findings):
        if number:
            yield " "
        mark = SEVERITY_MARKS[finding.severity]
        yield f"{mark} *{mrkdwn(finding.what, LINE_CHARS)}*"
        cause = f" · follows from {code(finding.cause, 60)}" if finding.cause else ""
        yield f"{code(help_line(finding.rule), 60)} · sure: {finding.confidence.value}{cause}"
        if finding.why:
            yield str(mrkdwn(finding.why, LINE_CHARS))
        for line in finding.evidence:
            at = f"{date_token(line.at)} " if line.at else ""
            yield f"• {at}{mrkdwn(line.source, 60)}: {quoted(line.text, LINE_CHARS)}"
        yield from (step_lines(step, LINE_CHARS) for step in finding.next)


def _rows(table: Table) -> Iterator[str]:
    for first, *cells in table.rows:
        told = " · ".join(str(mrkdwn(cell, LINE_CHARS)) for cell in cells if cell)
        name = code(first, 120) if str(first).startswith("/") else f"*{mrkdwn(first, 120)}*"
        yield f"{name} {told}".rstrip()


def _title(table: Table) -> str:
    return literal(table.caption, 120) or "More"


def _facts(report: Report) -> Iterator[str]:
    for name, value in report.facts.items():
        if isinstance(value, datetime):
            yield f"*{_named(name)}* {date_token(value)}"
            continue
        for shown, text in flat_facts({name: value}):
            yield f"*{mrkdwn(shown, 60)}* {_value(text)}"
    # Where facts are what matters, lines say other things.
    if not report.tables and (report.matters or not report.lines):
        for table in fact_tables(report.facts):
            yield f"*{_title(table)}*"
            yield from (f"• {row}" for row in _rows(table))


def _value(text: Text) -> str:
    return str(quoted(text, LINE_CHARS))


def _named(name: str) -> str:
    return str(mrkdwn(name.replace("_", " "), 60))


def _timeline(entries: Sequence[TimelineEntry]) -> Iterator[str]:
    for entry in entries:
        at = f"{date_token(entry.at)} " if entry.at else ""
        place = " · ".join(str(mrkdwn(one, 60)) for one in (entry.service, entry.source) if one)
        yield f"{at}*{place}* {quoted(entry.text, ENTRY_CHARS)}"
