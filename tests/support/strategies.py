"""Hypothesis strategies for reports and alerts full of hostile text.

Hypothesis draws what they are made of (texts, numbers, moments) and one seed, from which the form
is made: to draw each of the 1,500 parts of a report costs more than to render it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from bot.domain.alert import Alert, AlertState, Condition
from bot.domain.chart import Chart, ChartKind, Series
from bot.domain.evidence import EvidenceLine, SourceReading, SourceState
from bot.domain.mute import Mute, MuteKind
from bot.domain.report import Confidence, Finding, Report, Severity, Table, TimelineEntry
from bot.domain.words import Command, Id, Span, Text, Time, words
from tests.support.code_names import code_names
from tests.support.slack.clocks import CLOCK

T = TypeVar("T")

HOSTILE_WORDS = (
    "<!channel> <!here> <!everyone> <@U012AB3CD> <!subteam^S1|x> <#C1|general>",
    "``` <!here> ``` *bold* _it_ ~no~ :tada: > quote",
    "\x1b[31mred\x1b[0m\x1b]8;;https://evil\x07link",
    "\u202egpj.exe\u202c\u2066x\u2069\u200b",
    "\ud800lone\udfff\x00\x07",
    "<https://evil.example|your bank> &lt;!here&gt;",
    "x" * 5_000,
    "😀" * 900,
    "<!here>" * 40_000,
    "",
)


def _breaks_no_law_of_ours(text: str) -> bool:
    """Tell whether a text holds no clock and no name of code, which only our own words may not.

    Hypothesis tries the strings that stand in the program, `+00:00` and columns' names too.
    """
    return not CLOCK.search(text) and not code_names(text)


texts = st.sampled_from(HOSTILE_WORDS) | st.text(st.characters(codec=None), max_size=80).filter(
    _breaks_no_law_of_ours
)
some_moments = st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))
uuids = st.uuids().map(str)
FEW = 5
numbers = st.integers() | st.floats()


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes reports and alerts of what was drawn; the same seed makes the same of the same."""

    texts: list[str]
    moments: list[datetime]
    spans: list[timedelta]
    ids: list[str]
    numbers: list[Any]
    dice: Random

    def some(
        self, make: Callable[[], T], most: int, least: int = 0, times: int = 1
    ) -> tuple[T, ...]:
        """Return a few of what `make` makes, seldom many, and that `times` over."""
        count = self.dice.randint(least, most)
        if most > FEW:
            count = self.dice.randint(least, count)
        return tuple(make() for _ in range(count)) * times

    def text(self) -> str:
        return self.dice.choice(self.texts)

    def moment(self) -> datetime:
        return self.dice.choice(self.moments)

    def maybe_moment(self) -> datetime | None:
        return self.dice.choice([None, self.moment()])

    def is_so(self) -> bool:
        return self.dice.random() < 0.5

    def part(self) -> Any:
        match self.dice.randrange(5):
            case 0:
                return Time(self.moment(), self.dice.choice(["", " since ", " until "]))
            case 1:
                return Span(self.dice.choice(self.spans))
            case 2:
                return Id(self.dice.choice([self.text(), self.dice.choice(self.ids)]))
            case 3:
                return Command(self.dice.choice([self.text(), "/trace 34"]))
            case _:
                return self.text()

    def typed(self) -> Text:
        return self.text() if self.is_so() else words(*self.some(self.part, 6))

    def typed_or(self, command: str) -> Text:
        return self.dice.choice([self.typed(), command])

    def evidence(self) -> EvidenceLine:
        return EvidenceLine(self.text(), self.maybe_moment(), self.typed())

    def finding(self) -> Finding:
        return Finding(
            rule=self.dice.choice(["orphaned-item", "errors-counted-as-done"]),
            severity=self.dice.choice([*Severity]),
            confidence=self.dice.choice([*Confidence]),
            what=self.typed(),
            why=self.typed(),
            evidence=self.some(self.evidence, 15),
            next=self.some(lambda: self.typed_or("/trace 34"), 6),
        )

    def value(self, depth: int = 2) -> Any:
        kind = self.dice.randrange(8 if depth else 6)
        if kind == 6:
            return [self.value(depth - 1) for _ in range(self.dice.randint(0, 3))]
        if kind == 7:
            return {self.text(): self.value(depth - 1) for _ in range(self.dice.randint(0, 3))}
        number = self.dice.choice(self.numbers)
        return (None, self.is_so(), number, number, self.typed(), self.moment())[kind]

    def table(self) -> Table:
        width = self.dice.randint(1, 8)
        columns = self.some(self.text, width, width)
        rows = self.some(lambda: self.some(self.typed, width, width), 12, times=4)
        return Table(columns, rows, self.typed())

    def number_or_none(self) -> Any:
        whole = self.dice.randint(-(10**9), 10**9)
        return self.dice.choice([None, whole, float(self.dice.choice(self.numbers))])

    def chart(self) -> Chart:
        points = self.dice.randint(0, 70)

        def line() -> Series:
            return Series(self.text(), self.some(self.number_or_none, points, points), self.is_so())

        def place() -> int:
            return self.dice.randint(0, 70)

        return Chart(
            title=self.text(),
            labels=self.some(lambda: self.dice.choice(HOSTILE_WORDS), points, points),
            series=self.some(line, 14),
            alt=self.text(),
            kind=self.dice.choice([*ChartKind]),
            y_label=self.text(),
            window=(place(), place()) if self.is_so() else None,
        )

    def entry(self) -> TimelineEntry:
        return TimelineEntry(self.maybe_moment(), self.text(), self.text(), self.typed())

    def reading(self) -> SourceReading:
        return SourceReading(self.text(), self.dice.choice([*SourceState]), self.typed())

    def report(self) -> Report:
        return Report(
            command=self.dice.choice(["/batch status 34", self.text()]),
            title=self.typed(),
            facts={self.text(): self.value() for _ in range(self.dice.randint(0, 12))},
            findings=self.some(self.finding, 4, times=4),
            timeline=self.some(self.entry, 5, times=8),
            sources=self.some(self.reading, 5),
            unreadable_need=self.is_so(),
            found=self.is_so(),
            summary=self.typed(),
            tables=self.some(self.table, 3),
            actions=self.some(lambda: self.dice.choice([self.text(), "/queue"]), 8),
            story=self.some(self.typed, 3),
            lines=self.some(self.typed, 12),
            folded=self.some(self.table, 2),
            asked_by=self.text(),
            charts=self.some(self.chart, 3),
        )

    def condition(self) -> Condition:
        return Condition(
            subject=self.text(),
            rule="orphaned-item",
            severity=self.dice.choice([*Severity]),
            confidence=self.dice.choice([*Confidence]),
            title=self.typed(),
            since=self.moment(),
            known=self.text(),
            count=self.dice.randint(1, 10**9),
            why=self.typed(),
            evidence=self.some(self.evidence, 12),
            next=self.some(self.typed, 6),
            batch=self.dice.choice(["", "34"]),
            correlation_id=self.dice.choice(["", "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"]),
            chart=self.chart() if self.is_so() else None,
        )

    def mute(self) -> Mute:
        return Mute(
            self.text(), self.maybe_moment(), self.text(), self.text(), self.maybe_moment(),
            self.dice.choice([*MuteKind]),
        )  # fmt: skip

    def alert(self) -> Alert:
        return Alert(
            key=self.text(),
            detector="stuck_queue",
            environment=self.text(),
            subject=self.text(),
            state=self.dice.choice([*AlertState]),
            severity=self.dice.choice([*Severity]),
            condition=self.condition(),
            opened_at=self.moment(),
            changed_at=self.moment(),
            said_at=self.moment(),
            count=self.dice.randint(1, 10**6),
            resolved_at=self.maybe_moment(),
            closing=self.typed(),
            mute=self.mute() if self.is_so() else None,
            number=self.dice.randint(0, 99),
            hides=self.dice.randint(0, 3),
            acknowledged_by=self.dice.choice(["", "U1"]),
            flaps=self.dice.randint(0, 9),
        )


makers = st.builds(
    Maker,
    texts=st.lists(texts, min_size=4, max_size=24),
    moments=st.lists(some_moments, min_size=1, max_size=6),
    spans=st.lists(st.timedeltas(), min_size=1, max_size=3),
    ids=st.lists(uuids, min_size=1, max_size=3),
    numbers=st.lists(numbers, min_size=1, max_size=12),
    dice=st.integers(0, 2**32).map(Random),
)
reports = makers.map(Maker.report)
alerts = makers.map(Maker.alert)
