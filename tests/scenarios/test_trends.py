"""A week's trends before and after a night of failures: from CJ's rows to what Slack shows."""

from datetime import timedelta

import asyncpg

from bot.demo.incident.rows import BATCHES, load, write_batch
from bot.domain.report import Report
from bot.ports import Sources
from bot.slack.blocks.renderer import BlockKit
from bot.sources.cj.database import CjPostgres
from commands.batch.command import COMMAND, parse
from tests.support.fakes.sources import context

FAILED = 33
WELL = tuple(one for one in BATCHES if one.id < FAILED)
BAD = next(one for one in BATCHES if one.id == FAILED)


async def week(database: CjPostgres) -> Report:
    asked = context(Sources(database=database), BAD.started + timedelta(days=1))
    return await COMMAND.run(parse("trends --since 7d --by mode"), asked)


async def test_a_night_of_failures_is_seen_in_the_week_that_a_person_reads(
    database_url: str,
) -> None:
    await load(database_url, "then")
    connection = await asyncpg.connect(database_url)
    database = CjPostgres(database_url)
    try:
        await connection.execute("TRUNCATE cj_batch_uploads, event_outbox CASCADE")
        for batch in WELL:
            await write_batch(connection, batch, "then")
        before = await week(database)
        await write_batch(connection, BAD, "then")
        after = await week(database)
    finally:
        await database.close()
        await connection.close()
    assert str(before.headline).startswith("2 of 2 batches ended well")
    assert str(after.headline).startswith("2 of 3 batches ended well")
    shown = str(BlockKit().report(after)["blocks"])
    for words in ("67 % (2 of 3)", "54 % (78 of 144)", "66 comparisons", "not recorded", "0.0033"):
        assert words in shown, words
    assert "2 ended well and 1 did not" in shown
