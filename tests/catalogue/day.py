"""What is said of a day of services that ran: batches by their rows and lines, alerts by lines.

The folder holds, of each case, the few lines and rows that its rule rests on; tracebacks are cut to
their ends, and texts of essays and prompts are left out. What the whole day shows, the cut shows.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
FIXTURES = ROOT / "tests" / "fixtures"
THEN_SCHEMA = ("schema.sql",)
NOW_SCHEMA = (*THEN_SCHEMA, "schema_now.sql")


@dataclass(frozen=True, slots=True)
class Day:
    """One run of the services: when it ended, and what its cases were cut for.

    `batches` names of each batch the rules that its lines were cut for, `alerts` of each alert's
    rule the detector; a batch is asked about at the end of the day, or when `asked` says. Services
    of an older `revision` than today's are named by its day, and their rows have its schema.
    """

    folder: Path
    ended: datetime
    batches: Mapping[int, tuple[str, ...]]
    alerts: Mapping[str, str]
    asked: Mapping[int, datetime] = field(default_factory=dict)
    revision: str = ""
    schema: tuple[str, ...] = NOW_SCHEMA

    @property
    def of_revision(self) -> str:
        """How a case's name tells which services ran; empty for today's."""
        return f" of HuleEdu as of {self.revision}" if self.revision else ""


DAYS = (
    Day(
        FIXTURES / "day",
        at("2026-11-30T08:20:00"),
        {
            28: ("submission-lost",),
            30: ("foreign-callback",),
            31: ("orphaned-item", "lost-callbacks"),
            35: ("bundle-collateral",),
            42: ("expired-unanswered",),
            55: ("finalisation-stuck",),
            63: ("outbox-unpublished",),
            72: ("duplicate-callbacks",),
            76: ("repeated-finalisation",),
            80: ("consumer-silent",),
        },
        {
            "callback-rejected": "rejected_callbacks",
            "callbacks-not-stored": "callbacks_not_stored",
            "callbacks-unpublished": "callbacks_unpublished",
            "head-of-line-blocked": "stuck_queue",
            "integrity-error": "database_errors",
            "left-unanswered": "queue_unanswered",
            "local-queue": "local_queue",
            "request-refused": "requests_refused",
        },
        # By the day's end its lost answers are what is told of it.
        {42: at("2026-11-30T07:46:00")},
    ),
    Day(
        FIXTURES / "day_2",
        at("2026-11-30T10:50:00"),
        {
            9: ("asked-twice",),
            11: ("no-grades",),
            16: ("answers-alike",),
            24: ("mode-mismatch",),
            36: ("passed",),
            43: ("early-finalisation",),
            44: ("models-mixed",),
            52: ("batch-cancelled",),
        },
        {},
    ),
    Day(
        FIXTURES / "day_3",
        at("2026-11-30T14:10:15"),
        {39: ("mock-mode",), 66: ("set-by-hand",)},
        {"start-failed": "start_failed"},
    ),
    Day(
        FIXTURES / "day_4",
        at("2026-04-21T10:44:00"),
        {27: ("clock-ahead",), 31: ("essays-moved",)},
        {},
    ),
    Day(
        FIXTURES / "revision_2025_11_19",
        at("2026-11-30T18:00:00"),
        {
            11: (
                "completion-overcounted",
                "counters-overwritten",
                "errors-counted-as-done",
                "position-bias",
            ),
            12: ("waiting-on-monitor",),
        },
        {"pending-rollback": "database_errors"},
        revision="2025-11-19",
        schema=THEN_SCHEMA,
    ),
    Day(
        FIXTURES / "revision_2025_11_27",
        at("2026-11-30T19:03:00"),
        {1: ("small-net-finalised",)},
        {},
        revision="2025-11-27",
    ),
    Day(
        FIXTURES / "revision_2025_11_08",
        at("2026-11-30T19:55:00"),
        {3: ("callback-metadata-lost",)},
        {},
        revision="2025-11-08",
        schema=THEN_SCHEMA,
    ),
)


async def seen_on_a_day(url: str) -> AsyncIterator[tuple[str, Iterable[Told]]]:
    """Yield what is said of each case; `url` is of a database whose rows are replaced."""
    for day in DAYS:
        async for case in _batches(url, day):
            yield case
        for rule, detector in day.alerts.items():
            told = alerts_of(day.folder / "alerts" / rule, detector)
            name = f"{DAY}, the services' logs{day.of_revision}"
            yield name, [one for one in told if one.rule == rule]


async def _batches(url: str, day: Day) -> AsyncIterator[tuple[str, Iterable[Told]]]:
    folders = {number: day.folder / "batches" / str(number) for number in day.batches}
    await put_rows(url, [folder / "rows.json" for folder in folders.values()], day.schema)
    database = CjPostgres(url)
    try:
        for number, folder in folders.items():
            logs = LogFiles(folder, HULEEDU_SERVICES, UTC) if any(folder.glob("*.log")) else None
            sources = Sources(database=database, logs=logs)
            moment = day.asked.get(number, day.ended)
            rows = await collect_batch(sources, number, moment, deadline=Deadline.after(60))
            assert isinstance(rows, BatchEvidence)
            found = batch_report.findings_of(rows, moment)
            yield (
                f"{DAY}, batch {number}{day.of_revision}",
                [one for one in found if one.rule in day.batches[number]],
            )
    finally:
        await database.close()


async def put_rows(url: str, files: Sequence[Path], schema: Sequence[str] = NOW_SCHEMA) -> None:
    """Put rows in place of what the database holds, at the schema of their services."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        for name in schema:
            await connection.execute((SCHEMA / name).read_text(encoding="utf-8"))
        for file in files:
            rows = json.loads(file.read_text(encoding="utf-8"))
            await connection.execute("\n".join(inserts(rows)))
    finally:
        await connection.close()
