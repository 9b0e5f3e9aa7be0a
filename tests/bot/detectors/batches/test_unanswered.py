"""Of a batch that CJ's monitor gives up on, an alert says what became of its comparisons."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.detectors.batches._unanswered import expired_in
from bot.detectors.batches.batch_failed import BatchFailed, BatchFailedSettings
from bot.diagnosis.batch.finalisation_lines import FINALISED
from bot.domain.alert import Condition, Sample
from bot.domain.batch import PairCounts
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Severity
from tests.support.kafka_lines import (
    RESTART,
    blocked,
    correlation_id,
    delivered,
    published,
    queue_id,
    refused,
)
from tests.support.scenes import NOW, ago, batch, played
from tests.support.watches import GivenWatch, said

A, B = "d2e9b3d9-eeeb-4772-85fd-8e9534e9c464", "59b2644a-eac8-4657-b94a-a1da5332a436"
OWN = "6e4cdffd-a9b3-4fd2-b14b-dd4c339d76de"
FAILED = f"Unexpected error processing task {A}-{B}: "
UNREACHED = FAILED + "Cannot connect to host llm_provider_service:8080 ssl:default"
SILENT = FAILED + "[EXTERNAL_SERVICE_ERROR] Unexpected error calling LLM Provider Service: "
AWAY = "Failed to publish event to topic request_started.v1: KafkaTimeoutError"
LEFT = "CJ's monitor gave up on it"


def cj(at: datetime, text: str, **fields: Any) -> LogEvent:
    """Return a line of CJ."""
    return replace(said(at, text, role=Role.CJ), fields=fields)


def asked(request: str) -> list[LogEvent]:
    """Return the lines in which CJ asks for a comparison of batch 7."""
    at = ago(minutes=70)
    task = f"DEBUG: Using tracking_map correlation ID {request} for task ('{A}', '{B}')"
    return [
        cj(at, "DEBUG: Created tracking_map with 1 entries for batch 7", correlation_id=OWN),
        cj(at, task, batch_correlation_id=OWN),
    ]


def provider(*texts: str) -> list[LogEvent]:
    """Return lines of the LLM provider."""
    return [said(ago(minutes=69), text, role=Role.LLM_PROVIDER) for text in texts]


async def told_of(events: Sequence[LogEvent], *, rows: bool = False) -> Condition:
    """Return what is said as the monitor gives up on batch 7, also after a restart of the bot."""
    first, second = BatchFailed(BatchFailedSettings()), BatchFailed(BatchFailedSettings())
    began = Sample(ago(minutes=80), {"began": ago(minutes=80).isoformat()})
    first.resume([began])
    given: dict[str, Any] = {"batches": () if rows else None}
    looks = ((68, Followed(tuple(events), {"cj": Role.CJ})), (60, Followed(())))
    for minutes, logs in looks:
        at = ago(minutes=minutes)
        kept = await first.sample(GivenWatch(at, ago(minutes=90), logs=logs, **given))
    second.resume([began, kept])
    left = cj(ago(minutes=1), "Marking stuck batch as FAILED", batch_id=7)
    state = {"status": "FETCHING_CONTENT", "state": "FAILED", "last_activity_at": ago(minutes=1)}
    row = batch(7, **state, pairs=PairCounts(total=5, essay_a=2, pending=3))
    other = batch(8, status="COMPLETE_STABLE", state="COMPLETED")
    given = {"batches": (row, other) if rows else None}
    watch = GivenWatch(NOW, ago(minutes=2), logs=Followed((left,), {"cj": Role.CJ}), **given)
    (found,) = (await played(second, [watch])).conditions
    return found


@pytest.mark.parametrize(
    ("events", "cause"),
    [
        ([*asked(A), cj(ago(minutes=69), UNREACHED)],
         "the LLM provider was away at the submission"),
        ([*asked(A), *provider(AWAY), cj(ago(minutes=69), SILENT)],
         "Kafka was away at the submission"),
        ([*asked(A), cj(ago(minutes=69), SILENT)],
         "the LLM provider did not answer the submission"),
        ([*asked(correlation_id(1)), *provider(*refused(1), *published(1), *RESTART)],
         "Kafka did not take the answers"),
        ([*asked(correlation_id(1)), *provider(*blocked(1), *published(1), *delivered(1))], ""),
        ([*asked(correlation_id(1)),
          cj(ago(minutes=69), "Error in callback processing: [Errno 111] Connect call failed",
             correlation_id=correlation_id(1))],
         "CJ could not store the answers"),
        # The provider queued it before CJ's call failed.
        ([*asked(A), cj(ago(minutes=69), SILENT),
          *provider(f"Queuing LLM request for provider anthropic, correlation_id: {A}")], ""),
        # A wave of two of which CJ asked for one before it ended, and one that it asked for whole.
        ([cj(ago(minutes=70), "DEBUG: Created tracking_map with 2 entries for batch 7",
             correlation_id=OWN), asked(A)[1],
          cj(ago(minutes=69), "CJ Assessment Service started successfully")],
         "CJ ended while it sent the comparisons"),
        ([*asked(A), cj(ago(minutes=69), "CJ Assessment Service started successfully")], ""),
        ([cj(ago(minutes=69), UNREACHED)], ""),
        ([], ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rows", [False, True])
async def test_what_the_monitor_gave_up_on_is_told_with_what_became_of_it(
    events: list[LogEvent], cause: str, rows: bool
) -> None:
    found = await told_of(events, rows=rows)
    left = "3 of 5 comparisons never got an answer" if rows else LEFT
    assert found.known == (f"{left}: {cause}" if cause else left)
    assert cause in str(found.title)
    assert cause in str(found.headline)
    assert found.group == (f"ended without a result: {cause}" if cause else "")


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize(
    ("other", "finalised", "is_done"),
    [(OWN, True, True), (OWN, False, False), (A, True, False)],
)
async def test_an_end_whose_request_another_batch_has_the_result_of_asks_for_nothing(
    other: str, finalised: bool, is_done: bool, rows: bool
) -> None:
    at = ago(minutes=70)
    lines = [
        cj(at, "Created internal CJ batch 7", bos_batch_id=OWN),
        cj(at, "Created internal CJ batch 8", bos_batch_id=other),
        *[cj(at, FINALISED[0], cj_batch_id=8)] * finalised,
    ]
    found = await told_of(lines, rows=rows)
    assert (found.severity is Severity.INFO) is is_done
    assert ("batch 8 has the result of the same request" in str(found.title)) is is_done
    assert (found.next == ("/batch status 8",)) is is_done


@pytest.mark.parametrize(
    "dropped", ["Cleaned up 1 expired requests", f"Request {queue_id(1)} has expired"]
)
async def test_what_expired_in_the_queue_is_a_cause_too(dropped: str) -> None:
    """A clean-up names none of what it drops: the oldest are over."""
    detector = BatchFailed(BatchFailedSettings())
    detector.resume([Sample(ago(minutes=80), {"began": ago(minutes=80).isoformat()})])
    request, item = correlation_id(1), queue_id(1)
    queued = (
        f"Queued request {item} with priority 5, TTL 3600s",
        "Request queued successfully for provider anthropic, "
        f"queue_id: {item}, correlation_id: {request}",
    )
    for minutes, lines in ((69, [*asked(request), *provider(*queued)]), (5, None)):
        over = [said(ago(minutes=minutes), dropped, role=Role.LLM_PROVIDER)]
        logs = Followed(tuple(over if lines is None else lines))
        at = ago(minutes=minutes)
        await detector.sample(GivenWatch(at, ago(minutes=minutes + 1), logs=logs, batches=None))
    left = cj(ago(minutes=1), "Marking stuck batch as FAILED", batch_id=7)
    logs = Followed((left,), {"cj": Role.CJ})
    (found,) = (await played(detector, [GivenWatch(NOW, NOW, logs=logs, batches=None)])).conditions
    assert found.known == f"{LEFT}: items expired in the LLM queue"


def test_of_a_clean_up_nothing_is_told_where_more_are_over_than_it_dropped() -> None:
    """Some left the queue before, without a line, and are over as well."""
    lines = provider("Cleaned up 1 expired requests")
    hour, long_ago = timedelta(hours=1), ago(minutes=200)
    assert [*expired_in(lines, {"a": long_ago, "b": ago(minutes=70)}, hour)] == ["a"]
    assert [*expired_in(lines, {"a": long_ago, "b": long_ago}, hour)] == []


async def test_a_failure_that_was_answered_is_not_why_the_monitor_gave_up() -> None:
    """Its answer was lost with the provider's memory, and no line of CJ tells of it."""
    one, item = correlation_id(1), queue_id(1)
    failing = said(ago(minutes=69), f"Request {item} failed: credit balance is too low",
                   role=Role.LLM_PROVIDER, level="error")  # fmt: skip
    failing = replace(failing, fields={"correlation_id": one, "queue_id": item})
    found = await told_of([*asked(one), failing, *provider(*refused(1), *published(1), *RESTART)])
    assert found.known == f"{LEFT}: Kafka did not take the answers"
    assert "credit" not in str(found.title)


async def test_what_is_gone_from_redis_is_a_cause_too() -> None:
    detector = BatchFailed(BatchFailedSettings())
    detector.resume([Sample(ago(minutes=80), {"began": ago(minutes=80).isoformat()})])
    item = QueueItem(queue_id(1), "queued", ago(minutes=71), cj_batch_id="7")
    for seconds, items in ((0, (item,)), (15, ()), (30, ())):
        at = ago(minutes=70) + timedelta(seconds=seconds)
        logs = Followed(tuple(provider("Queue processor stats")))
        reading = QueueReading(at, len(items), items)
        watch = GivenWatch(at, at - timedelta(seconds=15), logs=logs, batches=None, reading=reading)
        await detector.sample(watch)
    left = cj(ago(minutes=1), "Marking stuck batch as FAILED", batch_id=7)
    logs = Followed((left,), {"cj": Role.CJ})
    (found,) = (await played(detector, [GivenWatch(NOW, NOW, logs=logs, batches=None)])).conditions
    assert found.known == f"{LEFT}: items left the LLM queue unanswered"
