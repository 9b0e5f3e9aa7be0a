"""A sample of the population through the real parts: Postgres of both revisions, log files."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import asyncpg
import pytest

from bot.demo.incident.rows import Revision, create_schema
from bot.domain.log import EXCERPT
from bot.domain.report import Severity
from bot.ports import Sources
from bot.sources.cj.database import CjPostgres
from bot.sources.log_files import LogFiles
from tests.population.evidence import SERVICES, Around, lines_of, rows_of, sources_of
from tests.population.faulty import FAULTS
from tests.population.healthy import STATES, healthy
from tests.population.measure import LOUD, judged
from tests.population.tables import write
from tests.population.world import World

# Not shown by rows and whole log files: sessions that block for a minute, a queue that Redis does
# not tell of, a gap in the logs; what tests of the rules and of the CJ database show of results,
# and two batches of one request, which have a scenario of their own on real tables.
NOT_IN_TABLES = {
    *("database-blocked", "queue-unreadable", "queue-not-draining", "not-accounted-for"),
    *("no-grades", "answers-alike", "asked-twice", "essays-moved", "set-by-hand"),
}
SWEEP = "BatchMonitor heartbeat: no stuck batches detected [cj_assessment_service.batch_monitor]"
Made = tuple[World, Around]


async def _written(url: str, revision: Revision, worlds: Sequence[World]) -> None:
    connection = await asyncpg.connect(url)
    try:
        await create_schema(connection, revision)
        for world in worlds:
            await write(connection, world)
    finally:
        await connection.close()


def _sources(made: Made, database: CjPostgres, folder: Path) -> Sources:
    world, around = made
    folder.mkdir()
    # They hold a case's lines alone, and none of those that an idle service writes.
    (folder / EXCERPT).touch()
    for name, lines in lines_of(world, json=bool(world.seed % 2)).items():
        # Logs go on where a service stands still: CJ's monitor looks for stuck batches.
        if name == "huleedu_cj_assessment_service":
            lines.append(f"{world.now:%Y-%m-%dT%H:%M:%SZ} [info     ] {SWEEP}")
        (folder / f"{name}.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return replace(
        sources_of(world, around), database=database, logs=LogFiles(folder, SERVICES, UTC)
    )


@pytest.mark.parametrize("revision", ["then", "now"])
async def test_tables_and_simulation_count_alike_and_healthy_ones_are_silent(
    revision: Revision, database_url: str, tmp_path: Path
) -> None:
    shift = 1 if revision == "then" else 0
    made = [healthy(2 * place + shift) for place in range(len(STATES))]
    await _written(database_url, revision, [world for world, _ in made])
    database = CjPostgres(database_url)
    for world, around in made:
        rows, expected = await database.batch(world.id), rows_of(world)
        assert rows is not None
        assert rows.pairs == expected.pairs
        assert (rows.position, rows.scores) == (expected.position, expected.scores)
        assert (rows.errors, rows.outbox) == (expected.errors, expected.outbox)
        assert rows.at_first_finalisation == expected.at_first_finalisation
        assert rows.header == expected.header
        sources = _sources((world, around), database, tmp_path / str(world.id))
        findings = await judged(world, around, sources)
        assert [one.rule for one in findings if one.severity in LOUD] == []
    await database.close()


@pytest.mark.marathon
@pytest.mark.parametrize("revision", ["then", "now"])
async def test_each_fault_is_found_in_real_tables_and_log_files(
    revision: Revision, database_url: str, tmp_path: Path
) -> None:
    made: dict[str, Made] = {}
    for place, rule in enumerate(sorted(FAULTS.keys() - NOT_IN_TABLES)):
        for variant in (4 * place, 4 * place + 2):
            world, around = FAULTS[rule][0](random.Random(variant), variant)
            if world.then is (revision == "then"):
                made[rule] = world, around
    await _written(database_url, revision, [world for world, _ in made.values()])
    database = CjPostgres(database_url)
    missed = []
    for rule, (world, around) in made.items():
        sources = _sources((world, around), database, tmp_path / rule)
        findings = [one for one in await judged(world, around, sources) if one.rule == rule]
        least = FAULTS[rule][1]
        loud = any(one.severity in LOUD for one in findings)
        missed += [] if loud or (findings and least is Severity.INFO) else [rule]
    await database.close()
    assert missed == []
    assert len(made) >= 23
