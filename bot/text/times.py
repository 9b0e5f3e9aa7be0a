"""Typed text for readers without a zone of their own, a terminal or a file: its times are in UTC.

The date is said once for a whole message where all its times share it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from bot.domain.ids import short_id
from bot.domain.report import Report
from bot.domain.words import (
    Command,
    Id,
    Part,
    Span,
    Text,
    Time,
    Words,
    span_words,
    spelled,
    times_of,
)


@dataclass(frozen=True, slots=True)
class UtcTimes:
    """How the times of one message are written; `day` is the date that all of them share."""

    day: date | None = None
    several: bool = True

    @classmethod
    def of(cls, moments: Iterable[datetime]) -> "UtcTimes":
        """Return how to write these times; without any, each has its date."""
        days = {moment.astimezone(UTC).date() for moment in moments}
        return cls(days.pop(), several=False) if len(days) == 1 else cls(None, bool(days))

    @property
    def notice(self) -> str:
        """Return what the message says once about its times, empty when it has none."""
        if self.day is not None:
            return f"Times are in UTC on {self.day}."
        return "Times are in UTC." if self.several else ""

    def at(self, moment: datetime | None, unknown: str = "") -> str:
        """Return a time, or `unknown` where there is none."""
        if moment is None:
            return unknown
        utc = moment.astimezone(UTC)
        return f"{utc:%H:%M:%S}" if utc.date() == self.day else f"{utc:%Y-%m-%d %H:%M:%S}"

    def text(self, text: Text, spell: Callable[[Part], str] | None = None) -> str:
        """Return a text as characters; `spell` is asked for all but times and spans."""
        return spelled(text, lambda part: self._part(part, spell or plainly))

    def _part(self, part: Part, spell: Callable[[Part], str]) -> str:
        match part:
            case Time():
                return f"{part.lead}{self.at(part.at)}"
            case Span():
                return span_words(part.length)
            case _:
                return spell(part)


def plainly(part: Part) -> str:
    """Return a part that is no time as it stands in running text."""
    match part:
        case Id():
            return short_id(part.value)
        case Command():
            return part.line
        case _:
            return str(part)


def report_times(report: Report) -> Iterator[datetime]:
    """Yield every moment that a report says."""
    yield from _fact_times(report.facts)
    texts: list[Text] = [report.title, report.summary, *(text for _, text in report.matters)]
    for finding in report.findings:
        texts += [finding.what, finding.why, *finding.next]
        texts += [line.text for line in finding.evidence]
        yield from (line.at for line in finding.evidence if line.at)
    texts += [*report.story, *report.lines, *(entry.text for entry in report.timeline)]
    yield from (entry.at for entry in report.timeline if entry.at)
    texts += [reading.detail for reading in report.sources]
    for table in (*report.tables, *report.folded):
        texts += [table.caption, *(cell for row in table.rows for cell in row)]
    for text in texts:
        yield from times_of(text)


def _fact_times(value: Any) -> Iterator[datetime]:
    match value:
        case datetime():
            yield value
        case Words():
            yield from times_of(value)
        case Mapping():
            for item in value.values():
                yield from _fact_times(item)
        case list() | tuple():
            for item in value:
                yield from _fact_times(item)
        case _:
            pass
