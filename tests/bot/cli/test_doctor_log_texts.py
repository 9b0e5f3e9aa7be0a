"""The doctor says which log texts occur in the logs at hand, and how far it has come."""

from datetime import UTC, datetime

from bot.cli.doctor.examined import CheckState
from bot.cli.doctor.log_texts import examine_log_texts
from bot.domain.evidence import Missing
from bot.domain.needles import PROVENANCE
from tests.support.fakes.sources import FakeLogs, event

AT = datetime(2026, 2, 10, 9, tzinfo=UTC)


async def test_each_text_is_named_with_its_lines_and_where_it_is_known_from() -> None:
    said = ("Queue processor started", "Queue processor started", "Redis marked unhealthy")
    logs = FakeLogs([event(AT, text) for text in said])
    told: list[str] = []
    first, *texts = await examine_log_texts(logs, "Set LOG_SOURCE.", told.append)
    assert (first.state, first.detail.split(" that ")[0]) == (
        CheckState.OK, f"2 of the {len(PROVENANCE)}")  # fmt: skip
    by_text = {one.what: one for one in texts}
    assert by_text['"Queue processor started"'].detail.startswith("lines 2; seen on 2026-02-10")
    read = by_text['"Redis marked unhealthy"']
    assert read.state is CheckState.OK
    assert "read in services/llm_provider_service" in read.detail
    assert by_text['"serial_bundle_dispatch"'].state is CheckState.ABSENT
    assert told == ["looking for all log texts at once"]


async def test_logs_that_hold_none_of_them_are_worth_a_warning() -> None:
    first, *_ = await examine_log_texts(FakeLogs([]), "Set LOG_SOURCE.", lambda note: None)
    assert first.state is CheckState.WARNING


async def test_logs_that_are_not_there_are_said_so() -> None:
    [none] = await examine_log_texts(None, "Set LOG_SOURCE.", lambda note: None)
    assert none.state is CheckState.SKIPPED
    missing = Missing("logs", "no such folder")
    [broken] = await examine_log_texts(missing, "Set LOG_SOURCE.", lambda note: None)
    assert (broken.state, broken.detail) == (CheckState.BROKEN, "no such folder")
