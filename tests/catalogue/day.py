"""What is said of a day of services that ran: batches by their rows and lines, alerts by lines.

The folder holds, of each case, the few lines and rows that its rule rests on; tracebacks are cut to
their ends, and texts of essays and prompts are left out. What the whole day shows, the cut shows.
"""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC
from pathlib import Path

import asyncpg

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.collect import collect as collect_batch
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.domain.alert import Condition
from bot.domain.report import Finding
from bot.ports import Deadline, Sources
from bot.settings import HULEEDU_SERVICES
from bot.sources.cj.database import CjPostgres
from bot.sources.log_files import LogFiles
from tests.catalogue.alerts import alerts_of
from tests.support.fakes.sources import at
from tests.support.paths import ROOT
from tests.truth.rows import SCHEMA, inserts

Told = Finding | Condition
DAY = "seen on 2026-11-30"
FOLDER = ROOT / "tests" / "fixtures" / "day"
DAY_END = at("2026-11-30T08:20:00")
# Of each batch the rules that its lines were cut for.
BATCHES: dict[int, tuple[str, ...]] = {
    28: ("submission-lost",),
    31: ("orphaned-item", "lost-callbacks"),
    35: ("bundle-collateral",),
    55: ("finalisation-stuck",),
    63: ("outbox-unpublished",),
    72: ("duplicate-callbacks",),
    80: ("consumer-silent",),
}
# Which detector each alert's lines were cut for.
ALERTS = {
    "callback-rejected": "rejected_callbacks",
    "callbacks-not-stored": "callbacks_not_stored",
    "callbacks-unpublished": "callbacks_unpublished",
    "head-of-line-blocked": "stuck_queue",
    "integrity-error": "database_errors",
    "left-unanswered": "queue_unanswered",
    "local-queue": "local_queue",
    "request-refused": "requests_refused",
}


async def seen_on_a_day(url: str) -> AsyncIterator[tuple[str, Iterable[Told]]]:
    """Yield what is said of each case; `url` is of a database whose rows are replaced."""
    folders = {number: FOLDER / "batches" / str(number) for number in BATCHES}
    await put_rows(url, [folder / "rows.json" for folder in folders.values()])
    database = CjPostgres(url)
    try:
        for number, folder in folders.items():
            sources = Sources(database=database, logs=LogFiles(folder, HULEEDU_SERVICES, UTC))
            rows = await collect_batch(sources, number, DAY_END, deadline=Deadline.after(60))
            assert isinstance(rows, BatchEvidence)
            found = batch_report.findings_of(rows, DAY_END)
            yield f"{DAY}, batch {number}", [one for one in found if one.rule in BATCHES[number]]
    finally:
        await database.close()
    for rule, detector in ALERTS.items():
        told = alerts_of(FOLDER / "alerts" / rule, detector)
        yield f"{DAY}, the services' logs", [one for one in told if one.rule == rule]


async def put_rows(url: str, files: Sequence[Path]) -> None:
    """Put rows in place of what the database holds, at the schema of today's services."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        for name in ("schema.sql", "schema_now.sql"):
            await connection.execute((SCHEMA / name).read_text(encoding="utf-8"))
        for file in files:
            rows = json.loads(file.read_text(encoding="utf-8"))
            await connection.execute("\n".join(inserts(rows)))
    finally:
        await connection.close()
