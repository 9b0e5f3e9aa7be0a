"""A batch is told with what changed since the last one that ended well, and while it ran."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.batch import BatchHeader, BatchRows, PairCounts, ProjectionCounts
from bot.domain.changes.change import Change, ChangeKind
from bot.domain.report import Report
from bot.ports import Sources
from bot.settings.services import HULEEDU_SERVICES
from commands.batch.command import parse, run
from tests.support.fakes.sources import FakeDatabase, FakeMemory, at, context, down

NOW = at("2025-11-19T12:00:00")
BEGUN = NOW - timedelta(hours=2)


def batch(number: int, hours: float, **pairs: Any) -> BatchRows:
    """Return a batch that began so many hours ago and ran for half an hour."""
    created = NOW - timedelta(hours=hours)
    uuid = f"00000000-0000-4000-8000-{number:012d}"
    header = BatchHeader(
        number,
        uuid,
        uuid,
        "COMPLETE_STABLE",
        "COMPLETED",
        created,
        total_budget=10,
        last_activity_at=created + timedelta(minutes=30),
    )
    counts = replace(PairCounts(total=10, essay_a=5, essay_b=5), **pairs)
    return BatchRows(header, counts, projections=ProjectionCounts(4, created))


def change(hours: float, kind: ChangeKind, subject: str, before: str, after: str) -> Change:
    moment = NOW - timedelta(hours=hours)
    return Change(moment, kind, subject, before, after, "containers", is_exact=True)


RECREATED = change(3, ChangeKind.RECREATED, "llm_provider_service", "a1b2", "c3d4")
MODE = change(2.5, ChangeKind.MODE, "LLM provider's mode", "per_request", "serial_bundle")
RESTARTED = change(1.8, ChangeKind.RESTARTED, "cj_assessment_service", "", "")
EARLIER = change(9, ChangeKind.MODEL, "model", "x", "y")
AFTER = change(0.5, ChangeKind.MODEL, "model", "y", "z")
# 32 ended well, 33 lost most of its comparisons, 34 is asked about.
BATCHES = (
    batch(31, 20),
    batch(32, 4),
    batch(33, 3.5, essay_a=1, essay_b=1, error=8),
    batch(34, 2, essay_a=4, essay_b=4, error=2),
)


def sources(**memory: Any) -> Sources:
    changes = [EARLIER, RECREATED, MODE, RESTARTED, AFTER]
    known = {"changed": changes, "watched_since": NOW - timedelta(days=9), **memory}
    return Sources(database=FakeDatabase(BATCHES), memory=FakeMemory(**known))


async def ask(line: str, some: Sources | None = None) -> Report:
    return await run(
        parse(line), context(some or sources(), NOW, options={"services": HULEEDU_SERVICES})
    )


SINCE = (
    "Changed since batch 32, the last that ended well: LLM provider's mode per_request → "
    "serial_bundle at 2025-11-19T09:30:00+00:00; llm_provider_service recreated, image a1b2 → "
    "c3d4 at 2025-11-19T09:00:00+00:00."
)
WHILE = "Changed while it ran: cj_assessment_service restarted at 2025-11-19T10:12:00+00:00."


@pytest.mark.parametrize("verb", ["status", "investigate"])
async def test_what_changed_is_told_and_nothing_from_before_or_after(verb: str) -> None:
    report = await ask(f"{verb} 34")
    assert [str(line) for line in report.lines] == [SINCE, WHILE]
    assert report.facts["last_healthy_batch"] == 32
    assert len(report.facts["changes_since_last_healthy"]) == 2
    entry = next(one for one in report.timeline if one.service == "cj_assessment_service" and
                 "restarted" in str(one.text))  # fmt: skip
    assert entry.at == RESTARTED.at


async def test_a_comparison_tells_it_of_each_side() -> None:
    report = await ask("compare 32 34")
    assert [str(line) for line in report.lines][-2:] == [f"batch 34: {SINCE}", f"batch 34: {WHILE}"]
    right, left = report.facts["right"], report.facts["left"]
    assert (left["last_healthy_batch"], right["last_healthy_batch"]) == (31, 32)


async def test_an_exported_investigation_holds_it() -> None:
    report = await ask("investigate 34 --export")
    page, text = (one.content.decode() for one in report.attachments)
    assert "What changed around it" in page
    assert "LLM provider’s mode" in page or "LLM provider&#x27;s mode" in page
    assert "## What changed" in text


async def test_nothing_is_said_where_nothing_was_noted_or_could_be() -> None:
    assert (await ask("status 34", sources(changed=[]))).lines == ()
    without = Sources(database=FakeDatabase(BATCHES))
    report = await ask("status 34", without)
    assert (report.lines, report.facts["changes_since_last_healthy"]) == ((), None)
    assert "memory" not in {one.name for one in report.sources}
    broken = await ask("status 34", sources(error=down("memory")))
    assert {one.name: one.state.value for one in broken.sources}["memory"] == "missing"
    assert broken.verdict == report.verdict


async def test_a_batch_without_a_good_one_before_it_is_told_with_its_own_time_alone() -> None:
    bad = [replace(row, pairs=BATCHES[2].pairs) for row in BATCHES]
    some = replace(sources(), database=FakeDatabase(bad))
    report = await ask("status 34", some)
    assert [str(line) for line in report.lines] == [WHILE]
    assert report.facts["last_healthy_batch"] is None


@pytest.mark.parametrize(
    ("modes", "models", "which", "alike"),
    [
        # Of 31, 32 and 34: what CJ recorded.
        (("serial_bundle", "per_request", "serial_bundle"), {}, "31, the last of its kind that "
         "ended well (serial_bundle)", True),
        (("batch_api", "serial_bundle", "serial-bundle"), {}, "32, the last that ended well", True),
        (("", "per_request", "serial_bundle"), {}, "32, the last that ended well, of another kind "
         "(per_request)", False),
        (("", "", "serial_bundle"), {}, "32, the last that ended well, of another kind (not "
         "recorded)", False),
        (("serial_bundle", "per_request", ""), {}, "32, the last that ended well", None),
        (("", "", ""), {31: {"a/x": 9}, 32: {"a/y": 9}, 34: {"a/x": 9}},
         "31, the last of its kind that ended well (a/x)", True),
        (("", "", ""), {31: {"a/x": 9}, 32: {"a/y": 9}}, "32, the last that ended well", None),
    ],
)  # fmt: skip
async def test_it_is_the_last_good_batch_of_its_kind_where_the_rows_record_one(
    modes: tuple[str, ...], models: dict[int, dict[str, int]], which: str, alike: bool | None
) -> None:
    recorded = dict(zip((31, 32, 34), modes, strict=True))
    rows = [
        replace(
            row,
            header=replace(row.header, batching_mode=recorded.get(row.header.batch_id)),
            models=models.get(row.header.batch_id, {}),
        )
        for row in BATCHES
    ]
    some = replace(sources(), database=FakeDatabase(rows))
    report = await ask("status 34", some)
    assert str(report.lines[0]).startswith(f"Changed since batch {which}: ")
    assert report.facts["last_healthy_is_of_its_kind"] is alike
