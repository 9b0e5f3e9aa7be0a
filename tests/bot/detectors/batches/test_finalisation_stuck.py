from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from bot.detectors.batches.finalisation_stuck import FinalisationStuck, FinalisationStuckSettings
from bot.domain.alert import Judgement, Sight
from bot.domain.batch import BatchSummary
from bot.domain.evidence import Missing
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.sources.log_format.parser import parse_lines
from tests.support.scenes import NOW, TICK, ago, batch, judged, played, told
from tests.support.watches import GivenWatch

SETTINGS = FinalisationStuckSettings()


@pytest.mark.parametrize(
    ("row", "rules"),
    [
        (batch(state="SCORING", last_activity_at=ago(minutes=11)), ["finalisation-stuck"]),
        (batch(state="SCORING", last_activity_at=ago(minutes=9)), []),
        (batch(state="WAITING_CALLBACKS", last_activity_at=ago(minutes=50)), []),
        # Cosmetic damage of a second finalisation: results exist.
        (batch(state="SCORING", status="COMPLETE_STABLE", last_activity_at=ago(hours=1)), []),
    ],
)
async def test_a_batch_that_rests_in_scoring_without_a_result_is_told(
    row: BatchSummary, rules: list[str]
) -> None:
    watch = GivenWatch(NOW, NOW, batches=(row,))
    judgement = await judged(FinalisationStuck(SETTINGS), watch)
    assert told(judgement) == rules
    assert told(judgement, lambda c: c.subject) == ["batch 34"] * len(rules)


async def test_an_unread_database_is_no_health_and_none_at_all_is_no_opinion() -> None:
    detector = FinalisationStuck(SETTINGS)
    away = await judged(detector, GivenWatch(NOW, NOW, batches=Missing("cj_database", "away")))
    assert away.sight is Sight.UNREADABLE
    absent = await judged(detector, GivenWatch(NOW, NOW))
    assert absent.sight is Sight.WARMING


NO_USER = "user_id is None for batch 34 - identity threading failed"
DENIED = "(sqlalchemy.dialects.postgresql.asyncpg.ProgrammingError) permission denied for table {}"
JSON = (
    '{"extra": {"batch_id": 34, "error_type": "ValueError"}, "event": "Failed scoring finalization:'
    ' %s", "timestamp": "2025-11-19T00:30:00Z", "level": "error"}'
)
SCORING = batch(state="SCORING", last_activity_at=NOW)


def failed(error: str, *, json: bool = False, batch: int = 34) -> list[LogEvent]:
    line = JSON % error if json else (
        f"2025-11-19 00:30:00 [error    ] Failed scoring finalization: {error} "
        "[cj_assessment_service.batch_finalizer] "
        f"extra={{'batch_id': {batch}, 'error_type': 'ValueError'}}"
    )  # fmt: skip
    return events(line)


def finalised(batch: int = 34) -> list[LogEvent]:
    return events(
        "2025-11-19 00:30:00 [info     ] Completed scoring finalization for batch "
        f"[cj_assessment_service.batch_finalizer] extra={{'batch_id': {batch}, 'essay_count': 28}}"
    )


def events(line: str) -> list[LogEvent]:
    found = parse_lines([line.encode()], service="s", container="cj", role=Role.CJ, zone=UTC)
    return list(found)


async def after(*ticks: list[LogEvent], rows: Any = (SCORING,), later: int = 0) -> Judgement:
    """Return what is concluded when each tick brought some lines, then `later` without any."""
    detector = FinalisationStuck(SETTINGS)
    assert all(detector.wants(one) for tick in ticks for one in tick)
    logs = [*ticks, *([[]] * later)]
    given = rows if isinstance(rows, list) else [rows] * len(logs)
    watches = [
        GivenWatch(NOW + TICK * n, NOW + TICK * (n - 1), logs=Followed(tuple(one)), batches=row)
        for n, (one, row) in enumerate(zip(logs, given, strict=True))
    ]
    return await played(detector, watches)


@pytest.mark.parametrize("json", [True, False])
@pytest.mark.parametrize(
    ("error", "why"),
    [
        (NO_USER, "The batch names no user, and CJ publishes no result without one."),
        (
            DENIED.format("grade_projections"),
            "The database refused it: permission denied for table grade_projections.",
        ),
        ("something odd", "Its own line says: ValueError."),
    ],
)
async def test_a_line_in_which_a_finalisation_failed_is_told_at_once_with_why(
    error: str, why: str, json: bool
) -> None:
    (condition,) = (await after(failed(error, json=json))).conditions
    assert condition.headline == "Batch 34: its finalisation failed, and it has no result"
    assert (str(condition.why), condition.batch) == (why, "34")
    assert (condition.since, FinalisationStuck.open_ticks) == (NOW, 1)


NEXT = "\n\nThe above exception was the direct cause of the following exception:\n\n"
RAISED = NEXT.join(
    f'Traceback (most recent call last):\n  File "/app/x.py", line 1, in x\n    x()\n{one}'
    for one in (
        "asyncpg.exceptions.InsufficientPrivilegeError: permission denied for table event_outbox",
        "common_core.HuleEduError: [EXTERNAL_SERVICE_ERROR] Failed to store event in outbox",
    )
)


