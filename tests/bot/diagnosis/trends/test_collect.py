"""Reading stops at the stretch's begin, at a bound, or in time, and says which."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.diagnosis.trends import collect as room
from bot.diagnosis.trends.collect import TrendEvidence, collect
from bot.diagnosis.trends.report import diagnose
from bot.domain.batch import BatchHeader, BatchRows, PairCounts
from bot.domain.evidence import Missing
from bot.domain.report import Report, Verdict
from bot.ports import Deadline, Sources
from bot.slack.blocks.command_buttons import button_label
from tests.support.fakes.sources import FakeDatabase, down
from tests.support.scenes import NOW, UUID, ago

WEEK = timedelta(days=7)


def _rows(number: int, hours: float = 1, **header: Any) -> BatchRows:
    values = {"status": "COMPLETE_STABLE", "state": "COMPLETED", "batching_mode": "serial_bundle"}
    made = BatchHeader(number, UUID, UUID, **{**values, **header}, created_at=ago(hours=hours))
    return BatchRows(
        made,
        PairCounts(total=10, essay_a=6, essay_b=4),
        cost=0.01,
        response_ms=(900.0, 4_000.0),
        models={"anthropic/haiku" if number % 2 else "openai/gpt": 10},
    )


async def _read(database: Any, by: str = "", deadline: Deadline | None = None) -> TrendEvidence:
    found = await collect(
        Sources(database=database), NOW - WEEK, NOW, deadline or Deadline.after(10), by
    )
    assert isinstance(found, TrendEvidence)
    return found


async def _told(database: Any, by: str = "") -> Report:
    return diagnose(await _read(database, by))


async def test_batches_without_a_recorded_mode_are_said_to_have_none() -> None:
    database = FakeDatabase([_rows(1), _rows(2, batching_mode=None)])
    assert "1 batch has no known mode: the rows hold none" in str(
        (await _told(database, "mode")).summary
    )
    assert "no known mode" not in str((await _told(database, "model")).summary)


async def test_one_batch_is_told_as_one() -> None:
    report = await _told(FakeDatabase([_rows(1, state="FAILED", status="ERROR_INTERNAL")]), "mode")
    shown = [cell for table in report.tables for row in table.rows for cell in row]
    assert [str(one) for one in shown if "batch" in str(one)] == ["1 batch", "1 batch"]
    unread = replace(await _read(FakeDatabase([_rows(1)])), is_whole=False, stopped="time is up")
    assert str(diagnose(unread).headline) == "1 of the newest 1 batch ended well"


async def test_only_the_batches_of_the_time_are_counted() -> None:
    report = await _told(FakeDatabase([_rows(1, hours=24 * 8), _rows(2), _rows(3)]))
    assert (report.facts["batches"], report.facts["is_whole"]) == (2, True)
    assert str(report.headline) == "2 of 2 batches ended well in the last 7 d"
    assert report.verdict is Verdict.OK
    assert dict(report.matters)["A valid comparison costs"] == "0.0010 USD"


class NamesNoModels(FakeDatabase):
    """Answers all but who answered."""

    async def answered_by(self, batch_ids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
        raise down("cj_database")


@pytest.mark.parametrize("by", ["model", "provider"])
async def test_groups_that_could_not_be_read_are_not_told_as_unknown_models(by: str) -> None:
    report = await _told(NamesNoModels([_rows(1), _rows(2)]), by)
    assert f"Not told by {by}, which could not be read: " in str(report.summary)
    assert "unknown" not in str(report.tables)
    assert report.verdict is Verdict.UNKNOWN


async def test_no_batch_is_said_and_is_no_fault() -> None:
    report = await _told(FakeDatabase())
    assert "No batch was begun" in str(report.headline)
    assert (report.verdict, report.charts) == (Verdict.OK, ())


async def test_pages_follow_one_another_and_no_batch_is_counted_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "PAGE", 3)
    database = FakeDatabase([_rows(n, hours=100 - n) for n in range(1, 11)])
    found = await _read(database)
    assert sorted(one.header.batch_id for one in found.batches) == list(range(1, 11))
    assert database.calls.count("newest") == 4


async def test_beyond_a_bound_the_answer_says_what_it_covers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "PAGE", 3)
    monkeypatch.setattr(room, "MOST", 6)
    monkeypatch.setattr(room, "SUMMED", 4)
    report = await _told(FakeDatabase([_rows(n, hours=100 - n) for n in range(1, 11)]))
    assert report.verdict is Verdict.UNKNOWN
    assert "Only the newest 6 of that time were read" in str(report.summary)
    assert "are of the newest 4" in str(report.summary)
    assert report.facts["is_whole"] is False


async def test_in_time_an_answer_is_given_of_what_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "PAGE", 2)
    clock = iter(range(0, 1_000, 4))
    deadline = Deadline(30.0, clock=lambda: float(next(clock)))
    rows = [_rows(n, hours=100 - n) for n in range(1, 11)]
    found = await _read(FakeDatabase(rows), deadline=deadline)
    assert not found.is_whole
    assert 0 < len(found.batches) < 10
    assert "time" in found.stopped


async def test_a_database_that_is_down_is_missing_and_sums_that_fail_are_said() -> None:
    sources = Sources(database=FakeDatabase(error=down("cj_database")))
    assert isinstance(await collect(sources, NOW - WEEK, NOW, Deadline.after(1)), Missing)
    found = await _read(FakeDatabase([_rows(1)]))
    unsummed = replace(found, sums={"": Missing("cj_database", "timed out")})
    report = diagnose(unsummed)
    assert report.verdict is Verdict.UNKNOWN
    assert "could not be read" in str(report.summary)


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("mode", ["serial_bundle"]),
        ("model", ["haiku", "gpt"]),
        ("provider", ["anthropic", "openai"]),
    ],
)
async def test_batches_are_parted_by_what_was_asked(by: str, names: list[str]) -> None:
    report = await _told(FakeDatabase([_rows(n) for n in range(1, 4)]), by)
    assert [one[by] for one in report.facts["by"]] == names
    assert sum(one["batches"] for one in report.facts["by"]) == 3


async def test_the_chart_shows_each_batch_that_ended_once() -> None:
    rows = [_rows(n, hours=n * 10) for n in range(1, 6)] + [_rows(9, status="ERROR_PROCESSING")]
    (chart,) = (await _told(FakeDatabase(rows))).charts
    good, bad = (sum(value or 0 for value in one.values) for one in chart.series)
    assert (good, bad) == (5, 1)
    assert "5 ended well and 1 did not" in chart.alt
    assert [label.partition(" ")[0] == "last" for label in chart.labels] == [False] * 6 + [True]


async def test_its_buttons_ask_for_the_same_time_parted_otherwise() -> None:
    report = await _told(FakeDatabase([_rows(1)]), "model")
    assert report.actions == ("/batch list", "/batch trends --since 7d --by mode")
    assert button_label(report.actions[1]) == "By mode"
