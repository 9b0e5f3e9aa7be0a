"""Essays that were dropped for want of content are counted, and only once pairs show it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.content import LOOK_AT_ADDRESS, NOT_PREPARED, content_missing
from bot.domain.batch import BatchHeader, BatchRows, PairCounts, ScoreCounts, Twin
from bot.domain.log import LogError, LogEvent, LogSearch, Role
from bot.domain.queue import QueueReading
from bot.domain.report import Confidence

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
ID = "86e26627-1135-4553-bfbf-975da269c245"
FAILED = "Failed to prepare essay e-1: content service answered HTTP 500"


def evidence(
    *lines: str,
    pairs: int = 1,
    essays: int = 2,
    anchors: int = 0,
    twins: tuple[Twin, ...] = (),
    source: str = "",
    **changes: Any,
) -> BatchEvidence:
    """Return a batch of which six essays were expected."""
    header: dict[str, Any] = {
        "status": "PERFORMING_COMPARISONS",
        "state": "WAITING_CALLBACKS",
        "created_at": NOW,
        "expected_essay_count": 6,
        **changes,
    }
    rows = BatchRows(
        BatchHeader(6, ID, ID, **header),
        PairCounts(total=pairs, essay_a=pairs),
        scores=ScoreCounts(essays=essays, anchors=anchors, scored=essays),
        twins=twins,
    )
    fields = {"cj_batch_id": 6, "context_source": source}
    events = tuple(
        LogEvent(NOW, "cj", "cj", Role.CJ, "error", one, fields=fields, text=one) for one in lines
    )
    return BatchEvidence(rows, LogSearch(events, ()), QueueReading(NOW, 0))


def test_essays_that_take_no_part_are_counted_with_what_the_content_service_answered() -> None:
    found = content_missing(evidence(FAILED, FAILED), NOW)
    assert found is not None
    assert str(found.what) == "4 of 6 essays were never compared: their content is missing"
    assert "500" in str(found.why)


def test_an_essay_that_could_not_be_prepared_is_told_where_anchors_make_the_rows_whole() -> None:
    """CJ writes anew how many it expects when it adds the anchors: four students and twelve."""
    given = evidence(FAILED, FAILED, pairs=10, essays=16, anchors=12, expected_essay_count=16)
    found = content_missing(given, NOW)
    assert found is not None
    assert str(found.what) == "1 of 17 essays was never compared: its content is missing"


def test_of_several_answers_of_the_content_service_each_is_told() -> None:
    lacks = f"{NOT_PREPARED} e-2: [RESOURCE_NOT_FOUND] Content with ID 'x' not found"
    found = content_missing(evidence(lacks, FAILED, lacks), NOW)
    assert found is not None
    assert "does not have 2 texts and answered HTTP 500 for 1 text" in str(found.why)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("[RESOURCE_NOT_FOUND] Content with ID 'x' not found", "does not have these texts"),
        (
            "[INVALID_RESPONSE] Empty content received from Content Service",
            "gave these texts empty",
        ),
        ("no reason", "no line that was read says why"),
    ],
)
def test_what_the_content_service_answered_is_told_by_cjs_code(said: str, why: str) -> None:
    found = content_missing(evidence(f"{NOT_PREPARED} e-1: {said}"), NOW)
    assert found is not None
    assert why in str(found.why)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("TimeoutError", "The content service did not give these texts in time;"),
        ("ServerDisconnectedError", "The content service broke off while it gave these texts;"),
        ("RuntimeError", "its lines name RuntimeError alone."),
    ],
)
@pytest.mark.parametrize("is_traced", [True, False])
def test_an_error_without_words_is_told_by_its_class(
    kind: str, why: str, *, is_traced: bool
) -> None:
    """The line's field names the class where no traceback stands behind it."""
    given = evidence(f"{NOT_PREPARED} e-1: ")
    assert isinstance(given.logs, LogSearch)
    (line,) = given.logs.events
    line = (
        replace(line, error=LogError(kind))
        if is_traced
        else replace(line, fields={**line.fields, "exception_type": kind})
    )
    found = content_missing(replace(given, logs=LogSearch((line,), ())), NOW)
    assert found is not None
    assert why in str(found.why)


def test_two_sorts_of_missing_texts_are_counted_apart() -> None:
    gone, empty = "[RESOURCE_NOT_FOUND] not found", "[INVALID_RESPONSE] Empty content received"
    lines = [f"{NOT_PREPARED} e-{n}: {said}" for n, said in enumerate((gone, gone, empty))]
    found = content_missing(evidence(*lines), NOW)
    assert found is not None
    assert "does not have 2 texts and gave 1 text empty;" in str(found.why)


