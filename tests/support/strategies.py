"""Hypothesis strategies for reports and alerts full of hostile text."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.domain.alert import Alert, AlertState, Condition
from bot.domain.chart import Chart, ChartKind, Series
from bot.domain.evidence import EvidenceLine, SourceReading, SourceState
from bot.domain.mute import Mute, MuteKind
from bot.domain.report import Confidence, Finding, Report, Severity, Table, TimelineEntry
from bot.domain.words import Command, Id, Span, Time, words
from tests.support.code_names import code_names
from tests.support.slack.clocks import CLOCK

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
moments = st.none() | some_moments
parts = (
    texts
    | st.builds(Time, some_moments, st.sampled_from(["", " since ", " until "]))
    | st.builds(Span, st.timedeltas())
    | st.builds(Id, texts | st.uuids().map(str))
    | st.builds(Command, texts | st.just("/trace 34"))
)
typed_texts = texts | st.lists(parts, max_size=6).map(lambda some: words(*some))
evidence = st.builds(EvidenceLine, texts, moments, typed_texts)
findings = st.builds(
    Finding,
    rule=st.sampled_from(["orphaned-item", "errors-counted-as-done"]),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    what=typed_texts,
    why=typed_texts,
    evidence=st.lists(evidence, max_size=15).map(tuple),
    next=st.lists(typed_texts | st.just("/trace 34"), max_size=6).map(tuple),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | typed_texts | some_moments,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
tables = st.integers(1, 8).flatmap(
    lambda width: st.builds(
        Table,
        st.tuples(*[texts] * width),
        st.lists(st.tuples(*[typed_texts] * width), max_size=12).map(lambda rows: tuple(rows * 4)),
        typed_texts,
    )
)
kinds = st.sampled_from(ChartKind)
charts = st.integers(0, 70).flatmap(
    lambda points: st.builds(
        Chart,
        title=texts,
        labels=st.tuples(*[st.sampled_from(HOSTILE_WORDS)] * points),
        series=st.lists(
            st.builds(
                Series,
                texts,
                st.lists(
                    st.none() | st.floats() | st.integers(-(10**9), 10**9),
                    min_size=points,
                    max_size=points,
                ).map(tuple),
                st.booleans(),
            ),
            max_size=14,
        ).map(tuple),
        alt=texts,
        kind=kinds,
        y_label=texts,
        window=st.none() | st.tuples(st.integers(0, 70), st.integers(0, 70)),
    )
)
reports = st.builds(
    Report,
    command=st.just("/batch status 34") | texts,
    title=typed_texts,
    facts=st.dictionaries(texts, values, max_size=12),
    findings=st.lists(findings, max_size=4).map(lambda some: tuple(some * 4)),
    timeline=st.lists(st.builds(TimelineEntry, moments, texts, texts, typed_texts), max_size=5).map(
        lambda some: tuple(some * 8)
    ),
    sources=st.lists(
        st.builds(SourceReading, texts, st.sampled_from(SourceState), typed_texts), max_size=5
    ).map(tuple),
    unreadable_need=st.booleans(),
    found=st.booleans(),
    summary=typed_texts,
    tables=st.lists(tables, max_size=3).map(tuple),
    actions=st.lists(texts | st.just("/queue"), max_size=8).map(tuple),
    story=st.lists(typed_texts, max_size=3).map(tuple),
    lines=st.lists(typed_texts, max_size=12).map(tuple),
    folded=st.lists(tables, max_size=2).map(tuple),
    asked_by=texts,
    charts=st.lists(charts, max_size=3).map(tuple),
)
conditions = st.builds(
    Condition,
    subject=texts,
    rule=st.just("orphaned-item"),
    severity=st.sampled_from(Severity),
    confidence=st.sampled_from(Confidence),
    title=typed_texts,
    since=some_moments,
    known=texts,
    count=st.integers(1, 10**9),
    why=typed_texts,
    evidence=st.lists(evidence, max_size=12).map(tuple),
    next=st.lists(typed_texts, max_size=6).map(tuple),
    batch=st.sampled_from(["", "34"]),
    correlation_id=st.sampled_from(["", "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"]),
    chart=st.none() | charts,
)
alerts = st.builds(
    Alert,
    key=texts,
    detector=st.just("stuck_queue"),
    environment=texts,
    subject=texts,
    state=st.sampled_from(AlertState),
    severity=st.sampled_from(Severity),
    condition=conditions,
    opened_at=some_moments,
    changed_at=some_moments,
    said_at=some_moments,
    count=st.integers(1, 10**6),
    resolved_at=moments,
    closing=typed_texts,
    mute=st.none()
    | st.builds(Mute, texts, moments, texts, texts, moments, st.sampled_from(MuteKind)),
    number=st.integers(0, 99),
    hides=st.integers(0, 3),
    acknowledged_by=st.sampled_from(["", "U1"]),
    flaps=st.integers(0, 9),
)
