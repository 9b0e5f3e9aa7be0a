"""`/batch list` narrowed: what waits with the queue, what failed since when, and how many."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.demo.incident.rows import Revision
from bot.diagnosis.evidence.submission import KAFKA_AWAY, SUBMISSION_FAILED
from bot.domain.batch import AnsweredCounts, BatchHeader, BatchRows, PairRow, ScoreCounts
from bot.domain.batch.pairs import PairCounts
from bot.domain.report import WELL, Report, Verdict
from bot.errors import UsageError
from bot.ports import Asker, CommandContext, Sources
from bot.sources.cj.database import CjPostgres
from commands.batch.command import parse, run
from tests.support.fakes.sources import CJ, FakeDatabase, FakeLogs, FakeQueue, down, event

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _batch(
    number: int, status: str, state: str, since: int, *, pending: int = 0, error: int = 0
) -> BatchRows:
    """Return a batch of ten comparisons, whose rows last changed `since` minutes ago."""
    at, name = NOW - since * MINUTE, f"abcdef00-0000-4000-8000-{number:012}"
    begun = NOW - (240 - number) * MINUTE
    header = BatchHeader(number, name, name, status, state, begun, last_activity_at=at)
    counts = PairCounts(
        total=10,
        essay_a=10 - pending - error,
        error=error,
        pending=pending,
        first_submitted_at=at,
        pending_first_submitted_at=at if pending else None,
    )
    return BatchRows(header, pairs=counts)


BATCHES = (
    _batch(1, "ERROR_PROCESSING", "FAILED", 150, error=10),
    _batch(2, "COMPLETE_STABLE", "COMPLETED", 100),
    _batch(3, "COMPLETE_STABLE", "COMPLETED", 60, error=5),
    _batch(4, "PENDING", "WAITING_CALLBACKS", 50, pending=3),
    _batch(5, "PENDING", "WAITING_CALLBACKS", 5, pending=3),
    _batch(6, "PENDING", "GENERATING_PAIRS", 40),
    _batch(7, "ERROR_PROCESSING", "CANCELLED", 30),
    _batch(8, "COMPLETE_STABLE", "COMPLETED", 20, pending=2),
    _batch(9, "ERROR_PROCESSING", "FAILED", 10, error=10),
)


async def _listed(line: str, **sources: object) -> Report:
    read = Sources(**{"database": FakeDatabase(BATCHES), **sources})  # type: ignore[arg-type]
    return await run(parse(line), CommandContext(read, lambda: NOW, Asker("oncall", "incidents")))


def _numbers(report: Report) -> list[int]:
    return [one["batch_id"] for one in report.facts["batches"]]


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("list stuck", [6, 4]),
        ("list faulty", [9, 8, 3, 1]),
        ("list faulty --since 10:30", [9, 8, 3]),
        ("list faulty --since 1h", [9, 8, 3]),
        ("list faulty 2", [9, 8]),
        ("list unanswered", [8, 4]),
        ("list unanswered --since 11:20", [8]),
        ("list open", [6, 5, 4]),
        ("list 3", [9, 8, 7]),
        ("list --since 30m", [9, 8, 7, 5]),
        ("list --until 08:03", [2, 1]),
        ("list 1 --until 08:03", [2]),
        ("list faulty --until 08:04", [3, 1]),
        ("list open --until 08:06", [5, 4]),
        ("list faulty --since 2026-01-09T08:00 --until 2026-01-09T08:04", [3, 1]),
    ],
)
async def test_a_list_holds_what_was_asked_for(line: str, numbers: list[int]) -> None:
    assert _numbers(await _listed(line)) == numbers


async def test_what_is_stuck_is_told_with_the_queue_and_a_button_to_it() -> None:
    report = await _listed("list stuck", queue=FakeQueue())
    assert str(report.headline) == "2 batches wait longer than they should"
    assert str(report.lines[0]).startswith("LLM queue")
    assert not str(report.lines[0]).endswith("..")
    assert report.actions[0] == "/queue"
    assert "/batch investigate 4" in report.actions


async def test_an_unreadable_queue_is_not_called_well_beside_the_list() -> None:
    report = await _listed("list stuck", queue=FakeQueue(error=down("llm_queue")))
    assert report.verdict is Verdict.UNKNOWN
    assert _numbers(report) == [6, 4]


async def test_the_queue_is_told_where_the_database_is_away() -> None:
    report = await _listed("list stuck", database=FakeDatabase(error=down("cj_database")),
                           queue=FakeQueue(), logs=FakeLogs())  # fmt: skip
    assert report.verdict is Verdict.UNKNOWN
    assert "/queue" in report.actions


async def test_what_failed_says_how_many_wait_besides() -> None:
    report = await _listed("list faulty")
    assert "2 batches wait too long" in str(report.lines)
    assert "/batch list stuck" in report.actions


async def test_what_failed_says_who_was_cancelled_besides() -> None:
    report = await _listed("list faulty")
    assert "1 batch was cancelled: 7." in map(str, report.lines)
    assert 7 not in _numbers(report)


async def test_what_is_flawed_by_its_rows_alone_is_among_what_failed() -> None:
    mocked = _ended(1, models={"mock/mock-1": 6})
    ungraded = _ended(2)
    ungraded = replace(ungraded, header=replace(ungraded.header, assigned=True))
    report = await _listed("list faulty", database=FakeDatabase([mocked, ungraded, _ended(3)]))
    marks = {one["batch_id"]: one["mark"] for one in report.facts["batches"]}
    assert marks == {1: "mock mode", 2: "no grades"}


@pytest.mark.parametrize("named_by", ["bos_batch_id", "batch_id"])
async def test_a_result_that_only_cjs_publisher_held_is_among_what_failed(named_by: str) -> None:
    """Its rows call it published; CJ started anew with it in memory.

    The completion names the batch by its uuid, the result of its essays by its number.
    """
    one, topic = _ended(1), "huleedu.cj_assessment.completed.v1"
    aggregate = str(getattr(one.header, named_by))
    sent = {"event_id": "e-1", "event_type": topic, "aggregate_id": aggregate}
    blocked = (
        "Circuit breaker is open for Kafka publisher 'cj_assessment_producer', "
        f"queuing message for topic '{topic}'"
    )
    said = (
        event(NOW - 40 * MINUTE, "Publishing event from outbox to Kafka", CJ, **sent),
        event(NOW - 40 * MINUTE, blocked, CJ),
        event(NOW - 40 * MINUTE, "Successfully published event from outbox", CJ, **sent),
        event(NOW - 30 * MINUTE, "Starting Kafka recovery loop", CJ),
    )
    rows = FakeDatabase([one, _ended(2)])
    report = await _listed("list faulty", database=rows, logs=FakeLogs(said))
    marks = {one["batch_id"]: one["mark"] for one in report.facts["batches"]}
    assert marks == {1: "outbox unpublished"}
    calm = await _listed("list faulty", database=rows, logs=FakeLogs(said[:1] + said[2:]))
    assert not _numbers(calm)


async def test_older_batches_are_judged_by_their_counts_and_that_is_said() -> None:
    batches = [_ended(number, models={"mock/mock-1": 6}) for number in range(1, 60)]
    batches[2] = _batch(3, "ERROR_PROCESSING", "FAILED", 150, error=10)
    report = await _listed("list faulty 50", database=FakeDatabase(batches))
    assert len(_numbers(report)) == 50
    assert "51 batches failed or are flawed" in str(report.summary)
    assert "Older ones than the newest 50 were judged by their counts" in str(report.summary)


async def test_no_batch_found_is_not_called_well() -> None:
    report = await _listed("list faulty --since 1m")
    assert str(report.headline) == "No batch that was read shows a fault"
    assert report.state_mark == ""


@pytest.mark.parametrize(
    "line", ["list 0", "list 51", "list 3 4", "list stuck faulty", "list --since zebra",
             "list --since 2031-01-01", "list --until zebra", "list --since 10:00 --until 09:00",
             "status 3 --until 09:00"]
)  # fmt: skip
async def test_what_is_no_list_is_said(line: str) -> None:
    with pytest.raises(UsageError):
        await _listed(line)


async def test_the_night_s_own_rows_are_listed_alike(night_urls: Mapping[Revision, str]) -> None:
    database = CjPostgres(night_urls["now"])
    try:
        faulty = await _listed("list faulty", database=database)
        stuck = await _listed("list stuck", database=database)
        some = await _listed("list 1", database=database)
    finally:
        await database.close()
    assert 33 in _numbers(faulty)
    assert 32 not in _numbers(faulty)
    assert not set(_numbers(faulty)) & set(_numbers(stuck))
    assert len(_numbers(some)) == 1


ANSWERED = PairCounts(total=6, essay_a=3, essay_b=3, first_submitted_at=NOW - 50 * MINUTE)


def _ended(number: int, **known: object) -> BatchRows:
    """Return a batch that ended with all its answers, of which rows may know more."""
    batch = _batch(number, "COMPLETE_STABLE", "COMPLETED", 10)
    return replace(batch, pairs=ANSWERED, **known)  # type: ignore[arg-type]


async def _marks(*batches: BatchRows, **sources: object) -> dict[int, str]:
    report = await _listed("list", database=FakeDatabase(batches), **sources)
    return {one["batch_id"]: one["mark"] for one in report.facts["batches"]}


async def test_answers_of_a_mock_are_not_listed_as_well() -> None:
    mocked = _ended(1, models={"mock/mock-1": 6})
    assert await _marks(mocked, _ended(2)) == {1: "mock mode", 2: ""}


async def test_nothing_is_called_well_whose_logs_a_list_does_not_read() -> None:
    report = await _listed("list", database=FakeDatabase([_ended(1)]))
    assert WELL not in str(report.tables)
    assert "finished" in str(report.tables)


async def test_an_essay_that_is_named_twice_is_not_listed_as_missing() -> None:
    one = _ended(1, scores=ScoreCounts(essays=3))
    batch = replace(one, header=replace(one.header, expected_essay_count=4))
    prepared = event(NOW - 50 * MINUTE, "Prepared 4 essays for CJ assessment", CJ, batch_id=1)
    assert await _marks(batch, logs=FakeLogs([prepared])) == {1: ""}
    assert await _marks(batch) == {1: "essays missing or named twice"}
    failed = event(NOW - 50 * MINUTE, "Failed to prepare essay: HTTP 500", CJ, batch_id=1)
    assert await _marks(batch, logs=FakeLogs([failed])) == {1: "1 essay missing"}


async def test_of_two_faults_the_graver_is_listed() -> None:
    """Essays are missing from a result that was published on half of the answers as well."""
    one = _ended(
        1, scores=ScoreCounts(essays=3), at_first_finalisation=AnsweredCounts(NOW, 10, 5, 5)
    )
    batch = replace(one, header=replace(one.header, expected_essay_count=4))
    failed = event(NOW - 50 * MINUTE, "Failed to prepare essay: HTTP 500", CJ, batch_id=1)
    assert await _marks(batch, logs=FakeLogs([failed])) == {1: "early finalisation"}


async def test_rows_that_cannot_be_read_are_named_and_their_counts_judged() -> None:
    class CountsAlone(FakeDatabase):
        async def rows_of(self, batch_ids: Sequence[int]) -> Mapping[int, BatchRows]:
            raise down("cj_database")

    report = await _listed("list", database=CountsAlone(BATCHES))
    assert "The rows of 9 batches could not be read, only their counts." in str(report.summary)
    assert next(one["mark"] for one in report.facts["batches"]) == "ended without a result"


@pytest.mark.parametrize("words", ["list -5", "list --since soon"])
def test_what_is_no_state_and_no_moment_is_refused(words: str) -> None:
    with pytest.raises(UsageError):
        parse(words)


TWICE = "Comparison pair 7 already has result, skipping update"


async def test_a_list_says_of_answers_that_came_twice_what_the_batch_s_own_answer_says() -> None:
    id, at = UUID(int=7 << 96), NOW - 15 * MINUTE
    pair = PairRow(7, 1, str(id), "COMPLETE_STABLE", "COMPLETED", id, "request_correlation_id")
    database = FakeDatabase([_ended(1), _ended(2)], [pair])
    lines = [
        event(at, TWICE, CJ, correlation_id=str(id), request_id=str(UUID(int=11 << 96)),
              existing_winner=winner)
        for winner in ("essay_a", "essay_b")
    ]  # fmt: skip
    sources = {"database": database, "logs": FakeLogs(lines)}
    report = await _listed("list", **sources)
    status = {number: await _listed(f"status {number}", **sources) for number in (1, 2)}
    assert status[1].verdict is Verdict.WARN
    assert {one["batch_id"]: one["mark"] for one in report.facts["batches"]} == {
        1: "duplicate callbacks",
        2: "",
    }
    assert status[2].verdict is Verdict.OK


async def test_a_list_asks_the_database_for_all_its_batches_at_once() -> None:
    database = FakeDatabase(BATCHES)
    await _listed("list", database=database)
    assert [one for one in database.calls if one.startswith(("batch", "rows_of"))] == ["rows_of"]


async def test_a_list_reads_no_line_that_marks_no_row() -> None:
    """A client that cannot reach Kafka writes ten thousand lines in an hour."""
    logs = FakeLogs()
    await _listed("list", logs=logs)
    read = {text for query in logs.queries for text in query.any_of}
    assert SUBMISSION_FAILED in read
    assert read.isdisjoint(KAFKA_AWAY)


async def test_a_list_without_its_logs_says_that_lines_were_not_read() -> None:
    report = await _listed("list", logs=FakeLogs(error=down("logs")))
    assert "The logs could not be read" in str(report.summary)
