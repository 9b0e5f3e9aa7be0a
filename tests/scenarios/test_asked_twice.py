"""A request that is asked twice makes two batches of one uuid; each has its own events."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from bot.demo.incident.rows import load
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.report import diagnose
from bot.diagnosis.evidence.batch_lines import is_of_twin
from bot.domain.batch import BatchRows
from bot.domain.evidence import Missing
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.report import Severity
from bot.sources.cj.database import CjPostgres

FIRST, SECOND, OTHER = 901, 902, 903
BEGUN = datetime(2026, 11, 30, 10, 14, tzinfo=UTC)
ESSAYS = ("e-1", "e-2", "e-3")
PAIRS = (("e-1", "e-2"), ("e-2", "e-3"), ("e-1", "e-3"))


async def _put(
    connection: asyncpg.Connection, number: int, bos: str, begun: datetime, ended: datetime
) -> None:
    """Put a batch that asked three comparisons, was sent its result, and named the essays."""
    await connection.execute(
        """INSERT INTO cj_batch_uploads (id, bos_batch_id, event_correlation_id, language,
           course_code, expected_essay_count, status, created_at, updated_at, completed_at)
           VALUES ($1, $2, $5, 'en', 'ENG5', 3, 'COMPLETE_STABLE', $3, $4, $4)""",
        number, bos, begun.replace(tzinfo=None), ended.replace(tzinfo=None),
        str(uuid4()),
    )  # fmt: skip
    await connection.execute(
        """INSERT INTO cj_batch_states (batch_id, state, total_budget, total_comparisons,
           submitted_comparisons, completed_comparisons, failed_comparisons,
           completion_threshold_pct, current_iteration, last_activity_at)
           VALUES ($1, 'COMPLETED', 3, 3, 3, 3, 0, 95, 1, $2)""",
        number, ended,
    )  # fmt: skip
    for essay in ESSAYS:
        await connection.execute(
            """INSERT INTO cj_processed_essays (els_essay_id, cj_batch_id, text_storage_id,
               assessment_input_text, comparison_count, is_anchor)
               VALUES ($1, $2, 's', '', 2, false)
               ON CONFLICT (els_essay_id) DO UPDATE SET cj_batch_id = excluded.cj_batch_id""",
            essay, number,
        )  # fmt: skip
    for a, b in PAIRS:
        await connection.execute(
            """INSERT INTO cj_comparison_pairs (cj_batch_id, essay_a_els_id, essay_b_els_id,
               prompt_text, winner, confidence, request_correlation_id, submitted_at, completed_at)
               VALUES ($1, $2, $3, '', 'essay_b', 4.0, $4, $5, $6)""",
            number, a, b, uuid4(), begun, ended - timedelta(seconds=1),
        )  # fmt: skip
    await connection.execute(
        """INSERT INTO event_outbox (id, aggregate_id, aggregate_type, event_type, event_data,
           topic, created_at, published_at, retry_count)
           VALUES ($1, $2, 'cj_batch', 'huleedu.cj_assessment.completed.v1', '{}', 't', $3, $3, 0)
        """,
        uuid4(), bos, ended,
    )  # fmt: skip
    await connection.execute(
        """INSERT INTO event_outbox (id, aggregate_id, aggregate_type, event_type, event_data,
           topic, created_at, published_at, retry_count)
           VALUES ($1, $2, 'assessment_result', 'assessment.result.published', '{}', 't', $3,
                   NULL, 5)
        """,
        uuid4(), str(number), ended,
    )  # fmt: skip


@pytest.fixture
async def twins(database_url: str) -> AsyncIterator[CjPostgres]:
    await load(database_url, "now")
    connection = await asyncpg.connect(database_url)
    minute, bos = timedelta(minutes=1), str(uuid4())
    # The second begins before the first has ended, as an impatient sender makes it.
    await _put(connection, FIRST, bos, BEGUN, BEGUN + 2 * minute)
    await _put(connection, SECOND, bos, BEGUN + minute, BEGUN + 3 * minute)
    await connection.close()
    reader = CjPostgres(database_url)
    yield reader
    await reader.close()


async def _rows(reader: CjPostgres, number: int) -> BatchRows:
    rows = await reader.batch(number)
    assert rows is not None
    return rows


async def test_each_of_two_batches_of_one_uuid_has_its_own_events(twins: CjPostgres) -> None:
    for number, minutes in ((FIRST, 2), (SECOND, 3)):
        rows = await _rows(twins, number)
        final = [one for one in rows.outbox if "completed" in one.event_type]
        assert [one.count for one in final] == [1]
        assert final[0].first_at == BEGUN + timedelta(minutes=minutes)
        assert rows.at_first_finalisation is not None
        assert rows.at_first_finalisation.answered == 3
        # The event of its result bears the batch's own number.
        results = [one for one in rows.outbox if "result" in one.event_type]
        assert [(one.count, one.unpublished) for one in results] == [(1, 1)]
    listed = {one.header.batch_id: one for one in await twins.newest(limit=9)}
    assert [listed[number].completion_events for number in (FIRST, SECOND)] == [1, 1]
    assert [listed[number].essays for number in (FIRST, SECOND)] == [None, 3]


async def test_essays_that_another_batch_took_over_are_not_missing(twins: CjPostgres) -> None:
    first, second = await _rows(twins, FIRST), await _rows(twins, SECOND)
    assert [(one.batch_id, one.essays) for one in first.twins] == [(SECOND, 3)]
    assert [(one.batch_id, one.essays) for one in second.twins] == [(FIRST, 0)]
    away = Missing("logs", "none")
    said = {}
    for rows in (first, second):
        report = diagnose(BatchEvidence(rows, away, away), BEGUN + timedelta(minutes=9))
        said[rows.header.batch_id] = {one.rule: one for one in report.findings}
    for rules in said.values():
        assert not rules.keys() & {
            "content-missing", "repeated-finalisation", "early-finalisation",
        }  # fmt: skip
        assert rules["asked-twice"].severity is Severity.WARN
    assert str(said[FIRST]["asked-twice"].what) == f"Its request was asked again as batch {SECOND}"
    assert str(said[SECOND]["asked-twice"].what) == f"It repeats the request of batch {FIRST}"


async def test_a_batch_that_was_finalised_twice_is_so_beside_its_twin(
    twins: CjPostgres, database_url: str
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        """INSERT INTO event_outbox (id, aggregate_id, aggregate_type, event_type, event_data,
           topic, created_at, published_at, retry_count)
           SELECT $1, aggregate_id, aggregate_type, event_type, '{}', topic,
                  created_at + interval '3 seconds', published_at, 0
           FROM event_outbox WHERE created_at = $2 AND event_type LIKE '%completed%'""",
        uuid4(), BEGUN + timedelta(minutes=2),
    )  # fmt: skip
    await connection.close()
    counts = {}
    for number in (FIRST, SECOND):
        rows = await _rows(twins, number)
        counts[number] = [one.count for one in rows.outbox if "completed" in one.event_type]
    assert counts == {FIRST: [2], SECOND: [1]}


async def test_a_line_is_of_the_batch_that_it_numbers_or_that_was_there(twins: CjPostgres) -> None:
    rows = await _rows(twins, SECOND)

    def line(text: str, minutes: float, **fields: object) -> LogEvent:
        at = BEGUN + timedelta(minutes=minutes)
        return LogEvent(at, "cj", "cj", Role.CJ, "info", text, fields=fields, text=text)

    bos = rows.header.bos_batch_id
    lines = (
        line("asked", 0.5, bos_batch_id=bos),
        line("numbered", 2.5, cj_batch_id=FIRST, bos_batch_id=bos),
        line("own", 2.5, cj_batch_id=SECOND),
        line("by uuid", 2.5, bos_batch_id=bos),
    )
    theirs = [one.event for one in lines if is_of_twin(one, rows.header, rows.twins)]
    assert theirs == ["asked", "numbered"]
    whole = BatchEvidence(rows, LogSearch(lines, ()), Missing("llm_queue", "none"))
    assert "own" in [one.event for one in whole.events]
    assert "numbered" not in [one.event for one in whole.events]


async def test_essays_asked_for_again_by_another_request_are_information(
    twins: CjPostgres, database_url: str
) -> None:
    connection = await asyncpg.connect(database_url)
    later = BEGUN + timedelta(hours=1)
    await _put(connection, OTHER, str(uuid4()), later, later + timedelta(minutes=1))
    await connection.close()
    rows = await _rows(twins, SECOND)
    assert [(one.batch_id, one.same_request, one.essays) for one in rows.twins] == [
        (FIRST, True, 0), (OTHER, False, 3),
    ]  # fmt: skip


async def _left(database_url: str, number: int) -> None:
    """Leave a batch as its monitor does whose process was ended while it sent comparisons."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE cj_batch_uploads SET status = 'FETCHING_CONTENT', completed_at = NULL,"
        " event_correlation_id = 'one event' WHERE id = $1",
        number,
    )
    await connection.execute(
        "UPDATE cj_batch_uploads SET event_correlation_id = 'one event' WHERE id = ANY($1::int[])",
        [FIRST, SECOND],
    )
    await connection.execute(
        "UPDATE cj_batch_states SET state = 'FAILED' WHERE batch_id = $1", number
    )
    await connection.execute(
        "UPDATE cj_comparison_pairs SET winner = NULL, confidence = NULL, completed_at = NULL"
        " WHERE cj_batch_id = $1 AND essay_a_els_id = 'e-1'",
        number,
    )
    await connection.close()


