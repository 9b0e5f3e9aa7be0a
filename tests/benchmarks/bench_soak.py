"""A day and a night of ticks, compressed: two replicas, of which the second takes over half way.

The clock goes 15 seconds ahead at each tick. Every detector samples, callbacks are rejected every
two hours, their alerts are posted and resolve. Memory, open files and rows over time are drawn into
soak.png; what is kept by design (alerts and their history, for weeks) grows by what was told.
"""

import asyncio
import os
import statistics
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import psutil

from bot.alerts.poster import Poster
from bot.alerts.store.migrations import SCHEMA
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.demo.incident.rows import load
from bot.ports import Sources
from bot.service import embedded_postgres
from bot.settings import HULEEDU_SERVICES
from bot.sources.cj.database import CjPostgres
from bot.sources.log_files import LogFiles
from tests.benchmarks.bench_tick import STEP, tick_of
from tests.benchmarks.figure import Row, Scale
from tests.support.fakes.alerts import Clock
from tests.support.fakes.messenger import FakeMessenger

HOURS = {"small": 4, "full": 24}
LOOK_EVERY = 20
REJECTED_EVERY = timedelta(hours=2)
CHATTER = 50
LEAST_HOURS_TO_JUDGE = 24
CJ = "huleedu_cj_assessment_service"
PICTURE = Path(__file__).with_name("soak.png")
# A row an alert, a change of it or a message, kept for weeks by KEEP_*_DAYS, and the samples by
# which the alerts of the last days were judged.
BY_DESIGN = ("alert", "alert_event", "outbox", "sample")


