"""`/batch` reads what people type, and says plainly what it could not find or read."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bot.demo.incident.rows import Revision
from bot.domain.batch import BatchHeader, BatchRows
from bot.domain.report import Verdict
from bot.errors import SourceError, UsageError
from bot.ports import Asker, CommandContext, Sources
from bot.sources.cj.database import CjPostgres
from commands.batch.command import parse, run
from commands.batch.listed_words import wanted
from tests.population.evidence import Around
from tests.support.fakes.sources import CJ, FakeDatabase, FakeLogs, FakeMemory, down, event

NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)


class _NoDatabase:
    name = "cj_database"

    async def find(self, ref: str) -> object:
        raise SourceError(self.name, "the server cannot be reached")

    async def newest(self, *, limit: int = 20, state: str | None = None) -> object:
        raise SourceError(self.name, "the server cannot be reached")


class _EmptyDatabase(_NoDatabase):
    async def find(self, ref: str) -> object:
        return ()


def _context(sources: Sources) -> CommandContext:
    return CommandContext(sources, lambda: NOW, Asker("oncall", "incidents"))


@pytest.mark.parametrize(
    ("text", "verb", "words"),
    [
        ("status 34", "status", ("34",)),
        ("status #34", "status", ("34",)),
        ("Status `34`.", "status", ("34",)),
        ("34", "status", ("34",)),
        ("list", "list", ()),
        ("list scoring", "list", ("scoring",)),
        ("", "help", ()),
        ("alias night 33", "alias", ("night", "33")),
    ],
)
def test_what_people_type_is_understood(text: str, verb: str, words: tuple[str, ...]) -> None:
    request = parse(text)
    assert (request.verb, request.words) == (verb, words)


@pytest.mark.parametrize(
    "text", ["status", "status 1 2", "statsu 34", "alias x", "x" * 10_000, "🎓"]
)
def test_what_cannot_be_meant_gets_the_usage(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.usage or "characters" in caught.value.message


async def test_a_database_that_is_away_makes_the_answer_unknown() -> None:
    sources = Sources(database=_NoDatabase())  # type: ignore[arg-type]
    report = await run(parse("status 34"), _context(sources))
    assert report.verdict is Verdict.UNKNOWN
    assert report.found
    assert "cannot be reached" in report.summary
    assert (await run(parse("list"), _context(sources))).verdict is Verdict.UNKNOWN


async def test_without_rows_a_number_is_no_part_of_another_and_mock_mode_is_named() -> None:
    night = "2025-11-18T23:48:00"
    lines = [event(night, f"x {{'cj_batch_id': {number}}}", CJ) for number in (34, 340, 134)]
    database = FakeDatabase(error=down("cj_database"))
    sources = Sources(database=database, logs=FakeLogs(lines), probe=Around(mock=True))
    report = await run(parse("status 34"), _context(sources))
    assert (report.facts["log_lines"], report.facts["mock_mode"]) == (1, True)
    assert "mock mode" in report.summary


async def test_no_database_at_all_is_not_configured_and_never_ok() -> None:
    report = await run(parse("status 34"), _context(Sources()))
    assert (report.verdict, report.sources[0].state) == (Verdict.UNKNOWN, "not_configured")
    assert (report.facts["log_lines"], report.facts["queue_items"]) == (None, None)
    assert "Logs name it" not in report.summary


@pytest.mark.parametrize("id", ["84ebf6", "deadbe", "abcdef01-23"])
async def test_an_id_that_nobody_has_is_said_to_be_nobody_s(id: str) -> None:
    sources = Sources(database=_EmptyDatabase())  # type: ignore[arg-type]
    report = await run(parse(f"status {id}"), _context(sources))
    assert report.facts["alias"] == f"/batch alias {id} <id>"
    assert not report.found
    assert f"No batch is known as {id}" in report.summary
    assert "/batch alias" in report.summary


async def test_an_id_is_read_back_when_the_database_cannot_be_read() -> None:
    report = await run(parse("status deadbe"), _context(Sources(database=_NoDatabase())))  # type: ignore[arg-type]
    assert report.title == "Batch deadbe"


async def test_an_alias_is_kept() -> None:
    memory = FakeMemory()
    await run(parse("alias night 33"), _context(Sources(memory=memory)))
    assert await memory.alias("night") == "33"


async def test_a_kept_alias_is_read_back_with_the_id_that_it_stands_for() -> None:
    report = await run(parse("alias night-33 deadbeef"), _context(Sources(memory=FakeMemory())))
    assert report.facts["id"] == "deadbeef"


async def test_bare_batch_shows_examples_of_batches_that_exist() -> None:
    batch, day = "1b1fcd4c-4c0c-4a8e-9f0e-3d7fd3d1f0a1", timedelta(days=1)
    headers = [
        BatchHeader(number, batch, batch, "PENDING", None, NOW - day * (72 - number))
        for number in (71, 70)
    ]
    rows = tuple(BatchRows(header) for header in headers)
    report = await run(parse(""), _context(Sources(database=FakeDatabase(batches=rows))))
    examples = [row[0] for row in report.tables[0].rows]
    assert "/batch status 71" in examples
    assert "/batch compare 70 71" in examples
    assert "/batch status 71" in report.actions


async def test_bare_batch_says_when_its_examples_are_of_no_batch() -> None:
    report = await run(parse(""), _context(Sources(database=_NoDatabase())))  # type: ignore[arg-type]
    assert "not of this database" in report.summary


async def test_a_number_that_no_batch_has_names_the_newest_and_no_shell() -> None:
    header = BatchHeader(34, "abcdef00-0000-4000-8000-000000000001", "c", "PENDING", None, NOW)
    sources = Sources(database=FakeDatabase([BatchRows(header)]))
    report = await run(parse("status 9999"), _context(sources))
    assert not report.found
    assert report.summary == "There is no batch 9999. The newest is batch 34."
    assert report.actions == ("/batch status 34", "/batch list")


@pytest.mark.parametrize("line", ["status 34 --about x", "investigate 34 --about 'two words'"])
def test_about_takes_a_rule_and_belongs_to_an_investigation(line: str) -> None:
    assert parse("investigate 34 --about orphaned-item").options == {"about": "orphaned-item"}
    with pytest.raises(UsageError):
        parse(line)


@pytest.mark.parametrize("data", ["Lova-Sandberg", "hunter2"])
async def test_a_label_that_may_be_data_is_kept_but_not_repeated(data: str) -> None:
    memory = FakeMemory()
    sources = Sources(memory=memory)
    kept = await run(parse(f"alias {data} 33"), _context(sources))
    assert await memory.alias(data) == "33"
    unknown = await run(parse(f"status {data}x"), _context(sources))
    assert data not in str((kept.as_json(), kept.actions, unknown.as_json(), unknown.actions))


@pytest.mark.parametrize(
    "label", ["sk-ant-api03-Zq4Vx9Lm2Kc7Rt5Yb8Nd1Pw6", "a.b@skola.example", "elev=Lova", "k" * 200]
)
def test_a_label_that_is_surely_data_is_not_kept(label: str) -> None:
    with pytest.raises(UsageError, match="may hold data") as refused:
        parse(f"alias {label} 33")
    assert label not in str(refused.value)


@pytest.mark.parametrize("label", ["night", "84ebf6", "serial-bundle-20251119-0018", "kväll-2"])
def test_a_label_as_people_give_them_is_taken(label: str) -> None:
    assert parse(f"alias {label} 33").words == (label, "33")


@pytest.mark.parametrize(
    ("word", "choice"),
    [("running", "open"), ("körs", "open"), ("Broken", "faulty"), ("stuck", "stuck")],
)
def test_a_choice_has_the_names_that_people_give_it(word: str, choice: str) -> None:
    assert wanted((word,)).choice == choice


async def test_a_state_that_no_batch_is_in_is_answered_by_those_that_there_are(
    night_urls: Mapping[Revision, str],
) -> None:
    database = CjPostgres(night_urls["now"])
    try:
        report = await run(parse("list scorign"), _context(Sources(database=database)))
        some = await run(parse("list scoring"), _context(Sources(database=database)))
        known = await run(parse("list initializing"), _context(Sources(database=database)))
    finally:
        await database.close()
    assert str(report.summary).startswith("No batch is in that state; the newest are in ")
    assert str(known.summary).startswith("No batch is in initializing; the newest are in ")
    assert "scorign" not in str(report.as_json())
    assert report.actions[0] == "/batch list SCORING"
    assert "scoring" in str(report.summary)
    assert some.tables
