"""The App Home's blocks: when it was read, what the state is, and doors to more."""

from collections.abc import Iterator

from bot.domain.evidence import SourceReading, SourceState
from bot.domain.words import words
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
DETAIL_CHARS = 120
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
    """Yield the state of each source: read just now, not readable and why, or not configured."""
    yield DIVIDER
    yield kit.section("*Sources*")
    if overview.sources:
        yield kit.rich(kit.bullets(_source(one) for one in overview.sources))


def _source(reading: SourceReading) -> kit.Piece:
    state = "ok" if reading.state is SourceState.OK else STATE_WORDS[reading.state]
    told = words(f" {state}", *([", ", said(reading.detail)] if reading.detail else []))
    mark = STATE_MARKS[reading.state]
    return line(
        piece(f"{mark} {reading.name.replace('_', ' ')}", 40, bold=True),
        kit.gap(" "),
        *pieces(told, DETAIL_CHARS),
    )