async def test_why_is_what_was_raised_first_where_an_error_is_made_of_another() -> None:
    outer = "[EXTERNAL_SERVICE_ERROR] Failed to store event in outbox: ProgrammingError"
    line = (
        f"2025-11-19 00:30:00 [error    ] Failed scoring finalization: {outer} "
        f"[cj_assessment_service.batch_finalizer] extra={{'batch_id': 34}}\n{RAISED}"
    )
    lines = [one.encode() for one in line.split("\n")]
    told = parse_lines(lines, service="s", container="cj", role=Role.CJ, zone=UTC)
    (condition,) = (await after(list(told))).conditions
    assert condition.why == "The database refused it: permission denied for table event_outbox."


@pytest.mark.parametrize("rows", [(SCORING,), None, Missing("cj", "away")])
async def test_one_that_is_tried_again_and_succeeds_is_over_and_said_to_be(rows: Any) -> None:
    assert told(await after(failed(NO_USER), rows=rows)) == ["finalisation-stuck"]
    over = await after(failed(NO_USER), finalised(), rows=rows)
    assert told(over) == []
    assert "has its result" in over.closing["batch 34"]
    assert told(await after([*failed(NO_USER), *finalised()], rows=rows)) == []


async def test_it_lasts_while_the_rows_show_it_scoring_and_ends_with_the_batch() -> None:
    lasting = await after(failed(NO_USER), later=100)
    assert told(lasting, lambda one: one.why) == [
        "The batch names no user, and CJ publishes no result without one."
    ]
    ended = await after(failed(NO_USER), [], rows=[(SCORING,), ()])
    assert (told(ended), ended.closing["batch 34"]) == ([], "the batch ended")


@pytest.mark.parametrize("rows", [None, (SCORING,), (batch(state="WAITING_CALLBACKS"),)])
async def test_silence_is_no_result_so_that_it_stays_told(rows: Any) -> None:
    assert told(await after(failed(NO_USER), rows=rows, later=80)) == ["finalisation-stuck"]


async def test_of_what_no_row_shows_the_end_is_told_for_a_day() -> None:
    watch = GivenWatch(NOW + timedelta(days=1), NOW, logs=Followed(()))
    first = GivenWatch(NOW, NOW - TICK, logs=Followed(tuple(failed(NO_USER))))
    over = await played(FinalisationStuck(SETTINGS), [first, watch])
    assert (told(over), over.closing["batch 34"]) == ([], "no such line came again")


async def test_a_second_run_of_what_was_finalised_is_another_matter() -> None:
    assert told(await after([*finalised(), *failed(NO_USER)], rows=None)) == []
    again = "2025-11-19 00:30:00 [error    ] Failed scoring finalization: (IntegrityError) " \
        "grade_projections_pkey [cj.batch_finalizer] extra={'batch_id': 34}"  # fmt: skip
    assert not any(FinalisationStuck(SETTINGS).wants(one) for one in events(again))
    complete = batch(state="SCORING", status="COMPLETE_STABLE")
    assert told(await after(failed(NO_USER), rows=(complete,))) == []


async def test_a_process_that_takes_over_knows_what_failed() -> None:
    first, second = FinalisationStuck(SETTINGS), FinalisationStuck(SETTINGS)
    logs = Followed(tuple(failed(NO_USER)))
    sample = await first.sample(GivenWatch(NOW, NOW, logs=logs, batches=(SCORING,)))
    second.resume([sample])
    watch = GivenWatch(NOW + timedelta(minutes=1), NOW, logs=Followed(), batches=(SCORING,))
    assert told(await played(second, [watch])) == ["finalisation-stuck"]


async def test_the_failure_of_another_batch_is_not_this_ones() -> None:
    rows = (SCORING, batch(35, state="SCORING", last_activity_at=NOW))
    judgement = await after(failed(NO_USER.replace("34", "35"), batch=35), rows=rows)
    assert told(judgement, lambda one: one.subject) == ["batch 35"]


def began(batch: int = 34, container: str = "") -> LogEvent:
    (line,) = events(
        "2025-11-19 00:29:50 [info     ] Starting grade projection calculation "
        f"[cj_assessment.grade_projector] extra={{'cj_batch_id': {batch}}}"
    )
    return replace(line, container=container or line.container)


def started(container: str = "") -> LogEvent:
    (line,) = events("2025-11-19 00:30:10 [info     ] CJ Assessment Service started successfully")
    return replace(line, container=container or line.container)


@pytest.mark.parametrize(
    ("lines", "batches"),
    [
        ([began(), started()], ["batch 34"]),
        ([began(), began(35), started()], ["batch 34", "batch 35"]),
        # It was done, it is still at work, or another process began.
        ([began(), *finalised(), started()], []),
        ([began()], []),
        ([started(), began()], []),
        ([began(container="cj_1"), started(container="cj_2")], []),
    ],
)
async def test_a_finalisation_that_cj_broke_off_is_told_by_lines_alone(
    lines: list[LogEvent], batches: list[str]
) -> None:
    judgement = await after(lines, rows=None)
    assert told(judgement, lambda c: c.subject) == batches
    broken = [one for one in judgement.conditions if "CJ ended while" in str(one.why)]
    assert len(broken) == len(batches)


async def test_what_failed_by_its_own_line_is_told_by_that() -> None:
    (found,) = (await after([began(), *failed("odd"), started()], rows=None)).conditions
    assert "CJ ended while" not in str(found.why)
