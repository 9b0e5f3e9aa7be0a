"""A report says of which findings the log texts were never seen in a real log."""

from datetime import UTC, datetime

import pytest

from bot.domain.evidence import DATABASE, EvidenceLine
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