def test_a_content_service_that_nobody_answers_at_is_told_with_its_address_in_doubt() -> None:
    away = (
        f"{NOT_PREPARED} x: Cannot connect to host 10.0.0.7:8001 ssl:default [Connect call failed]"
    )
    for lines, told in (((away, away, FAILED.replace("500", "x")), True), ((FAILED,) * 2, False)):
        found = content_missing(evidence(*lines), NOW)
        assert found is not None
        assert ("could not connect" in str(found.why)) is told
        assert (found.next[0] == LOOK_AT_ADDRESS) is told


@pytest.mark.parametrize(
    "given",
    [
        # Fetching may go on: nothing was compared yet, and nothing ended.
        {"pairs": 0, "essays": 0, "status": "FETCHING_CONTENT", "state": "INITIALIZING"},
        # Anchors take part as well, and are not of those that were sent.
        {"essays": 6, "anchors": 4},
        {"essays": 6},
        {"pairs": 0, "essays": 0, "status": "FETCHING_CONTENT", "state": "CANCELLED"},
    ],
)
def test_what_may_still_come_or_is_there_is_not_missing(given: dict[str, Any]) -> None:
    assert content_missing(evidence(**given), NOW) is None


def test_a_batch_that_ended_without_one_comparison_lacks_all_its_essays() -> None:
    ended = evidence(pairs=0, essays=0, status="COMPLETE_INSUFFICIENT_ESSAYS", state="COMPLETED")
    found = content_missing(ended, NOW)
    assert found is not None
    assert "6 of 6 essays were never compared" in str(found.what)


NO_PROMPT = "Failed to fetch student prompt text from Content Service for CJ assessment"
NO_CONTEXT = "No assessment context available for prompt building"
NO_ANCHOR = "Failed to fetch anchor essay 7: HTTP 500"
BROUGHT = "Hydrated prompt text via fallback in batch creation"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((NO_PROMPT, NO_CONTEXT), "compared without the assignment's prompt"),
        (("Failed to hydrate prompt in batch creation: HTTP 404",), "without the assignment's"),
        ((NO_CONTEXT,), "compared without any prompt, rubric or"),
        ((NO_ANCHOR,), "compared without anchors"),
        (("Hydrated judge rubric text is empty",), "without the judge's rubric"),
        ((NO_PROMPT, BROUGHT), ""),
        ((), ""),
    ],
)
def test_what_its_essays_were_compared_without_is_told(lines: tuple[str, ...], said: str) -> None:
    found = content_missing(evidence(*lines, essays=6), NOW)
    assert (said in str(found.what)) if found and said else (found is None) is (not said)
    if found:
        # CJ says the last also of a request that names none: no fetch failed.
        assert found.severity.value == ("info" if lines == (NO_CONTEXT,) else "warn")


def test_that_a_prompt_lacks_is_told_while_the_essays_are_compared_only() -> None:
    assert content_missing(evidence(NO_PROMPT, pairs=0, essays=6), NOW) is None


@pytest.mark.parametrize(("source", "told"), [("assignment", True), ("default", False)])
def test_an_assignment_without_anchors_gives_no_grade(source: str, told: bool) -> None:
    ended: dict[str, Any] = {"status": "COMPLETE_STABLE", "state": "COMPLETED"}
    given = evidence(
        "No anchor essays available - skipping grade projection", essays=6, source=source, **ended
    )
    found = content_missing(given, NOW)
    assert (found is not None) is told
    if found:
        assert "without anchors, so they got no grade" in str(found.what)
        assert "ranking alone" in str(found.why)


@pytest.mark.parametrize(("lines", "missing"), [((), 0), ((FAILED,), 1)])
def test_essays_that_a_later_batch_of_the_request_took_over_are_not_missing(
    lines: tuple[str, ...], missing: int
) -> None:
    given = evidence(*lines, essays=0, twins=(Twin(7, "COMPLETE_STABLE"),))
    found = content_missing(given, NOW)
    assert (found is not None) is bool(missing)
    if found:
        assert f"{missing} of 6 essays was never compared" in str(found.what)


def test_an_essay_that_the_request_names_twice_is_not_called_missing() -> None:
    read = "Prepared 6 essays for CJ assessment"
    assert content_missing(evidence(read, essays=5, pairs=12), NOW) is None
    fewer = content_missing(evidence("Prepared 5 essays for CJ assessment", essays=5), NOW)
    assert fewer is not None
    assert str(fewer.what) == "1 of 6 essays was never compared: its content is missing"


def test_without_a_line_of_it_the_content_service_is_not_accused() -> None:
    found = content_missing(evidence(essays=5), NOW)
    assert found is not None
    assert "or named twice" in str(found.what)
    assert found.confidence is Confidence.MEDIUM
    assert not any("Mend" in str(step) for step in found.next)