async def test_what_a_later_batch_of_the_same_event_did_is_not_asked_for_again(
    twins: CjPostgres, database_url: str
) -> None:
    await _left(database_url, FIRST)
    away = Missing("logs", "none")
    rows = await _rows(twins, FIRST)
    report = diagnose(BatchEvidence(rows, away, away), BEGUN + timedelta(minutes=9))
    assert f"Batch {SECOND} has the result of the same request" in str(report.headline)
    assert f"batch {SECOND} has it" in str(report.summary)
    assert report.findings[0].rule == "asked-twice"
    said = [str(step) for one in report.findings for step in one.next]
    assert not [one for one in said if "again" in one or "who asked twice" in one]
    assert "nobody need have asked twice" in str(report.findings[0].why)
    # Nor is anybody woken for it.
    assert not await twins.failed_batches(BEGUN)


async def test_what_an_earlier_batch_had_the_result_of_failed_all_the_same(
    twins: CjPostgres, database_url: str
) -> None:
    await _left(database_url, SECOND)
    away = Missing("logs", "none")
    rows = await _rows(twins, SECOND)
    report = diagnose(BatchEvidence(rows, away, away), BEGUN + timedelta(minutes=9))
    assert "has the result" not in str(report.headline)
    assert [one.header.batch_id for one in await twins.failed_batches(BEGUN)] == [SECOND]
