"""An IntegrityError and the PendingRollbackError after it are one condition."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.services.database_errors import DatabaseErrors
from bot.domain.alert import Judgement, Window
from bot.domain.followed import Followed
from bot.domain.log import LogError, LogEvent, Role
from bot.sources.log_format.parser import LineParser
from tests.support.watches import GivenWatch

NOW = datetime(2025, 11, 18, 23, 50, tzinfo=UTC)
FIRST = LogError(
    "IntegrityError", "duplicate", ("IntegrityError",), "gkpj", "grade_projections_pkey"
)
SECOND = LogError("PendingRollbackError", "rolled back", ("PendingRollbackError",), "7s2a")


def _event(error: LogError | None, text: str = "Failed scoring finalization") -> LogEvent:
    fields = {"batch_id": 34}
    return LogEvent(NOW, "cj", "huleedu_cj", Role.CJ, "error", text, fields=fields, error=error)


async def _judged(*events: LogEvent) -> Judgement:
    detector = DatabaseErrors(QuietSettings())
    sample = await detector.sample(GivenWatch(NOW, NOW, logs=Followed(events)))
    return detector.judge(Window((sample,), NOW), NOW)


async def test_the_consequence_is_folded_under_its_cause() -> None:
    (condition,) = (await _judged(_event(FIRST), _event(SECOND))).conditions
    assert condition.subject == "cj/grade_projections_pkey"
    assert condition.rule == "repeated-finalisation"
    assert condition.count == 2
    assert condition.batch == "34"


async def test_a_code_in_the_link_is_enough() -> None:
    (condition,) = (
        await _judged(_event(LogError("DBAPIError", code="gkpj"), "Failed to store a row"))
    ).conditions
    assert condition.rule == "integrity-error"


async def test_another_error_is_none_of_its_business() -> None:
    assert (await _judged(_event(LogError("ValueError")), _event(None))).conditions == ()


DEADLOCK = "Original exception was: (asyncpg.exceptions.DeadlockDetectedError) deadlock of Anna"
VIOLATION = "Original exception was: (sqlalchemy.dialects.postgresql.asyncpg.IntegrityError) no"


@pytest.mark.parametrize(
    ("after", "said", "subjects"),
    [
        (timedelta(0), "", ["cj/grade_projections_pkey"]),
        (timedelta(seconds=60), VIOLATION, ["cj/grade_projections_pkey"]),
        (timedelta(seconds=1), DEADLOCK, ["cj/grade_projections_pkey", "cj/PendingRollbackError"]),
        (timedelta(seconds=61), "", ["cj/grade_projections_pkey", "cj/PendingRollbackError"]),
    ],
)
async def test_a_rolled_back_session_is_folded_under_a_violation_of_the_last_minute_only(
    after: timedelta, said: str, subjects: list[str]
) -> None:
    later = replace(_event(SECOND, f"Error in callback processing: {said}"), at=NOW + after)
    conditions = (await _judged(_event(FIRST), later)).conditions
    assert [one.subject for one in conditions] == subjects


async def test_a_rolled_back_session_alone_blames_no_constraint_and_names_what_came_first() -> None:
    (condition,) = (await _judged(_event(SECOND, f"Error: {DEADLOCK}"))).conditions
    assert condition.rule == "pending-rollback"
    assert condition.confidence.value == "medium"
    assert "(original exception: DeadlockDetectedError) of batch 34" in condition.title
    assert "violated" not in condition.title
    assert "Anna" not in condition.title


OUTBOX = replace(FIRST, constraint="idx_outbox_unique_unpublished")


def _finalised(batch: int = 34) -> LogEvent:
    text = "Completed scoring finalization for batch"
    fields = {"batch_id": batch}
    return LogEvent(NOW, "cj", "huleedu_cj", Role.CJ, "info", text, fields=fields)


@pytest.mark.parametrize(("error", "severity"), [(OUTBOX, "info"), (FIRST, "warn")])
async def test_a_second_finalisation_leaves_the_first_result(
    error: LogError, severity: str
) -> None:
    """The last callback and CJ's sweep may end a batch at the same time."""
    (condition,) = (await _judged(_finalised(), _event(error))).conditions
    assert condition.severity.value == severity
    assert "a second finalisation, the first result stands" in condition.title