@dataclass(slots=True)
class Diary:
    """What was seen of the process and the database, hour by hour."""

    hours: list[float] = field(default_factory=list)
    resident: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    rows: list[dict[str, int]] = field(default_factory=list)

    def quarters(self, name: str) -> tuple[list[float], list[float]]:
        """Return what was seen of something in the third quarter and in the last one.

        One process holds both replicas, and from half way on one of them alone.
        """
        seen = list(getattr(self, name))
        quarter = max(1, len(seen) // 4)
        return seen[-2 * quarter : -quarter], seen[-quarter:]


def run(scale: Scale) -> list[Row]:
    """Tick through the day."""
    hours = HOURS[scale.name]
    diary, told, took_over = asyncio.run(_run(hours))
    if scale.name == "full":
        _draw(diary)
    return _rows(diary, hours, told, took_over)


async def _run(hours: int) -> tuple[Diary, int, bool]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        folder.chmod(0o711)  # noqa: ASYNC240
        server = await embedded_postgres.start(folder / "postgres", durable=False)
        stack.push_async_callback(server.stop)
        cj, memory = await server.create_database("cj"), await server.create_database("memory")
        await load(cj)
        log = folder / f"{CJ}.log"
        log.touch()
        clock, slack = Clock(datetime.now(UTC) - timedelta(hours=hours)), FakeMessenger()
        replicas = [await _replica(stack, memory, cj, folder, clock, slack) for _ in range(2)]
        session = await asyncpg.connect(memory, server_settings={"search_path": SCHEMA})
        stack.push_async_callback(session.close)
        diary = Diary()
        for number in range(ticks := hours * 3_600 // int(STEP.total_seconds())):
            _write(log, clock())
            if number == ticks // 2:
                await replicas[0].end()
            for replica in replicas[number >= ticks // 2 :]:
                await replica.step()
            clock.now += STEP
            if number % LOOK_EVERY == 0:
                await _look(diary, session, number / ticks * hours)
        return diary, len(slack.posted), replicas[1].tick.state.leading


@dataclass(slots=True)
class Replica:
    """One process's ticks and its poster."""

    store: Store
    tick: Tick
    poster: Poster

    async def step(self) -> None:
        """Tick once, and post what waits if this one leads."""
        await self.tick.run()
        if self.tick.state.leading:
            await self.poster.drain()

    async def end(self) -> None:
        """Stop, as a process that is ended does."""
        await self.tick.close()
        await self.store.close()


async def _replica(
    stack: AsyncExitStack, memory: str, cj: str, folder: Path, clock: Clock, slack: FakeMessenger
) -> Replica:
    store, database = Store(memory, "bench"), CjPostgres(cj)
    await store.open()
    stack.push_async_callback(database.close)
    logs = LogFiles(folder, HULEEDU_SERVICES, UTC)
    tick = tick_of(store, Sources(database=database, logs=logs), now=clock)
    poster = Poster(store, slack, "C1", now=clock, sleep=clock.sleep)
    stack.push_async_callback(store.close)
    stack.push_async_callback(tick.close)
    return Replica(store, tick, poster)


def _write(log: Path, now: datetime) -> None:
    """Write what a service says in a tick; every two hours a callback is rejected."""
    at = now.isoformat().replace("+00:00", "Z")
    lines = [f"{at} [info     ] Handled request {n} [cj.worker] lineno=7" for n in range(CHATTER)]
    if now.timestamp() % REJECTED_EVERY.total_seconds() < STEP.total_seconds():
        pair = UUID(int=int(now.timestamp()))
        text = f"Cannot find comparison pair for callback, correlation_id: {pair}"
        lines.append(f"{at} [error    ] {text} [cj.worker] lineno=8")
    # The file is begun anew by the hour, as rotation does, so that the disk holds the day.
    mode = "w" if now.minute == 0 and now.second < STEP.total_seconds() else "a"
    with log.open(mode, encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


async def _look(diary: Diary, session: "asyncpg.Connection[asyncpg.Record]", hour: float) -> None:
    process = psutil.Process(os.getpid())
    tables = await session.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", SCHEMA)
    rows = {
        str(table): await session.fetchval(f'SELECT count(*) FROM "{table}"') for (table,) in tables
    }
    diary.hours.append(hour)
    diary.resident.append(process.memory_info().rss / (1 << 20))
    diary.files.append(process.num_fds())
    diary.rows.append(rows)


def _rows(diary: Diary, hours: int, told: int, took_over: bool) -> list[Row]:
    then, late = map(statistics.median, diary.quarters("resident"))
    grown = late - then
    before, after = (max(seen) for seen in diary.quarters("files"))
    files = after - before
    middle, end = diary.rows[len(diary.rows) // 2], diary.rows[-1]
    more = {name: end[name] - middle[name] for name in end if name not in BY_DESIGN}
    more = {name: count for name, count in more.items() if count > 0}
    kept = ", ".join(f"{name} {end[name]:,}" for name in BY_DESIGN)
    note = f"{hours} h in ticks of 15 s, {told} messages posted"
    judged = hours >= LEAST_HOURS_TO_JUDGE
    return [
        Row("soak: memory, last quarter less the third", grown, "MiB", goal="≤ 8",
            met=grown <= 8 if judged else None, note=note),
        Row("soak: open files, the same", files, "", goal="≤ 0", met=files <= 0, note=note),
        Row("soak: rows more than half way, but what is kept by design", sum(more.values()), "",
            goal="≤ 0", met=not more if judged else None,
            note=", ".join(f"{name} {count:,}" for name, count in more.items()) or kept),
        Row("soak: the second replica took over", int(took_over), "", goal="1", met=took_over),
    ]  # fmt: skip


def _draw(diary: Diary) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (memory, files, rows) = pyplot.subplots(3, 1, sharex=True, figsize=(9, 7))
    memory.plot(diary.hours, diary.resident)
    memory.set_ylabel("resident, MiB")
    files.plot(diary.hours, diary.files)
    files.set_ylabel("open files")
    for name in BY_DESIGN:
        rows.plot(diary.hours, [one[name] for one in diary.rows], label=name)
    rows.set_ylabel("rows")
    rows.legend()
    rows.set_xlabel("hours; the second replica takes over half way")
    for axis in (memory, files, rows):
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=110)
