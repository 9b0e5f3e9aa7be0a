"""What the LLM queue took in and never gave out answered is told by how it was lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.follow_up import comparisons_of, followed
from bot.diagnosis.batch.report import findings_of
from bot.diagnosis.batch.rules import left_queue
from bot.diagnosis.batch.rules.publishing import callbacks
from bot.domain.batch import BatchHeader, BatchRows, PairCounts, PendingPair, ProjectionCounts
from bot.domain.evidence import Missing, SourceState
from bot.domain.log import LogCoverage, LogEvent, LogSearch, Role, Service
from bot.domain.report import Finding, Severity

START = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
ID = "9c41f7b2-58de-4a36-b1f0-2ab525a2c007"
AWAY = Missing("llm_queue", "not configured", SourceState.NOT_CONFIGURED)
NAME = "llm_provider_service"
RULES = (
    left_queue.orphaned_by_restart,
    left_queue.left_unanswered,
    left_queue.local_queue_lost,
    left_queue.expired_unanswered,
)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def line(minute: float, said: str, **fields: object) -> LogEvent:
    return LogEvent(at(minute), NAME, NAME, Role.LLM_PROVIDER, "info", said, fields=fields,
                    text=f"{said} {fields}")  # fmt: skip


def queued(minute: float, number: int, ttl: int = 14_400) -> LogEvent:
    said = f"Queued request {UUID(int=number + 100)} with priority 5, TTL {ttl}s"
    return line(minute, said, correlation_id=str(UUID(int=number)))


def local(minute: float, number: int) -> LogEvent:
    said = f"Using local queue for request {UUID(int=number + 100)}"
    return line(minute, said, correlation_id=str(UUID(int=number)))


def shot(minute: float, size: int, waiting: int) -> LogEvent:
    return line(minute, "queue_metrics_snapshot", queue_current_size=size,
                queue_queued_count=waiting)  # fmt: skip


def dispatch(minute: float, size: int) -> LogEvent:
    return line(minute, "serial_bundle_dispatch", bundle_size=size)


def restart(minute: float) -> LogEvent:
    return line(minute, "Queue processor started")


def evidence(
    *lines: LogEvent, pending: int, total: int = 10, state: str = "FAILED", now: float = 60
) -> BatchEvidence:
    """Return a batch whose first comparisons wait; they were sent at the start."""
    ended = at(now)
    status = "COMPLETE_FORCED_RECOVERY" if state == "COMPLETED" else "FETCHING_CONTENT"
    header = BatchHeader(7, ID, "c", status, state, START, last_activity_at=ended)
    rows = BatchRows(
        header,
        PairCounts(total=total, essay_a=total - pending, pending=pending),
        projections=ProjectionCounts(2, ended, ended)
        if state == "COMPLETED"
        else ProjectionCounts(),
        pending=tuple(PendingPair(n, UUID(int=n), START) for n in range(1, pending + 1)),
    )
    logs = LogSearch(lines, (LogCoverage(NAME, NAME, at(-60)),))
    given = BatchEvidence(rows, logs, AWAY)
    services = (Service(NAME, NAME, Role.LLM_PROVIDER),)
    waiting: Sequence[PendingPair] = followed(given, at(now))
    return replace(given, comparisons=comparisons_of(given, waiting, logs, services))


def found_in(given: BatchEvidence, now: float = 60) -> dict[str, Finding]:
    findings = (rule(given, at(now)) for rule in RULES)
    return {one.rule: one for one in findings if one is not None}


def said_of(given: BatchEvidence, now: float = 60) -> dict[str, str]:
    return {rule: str(one.what) for rule, one in found_in(given, now).items()}


TAKEN_IN = tuple(queued(0, number) for number in range(1, 6))


def test_what_a_worker_held_when_it_started_anew_is_orphaned() -> None:
    given = evidence(*TAKEN_IN, dispatch(1, 5), restart(2), shot(3, 5, 0), pending=5)
    assert said_of(given) == {
        "orphaned-item": "5 comparisons were orphaned by a restart of the LLM provider"
    }


def test_only_what_is_counted_as_held_after_a_restart_is_orphaned() -> None:
    given = evidence(
        shot(-1, 3, 0), *TAKEN_IN, dispatch(1, 2), restart(2), shot(3, 8, 3), pending=5
    )
    assert said_of(given) == {
        "orphaned-item": "2 comparisons were orphaned by a restart of the LLM provider"
    }


@pytest.mark.parametrize("restarts", [(), (restart(1),)])
def test_what_neither_waits_nor_is_held_has_left_the_queue(restarts: tuple[LogEvent, ...]) -> None:
    given = evidence(shot(-1, 0, 0), *TAKEN_IN, *restarts, shot(3, 0, 0), pending=5)
    assert said_of(given) == {"left-unanswered": "5 items left the LLM queue unanswered"}


ANSWER = f"Request {UUID(int=109)} completed successfully, correlation_id: x"


@pytest.mark.parametrize(
    ("lines", "shown", "why"),
    [
        ((line(0.5, "Cleaned up 10 orphaned queue entries"), queued(1, 9), line(2, ANSWER)),
         "Cleaned up 10 orphaned queue entries", "Redis had lost them"),
        # One that was swept before they came is not theirs.
        ((line(-1, "Cleaned up 10 orphaned queue entries"), queued(1, 9), line(2, ANSWER)),
         f"answered, though queued after them: {UUID(int=109)}", "Flushed, evicted or removed"),
    ],
)  # fmt: skip
def test_a_loss_shows_the_line_that_proves_it_and_no_other_requests_answer(
    lines: tuple[LogEvent, ...], shown: str, why: str
) -> None:
    given = evidence(*TAKEN_IN, *lines, pending=5, state="WAITING_CALLBACKS")
    found = found_in(given)["left-unanswered"]
    assert [str(one.text) for one in found.evidence] == [shown]
    assert str(found.why).startswith(why)


def test_what_a_cancelled_batch_lost_follows_from_that_and_is_not_asked_again() -> None:
    given = evidence(*TAKEN_IN, shot(3, 0, 0), pending=5, state="CANCELLED")
    first, second = [one for one in findings_of(given, at(10))
                     if one.rule in ("batch-cancelled", "left-unanswered")]  # fmt: skip
    assert (first.rule, second.cause) == ("batch-cancelled", "batch-cancelled")
    assert first.next == second.next
    assert {first.severity, second.severity} == {Severity.WARN}


@pytest.mark.parametrize("ttl", [600, 3_600])
def test_what_waits_beyond_its_own_time_to_live_has_expired(ttl: int) -> None:
    lines = [queued(0, number, ttl) for number in (1, 2)]
    end = ttl / 60 + 5
    given = evidence(
        *lines, restart(end - 1), shot(end - 0.9, 2, 0),
        line(end - 0.8, "Cleaned up 2 expired requests"), shot(end - 0.5, 0, 0),
        pending=2, now=end,
    )  # fmt: skip
    assert said_of(given, end) == {
        "expired-unanswered": "2 comparisons expired in the LLM queue, not answered"
    }


def test_what_the_provider_kept_in_its_memory_is_lost_with_it_and_not_orphaned() -> None:
    given = evidence(
        line(0, "Redis marked unhealthy after 3 failures: x"), local(0.5, 1), local(0.5, 2),
        restart(2), shot(3, 0, 0), pending=2,
    )  # fmt: skip
    assert said_of(given) == {
        "local-queue": "2 comparisons were lost with the LLM provider's local queue"
    }


def test_what_redis_refuses_for_its_time_to_live_expired_and_redis_did_not_fail() -> None:
    refused = [
        line(0.4, f"Failed to add request to Redis queue: Command # 3 (SETEX q:{UUID(int=n + 100)} "
             "0 1) of pipeline caused error: (\"invalid expire time in 'setex' command\",)")
        for n in (1, 2)
    ]  # fmt: skip
    found = found_in(evidence(*refused, local(0.5, 1), local(0.5, 2), restart(2), pending=2))
    assert [*found] == ["expired-unanswered"]
    assert "no time to live" in str(found["expired-unanswered"].why)
    assert "QUEUE_REQUEST_TTL_HOURS" in str(found["expired-unanswered"].next[0])


def test_without_snapshots_one_request_is_held_at_a_restart() -> None:
    given = evidence(*TAKEN_IN, restart(2), pending=5)
    assert said_of(given) == {
        "orphaned-item": "1 comparison was orphaned by a restart of the LLM provider"
    }


@pytest.mark.parametrize(
    ("pending", "state", "severity"),
    [
        (2, "COMPLETED", Severity.WARN),
        (8, "COMPLETED", Severity.ERROR),
        (2, "FAILED", Severity.ERROR),
    ],
)
def test_a_loss_is_as_severe_as_the_result_is_unusable(
    pending: int, state: str, severity: Severity
) -> None:
    lines = [queued(0, number) for number in range(1, pending + 1)]
    given = evidence(*lines, dispatch(1, 8), restart(2), shot(3, pending, 0), pending=pending,
                     total=30, state=state)  # fmt: skip
    assert found_in(given)["orphaned-item"].severity is severity


@pytest.mark.parametrize(
    ("counted", "now", "told"), [(True, 4, True), (False, 4, False), (False, 8, True)]
)
def test_a_batch_that_still_runs_is_told_of_its_orphans_as_soon_as_they_are_sure(
    counted: bool, now: float, told: bool
) -> None:
    lines = (*TAKEN_IN, dispatch(1, 5), restart(2), *((shot(2.5, 5, 0),) if counted else ()))
    given = evidence(*lines, pending=5, state="WAITING_CALLBACKS", now=now)
    assert ("orphaned-item" in found_in(given, now)) is told


def test_what_was_overtaken_was_not_held_when_the_worker_started_anew() -> None:
    later = queued(1, 9)
    answered = line(2, f"Request {UUID(int=109)} completed successfully, correlation_id: x")
    given = evidence(queued(0, 1), later, answered, restart(3), shot(3.1, 4, 0), pending=1)
    assert said_of(given) == {"left-unanswered": "1 item left the LLM queue unanswered"}


def test_what_other_batches_had_left_before_a_restart_is_not_counted_to_this_one() -> None:
    given = evidence(
        shot(-1, 7, 0), *TAKEN_IN, dispatch(1, 3), restart(2), shot(2.1, 12, 2), shot(3, 3, 0),
        pending=5,
    )  # fmt: skip
    assert said_of(given) == {
        "orphaned-item": "3 comparisons were orphaned by a restart of the LLM provider",
        "left-unanswered": "2 items left the LLM queue unanswered",
    }


def test_a_clean_up_that_counts_what_is_gone_says_that_it_expired() -> None:
    given = evidence(
        queued(0, 1), queued(0, 2), line(1, "Cleaned up 2 expired requests"), shot(2, 0, 0),
        pending=2, state="WAITING_CALLBACKS", now=3,
    )  # fmt: skip
    assert list(said_of(given, 3)) == ["expired-unanswered"]


def cj(minute: float, said: str, **fields: object) -> LogEvent:
    return LogEvent(at(minute), "cj_assessment_service", "cj", Role.CJ, "error", said,
                    fields=fields, text=f"{said} {fields}")  # fmt: skip


def test_what_a_replica_held_when_it_ended_is_orphaned_though_another_works_on() -> None:
    later = UUID(int=900)
    given = evidence(
        shot(-1, 0, 0), *TAKEN_IN, queued(1, 800),
        line(2, f"Request {later} completed successfully, correlation_id: {UUID(int=800)}"),
        line(2, f"Published success callback event for request {later}"),
        shot(3, 5, 0), shot(4, 5, 0), pending=5,
    )  # fmt: skip
    assert said_of(given) == {
        "orphaned-item": "5 comparisons were left in processing by the LLM provider service"
    }


@pytest.mark.parametrize(("size", "waiting"), [(3, 3), (0, 0)])
def test_what_waits_or_is_counted_no_more_is_not_held_on(size: int, waiting: int) -> None:
    given = evidence(shot(-1, 0, 0), *TAKEN_IN, shot(3, size, waiting), pending=5)
    assert "orphaned-item" not in said_of(given)


def test_what_cj_was_told_to_be_queued_counts_as_taken_in_where_the_provider_is_silent() -> None:
    told = [cj(0, "Request queued for processing - results will be delivered via callback",
               correlation_id=str(UUID(int=number)), queue_id=str(UUID(int=number + 100)))
            for number in range(1, 6)]  # fmt: skip
    given = evidence(shot(-1, 0, 0), *told, shot(3, 5, 0), pending=5)
    assert "orphaned-item" in said_of(given)


TASK = f"Unexpected error processing task {UUID(int=1)}-{UUID(int=2)}: "
UNREACHABLE = f"{TASK}Cannot connect to host 127.0.0.1:8090 ssl:default"


@pytest.mark.parametrize(
    ("lines", "gone"),
    [
        ((cj(2, UNREACHABLE),), True),
        # It logs again, it was slow, or nobody asked since.
        ((cj(2, UNREACHABLE), shot(3, 5, 5)), False),
        ((cj(2, f"{TASK}time out"),), False),
        ((), False),
    ],
)
def test_what_a_provider_held_that_cannot_be_reached_since_is_left(
    lines: tuple[LogEvent, ...], gone: bool
) -> None:
    given = evidence(*TAKEN_IN, *lines, pending=5, state="WAITING_CALLBACKS", now=4)
    said = said_of(given, 4).get("orphaned-item", "")
    assert ("held by an LLM provider service that is gone" in said) is gone


@pytest.mark.parametrize(
    ("came", "left"),
    [
        ("Processing LLM comparison callback for request", False),
        ("", True),
    ],
)
def test_what_cj_took_an_answer_of_did_not_leave_the_queue_unanswered(
    came: str, left: bool
) -> None:
    sent = cj(0, "Request queued for processing - results will be delivered via callback",
              correlation_id=str(UUID(int=1)), queue_id=str(UUID(int=101)))  # fmt: skip
    took = (cj(1, f"{came} {UUID(int=101)}", correlation_id=str(UUID(int=1))),) if came else ()
    given = evidence(shot(-1, 0, 0), sent, *took, shot(2, 0, 0), shot(3, 0, 0), pending=1)
    assert ("left-unanswered" in said_of(given)) is left


def begun(minute: float, number: int) -> LogEvent:
    said = "Queuing LLM request for provider anthropic, correlation_id: "
    return line(minute, f"{said}{UUID(int=number)}")


@pytest.mark.parametrize(
    ("size", "orphans"), [(5, "5 comparisons were"), (4, "4 comparisons were"), (None, "4 compar")]
)
def test_what_no_line_gave_a_place_is_orphaned_where_the_queue_counts_it(
    size: int | None, orphans: str
) -> None:
    """The process ended before it wrote at which place it had queued the last one."""
    counted = (shot(3, size, 0),) if size else ()
    lines = (*TAKEN_IN[:4], begun(0, 5), dispatch(1, 5), restart(2), *counted)
    assert said_of(evidence(*lines, pending=5))["orphaned-item"].startswith(orphans)


REFUSED = f"{TASK}LLM Provider Service: 500 Internal Server Error"


@pytest.mark.parametrize(
    ("failed", "taken", "lost"),
    [
        (UNREACHABLE, begun(0, 1), False),
        (f"{TASK}Server disconnected", queued(0, 1), False),
        (f"{TASK}time out", begun(0, 1), False),
        (UNREACHABLE, begun(0, 2), True),
        # It was answered: with a refusal, after it was queued or instead of that.
        (REFUSED, begun(0, 1), True),
        (REFUSED, queued(0, 1), False),
    ],
)
def test_what_the_provider_queued_before_the_call_for_it_failed_was_submitted(
    failed: str, taken: LogEvent, lost: bool
) -> None:
    given = evidence(taken, cj(2, failed), pending=1)
    pending = replace(given.rows.pending[0], essay_a=str(UUID(int=1)), essay_b=str(UUID(int=2)))
    given = replace(given, rows=replace(given.rows, pending=(pending,)))
    assert (callbacks.submission_lost(given, at(60)) is not None) is lost


def test_what_took_the_most_comparisons_leads() -> None:
    """One orphan comes first by its name, and four that were never submitted tell more."""
    task = "Unexpected error processing task {}-{}: LLM Provider Service: 500 Internal Server Error"
    refused = [cj(2, task.format(UUID(int=10 + n), UUID(int=20 + n))) for n in range(2, 6)]
    taken = evidence(queued(0, 1), restart(5), *refused, pending=5)
    pending = tuple(
        replace(one, essay_a=str(UUID(int=10 + n)), essay_b=str(UUID(int=20 + n)))
        for n, one in enumerate(taken.rows.pending, 1)
    )
    given = replace(taken, rows=replace(taken.rows, pending=pending))
    found = findings_of(given, at(60))
    losses = [(one.rule, one.lost) for one in found if one.lost]
    assert losses == [("submission-lost", 4), ("orphaned-item", 1)]
    assert found[0].rule == "submission-lost"
