"""A report says of which findings the log texts were never seen in a real log."""

from datetime import UTC, datetime

import pytest

from bot.diagnosis.publishing import wording
from bot.diagnosis.publishing.memory import Fate
from bot.domain.evidence import DATABASE, LOGS, EvidenceLine
from bot.domain.needles import PROVENANCE
from bot.domain.report import UNPROVEN, Confidence, Finding, Report, Severity

AT = datetime(2026, 2, 10, 9, tzinfo=UTC)
READ = "Redis marked unhealthy: connection refused"
SEEN = "Queue processor started"
ROW = "3 of 12 comparisons are pending"


def reported(*lines: str) -> Finding:
    evidence = tuple(EvidenceLine(DATABASE if one is ROW else "llm", AT, one) for one in lines)
    finding = Finding("a-rule", Severity.WARN, Confidence.HIGH, "What was seen.", "Why.", evidence)
    [found] = Report("/batch status", "Batch 1", findings=(finding,)).findings
    return found


@pytest.mark.parametrize(
    ("lines", "unproven"),
    [
        ((READ,), True),
        ((READ, READ), True),
        ((READ, SEEN), False),
        ((READ, ROW), False),
        ((SEEN,), False),
        ((READ, "4 lines beside which a service cannot reach Kafka"), True),
        ((), False),
    ],
)
def test_a_finding_that_rests_on_nothing_but_texts_read_in_source_is_unproven(
    lines: tuple[str, ...], unproven: bool
) -> None:
    found = reported(*lines)
    assert bool(found.unproven) is unproven
    assert (UNPROVEN in str(found.why)) is unproven


def test_json_names_the_files_and_a_report_marks_a_finding_once() -> None:
    again = Report("/batch status", "Batch 1", findings=(reported(READ),))
    [told] = again.as_json()["findings"]
    assert told["unproven"] == [
        "services/llm_provider_service/implementations/resilient_queue_manager_impl.py"
    ]
    assert told["why"].count(UNPROVEN) == 1


def test_a_fact_in_the_bots_own_words_is_judged_by_the_text_that_it_was_read_by() -> None:
    told = EvidenceLine(LOGS, AT, "Kafka refused it", reads="Kafka publish failed for topic '")
    trail = EvidenceLine("llm", AT, SEEN)
    finding = Finding("a-rule", Severity.WARN, Confidence.HIGH, "What.", "", (told, trail))
    report = Report("/trace", "A comparison", findings=(finding,))
    assert report.findings[0].unproven
    assert {*report.as_json()["findings"][0]["evidence"][0]} == {"source", "at", "text"}


def test_every_text_that_a_callback_was_read_by_is_in_the_table() -> None:
    assert set(wording.READS) == set(Fate)
    assert set(wording.READS.values()) <= set(PROVENANCE)
