"""A finalisation is judged by its own line at once, and by all pairs that the batch ever sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.report import diagnose, findings_of
from bot.diagnosis.batch.rules.early_finalisation import early_finalisation
from bot.diagnosis.batch.rules.finalisation import (
    batch_idle,
    finalisation_stuck,
    repeated_finalisation,
    waiting_on_monitor,
)
from bot.diagnosis.batch.rules.passed import passed
from bot.diagnosis.batch.rules.publishing.outbox import outbox_unpublished
from bot.domain.batch import (
    AnsweredCounts,
    BatchHeader,
    BatchRows,
    PairCounts,
    ProjectionCounts,
    ScoreCounts,
)
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.queue import QueueReading
from bot.domain.report import Severity, unproven_files

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
ID = "86e26627-1135-4553-bfbf-975da269c245"
STARTED = "CJ Assessment Service started successfully"
DENIED = "Failed scoring finalization: permission denied for table grade_projections"


def evidence(*lines: str, then: AnsweredCounts | None = None, **changes: Any) -> BatchEvidence:
    """Return a batch of 12 comparisons that was active two minutes ago."""
    header: dict[str, Any] = {
        "status": "PERFORMING_COMPARISONS",
        "state": "SCORING",
        "created_at": NOW - timedelta(minutes=9),
        "last_activity_at": NOW - timedelta(minutes=2),
        **changes,
    }
    rows = BatchRows(
        BatchHeader(9, ID, ID, **header),
        PairCounts(total=12, essay_a=12),
        at_first_finalisation=then,
    )
    events = tuple(
        LogEvent(NOW, "cj_assessment_service", "cj", Role.CJ, "error", one,
                 fields={"batch_id": 9}, text=f"{one} batch_id=9")
        for one in lines
    )  # fmt: skip
    return BatchEvidence(rows, LogSearch(events, ()), QueueReading(NOW, 0))


@pytest.mark.parametrize(
    ("wave", "has_total_budget", "early"),
    [(2, False, True), (12, False, False), (2, True, False)],
)
def test_a_threshold_of_the_last_wave_alone_excuses_no_early_end(
    wave: int, has_total_budget: bool, early: bool
) -> None:
    """Until 2025-11-19 two answers of a wave of two "reached" it, of twelve that were sent."""
    said = "Completion threshold reached; finalizing scoring"
    counted = {"total_comparisons": wave, "has_total_budget": has_total_budget}
    then = AnsweredCounts(NOW, submitted=12, answered=4, valid=4)
    found = early_finalisation(
        evidence(said, then=then, status="COMPLETE_MAX_COMPARISONS", state="SCORING", **counted),
        NOW,
    )
    assert (found is not None) is early
    if found is not None:
        assert "the size of the last wave" in str(found.why)
        assert [one for one in found.evidence if said in str(one.text)]


@pytest.mark.parametrize("state", ["SCORING", "WAITING_CALLBACKS"])
def test_the_line_in_which_it_failed_is_told_at_once_with_why(state: str) -> None:
    found = finalisation_stuck(evidence(DENIED, state=state), NOW)
    assert found is not None
    assert "permission denied for table grade_projections" in str(found.why)
    assert ("it stays in scoring" in str(found.what)) == (state == "SCORING")


def _two(at: datetime) -> ProjectionCounts:
    return ProjectionCounts(2, at, at)


def test_a_second_run_that_fails_takes_no_result_away() -> None:
    """Its grades and their event exist: to finalise it again would fail on the same key."""
    line = "Failed scoring finalization: (IntegrityError) grade_projections_pkey"
    given = evidence(line)
    at = NOW - timedelta(minutes=4)
    sent = OutboxGroup("huleedu.cj_assessment.completed.v1", 1, at, at)
    stored = ProjectionCounts(6, at, at)
    graded = replace(given, rows=replace(given.rows, projections=stored, outbox=(sent,)))
    assert finalisation_stuck(graded, NOW) is None
    again = repeated_finalisation(graded, NOW)
    assert again is not None
    assert "Do not have CJ finalise it again" in str(again.next)
    told = str(diagnose(graded, NOW).summary)
    assert "its grades are stored" in told
    assert "no result yet" not in told
    # Grades without their event: it broke off before anybody was told.
    untold = replace(given, rows=replace(given.rows, projections=stored))
    stuck = finalisation_stuck(untold, NOW)
    assert stuck is not None
    # What fails on the same key each time is not advised as it is.
    assert "have CJ finalise it again" not in str(stuck.next)
    assert "Remove its stored grades before" in str(stuck.next)
    # The grades that stand there are no result of its own, and both are not said at once.
    assert "its grades are stored" not in str(diagnose(untold, NOW).summary)
    four = replace(untold.rows, scores=ScoreCounts(essays=6, anchors=2), projections=_two(at))
    partly = finalisation_stuck(replace(untold, rows=four), NOW)
    assert partly is not None
    assert "2 of 4 grades stored" in [str(line.text) for line in partly.evidence]


def test_without_its_line_scoring_is_slow_until_ten_minutes_have_passed() -> None:
    assert finalisation_stuck(evidence(), NOW) is None
    assert finalisation_stuck(evidence(), NOW + timedelta(minutes=9)) is not None


def test_one_that_has_its_result_after_all_is_not_stuck() -> None:
    ended = evidence(DENIED, status="COMPLETE_STABLE", state="COMPLETED")
    assert finalisation_stuck(ended, NOW) is None


# The monitor's sweep came when two of two sent had an answer; ten were sent after it.
SWEPT = AnsweredCounts(NOW, submitted=2, answered=2, valid=2)
STABLE = {"status": "COMPLETE_STABLE", "state": "COMPLETED"}


def test_early_is_measured_by_all_pairs_that_were_ever_sent() -> None:
    found = early_finalisation(evidence(then=SWEPT, **STABLE), NOW)
    assert found is not None
    assert "2 of 12 comparisons were answered by then" in str(found.what)


@pytest.mark.parametrize("answered", [4, 6, 8])
def test_what_a_sweep_scored_between_two_waves_is_early_however_much_it_was(answered: int) -> None:
    then = AnsweredCounts(NOW, submitted=answered, answered=answered, valid=answered)
    line = "Finalizing batch with all callbacks received"
    found = early_finalisation(evidence(line, then=then, total_budget=24, **STABLE), NOW)
    assert found is not None
    assert found.severity is Severity.ERROR
    assert f"{answered} of 12 comparisons were answered by then" in str(found.what)


@pytest.mark.parametrize(
    ("lines", "older", "unproven"),
    [
        ((), True, True),
        (("Comparison budget exhausted; finalizing batch",), True, False),
        ((), False, False),
    ],
)
def test_an_early_end_is_unproven_where_it_rests_on_a_line_that_no_log_has_shown(
    lines: tuple[str, ...], older: bool, unproven: bool
) -> None:
    found = early_finalisation(
        evidence(*lines, then=SWEPT, has_total_budget=not older, **STABLE), NOW
    )
    assert found is not None
    assert bool(unproven_files(found.evidence)) is unproven


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "COMPLETE_FORCED_RECOVERY", "state": "COMPLETED"},
        {**STABLE, "forced_to_scoring_reason": "stuck"},
    ],
)
def test_a_forced_recovery_is_not_early(changes: dict[str, Any]) -> None:
    assert early_finalisation(evidence(then=SWEPT, **changes), NOW) is None


def test_what_was_answered_up_to_the_threshold_is_not_early() -> None:
    enough = replace(SWEPT, submitted=12, answered=12, valid=12)
    assert early_finalisation(evidence(then=enough, **STABLE), NOW) is None


@pytest.mark.parametrize("then", [True, False])
def test_scoring_with_a_complete_status_is_a_second_run_at_the_older_revision_alone(
    then: bool,
) -> None:
    left = evidence(status="COMPLETE_STABLE", state="SCORING", has_total_budget=not then)
    assert (repeated_finalisation(left, NOW) is not None) == then


UNIQUE = 'duplicate key value violates unique constraint "grade_projections_pkey"'


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (UNIQUE, "such a row is there already"),
        ("could not serialize access due to concurrent update", "another transaction changed"),
        ("deadlock detected", "waited for each other"),
        ("canceling statement due to statement timeout", "ran for too long"),
        ("[Errno 111] Connect call failed ('127.0.0.1', 5432)", "could not be reached"),
        ("connection was closed in the middle of operation", "could not be reached"),
        ("cannot execute INSERT in a read-only transaction", "takes no writes"),
        ('null value in column "x" violates not-null constraint', "a value that it needs"),
        ("boom", "Its own line says no more."),
        ("[CJ_INSUFFICIENT_COMPARISONS] Not enough (0)", "says: CJ_INSUFFICIENT_COMPARISONS."),
    ],
)
def test_what_the_database_refused_is_told_in_words(said: str, why: str) -> None:
    found = finalisation_stuck(evidence(f"Failed scoring finalization: {said}"), NOW)
    assert found is not None
    assert why in str(found.why)


def test_a_row_that_was_put_there_by_hand_makes_no_early_end_of_a_batch_without_a_result() -> None:
    then = AnsweredCounts(NOW, 5, 0, 0)
    failed = evidence(then=then, status="FETCHING_CONTENT", state="FAILED")
    assert early_finalisation(failed, NOW) is None
    published = evidence(then=then, status="COMPLETE_STABLE", state="COMPLETED")
    assert early_finalisation(published, NOW) is not None


def test_a_violation_of_a_batch_without_a_result_is_no_second_finalisation() -> None:
    line = f"Failed scoring finalization: (IntegrityError) {UNIQUE}"
    given = evidence(line, then=AnsweredCounts(NOW, 5, 0, 0))
    assert repeated_finalisation(given, NOW) is None
    assert early_finalisation(given, NOW) is None
    assert finalisation_stuck(given, NOW) is not None


def test_a_start_of_cj_after_its_last_activity_broke_its_finalisation_off() -> None:
    found = finalisation_stuck(evidence(STARTED), NOW)
    assert found is not None
    assert "CJ was restarted while it finalised it" in str(found.what)
    running = evidence(STARTED, state="WAITING_CALLBACKS")
    assert finalisation_stuck(running, NOW) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Event exceeded max retries, marking as failed", "gave an event up"),
        ("Failed to publish event to Kafka: permission denied for table event_outbox", "sent it"),
        ("Failed to publish event to Kafka: TopicAuthorizationFailedError", ""),
    ],
)
def test_what_the_relay_met_on_the_way_is_told_also_when_the_event_is_out(
    line: str, said: str
) -> None:
    found = outbox_unpublished(evidence(line, status="COMPLETE_STABLE", state="COMPLETED"), NOW)
    assert (found is not None) is bool(said)
    if found:
        assert said in str(found.what)
        assert found.severity.value == "warn"


ENDED_IT = "Finalizing batch with all callbacks received"


@pytest.mark.parametrize(
    ("lines", "essays", "budget", "told"),
    [
        ((ENDED_IT,), 8, 24, True),
        # No line of a sweep: its scores may have been stable.
        ((), 8, 24, False),
        # All pairs of its essays were compared, or all of its budget.
        ((ENDED_IT,), 5, 24, False),
        ((ENDED_IT,), 8, 12, False),
    ],
)
def test_a_sweep_that_ends_what_might_have_gone_on_is_no_stability(
    lines: tuple[str, ...], essays: int, budget: int, *, told: bool
) -> None:
    whole = replace(SWEPT, submitted=12, answered=12, valid=12)
    given = evidence(*lines, then=whole, total_budget=budget, has_total_budget=True, **STABLE)
    given = replace(given, rows=replace(given.rows, scores=ScoreCounts(essays=essays)))
    found = early_finalisation(given, NOW)
    assert (found is not None) is told
    assert ("ended-as-planned" in [one.rule for one in findings_of(given, NOW)]) is (
        not told and budget > 12
    )
    if found is not None:
        assert "12 of up to 24 comparisons were made by then" in str(found.what)


@pytest.mark.parametrize("answered", [12, 6])
def test_two_results_are_told_though_both_are_of_all_answers(answered: int) -> None:
    then = replace(SWEPT, submitted=12, answered=answered, valid=answered)
    given = evidence(then=then, has_total_budget=True, **STABLE)
    twice = OutboxGroup("huleedu.cj_assessment.completed.v1", 2, NOW, NOW, 0, NOW)
    found = repeated_finalisation(replace(given, rows=replace(given.rows, outbox=(twice,))), NOW)
    assert found is not None
    # Who takes results has two of them; where both are the same, neither is to be distrusted.
    assert found.severity is (Severity.WARN if answered == 12 else Severity.ERROR)
    assert ("both results are of all its answers" in str(found.why)) is (answered == 12)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        # Its last line, the start after it, and how long ago that is.
        ((("cj", "Fetching content", 3), ("cj", STARTED, 2)), True),
        ((("cj", "Fetching content", 3), ("cj", STARTED, 0.5)), False),
        ((("cj", "Fetching content", 3), ("cj-2", STARTED, 2)), False),
        ((("cj", "Fetching content", 3), ("cj", STARTED, 2), ("cj", "Prepared essay", 1)), False),
        ((("cj", "Fetching content", 3), ("cj", STARTED, 2),
          ("cj", "DUPLICATE_EVENT_DETECTED: Event still processing", 1)), True),
    ],
)  # fmt: skip
def test_a_batch_that_cj_prepared_as_it_ended_goes_on_no_more(
    lines: tuple[tuple[str, str, float], ...], *, told: bool
) -> None:
    rows = BatchRows(
        BatchHeader(9, ID, ID, "PENDING", "INITIALIZING", NOW - timedelta(minutes=4),
                    last_activity_at=NOW - timedelta(minutes=4)),
    )  # fmt: skip
    events = tuple(
        LogEvent(NOW - timedelta(minutes=ago), "cj_assessment_service", name, Role.CJ, "info",
                 said, fields={} if said == STARTED else {"batch_id": 9},
                 text=said if said == STARTED else f"{said} batch_id=9")
        for name, said, ago in lines
    )  # fmt: skip
    given = BatchEvidence(rows, LogSearch(events, ()), QueueReading(NOW, 0))
    found = batch_idle(given, NOW)
    assert (found is not None) is told
    if found is not None:
        assert str(found.what) == "No comparison was made: CJ ended while it prepared them"


def test_a_second_run_that_met_no_key_is_not_said_to_have_met_one() -> None:
    """There are no grades, and no line of such an error: each run sent a result of its own."""
    given = evidence(status="COMPLETE_STABLE", state="COMPLETED")
    sent = OutboxGroup("huleedu.cj_assessment.completed.v1", 29, NOW, NOW)
    found = repeated_finalisation(
        replace(given, rows=replace(given.rows, outbox=(sent,), at_first_finalisation=None)), NOW
    )
    assert found is not None
    assert "primary key" not in str(found.why)
    assert "sent a result of its own" in str(found.why)


@pytest.mark.parametrize(("minutes", "waits"), [(3, True), (18, False)])
def test_after_sweeps_that_did_not_come_none_is_waited_for(minutes: int, waits: bool) -> None:
    last = NOW - timedelta(minutes=minutes)
    given = evidence(state="WAITING_CALLBACKS", last_activity_at=last)
    pairs = replace(given.rows.pairs, last_completed_at=last)
    found = waiting_on_monitor(replace(given, rows=replace(given.rows, pairs=pairs)), NOW)
    assert found is not None
    assert ("Wait one sweep" in str(found.next)) is waits
    assert ("does not run" in str(found.why)) is not waits


UNIQUE_LINE = f"Failed scoring finalization: (IntegrityError) {UNIQUE}"


@pytest.mark.parametrize(("answered", "severity"), [(12, Severity.WARN), (6, Severity.ERROR)])
def test_a_run_that_broke_off_beside_a_whole_result_is_no_fault_of_it(
    answered: int, severity: Severity
) -> None:
    """It met the grades of the first run, whose one event holds every comparison, or half."""
    then = replace(SWEPT, submitted=12, answered=answered, valid=answered)
    given = evidence(UNIQUE_LINE, then=then, has_total_budget=True, **STABLE)
    sent = OutboxGroup("huleedu.cj_assessment.completed.v1", 1, NOW, NOW, 0, NOW)
    graded = replace(given.rows, outbox=(sent,), projections=_two(NOW))
    told = replace(given, rows=graded)
    found = repeated_finalisation(told, NOW)
    assert found is not None
    assert found.severity is severity
    assert ("is whole" in str(found.what)) is (answered == 12)
    assert ("do not use" in str(diagnose(told, NOW).headline)) is (answered == 6)
    # It is said once: what was not done again did not go well.
    assert passed(told, NOW) is None


def test_a_second_end_of_what_had_ended_whole_is_not_said_to_hold_more() -> None:
    """It was set back hours later, and the monitor's forced recovery ended it again."""
    given = evidence(
        then=replace(SWEPT, submitted=12, answered=12, valid=12),
        has_total_budget=True, status="COMPLETE_FORCED_RECOVERY", state="COMPLETED",
    )  # fmt: skip
    at = NOW - timedelta(hours=2)
    twice = OutboxGroup("huleedu.cj_assessment.completed.v1", 2, at, NOW, 0, NOW)
    found = repeated_finalisation(replace(given, rows=replace(given.rows, outbox=(twice,))), NOW)
    assert found is not None
    assert found.severity is Severity.WARN
    assert "the last one holds the most" not in str(found.why)
    assert "forced recovery ended it again" in str(found.why)
    assert "Check whether the first run was early" not in str(found.next)
