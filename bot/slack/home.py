"""The App Home's blocks: when it was read, what the state is, and doors to more."""

from collections.abc import Iterator

from bot.domain.evidence import SourceReading, SourceState
from bot.domain.privacy import said
from bot.domain.wording import STATE_WORDS
from bot.ports import Overview
from bot.ports.doors import COMMAND_ACTION, REFRESH_ACTION
from bot.slack import parts
from bot.slack.parts import Block, line, words
from bot.slack.text import date_token

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
    yield parts.section(f"*batchbot* · refreshed {date_token(overview.at)}")
    yield from parts.buttons(
        [
            parts.button("Refresh", REFRESH_ACTION, "-", style="primary"),
            parts.button("Trace an id …", f"{COMMAND_ACTION}_trace", "/trace"),
            parts.button("Look at a batch …", f"{COMMAND_ACTION}_status", "/batch status"),
        ]
    )


def source_blocks(overview: Overview) -> Iterator[Block]:
    """Yield the state of each source: read just now, not readable and why, or not configured."""
    yield DIVIDER
    yield parts.section("*Sources*")
    if overview.sources:
        yield parts.rich(parts.bullets(_source(one) for one in overview.sources))


def _source(reading: SourceReading) -> parts.Piece:
    state = "ok" if reading.state is SourceState.OK else STATE_WORDS[reading.state]
    detail = said(reading.detail) if reading.detail else ""
    told = f" {state}" + (f", {detail}" if detail else "")
    mark = STATE_MARKS[reading.state]
    return line(
        words(f"{mark} {reading.name.replace('_', ' ')}", 40, bold=True),
        parts.gap(" "),
        words(told, DETAIL_CHARS),
    )
