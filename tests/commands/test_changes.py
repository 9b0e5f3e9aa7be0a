"""`/changes` tells what was noted since a moment, and never that nothing changed unwatched."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest

from bot.domain.changes.change import Change, ChangeKind
from bot.domain.report import Report, Verdict
from bot.errors import UsageError
from bot.ports import Sources
from commands.changes import COMMAND, parse
from tests.support.fakes.sources import FakeMemory, at, context, down

NOW = at("2025-11-19T12:00:00")
RECREATED = Change(
    NOW - timedelta(hours=1),
    ChangeKind.RECREATED,
    "llm_provider_service",
    "a1b2c3d4e5f6",
    "c3d4e5f6a1b2",
    "containers",
    is_exact=True,
)
MIGRATED = Change(
    NOW - timedelta(days=2), ChangeKind.SCHEMA, "CJ's schema", "20251119_1200", "20251208_1200"
)


def memory(*, since: timedelta | None = timedelta(days=9)) -> FakeMemory:
    begun = NOW - since if since else None
    return FakeMemory(changed=[MIGRATED, RECREATED], watched_since=begun)


async def ask(text: str, memory: FakeMemory | None, zone: tzinfo = UTC) -> Report:
    some = context(Sources(memory=memory), NOW, options={"zone": zone})
    return await COMMAND.run(parse(text), some)


async def test_the_last_day_is_told_newest_first_and_headed_by_the_newest() -> None:
    report = await ask("", memory())
    what = "llm_provider_service recreated, image a1b2c3d4e5f6 → c3d4e5f6a1b2"
    assert str(report.first_line) == f"1 change in 24 h: {what}"
    assert report.verdict is Verdict.OK
    both = await ask("3d", memory())
    assert [one["kind"] for one in both.facts["changes"]] == ["recreated", "schema"]
    assert [str(line) for line in both.lines] == [
        "llm_provider_service recreated, image a1b2c3d4e5f6 → c3d4e5f6a1b2"
        " at 2025-11-19T11:00:00+00:00",
        "CJ's schema 20251119_1200 → 20251208_1200, seen at 2025-11-17T12:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("", "2025-11-18T12:00"),
        ("2h", "2025-11-19T10:00"),
        ("since 2h", "2025-11-19T10:00"),
        ("--since 90m", "2025-11-19T10:30"),
        ("11:30", "2025-11-19T10:30"),
        ("23:10", "2025-11-18T22:10"),
        ("today", "2025-11-18T23:00"),
        ("Yesterday", "2025-11-17T23:00"),
        ("2025-11-17", "2025-11-16T23:00"),
        ("2025-11-17T22:30", "2025-11-17T21:30"),
    ],
)
async def test_a_moment_may_be_typed_in_many_ways(text: str, since: str) -> None:
    report = await ask(text, memory(), ZoneInfo("Europe/Stockholm"))
    assert report.facts["since"] == datetime.fromisoformat(since).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["soon", "2h 3h", "34", "--snice 2h", "2026-01-01", "0h", "25:00"])
async def test_what_is_no_past_moment_gets_words(text: str) -> None:
    with pytest.raises(UsageError):
        await ask(text, memory())


async def test_nothing_noted_is_not_told_as_nothing_changed() -> None:
    unwatched = await ask("", memory(since=None))
    assert unwatched.verdict is Verdict.UNKNOWN
    quiet = await ask("30m", memory())
    assert str(quiet.first_line) == "❔ No change was noted in 30 min, 5 of 5 sources not read"
    assert quiet.verdict is Verdict.UNKNOWN
    assert {one.name for one in quiet.sources if one.state.value == "not_configured"} == {
        *("containers", "logs", "cj_database", "service_health", "callback_topic")
    }
    young = await ask("", memory(since=timedelta(hours=2)))
    assert "noted only since 2025-11-19T10:00:00" in str(young.summary)
    new = FakeMemory(watched_since=NOW - timedelta(hours=2))
    begun = "No change was noted in 2 h, since watching began"
    assert str((await ask("", new)).first_line) == f"❔ {begun}"


async def test_a_memory_that_is_not_there_is_unknown() -> None:
    for some in (None, FakeMemory(error=down("memory"))):
        assert (await ask("", some)).verdict is Verdict.UNKNOWN


async def test_until_ends_the_time_and_what_was_read_then_is_not_claimed() -> None:
    report = await ask("3d --until 1d", memory())
    assert [one["kind"] for one in report.facts["changes"]] == ["schema"]
    assert report.facts["until"] == NOW - timedelta(days=1)
    assert "until 24 h ago" in str(report.first_line).replace("1 d", "24 h")
    assert "read at that time is not kept" in str(report.summary)
    quiet = await ask("--since 30m --until 10m", memory())
    assert str(quiet.headline) == "No change was noted in 20 min until 10 min ago"


async def test_a_time_before_watching_began_is_not_told_as_quiet() -> None:
    report = await ask("3d --until 50h", memory(since=timedelta(hours=2)))
    assert report.verdict is Verdict.UNKNOWN
    assert "not known" in str(report.headline)


@pytest.mark.parametrize("text", ["2h --until 3h", "--until soon", "2h --until"])
async def test_a_wrong_end_gets_words(text: str) -> None:
    with pytest.raises(UsageError, match=r"until|moment"):
        await ask(text, memory())
