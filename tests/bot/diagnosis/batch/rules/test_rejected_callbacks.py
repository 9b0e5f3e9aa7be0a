"""A stray callback is laid at a batch's door by its runner's own line, and by no window of time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.rejected_callbacks import callbacks_not_stored, foreign_callback
from bot.domain.batch import BatchHeader, BatchRows, PairCounts, PendingPair
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.queue import QueueReading

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
BOS, STRAY = "9c41f7b2-58de-4a36-b1f0-2ab525a2c034", "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
OPENED = "Circuit breaker open: anthropic"
RUN = f"Canonical batch UUID: {BOS} (label: night)"
REJECTED = f"Comparison callback missing essay identifiers; correlation={STRAY}"


def evidence(*said: tuple[Role, str]) -> BatchEvidence:
    events = tuple(LogEvent(NOW, "s", role.value, role, "error", text, text=text)
                   for role, text in said)  # fmt: skip
    rows = BatchRows(
        BatchHeader(34, BOS, BOS, "PERFORMING_COMPARISONS", "WAITING_CALLBACKS", NOW),
        PairCounts(total=10, essay_a=10),
    )
    return BatchEvidence(rows, LogSearch(events, ()), QueueReading(NOW, 0), owned={})


@pytest.mark.parametrize(
    ("said", "severity", "confidence"),
    [
        ([(Role.CJ, f"Cannot find comparison pair for callback {STRAY}")], "info", "low"),
        ([(Role.RUNNER, REJECTED)], "info", "low"),
        ([(Role.RUNNER, RUN), (Role.RUNNER, REJECTED)], "warn", "high"),
    ],
)
def test_time_alone_accuses_no_batch_of_a_stray_callback(
    said: list[tuple[Role, str]], severity: str, confidence: str
) -> None:
    found = foreign_callback(evidence(*said), NOW)
    if found is None:
        pytest.fail("the stray callback is not named at all")
    assert (found.severity.value, found.confidence.value) == (severity, confidence)


def test_the_stray_callback_of_another_run_is_not_this_batchs() -> None:
    other = RUN.replace(BOS, STRAY)
    assert foreign_callback(evidence((Role.RUNNER, other), (Role.RUNNER, REJECTED)), NOW) is None


@pytest.mark.parametrize(
    ("minutes", "pending", "told"), [(41, 0, False), (5, 0, True), (41, 1, True)]
)
def test_what_came_long_after_its_last_answer_is_not_of_its_time(
    minutes: int, pending: int, told: bool
) -> None:
    """Unless an answer of it is missing: that may be the one."""
    given = evidence((Role.CJ, f"Cannot find comparison pair for callback {STRAY}"))
    last = NOW - timedelta(minutes=minutes)
    pairs = PairCounts(total=10, essay_a=10 - pending, pending=pending, last_completed_at=last)
    found = foreign_callback(replace(given, rows=replace(given.rows, pairs=pairs)), NOW)
    assert (found is not None) is told


AWAY = "Error in callback processing: [Errno 111] Connect call failed ('127.0.0.1', 5432)"


@pytest.mark.parametrize("pending", [True, False])
def test_an_answer_that_cj_took_and_could_not_store_is_named_while_its_row_waits(
    pending: bool,
) -> None:
    lost = LogEvent(NOW, "cj", "cj", Role.CJ, "error", AWAY, fields={"correlation_id": STRAY},
                    text=AWAY)  # fmt: skip
    given = evidence()
    rows = replace(given.rows, pending=(PendingPair(1, UUID(STRAY), NOW),) if pending else ())
    found = callbacks_not_stored(replace(given, rows=rows, logs=LogSearch((lost,), ())), NOW)
    assert (found is not None) is pending
    if found:
        assert str(found.what) == "CJ did not store 1 answer: its database could not be reached"
        assert found.severity.value == "error"


def test_what_the_database_said_in_a_traceback_stands_beside_the_line_before_it() -> None:
    said = "Error in callback processing: This Session's transaction has been rolled back"
    fault = 'DiskFullError: could not extend file "base/1": No space left on device'
    lost = LogEvent(NOW, "cj", "cj", Role.CJ, "error", said, fields={"correlation_id": STRAY},
                    text=f"{said}\n{fault}")  # fmt: skip
    given = evidence()
    rows = replace(given.rows, pending=(PendingPair(1, UUID(STRAY), NOW),))
    found = callbacks_not_stored(replace(given, rows=rows, logs=LogSearch((lost,), ())), NOW)
    assert found is not None
    assert str(found.what) == "CJ did not store 1 answer: the database's disk is full"
    assert str(found.evidence[0].text).endswith("rolled back [No space left on device]")


@pytest.mark.parametrize(
    ("said", "pending", "told"),
    [
        ("canceling statement due to statement timeout", 1, "a statement waited for too long"),
        ("could not extend file: No space left on device", 2, "the database's disk is full"),
        ("canceling statement due to statement timeout", 0, ""),
    ],
)
def test_an_answer_that_was_lost_with_the_batchs_counters_is_named(
    said: str, pending: int, told: str
) -> None:
    lines = [(Role.CJ, f"Failed to update batch completion counters for batch 34: {said}")]
    given = evidence(*lines, (Role.CJ, lines[0][1].replace("batch 34", "batch 3")))
    waiting = tuple(PendingPair(n, UUID(int=n), NOW) for n in range(pending))
    rows = replace(given.rows, pairs=PairCounts(total=10, essay_a=8, pending=pending),
                   pending=waiting)  # fmt: skip
    found = callbacks_not_stored(replace(given, rows=rows), NOW)
    assert (found is not None) is bool(told)
    if found:
        assert str(found.what) == f"CJ did not store 1 answer: {told}"


def test_what_came_long_after_the_last_answer_is_not_of_its_time() -> None:
    """A monitor ended it hours later: it waited for no callback by then."""
    given = evidence((Role.CJ, f"Cannot find comparison pair for callback {STRAY}"))
    header = replace(given.header, last_activity_at=NOW + timedelta(hours=1))
    pairs = replace(given.pairs, last_completed_at=NOW - timedelta(hours=1))
    ended = replace(given, rows=replace(given.rows, header=header, pairs=pairs))
    assert foreign_callback(ended, NOW) is None


def test_a_breaker_that_opened_long_after_the_last_answer_is_not_told() -> None:
    """A batch that was set back, and forced to an end hours later, met none as it was answered."""
    begun = NOW - timedelta(hours=3)
    opened = LogEvent(NOW - timedelta(hours=1), "llm_provider_service", "l", Role.LLM_PROVIDER,
                      "error", OPENED, text=OPENED)  # fmt: skip
    header = BatchHeader(34, BOS, BOS, "COMPLETE_STABLE", "COMPLETED", begun, last_activity_at=NOW)
    late = PairCounts(total=10, essay_a=10, last_completed_at=NOW)
    early = replace(late, last_completed_at=begun + timedelta(minutes=2))
    told = [
        BatchEvidence(
            BatchRows(header, pairs), LogSearch((opened,), ()), QueueReading(NOW, 0)
        ).provider.words
        for pairs in (late, early)
    ]
    assert [bool(one) for one in told] == [True, False]
