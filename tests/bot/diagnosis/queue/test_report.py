"""`/queue` says what waits, who it is and whether it moves; from Redis, else from the logs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.diagnosis.queue.evidence import collect
from bot.diagnosis.queue.report import diagnose
from bot.domain.alert import Sample
from bot.domain.batch import BatchHeader, BatchRows, PairRow
from bot.domain.evidence import Missing, SourceState
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Report, Verdict
from bot.errors import SourceError
from bot.ports import Deadline, Sources
from tests.support.fakes.sources import (
    CJ,
    FakeDatabase,
    FakeLogs,
    FakeMemory,
    FakeQueue,
    at,
    down,
    event,
)

NOW = at("2025-11-19T00:30:00")
TAKEN = at("2025-11-18T23:48:25")
ORPHAN = QueueItem(
    queue_id="3f2a0000-0000-4000-8000-000000000001",
    status="processing",
    queued_at=at("2025-11-18T23:48:20"),
    processing_started_at=TAKEN,
    ttl=timedelta(hours=4),
    correlation_id="c0000000-0000-4000-8000-000000000001",
    cj_batch_id="34",
)


def snapshot(time: str, size: int, queued: int, *, accepting: bool = True) -> LogEvent:
    return event(
        time,
        "queue_metrics_snapshot",
        queue_processing_mode="serial_bundle",
        queue_current_size=size,
        queue_queued_count=queued,
        queue_usage_percent=size / 10,
        accepting_requests=accepting,
    )


def dispatch(time: str, size: int, provider: str = "anthropic") -> LogEvent:
    return event(
        time,
        "serial_bundle_dispatch",
        bundle_size=size,
        queue_processing_mode="serial_bundle",
        provider=provider,
    )


INCIDENT = [
    dispatch("2025-11-18T23:48:23", 8),
    dispatch("2025-11-18T23:48:39", 2),
    *(
        snapshot(f"2025-11-{day}:{minute:02d}:{second}", 1, 0)
        for day, minutes in (("18T23", range(49, 60)), ("19T00", range(30)))
        for minute in minutes
        for second in ("10", "40")
    ),
]


async def ask(sources: Sources) -> Report:
    return diagnose(
        await collect(sources, NOW, deadline=Deadline.after(1)), NOW, prefix="lps:queue"
    )


def rules(report: Report) -> list[str]:
    return [finding.rule for finding in report.findings]


async def test_the_orphan_of_the_incident_is_named_from_redis() -> None:
    queue = FakeQueue(QueueReading(NOW, 1, (ORPHAN,)))
    report = await ask(Sources(queue=queue, logs=FakeLogs(INCIDENT)))
    assert report.verdict is Verdict.ERROR
    assert rules(report) == ["orphaned-item"]
    facts = report.as_json()["facts"]
    assert facts["oldest"] == {
        "queue_id": ORPHAN.queue_id,
        "correlation_id": ORPHAN.correlation_id,
        "batch": "34",
        "status": "processing",
        "age_seconds": 2500.0,
        "retry_count": 0,
        "ttl_left_seconds": 11900.0,
    }
    assert (facts["size"], facts["by_status"], facts["verdict"]) == (
        1,
        {"processing": 1},
        "orphaned-item",
    )
    assert (facts["accepting"], facts["mode"], facts["from"]) == (
        True,
        "serial_bundle",
        "llm_queue",
    )
    assert [one["bundle_size"] for one in facts["recent_dispatches"]] == [8, 2]
    assert report.actions == (f"/trace {ORPHAN.correlation_id}", "/batch status 34")
    assert any("lps:queue" in step for step in report.findings[0].next)


async def test_without_redis_the_snapshots_tell_of_the_orphan_and_the_source_is_said() -> None:
    report = await ask(Sources(logs=FakeLogs(INCIDENT)))
    assert rules(report) == ["orphaned-item"]
    assert report.facts["from"] == "logs"
    assert report.facts["oldest"] is None
    states = {reading.name: reading.state for reading in report.sources}
    assert states == {
        "llm_queue": SourceState.NOT_CONFIGURED,
        "logs": SourceState.OK,
        "service_health": SourceState.NOT_CONFIGURED,
    }
    assert report.verdict is Verdict.ERROR


SENT = "5e5e0000-0000-4000-8000-00000000000{}"
LEFT = "7d7d0000-0000-4000-8000-00000000000{}"
QUEUED = [
    event(f"2025-11-19T00:20:0{n}", f"Queued request {LEFT.format(n)} with priority 5, TTL 14400s")
    for n in range(3)
]
DONE = event("2025-11-19T00:21:00", f"Request {LEFT.format(1)} completed successfully, c")
EXPIRED = event("2025-11-19T00:22:00", f"Request {LEFT.format(0)} has expired")
IDLE = snapshot("2025-11-19T00:29:40", 0, 0)


@pytest.mark.parametrize(
    ("lines", "held", "said"),
    [
        ([*QUEUED, DONE], (), "2 items left the LLM queue unanswered"),
        ([*QUEUED, DONE], (0, 2), ""),
        ([event("2025-11-19T00:29:30", f"Queued request {LEFT.format(0)} with")], (), ""),
        ([*QUEUED[:1], EXPIRED], (), ""),
    ],
)
async def test_what_the_lines_queued_and_redis_does_not_hold_left_it_unanswered(
    lines: list[LogEvent], held: tuple[int, ...], said: str
) -> None:
    items = tuple(QueueItem(LEFT.format(n), "queued", at("2025-11-19T00:29:00")) for n in held)
    queue = FakeQueue(QueueReading(NOW, len(items), items))
    report = await ask(Sources(queue=queue, logs=FakeLogs([*lines, IDLE])))
    told = [str(one.what) for one in report.findings]
    assert told == ([said] if said else [])
    assert report.facts["verdict"] == ("left-unanswered" if said else "ok")
    # What is gone is no state of what is there.
    assert "stuck" not in str(report.headline)
    assert ("2 items left it unanswered" in str(report.headline)) is bool(said)


BOUND = [
    event(
        f"2025-11-19T00:20:0{n}",
        f"Request queued successfully for provider anthropic, queue_id: {LEFT.format(n)}, "
        f"correlation_id: {SENT.format(n)}",
    )
    for n in range(3)
]


@pytest.mark.parametrize(
    ("state", "status", "verdict", "severities"),
    [
        ("WAITING_CALLBACKS", "PERFORMING_COMPARISONS", "left-unanswered", ["error"]),
        ("FAILED", "ERROR_PROCESSING", "ok", ["info"]),
        ("COMPLETED", "COMPLETE_FORCED_RECOVERY", "ok", ["info"]),
    ],
)
async def test_what_left_the_queue_is_the_past_once_its_batch_has_ended(
    state: str, status: str, verdict: str, severities: list[str]
) -> None:
    header = BatchHeader(9, SENT.format(9), SENT.format(9), status, state, NOW)
    pairs = [PairRow(n, 9, SENT.format(9), status, state, UUID(SENT.format(n)), "")
             for n in range(3)]  # fmt: skip
    database = FakeDatabase([BatchRows(header)], pairs)
    sources = Sources(
        queue=FakeQueue(QueueReading(NOW, 0)),
        logs=FakeLogs([*QUEUED, *BOUND, IDLE]),
        database=database,
    )
    report = await ask(sources)
    assert report.facts["verdict"] == verdict
    assert [one.severity.value for one in report.findings] == severities
    past = "3 items left the LLM queue unanswered before batch 9 ended"
    assert (str(report.findings[0].what) == past) == (severities == ["info"])
    assert ("unanswered" in str(report.summary)) == (severities == ["error"])


async def test_what_left_the_queue_stays_told_where_whose_it_is_is_not_known() -> None:
    sources = Sources(queue=FakeQueue(QueueReading(NOW, 0)), logs=FakeLogs([*QUEUED, *BOUND, IDLE]),
                      database=FakeDatabase([]))  # fmt: skip
    assert rules(await ask(sources)) == ["left-unanswered"]


async def test_a_redis_that_is_down_is_said_and_never_vouched_for_by_healthy_logs() -> None:
    healthy = [snapshot("2025-11-19T00:29:40", 0, 0)]
    report = await ask(Sources(queue=FakeQueue(error=down("llm_queue")), logs=FakeLogs(healthy)))
    assert report.verdict is Verdict.WARN
    assert report.facts["verdict"] == "queue-unreadable"
    assert rules(report) == ["queue-unreadable"]


async def test_what_to_do_about_a_redis_that_is_down_is_its_first_step() -> None:
    error = SourceError(
        "llm_queue", "nobody listens at redis:6379", hint="Start it, or correct host and port."
    )
    healthy = [snapshot("2025-11-19T00:29:40", 0, 0)]
    report = await ask(Sources(queue=FakeQueue(error=error), logs=FakeLogs(healthy)))
    (finding,) = report.findings
    assert finding.next == ("Start it, or correct host and port.", "batchbot doctor")
    assert "Start it" not in str(finding.what)


@pytest.mark.parametrize(
    "sources",
    [
        Sources(),
        Sources(queue=FakeQueue(error=down("llm_queue"))),
        Sources(queue=Missing("llm_queue", "bad address"), logs=FakeLogs(error=down("logs"))),
        Sources(logs=FakeLogs([event("2025-11-19T00:29:00", "hello", CJ)], known=(CJ,))),
    ],
    ids=["nothing configured", "redis down", "both down", "no log of the provider"],
)
async def test_a_queue_that_nothing_can_read_is_unknown(sources: Sources) -> None:
    report = await ask(sources)
    assert report.verdict is Verdict.UNKNOWN
    assert report.facts["size"] is None


async def test_an_empty_queue_is_ok() -> None:
    report = await ask(Sources(queue=FakeQueue(QueueReading(NOW, 0))))
    assert (report.verdict, report.facts["verdict"], report.facts["size"]) == (Verdict.OK, "ok", 0)


async def test_fresh_waiting_items_are_ok_without_logs() -> None:
    fresh = QueueItem("q", "queued", queued_at=NOW - timedelta(seconds=30))
    report = await ask(Sources(queue=FakeQueue(QueueReading(NOW, 1, (fresh,)))))
    assert report.verdict is Verdict.OK


async def test_a_hung_worker_is_told_from_an_orphan_by_its_silence() -> None:
    logs = [snapshot("2025-11-18T23:48:00", 12, 12), dispatch("2025-11-18T23:48:23", 8)]
    report = await ask(Sources(logs=FakeLogs(logs)))
    assert rules(report) == ["worker-hung"]
    assert report.facts["size"] == 12


@pytest.mark.parametrize(("provider", "mock"), [("mock", True), ("anthropic", False)])
async def test_the_mock_provider_and_an_open_circuit_are_named(provider: str, mock: bool) -> None:
    logs = [
        dispatch("2025-11-19T00:29:00", 2, provider),
        event("2025-11-19T00:29:30", "Circuit breaker open: anthropic", level="error"),
        snapshot("2025-11-19T00:29:50", 0, 0),
    ]
    report = await ask(Sources(logs=FakeLogs(logs)))
    assert report.facts["mock_mode"] is None
    assert ("ask for the mock by name" in str(report.summary)) is mock
    assert report.facts["circuit_breaker_opened_at"] == at("2025-11-19T00:29:30")


async def test_only_the_provider_is_searched_and_no_further_back_than_an_item_lives() -> None:
    logs = FakeLogs(INCIDENT)
    await ask(Sources(logs=logs))
    query, of_cj = logs.queries
    assert (of_cj.roles, of_cj.since) == ((Role.CJ,), query.since)
    assert [role.value for role in query.roles] == ["llm_provider"]
    assert query.since == NOW - timedelta(hours=4, minutes=30)


async def test_student_text_in_a_field_never_reaches_the_report() -> None:
    secret = "My summer essay sk-ant-abcdefgh"
    odd = event("2025-11-19T00:29:00", "serial_bundle_dispatch", bundle_size=2, prompt=secret)
    report = await ask(Sources(logs=FakeLogs([odd])))
    text: Any = str(report.as_json())
    assert "summer" not in text


@pytest.mark.parametrize(
    ("logs", "drawn"),
    [
        (FakeLogs(begins_at=NOW - timedelta(hours=9)), True),
        (FakeLogs(error=down("logs")), False),
        (None, False),
    ],
)
async def test_dispatches_are_drawn_only_where_the_logs_were_read(
    logs: FakeLogs | None, drawn: bool
) -> None:
    then = NOW - timedelta(minutes=10)
    seen = Sample(then, {"reading": {"size": 3}})
    memory = FakeMemory(samples={"stuck_queue": (seen,)})
    sources = Sources(queue=FakeQueue(QueueReading(NOW, 1)), logs=logs, memory=memory)
    report = diagnose(await collect(sources, NOW, deadline=Deadline.after(1)), NOW)
    (chart,) = report.charts
    assert ("dispatched" in {series.name for series in chart.series}) is drawn
    assert ("No dispatch was logged" in chart.alt) is drawn


async def test_a_source_that_gives_a_hint_is_quoted_in_whole_sentences() -> None:
    refused = SourceError("llm_queue", "wrong password", hint="Check LLM_QUEUE_REDIS_URL.")
    sources = Sources(queue=FakeQueue(QueueReading(NOW, 0), error=refused))
    report = diagnose(await collect(sources, NOW, deadline=Deadline.after(1)), NOW)
    assert "wrong password. Check LLM_QUEUE_REDIS_URL." in report.summary
    assert ".." not in report.summary


def _unreachable(
    time: str, error: str = "Cannot connect to host 10.0.0.9:8090 ssl:default"
) -> LogEvent:
    return event(time, f"Unexpected error processing task e1-e2: {error}", CJ)


TAKEN_LATE = replace(
    ORPHAN,
    queued_at=at("2025-11-19T00:09:00"),
    processing_started_at=at("2025-11-19T00:10:00"),
)
BROKE_OFF = [dispatch("2025-11-19T00:10:00", 1)]


async def test_a_provider_that_cj_cannot_connect_to_is_not_called_slow() -> None:
    lines = [*BROKE_OFF, _unreachable("2025-11-19T00:28:10"), _unreachable("2025-11-19T00:29:00")]
    queue = FakeQueue(QueueReading(NOW, 1, (TAKEN_LATE,)))
    report = await ask(Sources(queue=queue, logs=FakeLogs(lines)))
    told = str(report.summary) + str([one.why for one in report.findings])
    assert "CJ could not connect to the LLM provider at 2025-11-19T00:28:10" in told
    assert "may only be slow" not in told
    assert report.verdict is not Verdict.OK


@pytest.mark.parametrize(
    "lines",
    [
        [*BROKE_OFF],
        [_unreachable("2025-11-19T00:05:00"), *BROKE_OFF],
        [*BROKE_OFF, _unreachable("2025-11-19T00:28:10", "500: the essay is too long")],
    ],
    ids=["nothing refused", "refused before the provider's last line", "another error"],
)
async def test_without_a_refusal_after_its_last_line_the_provider_is_not_called_down(
    lines: list[LogEvent],
) -> None:
    queue = FakeQueue(QueueReading(NOW, 1, (TAKEN_LATE,)))
    report = await ask(Sources(queue=queue, logs=FakeLogs(lines)))
    assert "could not connect" not in str(report.summary) + str(report.findings)