@pytest.mark.parametrize(("error", "severity"), [(OUTBOX, "info"), (FIRST, "warn")])
@pytest.mark.parametrize("fields", [{"batch_id": 34}, {}])
async def test_the_broken_session_after_it_makes_it_no_graver(
    error: LogError, severity: str, fields: dict[str, object]
) -> None:
    after = replace(_event(SECOND, "Error in callback processing"), fields=fields)
    (condition,) = (await _judged(_finalised(), _event(error), after)).conditions
    assert condition.severity.value == severity
    assert "a second finalisation, the first result stands, 2 log events" in condition.title


async def test_a_first_finalisation_is_told_as_one_that_failed_and_not_twice() -> None:
    assert (await _judged(_finalised(33), _event(OUTBOX))).conditions == ()


async def test_an_answer_that_a_lost_connection_kept_out_is_told_as_an_answer() -> None:
    broken = (
        "Error in callback processing: Can't reconnect until invalid transaction is rolled back."
    )
    error = LogError("PendingRollbackError", broken, ("PendingRollbackError",), "8s2b")
    assert (await _judged(_event(error, broken))).conditions == ()


AUTOFLUSH = "(raised as a result of Query-invoked autoflush; consider using no_autoflush)\n"
FULL = 'could not extend file "base/16385/24631": No space left on device'
ADAPTER = "(sqlalchemy.dialects.postgresql.asyncpg.Error) "
LINKS = "(Background on this error at: https://sqlalche.me/e/21/7s2a)"
SESSION = f"This Session was rolled back. Original exception was: {AUTOFLUSH}{ADAPTER}"
HEAD = "Traceback (most recent call last):\n"
FRAME = '  File "x.py", line 1, in f\n    f()\n'
CAUSED = "\n\nThe above exception was the direct cause of the following exception:\n\n"
ROLLED = f"{HEAD}{FRAME}sqlalchemy.exc.PendingRollbackError: {SESSION}"
DISK = f"{HEAD}{FRAME}asyncpg.exceptions.DiskFullError: {FULL}{CAUSED}{ROLLED}{FULL}"


def _console(text: str, trace: str) -> bytes:
    return f"2026-11-30 10:21:49 [error    ] {text} [cj.relay]\n{trace}".encode()


def _json(text: str, trace: str) -> bytes:
    fields = {"event": text, "timestamp": "2026-11-30T10:21:49Z", "level": "error"}
    return orjson.dumps(fields | {"exception": trace})


def _read(lines: bytes) -> LogEvent:
    parser = LineParser("cj", "huleedu_cj", Role.CJ, UTC)
    assert [done for line in lines.split(b"\n") if (done := parser.feed(line))] == []
    event = parser.flush()
    assert event is not None
    return event


@pytest.mark.parametrize("written", [_console, _json])
@pytest.mark.parametrize(
    ("said", "trace", "told"),
    [
        (f"{FULL} {LINKS}", DISK, "DiskFullError, the database's disk is full"),
        (f"{FULL} {LINKS}", f"{ROLLED}{FULL}", "the database's disk is full"),
        (f"<class 'asyncpg.exceptions.TooManyConnectionsError'>: of Anna {LINKS}",
         f"{ROLLED}<class 'asyncpg.exceptions.TooManyConnectionsError'>: of Anna",
         "TooManyConnectionsError"),
        (f"of Anna {LINKS}", f"{ROLLED}of Anna", "not named"),
    ],
)  # fmt: skip
async def test_the_original_exception_is_read_from_the_traceback_in_both_formats(
    written: Callable[[str, str], bytes], said: str, trace: str, told: str
) -> None:
    event = _read(written(f"Relay failed: {SESSION}{said}", trace))
    (condition,) = (await _judged(replace(event, at=NOW))).conditions
    assert f"(original exception: {told})" in str(condition.title)
    assert "Anna" not in str(condition.title)


async def test_an_answer_that_a_full_disk_kept_out_is_told_as_an_answer() -> None:
    text = f"Error in callback processing: {SESSION}{FULL} {LINKS}"
    event = _read(_console(text, f"{ROLLED}{FULL}"))
    assert (await _judged(replace(event, at=NOW))).conditions == ()
