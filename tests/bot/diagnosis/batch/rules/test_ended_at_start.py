"""What failed while CJ made or submitted it is told by CJ's own line, not by the monitor."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.ended import batch_failed
from bot.diagnosis.comparison.failed_start import ONE_VERSION
from bot.domain.batch import BatchHeader, BatchRows, PairCounts
from bot.domain.evidence import Missing, SourceState
from bot.domain.log import LogError, LogEvent, LogSearch, Role

NOW = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
AWAY = Missing("redis", "not configured", SourceState.NOT_CONFIGURED)
CHUNK = "Failed to submit batch chunk for CJ batch 7: "
DRIVER = "(sqlalchemy.dialects.postgresql.asyncpg.ProgrammingError) "


def _evidence(*said: str, total: int = 0, status: str = "FETCHING_CONTENT") -> BatchEvidence:
    header = BatchHeader(
        7, "9c41f7b2-58de-4a36-b1f0-2ab525a2c007", "c", status, "FAILED", NOW, last_activity_at=NOW
    )
    error = LogError("HuleEduError", "", chain=("ProgrammingError", "HuleEduError"))
    events = tuple(
        LogEvent(NOW + timedelta(seconds=number), "cj", "cj", Role.CJ, "error", text,
                 fields={"cj_batch_id": 7}, error=error, text=text)
        for number, text in enumerate(said)
    )  # fmt: skip
    return BatchEvidence(BatchRows(header, PairCounts(total=total)), LogSearch(events, ()), AWAY)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            'column "half_made" of relation "cj_pairs" does not exist',
            "no column half_made of table cj_pairs",
        ),
        ("column cj_batches.half_made does not exist", "no column cj_batches.half_made"),
        ('relation "cj_batches" does not exist', "no table cj_batches"),
    ],
)
def test_a_schema_of_another_version_is_why_a_batch_was_not_submitted(said: str, told: str) -> None:
    found = batch_failed(_evidence(f"{CHUNK}{DRIVER}{said}"), NOW)
    assert found is not None
    assert told in str(found.why)
    assert "do not fit" in str(found.why)
    assert "monitor" not in str(found.why)
    short = told.partition(" of table ")[0]
    assert str(found.what) == f"No comparison is stored: the database has {short}"
    assert found.next[0] == ONE_VERSION
    assert any("submit batch chunk" in str(line.text) for line in found.evidence)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('too many connections for role "somebody"', "no connection left"),
        ("cannot execute INSERT in a read-only transaction", "takes no writes"),
        ("permission denied for table cj_pairs", "permission denied for table cj_pairs"),
        ("something that nobody foresaw", "ProgrammingError"),
    ],
)
def test_what_else_the_database_refused_is_told_and_no_schema_blamed(said: str, told: str) -> None:
    found = batch_failed(_evidence(f"{CHUNK}{DRIVER}{said}", total=4), NOW)
    assert found is not None
    assert told in str(found.why)
    assert "schema" not in str(found.why)
    assert ONE_VERSION not in found.next


def test_without_a_line_rows_alone_accuse_no_monitor_of_what_has_no_comparison() -> None:
    found = batch_failed(_evidence(), NOW)
    assert found is not None
    assert "or its monitor gave up" in str(found.why)
