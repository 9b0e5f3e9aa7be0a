"""The App Home's blocks: when it was read, what the state is, and doors to more."""

from collections.abc import Iterator

from bot.domain.evidence import SourceReading, SourceState
from bot.domain.words import Text, words
from bot.ports import Overview
from bot.ports.action_ids import COMMAND_ACTION, REFRESH_ACTION
from bot.slack.blocks import elements as kit
from bot.slack.blocks.elements import Block, line, piece, pieces
from bot.slack.blocks.mrkdwn import date_token
from bot.text.privacy import said
from bot.text.wording import STATE_WORDS

STATE_MARKS = {
    SourceState.OK: "✅",
    SourceState.MISSING: "🔴",
    SourceState.TIMEOUT: "🔴",
    SourceState.NOT_CONFIGURED: "▫️",
}
FAILED = (SourceState.MISSING, SourceState.TIMEOUT)
NOT_SET_UP = STATE_WORDS[SourceState.NOT_CONFIGURED]
DETAIL_CHARS = 120
NAMES_CHARS = 200
DIVIDER: Block = {"type": "divider"}


def top_blocks(overview: Overview) -> Iterator[Block]:
    """Yield the first line and the buttons that ask for something."""
    yield kit.section(f"*batchbot* · refreshed {date_token(overview.at)}")
    yield from kit.buttons(
        [
            kit.button("Refresh", REFRESH_ACTION, "-", style="primary"),
            kit.button("Trace an id …", f"{COMMAND_ACTION}_trace", "/trace"),
            kit.button("Look at a batch …", f"{COMMAND_ACTION}_status", "/batch status"),
            kit.button("What can I ask?", f"{COMMAND_ACTION}_help", "/help"),
        ]
    )


def source_blocks(overview: Overview) -> Iterator[Block]:
    """Yield the state of each source: those not readable with why, then those read, a line each."""
    yield DIVIDER
    yield kit.section("*Sources*")
    failed = [one for one in overview.sources if one.state in FAILED]
    lines = [_source(one) for one in failed]
    for state, told in ((SourceState.OK, "read now"), (SourceState.NOT_CONFIGURED, NOT_SET_UP)):
        if names := [_name(one) for one in overview.sources if one.state is state]:
            shown = piece(f"{STATE_MARKS[state]} {told}: {', '.join(names)}", NAMES_CHARS)
            lines.append(line(shown))
    if lines:
        yield kit.rich(*lines)


def _source(reading: SourceReading) -> kit.Piece:
    told = words(f" {STATE_WORDS[reading.state]}", *_reason(reading))
    mark = STATE_MARKS[reading.state]
    return line(
        piece(f"{mark} {_name(reading)}", 40, bold=True),
        kit.gap(" "),
        *pieces(told, DETAIL_CHARS),
    )


def _reason(reading: SourceReading) -> tuple[Text, ...]:
    return (", ", said(reading.detail)) if reading.detail else ()


def _name(reading: SourceReading) -> str:
    return reading.name.replace("_", " ")
