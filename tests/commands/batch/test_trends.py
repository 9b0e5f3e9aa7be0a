"""`/batch trends` over the incident's night on a real PostgreSQL, and its words."""

from collections.abc import AsyncIterator

import pytest

from bot.demo.incident.rows import Revision, load
from bot.domain.report import Verdict
from bot.errors import UsageError
from bot.ports import Sources
from bot.sources.cj.database import CjPostgres
from commands.batch.command import COMMAND, parse
from tests.support.fakes.sources import at, context

MORNING = at("2025-11-19T07:00:00")


@pytest.fixture(params=["then", "now"])
async def sources(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Sources]:
    revision: Revision = request.param
    await load(database_url, revision)
    database = CjPostgres(database_url)
    yield Sources(database=database)
    await database.close()


async def test_the_list_marks_at_least_what_trends_count_as_not_well(
    sources: Sources,
) -> None:
    asked = context(sources, MORNING)
    report = await COMMAND.run(parse("trends --since 1w"), asked)
    listed = await COMMAND.run(parse("list"), asked)
    facts, marked = report.facts, [one for one in listed.facts["batches"] if one["mark"]]
    assert facts["batches"] == len(listed.facts["batches"])
    assert 0 < facts["ended"] - facts["well"] <= len(marked)
    assert facts["failed"] == sum(one["errors"] for one in listed.facts["batches"])
    assert [one["reason"] for one in facts["failures"]] == ["not_recorded"]
    assert facts["response_ms"]["p50"] > 0
    assert facts["cost_per_valid"] > 0
    assert report.verdict is Verdict.OK


@pytest.mark.parametrize("by", ["mode", "model", "provider"])
async def test_the_night_is_parted_by_mode_model_and_provider(sources: Sources, by: str) -> None:
    report = await COMMAND.run(parse(f"trends --since 1w --by {by}"), context(sources, MORNING))
    assert sum(one["batches"] for one in report.facts["by"]) == report.facts["batches"]
    names = {one[by] for one in report.facts["by"]}
    assert names & {"claude-haiku-4-5", "anthropic", "unknown", "serial_bundle"}


async def test_a_time_that_is_over_has_the_batches_begun_in_it_alone(sources: Sources) -> None:
    asked = context(sources, MORNING)
    whole = (await COMMAND.run(parse("trends --since 1w"), asked)).facts["batches"]
    newer = (await COMMAND.run(parse("trends --since 10h"), asked)).facts["batches"]
    report = await COMMAND.run(parse("trends --since 1w --until 10h"), asked)
    assert report.facts["batches"] == whole - newer > 0
    assert sum(one["batches"] for one in report.facts["parts"]) == whole - newer
    assert "as their rows stand now" in str(report.summary)
    assert "until 10 h ago" in str(report.headline)
    assert (report.facts["until"] - report.facts["since"]).days == 6


async def test_without_a_database_nothing_is_said_to_be_well() -> None:
    report = await COMMAND.run(parse("trends"), context(Sources(), MORNING))
    assert (report.verdict, report.command) == (Verdict.UNKNOWN, "batch trends")
    assert "not known" in str(report.headline)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("trends 34", "no words"),
        ("trends --since soon", "soon is no moment"),
        ("trends --by moed", "--by takes mode, model, provider"),
        ("list --by mode", "Only /batch trends takes --by"),
        ("status 34 --since 2h", "--since goes with /batch trends"),
        ("status 34 --until 2h", "--until goes with /batch trends"),
        ("trends --until soon", "soon is no moment"),
    ],
)
def test_wrong_words_are_told(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse(text)
