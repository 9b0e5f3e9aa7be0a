"""What went wrong around a batch and passed is information, where its result is whole."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.passed import passed
from bot.domain.batch import BatchHeader, BatchRows, PairCounts, ScoreCounts
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.queue import QueueReading
from bot.domain.report import Severity

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
ID = "86e26627-1135-4553-bfbf-975da269c245"
QUEUE_ID = "1a2b3c4d-1135-4553-bfbf-975da269c245"
FINALISATION = "Failed scoring finalization: No space left on device"
AWAY = "Unable connect to node with id 1"
REFUSED = "Failed to publish event to Kafka: TopicAuthorizationFailedError"


def evidence(*events: LogEvent, valid: int = 12, minutes: int = 5) -> BatchEvidence:
    begun = NOW - timedelta(minutes=minutes)
    header = BatchHeader(6, ID, "c", "COMPLETE_STABLE", "COMPLETED", begun, completed_at=NOW)
    rows = BatchRows(
        header, PairCounts(total=12, essay_a=valid, error=12 - valid), scores=ScoreCounts(essays=6)
    )
    return BatchEvidence(rows, LogSearch(events, ()), QueueReading(NOW, 0))


def line(text: str, *, role: Role = Role.CJ, ago: float = 2, aggregate: str = "") -> LogEvent:
    fields = {"cj_batch_id": 6, "aggregate_id": aggregate}
    at = NOW - timedelta(minutes=ago)
    return LogEvent(at, "s", "c", role, "error", text, fields=fields, text=text)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (line(FINALISATION), "a finalisation failed"),
        (line(AWAY, role=Role.LLM_PROVIDER), "Kafka was away"),
        (line(REFUSED, aggregate=ID), "an event in the outbox was refused"),
        # Before its time, of another batch, of CJ's own Kafka: not this batch's.
        (line(AWAY, role=Role.LLM_PROVIDER, ago=6), ""),
        (line(REFUSED, aggregate="7"), ""),
        (line(AWAY), ""),
        (line("Completed scoring finalization for batch 6"), ""),
    ],
)
def test_what_passed_is_information(event: LogEvent, told: str) -> None:
    found = passed(evidence(event, event, event), NOW)
    assert (found is not None) is bool(told)
    if found:
        assert found.severity is Severity.INFO
        assert told in str(found.what)
        assert "it passed" in str(found.what)


def test_one_line_of_a_client_is_no_outage() -> None:
    assert passed(evidence(line(AWAY, role=Role.LLM_PROVIDER)), NOW) is None


def test_of_a_batch_that_lacks_answers_nothing_passed() -> None:
    given = evidence(line(FINALISATION), valid=11)
    assert passed(given, NOW) is None
    open_ = replace(given.rows.header, status="PERFORMING_COMPARISONS", state="SCORING")
    whole = replace(given.rows, header=open_, pairs=PairCounts(total=12, essay_a=12))
    assert passed(replace(given, rows=whole), NOW) is None


def taken(waited: object, *, correlation: str = ID) -> LogEvent:
    text = f"Processing LLM comparison callback for request {QUEUE_ID}"
    fields = {"correlation_id": correlation, "callback_latency_seconds": waited}
    at = NOW - timedelta(minutes=1)
    return LogEvent(at, "s", "c", Role.CJ, "info", text, fields=fields, text=text)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (taken(1_277.474), True),
        (taken(40.0), False),
        # Longer than the batch is old: one of the clocks is wrong.
        (taken(5_000.0), False),
        (taken(-1_500.0), False),
        (taken("long"), False),
        (taken(float("nan")), False),
        (taken(1_277.474, correlation=ID.replace("8", "7")), False),
    ],
)
def test_callbacks_that_waited_for_cj_are_told_where_the_batch_took_long(
    event: LogEvent, told: bool
) -> None:
    members = frozenset({ID})
    found = passed(replace(evidence(event, event, minutes=27), members=members), NOW)
    assert (found is not None) is told
    if found:
        assert "1 callback waited up to 21 min 17 s for CJ" in str(found.what)
