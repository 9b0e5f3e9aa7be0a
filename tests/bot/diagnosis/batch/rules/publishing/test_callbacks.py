"""CJ is said not to take callbacks as surely as they show it, in reports as in the alert."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.publisher import CJ_STARTED, delivery_of, is_at_work
from bot.diagnosis.batch.rules.publishing.callbacks import (
    callbacks_unpublished,
    consumer_silent,
    submission_lost,
)
from bot.diagnosis.comparison.evidence import ComparisonEvidence
from bot.diagnosis.publishing.delivery import Delivery
from bot.diagnosis.publishing.memory import PublishedCallback, PublisherMemory
from bot.diagnosis.publishing.wording import NO_RESTART
from bot.domain.batch import BatchHeader, BatchRows, PairCounts, PairRow, PendingPair
from bot.domain.evidence import Missing, SourceState
from bot.domain.log import LogCoverage, LogEvent, LogSearch, Role

NOW = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
AWAY = Missing("redis", "not configured", SourceState.NOT_CONFIGURED)


TAKEN_LINE = f"Processing LLM comparison callback for request {UUID(int=7)}"
DONE = "Successfully processed LLM comparison callback"


def _evidence(untaken: int, minutes: float) -> BatchEvidence:
    at = NOW - timedelta(minutes=minutes)
    ids = [UUID(int=number + 1) for number in range(untaken)]
    header = BatchHeader(
        7, "9c41f7b2-58de-4a36-b1f0-2ab525a2c007", "c", "PERFORMING_COMPARISONS",
        "WAITING_CALLBACKS", at, last_activity_at=at,
    )  # fmt: skip
    pending = tuple(PendingPair(number, id, at) for number, id in enumerate(ids))
    rows = BatchRows(header, PairCounts(total=10, pending=untaken), pending=pending)
    published = tuple(PublishedCallback(at, f"q{id}", str(id)) for id in ids)
    delivery = Delivery(untaken=published, heard=True)
    return BatchEvidence(rows, LogSearch((), ()), AWAY, delivery=delivery)


@pytest.mark.parametrize(
    ("untaken", "minutes", "said"),
    [
        (3, 2, ("error", "high", "3 published callbacks")),
        (1, 2, ("warn", "low", "1 published callback")),
        (2, 10, ("warn", "low", "2 published callbacks")),
        (1, 16, ("error", "low", "1 published callback")),
    ],
)
def test_few_callbacks_prove_little_until_they_count_as_lost(
    untaken: int, minutes: float, said: tuple[str, str, str]
) -> None:
    found = consumer_silent(_evidence(untaken, minutes), NOW)
    assert found is not None
    severity, confidence, callbacks = said
    assert (found.severity.value, found.confidence.value) == (severity, confidence)
    assert f"{callbacks};" in str(found.what)


def test_a_wave_that_is_on_its_way_is_no_silence() -> None:
    assert consumer_silent(_evidence(untaken=3, minutes=1), NOW) is None


@pytest.mark.parametrize(
    ("unseen", "minutes", "severity"),
    [(11, 25, "error"), (11, 8, "warn"), (11, 3, ""), (0, 25, "")],
)
def test_what_kafka_refused_before_the_log_begins_is_named_and_no_restart_advised(
    unseen: int, minutes: float, severity: str
) -> None:
    at = NOW - timedelta(minutes=minutes)
    rows = _evidence(4, minutes).rows
    rows = replace(rows, pairs=replace(rows.pairs, pending_first_submitted_at=at))
    memory = PublisherMemory(unseen=unseen, unseen_at=NOW if unseen else None)
    evidence = BatchEvidence(rows, LogSearch((), ()), AWAY, delivery=Delivery(memory=memory))
    follow = replace(evidence, comparisons=(ComparisonEvidence(_row(), AWAY),))
    found = callbacks_unpublished(follow, NOW)
    assert (found.severity.value if found else "") == severity
    if found:
        assert "Kafka refuses 11 messages of the LLM provider" in str(found.what)
        assert found.next[0] == NO_RESTART


def _row() -> PairRow:
    """Return the row of a comparison that was sent and of which no line was read."""
    at = NOW - timedelta(minutes=25)
    id = "9c41f7b2-58de-4a36-b1f0-2ab525a2c007"
    return PairRow(1, 7, id, "PERFORMING_COMPARISONS", "WAITING_CALLBACKS", UUID(int=1), "",
                   created_at=at, submitted_at=at)  # fmt: skip


def test_a_consumer_that_is_not_done_with_a_callback_is_not_said_to_be_down() -> None:
    given = _evidence(untaken=3, minutes=5)
    taken = NOW - timedelta(minutes=5)
    delivery = replace(given.delivery, at_work=True, taken_at=taken)
    found = consumer_silent(replace(given, delivery=delivery), NOW)
    assert found is not None
    assert "not done with its last one" in str(found.what)
    assert "database makes it wait" in str(found.why)
    assert all("docker ps" not in str(step) for step in found.next)


@pytest.mark.parametrize(
    ("ends", "at_work"),
    [
        ([], False),
        ([DONE, TAKEN_LINE], True),
        ([DONE], False),
        (["Successfully processed LLM comparison callback"], False),
        (["Error in callback processing: x"], False),
        (["CJ Assessment Kafka consumer started"], False),
    ],
)
def test_cj_is_at_work_until_a_line_ends_what_it_took(ends: list[str], at_work: bool) -> None:
    said = (TAKEN_LINE, *ends)
    events = [LogEvent(NOW, "cj", "cj", Role.CJ, "info", one, text=one) for one in said]
    assert is_at_work(events) is at_work


def _published(at: datetime, number: int) -> LogEvent:
    said = (
        f"Published success callback event for request {UUID(int=100 + number)}, "
        f"correlation_id: {UUID(int=number)}, topic: huleedu.llm_provider.comparison_result.v1"
    )
    return LogEvent(at, "llm", "llm", Role.LLM_PROVIDER, "info", said, text=said)


def _cj(at: datetime, said: str, **fields: str) -> LogEvent:
    return LogEvent(at, "cj", "cj", Role.CJ, "info", said, fields=fields, text=said)


def _taken(at: datetime, number: int) -> LogEvent:
    return _cj(at, f"Processing LLM comparison callback for request {UUID(int=100 + number)}",
               correlation_id=str(UUID(int=number)))  # fmt: skip


def _passing(*, later: int, asked: int, groups: tuple[str, str] = ("g", "g")) -> BatchEvidence:
    """Return a batch of which three were published; one was taken that came `later` seconds on."""
    begun = NOW - timedelta(seconds=asked)
    again, next_one = begun + timedelta(seconds=10), begun + timedelta(seconds=later)
    events = (
        _cj(begun - timedelta(minutes=1), CJ_STARTED, group_id=groups[0]),
        *(_published(begun + timedelta(milliseconds=number), number) for number in (1, 2, 3)),
        _cj(again, CJ_STARTED, group_id=groups[1]),
        _published(next_one, 9),
        _taken(next_one + timedelta(seconds=1), 9),
    )
    given = _evidence(untaken=3, minutes=asked / 60)
    return replace(given, delivery=delivery_of(LogSearch(events, ())), logs=LogSearch(events, ()))


@pytest.mark.parametrize(
    ("later", "asked", "passed"),
    [
        (30, 82, True),  # soon after, when CJ is at rest
        (75, 82, False),  # CJ may read another partition of a backlog first
        (5, 82, False),  # the clocks of two services differ
        (200, 600, True),
    ],
)
def test_a_callback_is_passed_over_once_cj_took_one_that_was_published_later(
    later: int, asked: int, passed: bool
) -> None:
    given = _passing(later=later, asked=asked)
    found = consumer_silent(replace(given, delivery=replace(given.delivery, heard=True)), NOW)
    assert (found is not None) is passed
    if found:
        assert "passed over 3 published callbacks" in str(found.what)
        assert "renamed" not in str(found.what)


def test_taking_late_what_was_published_before_passes_nothing_over() -> None:
    at = NOW - timedelta(minutes=4)
    events = (
        _published(at - timedelta(minutes=1), 9),
        *(_published(at, number) for number in (1, 2, 3)),
        _taken(at + timedelta(minutes=3), 9),
    )
    delivery = replace(delivery_of(LogSearch(events, ())), heard=True)
    assert delivery.overtaken == {}
    found = consumer_silent(replace(_evidence(3, minutes=4), delivery=delivery), NOW)
    assert found is None or "passed over" not in str(found.what)


def test_a_consumer_group_with_another_name_is_said_to_be_why() -> None:
    given = _passing(later=30, asked=82, groups=("cj_group", "cj_group_v2"))
    found = consumer_silent(replace(given, delivery=replace(given.delivery, heard=True)), NOW)
    assert found is not None
    assert "its consumer group was renamed" in str(found.what)
    assert found.confidence.value == "high"
    assert any("another group's name" in str(line.text) for line in found.evidence)


@pytest.mark.parametrize(
    ("topic", "later", "told"),
    [("comparison_result.v1", True, True), ("comparison_result.v1", False, False),
     ("requested.v1", True, False)],
)  # fmt: skip
@pytest.mark.parametrize("state", ["WAITING_CALLBACKS", "FAILED"])
def test_what_kafka_deleted_before_cj_came_back_is_said_to_be_deleted(
    topic: str, later: bool, told: bool, state: str
) -> None:
    given = _evidence(untaken=3, minutes=20)
    gone = f"Fetch offset 9 is out of range for partition (topic='{topic}', partition=0), resetting"
    began = _cj(NOW - timedelta(minutes=10 if later else 30), "Starting message processing loop")
    began = replace(began, text=f"{began.event}\n{gone}")
    delivery = replace(given.delivery, skipped_at=delivery_of(LogSearch((began,), ())).skipped_at)
    rows = replace(given.rows, header=replace(given.header, state=state))
    found = consumer_silent(replace(given, delivery=delivery, rows=rows), NOW)
    assert ("Kafka deleted 3 published callbacks" in str(found and found.what)) is told


def _unsent(*events: LogEvent, begins: timedelta = timedelta(hours=1)) -> BatchEvidence:
    given = _evidence(untaken=0, minutes=5)
    rows = [replace(_row(), submitted_at=NOW - timedelta(minutes=4)) for _ in range(3)]
    cover = LogCoverage("cj", "cj_assessment_service", NOW - begins)
    comparisons = tuple(ComparisonEvidence(row, AWAY) for row in rows)
    return replace(given, comparisons=comparisons, logs=LogSearch(events, (cover,)))


ANEW = _cj(NOW - timedelta(minutes=3), "CJ Assessment Service started successfully")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (_unsent(ANEW), True),
        (_unsent(), False),
        (_unsent(replace(ANEW, at=NOW - timedelta(minutes=9))), False),
        # Where CJ's log begins after that, the lines that say so may be missing.
        (_unsent(ANEW, begins=timedelta(minutes=3)), False),
    ],
)
def test_rows_of_which_no_line_tells_were_not_sent_where_cj_began_anew(
    given: BatchEvidence, told: bool
) -> None:
    found = submission_lost(given, NOW)
    assert (found is not None) is told
    if found:
        assert str(found.what) == "3 comparisons were not submitted: CJ ended while it sent them"
