"""Logs that ended long ago tell of then: no answer about now calls anything well by them."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from bot.diagnosis.batch.without_database import without_rows
from bot.diagnosis.evidence.freshness import ended_at, unheard
from bot.diagnosis.evidence.log_coverage import merged
from bot.diagnosis.queue.evidence import collect
from bot.diagnosis.queue.report import diagnose
from bot.diagnosis.trace import collect as trace_collect
from bot.diagnosis.trace import report as trace_report
from bot.domain.evidence import DATABASE, Missing
from bot.domain.log import LogEvent, LogSearch
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Confidence, Report, Severity, Verdict, plain
from bot.ports import Deadline, Sources
from tests.support.fakes.sources import FakeLogs, FakeQueue, at, event

END = at("2025-11-19T00:30:00")
LATER = END + timedelta(hours=3, minutes=10)


def snapshot(time: str, size: int) -> LogEvent:
    return event(
        time, "queue_metrics_snapshot", queue_processing_mode="serial_bundle",
        queue_current_size=size, queue_queued_count=0, accepting_requests=True,
    )  # fmt: skip


def dispatch(time: str, size: int) -> LogEvent:
    return event(
        time, "serial_bundle_dispatch", bundle_size=size, queue_processing_mode="serial_bundle"
    )


INCIDENT = [
    dispatch("2025-11-18T23:48:39", 2),
    *(snapshot(f"2025-11-18T23:{minute}:10", 1) for minute in range(49, 60)),
    *(snapshot(f"2025-11-19T00:{minute:02}:{second}", 1) for minute in range(30)
      for second in (10, 40)),
]  # fmt: skip
WELL = [
    dispatch("2025-11-19T00:26:00", 2),
    event("2025-11-19T00:26:05", "Queue processor stats"),
    *(snapshot(f"2025-11-19T00:{minute}:00", 0) for minute in (27, 28, 29)),
]
ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"


async def queue(sources: Sources, now: datetime = LATER) -> Report:
    return diagnose(await collect(sources, now, deadline=Deadline.after(1)), now)


def exits_as_unknown(report: Report) -> bool:
    return report.verdict is Verdict.UNKNOWN and not str(report.first_line).startswith("✅")


async def test_an_empty_queue_in_logs_that_ended_is_not_an_empty_queue_of_now() -> None:
    then = await queue(Sources(logs=FakeLogs(WELL, newest=END)), END)
    assert (then.verdict, then.facts["verdict"]) == (Verdict.OK, "ok")
    report = await queue(Sources(logs=FakeLogs(WELL, newest=END)))
    assert exits_as_unknown(report)
    assert str(report.first_line) == (
        "❔ Not known: what the queue holds now. The logs end 3 h 10 min ago"
    )
    assert str(report.summary).startswith(
        "The newest log line is of 2025-11-19T00:30:00+00:00, 3 h 10 min ago: what the queue holds "
        "now is not known. When they ended: The queue is empty."
    )
    facts = plain(report.facts)
    assert (facts["verdict"], facts["confidence"], facts["size"]) == ("stale", "low", None)


async def test_what_was_stuck_when_the_logs_ended_is_told_as_of_then() -> None:
    report = await queue(Sources(logs=FakeLogs(INCIDENT, newest=END)))
    assert exits_as_unknown(report)
    (found,) = report.findings
    assert (found.rule, found.severity) == ("orphaned-item", Severity.WARN)
    assert found.confidence is Confidence.LOW
    # What the item waited until then, without the hours in which nothing was read.
    assert "40 min" in str(found.what)
    assert "3 h" not in str(found.what)


async def test_the_silence_of_logs_that_ended_is_no_hung_worker() -> None:
    taken = [*WELL, dispatch("2025-11-19T00:29:30", 5)]
    report = await queue(Sources(logs=FakeLogs(taken, newest=END)))
    assert exits_as_unknown(report)
    assert not report.findings
    assert "silent" not in str(report.summary)


async def test_a_worker_that_is_silent_while_others_write_is_a_hung_one() -> None:
    taken = [*WELL, dispatch("2025-11-19T00:29:30", 5)]
    report = await queue(Sources(logs=FakeLogs(taken, newest=LATER)))
    assert [(one.rule, one.severity) for one in report.findings] == [
        ("worker-hung", Severity.ERROR)
    ]


async def test_redis_tells_of_now_and_the_worker_s_silence_says_nothing() -> None:
    logs = FakeLogs([*WELL, dispatch("2025-11-19T00:29:30", 5)], newest=END)
    report = await queue(Sources(queue=FakeQueue(QueueReading(LATER, 0, ())), logs=logs))
    assert (report.facts["size"], report.facts["verdict"]) == (0, "ok")
    assert "whether its worker is at work is not known" in str(report.summary)


async def test_a_trace_by_lines_alone_does_not_say_where_a_comparison_is_now() -> None:
    lines = [event("2025-11-19T00:29:00", f"Processing queued request {ID}, correlation_id: {ID}")]
    found = await trace_collect.collect(
        Sources(logs=FakeLogs(lines, newest=END), database=Missing(DATABASE, "away")),
        UUID(ID), LATER, deadline=Deadline.after(2),
    )  # fmt: skip
    report = trace_report.diagnose(found, LATER)
    assert exits_as_unknown(report)
    assert "The logs end 3 h 10 min ago" in str(report.first_line)


async def test_a_batch_known_by_lines_alone_says_when_they_ended() -> None:
    logs = FakeLogs([event("2025-11-19T00:29:00", "Batch 34 partial scoring")], newest=END)
    report = await without_rows(
        Sources(logs=logs), "34", Missing(DATABASE, "away"), LATER, deadline=Deadline.after(1)
    )
    assert "3 h 10 min ago: what it did since is not known." in str(report.summary)
    assert report.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("minutes", "ended"), [(0, False), (6, False), (7, True)], ids=lambda one: str(one)
)
def test_logs_end_where_the_newest_of_all_lines_is_older_than_any_service_is_quiet(
    minutes: int, *, ended: bool
) -> None:
    search = LogSearch((), (), (), END, END + timedelta(minutes=minutes))
    assert (ended_at(search) is not None) is ended
    assert bool(unheard(search, "it")) is ended
    assert ended_at(replace(search, newest=None)) is None  # an Engine answers for the moment
    assert merged(search, replace(search, newest=LATER, until=LATER)).newest == LATER


async def test_what_redis_holds_since_before_the_logs_ended_is_a_warning_of_either() -> None:
    logs = FakeLogs(WELL, newest=END)
    waiting = QueueReading(LATER, 1, (QueueItem(ID, "queued", END - timedelta(minutes=1)),))
    report = await queue(Sources(queue=FakeQueue(waiting), logs=logs))
    assert [(one.rule, one.severity, one.confidence) for one in report.findings] == [
        ("queue-frozen", Severity.WARN, Confidence.LOW)
    ]
    assert "whether its worker is at work is not known" in str(report.summary)
