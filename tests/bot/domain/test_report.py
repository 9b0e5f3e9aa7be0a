"""A report says of which findings a log text is missing that no real log has shown."""

from datetime import UTC, datetime

import pytest

from bot.domain.evidence import DATABASE, LOGS, EvidenceLine
from bot.domain.needles import PROVENANCE, ReadInSource, Seen
from bot.domain.report import UNPROVEN, Confidence, Finding, Report, Severity

AT = datetime(2026, 2, 10, 9, tzinfo=UTC)
READ, SEEN = "Redis marked unhealthy", "Queue processor started"
ROW = EvidenceLine(DATABASE, AT, "3 of 12 comparisons are pending")


def reported(*lines: EvidenceLine) -> Finding:
    finding = Finding("a-rule", Severity.WARN, Confidence.HIGH, "What was seen.", "Why.", lines)
    [found] = Report("/batch status", "Batch 1", findings=(finding,)).findings
    return found


def missing(text: str) -> EvidenceLine:
    return EvidenceLine(LOGS, AT, "no such line since", lacks=text)


@pytest.mark.parametrize(
    ("lines", "unproven"),
    [
        ((missing(READ),), True),
        ((missing(READ), ROW), True),
        ((missing(READ), EvidenceLine("llm", AT, SEEN)), True),
        ((missing(SEEN),), False),
        ((EvidenceLine("llm", AT, f"{READ}: connection refused"),), False),
        ((ROW,), False),
        ((), False),
    ],
)
def test_a_finding_is_unproven_by_a_text_it_misses_and_never_by_one_that_it_read(
    lines: tuple[EvidenceLine, ...], unproven: bool
) -> None:
    assert isinstance(PROVENANCE[READ], ReadInSource)
    assert isinstance(PROVENANCE[SEEN], Seen)
    found = reported(*lines)
    assert bool(found.unproven) is unproven
    assert (UNPROVEN in str(found.why)) is unproven


def test_json_names_the_files_and_a_report_marks_a_finding_once() -> None:
    again = Report("/batch status", "Batch 1", findings=(reported(missing(READ)),))
    [told] = again.as_json()["findings"]
    assert told["unproven"] == [
        "services/llm_provider_service/implementations/resilient_queue_manager_impl.py"
    ]
    assert told["why"].count(UNPROVEN) == 1
    assert {*told["evidence"][0]} == {"source", "at", "text"}


def test_a_finding_follows_from_none_that_the_report_does_not_hold() -> None:
    later = Finding("later", Severity.WARN, Confidence.HIGH, "It follows.", cause="earlier")
    earlier = Finding("earlier", Severity.ERROR, Confidence.HIGH, "It began.")
    alone, both = Report("/b", "B", findings=(later,)), Report("/b", "B", findings=(later, earlier))
    assert [one.cause for one in alone.findings] == [""]
    assert [one.cause for one in both.findings] == ["earlier", ""]
