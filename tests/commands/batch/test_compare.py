"""`/batch compare` takes two batches or two modes, and says what it cannot tell."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest

from bot.demo.incident.rows import Revision
from bot.domain.report import Verdict
from bot.errors import UsageError
from bot.ports import Sources
from bot.sources.cj.database import CjPostgres
from commands.batch.command import parse, run
from tests.support.fakes.sources import FakeDatabase, FakeLogs, context, down

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)


@pytest.fixture(params=["then", "now"])
async def sources(
    request: pytest.FixtureRequest, night_urls: Mapping[Revision, str]
) -> AsyncIterator[Sources]:
    database = CjPostgres(night_urls[request.param])
    yield Sources(database=database)
    await database.close()


@pytest.mark.parametrize(
    "text",
    [
        "compare 33",
        "compare 33 34 35",
        "compare 33 mode:per_request",
        "compare mode:fast mode:per_request",
        "compare mode:per_request mode:serial_bundle --since zebra",
        "compare 33 34 --since 2d",
        "status 33 --since 2d",
        "compare 33 ***",
        "compare mode:per_request mode:PER_REQUEST",
    ],
)
def test_what_cannot_be_compared_gets_the_usage(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.usage


async def test_two_batches_part_where_the_one_failed(sources: Sources) -> None:
    report = await run(parse("compare 33 34"), context(sources, NOW))
    facts = report.as_json()["facts"]
    assert facts["first_difference"] == "stored_valid"
    assert facts["only_left"] == {"EXTERNAL_SERVICE_ERROR (anthropic)": 66}
    assert facts["left"]["cost_per_comparison"] == pytest.approx(0.0033)
    assert facts["left"]["latency_ms"]["median"] > 1000
    assert facts["left"]["mode"].startswith("unknown")
    assert "early-finalisation" in facts["rules_only_right"]
    assert report.verdict is Verdict.ERROR


async def test_one_batch_twice_by_whatever_id_is_said_and_not_compared(sources: Sources) -> None:
    listed = (await run(parse("status 33"), context(sources, NOW))).as_json()["facts"]
    for other in ("33", str(listed["bos_batch_id"])):
        with pytest.raises(UsageError, match="Both are batch 33") as caught:
            await run(parse(f"compare 33 {other}"), context(sources, NOW))
        assert "/batch investigate 33" in caught.value.hint


async def test_healthy_batches_part_nowhere(sources: Sources) -> None:
    report = await run(parse("compare 31 32"), context(sources, NOW))
    assert (report.facts["first_difference"], report.verdict) == (None, Verdict.OK)


async def test_a_batch_that_does_not_exist_is_said(sources: Sources) -> None:
    report = await run(parse("compare 33 999"), context(sources, NOW))
    assert not report.found
    assert "999" in report.title


async def test_unknown_modes_are_counted_and_compared_with_nothing(sources: Sources) -> None:
    text = "compare mode:per_request mode:serial_bundle --since 400d"
    report = await run(parse(text), context(sources, NOW))
    assert (report.found, report.facts["unknown_mode"]) == (False, 4)
    assert report.facts["first_difference"] is None


async def test_an_unreadable_database_makes_a_comparison_unknown() -> None:
    away = Sources(database=FakeDatabase(error=down("cj_database")), logs=FakeLogs())
    for text in ("compare 33 34", "compare mode:per_request mode:serial_bundle"):
        report = await run(parse(text), context(away, NOW))
        assert (report.verdict, report.command) == (Verdict.UNKNOWN, "batch compare")
