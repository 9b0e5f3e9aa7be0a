"""The few pieces of Block Kit that our messages are made of; outside text stays literal in them."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from bot.domain.report import Table
from bot.domain.words import Command, Id, Text, Time, Words, times_of
from bot.slack.blocks.mrkdwn import (
    as_literal,
    before_date,
    between_parts,
    clamp,
    cut,
    literal,
    utc,
    without_mentions,
)

Block = dict[str, Any]
Piece = dict[str, Any]

MAX_SECTION_CHARS = 2_900
MAX_COLUMNS = 6
MAX_FIELDS = 10
FIELD_CHARS = 1_900
MENU_ITEMS = 5
# Slack wants a character in each cell.
NO_HEADING = "\u00a0"
OPTION_CHARS = 150
PAGE_ROWS = 10
# A number and its unit are not parted, and are named where a table's head does not stand above.
SHORT_CHARS = 16
UNIT_CHARS = 3
_LETTERS = re.compile(r"[^\W\d_]+")
WHOLE_CHARS = 8
MAX_PIECES = 16
MAX_ROW_PIECES = 30
# What a date takes of the room that a text has.
DATE_CHARS = 20
DATE_FORMAT = "{date_short_pretty} {time_secs}"


def section(text: str) -> Block:
    """Return a section of ready mrkdwn (escaped by the caller)."""
    body = clamp(text, MAX_SECTION_CHARS) or " "
    return {"type": "section", "text": {"type": "mrkdwn", "text": body}}


def fields(texts: Iterable[str]) -> Block:
    """Return a section of short texts side by side, of ready mrkdwn."""
    told = [{"type": "mrkdwn", "text": clamp(text, FIELD_CHARS) or " "} for text in texts]
    return {"type": "section", "fields": told[:MAX_FIELDS]}


def context(text: str) -> Block:
    """Return a line of small print, of ready mrkdwn."""
    body = clamp(text, MAX_SECTION_CHARS) or " "
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": body}]}


def piece(text: object, limit: int, *, bold: bool = False, mono: bool = False) -> Piece:
    """Return a literal run of rich text."""
    return gap(literal(text, limit) or " ", bold=bold, mono=mono)


def pieces(text: Text, limit: int, *, bold: bool = False, mono: bool = False) -> list[Piece]:
    """Return a text as rich text: times in the reader's zone, ids and commands as code.

    A string that is too long ends with an ellipsis; of more than MAX_PIECES parts the last are
    left out.
    """
    if not isinstance(text, Words):
        return [piece(text, limit, bold=bold, mono=mono)]
    found: list[Piece] = []
    left = limit
    for part in text.parts[:MAX_PIECES]:
        if left <= 0:
            break
        if isinstance(part, Time):
            lead = between_parts(before_date(part.lead))
            found += [gap(lead, bold=bold, mono=mono)] if lead else []
            found.append(moment(part.at))
            left -= DATE_CHARS
            continue
        shown = as_literal(part)
        as_code = mono or isinstance(part, Id | Command)
        shown = cut(shown, left)
        found += [gap(shown, bold=bold, mono=as_code)] if shown else []
        left -= len(shown)
    return found or [gap(" ")]


def gap(text: str, *, bold: bool = False, mono: bool = False) -> Piece:
    """Return clean text as rich text; its spaces are kept."""
    run: Piece = {"type": "text", "text": without_mentions(text)}
    style = {name: True for name, on in (("bold", bold), ("code", mono)) if on}
    return {**run, "style": style} if style else run


def moment(at: datetime) -> Piece:
    """Return a time that each reader sees in their own zone."""
    return {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": DATE_FORMAT,
        "fallback": utc(at),
    }


def line(*pieces: Piece) -> Piece:
    """Return one paragraph of rich text."""
    return {"type": "rich_text_section", "elements": list(pieces)}


def bullets(lines: Iterable[Piece]) -> Piece:
    """Return a bulleted list of paragraphs."""
    return {"type": "rich_text_list", "style": "bullet", "elements": list(lines)}


def rich(*elements: Piece) -> Block:
    """Return a rich_text block."""
    return {"type": "rich_text", "elements": list(elements)}


def preformatted(lines: Iterable[str], limit: int = 3_000) -> Block:
    """Return aligned lines in a literal code box; lines that do not fit whole are left out."""
    kept: list[str] = []
    left = limit
    for text in lines:
        if len(text) + 1 > left:
            break
        kept.append(text)
        left -= len(text) + 1
    body = "\n".join(kept) or " "
    return rich(
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": body}]},
    )


def table(value: Table, rows: int, limit: int) -> Block:
    """Return a native table of at most `rows` rows; every cell is literal text."""
    columns = value.columns[:MAX_COLUMNS]
    cut = [columns, *(row[:MAX_COLUMNS] for row in value.rows[:rows])]
    width = max((len(row) for row in cut), default=1) or 1
    return {
        "type": "table",
        "rows": [
            [_cell(cell, limit, NO_HEADING if n == 0 else "-") for cell in whole]
            for n, whole in enumerate((*row, *[""] * (width - len(row))) for row in cut)
        ],
    }


def _cell(text: Text, limit: int, empty: str) -> Piece:
    """Return a cell: rich text where it names a time, plain characters otherwise."""
    if any(times_of(text)):
        return rich(line(*pieces(text, limit)))
    told = literal(text, limit)
    if len(told) <= WHOLE_CHARS:
        told = told.replace(" ", NO_HEADING)
    return {"type": "raw_text", "text": told or empty}


def data_table(value: Table, rows: int, limit: int, *, title: Text) -> Block:
    """Return a table of which the reader turns the pages; every cell is literal text."""
    grid = table(value, rows, limit)["rows"]
    return {
        "type": "data_table",
        "caption": literal(value.caption or title, 150) or "Table",
        "page_size": PAGE_ROWS,
        "rows": grid,
    }


def plain_table(rows: Sequence[Sequence[Piece]]) -> Block:
    """Return the cells of a native table for a place without one: a line for each row.

    Columns in a code box are wider than a phone, and show no time in the reader's zone.
    """
    if len(rows) < 2:
        return section(" ")
    heads, *others = rows
    return rich(*(line(*_joined(heads, row)) for row in others))


def _joined(heads: Sequence[Piece], row: Sequence[Piece]) -> list[Piece]:
    """Return the cells of a row as one line of rich text; an empty cell is left out."""
    found: list[Piece] = []
    for place, cell in enumerate(row):
        shown = _named(heads[place] if place < len(heads) else {}, cell)
        if shown:
            between = [gap(" " if place == 1 and _is_mark(row[0]) else " · ")] if found else []
            found += [*between, *shown]
    return found[:MAX_ROW_PIECES] or [gap(" ")]


def _named(head: Piece, cell: Piece) -> list[Piece]:
    """Return a cell behind the name of its column, where it is a number that needs one."""
    if cell["type"] == "rich_text":
        shown: list[Piece] = cell["elements"][0]["elements"]
        return shown
    text, name = str(cell.get("text", "")), str(head.get("text", "")).strip()
    if text.strip() in ("", "-"):
        return []
    is_number = len(text) <= SHORT_CHARS and text[0].isdigit()
    # `66 errors` says what it counts, `376 d` does not.
    is_bare = is_number and all(len(one) <= UNIT_CHARS for one in _LETTERS.findall(text))
    return [gap(f"{name} {text}" if name and is_bare else text)]


def _is_mark(cell: Piece) -> bool:
    return not any(char.isalnum() for char in str(cell.get("text", "-")))


def plain(text: Text, limit: int) -> Piece:
    """Return a plain_text object, in which no character has a meaning."""
    return {"type": "plain_text", "text": literal(text, limit) or "-", "emoji": False}


def button(label: str, action_id: str, value: str, *, style: str = "") -> Piece:
    """Return a button that runs the command in its value."""
    piece: Piece = {
        "type": "button",
        "action_id": action_id,
        "text": plain(label, 75),
        "value": literal(value, 2_000),
    }
    return {**piece, "style": style} if style else piece


def menu(action_id: str, items: Sequence[tuple[str, str]]) -> Piece:
    """Return a menu of at most five commands, each a label and what it runs."""
    return {
        "type": "overflow",
        "action_id": action_id,
        "options": [
            {
                "text": plain(label, 75),
                "value": literal(value, OPTION_CHARS),
            }
            for label, value in items[:MENU_ITEMS]
        ],
    }


def buttons(pieces: Sequence[Piece]) -> list[Block]:
    """Return a row of buttons, or nothing when there is none."""
    return [{"type": "actions", "elements": list(pieces)}] if pieces else []
