"""`/batch investigate` of a batch of ten thousand pairs, over 200 MB of logs.

It runs in a process of its own, as an answer of the command line does, so that the peak is its.
Its scan is that of the same words in the same files, without an event read; its rows are read
alone.
"""

import asyncio
import gc
import json
import math
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import UUID

from bot.__main__ import OBJECTS_PER_SEARCH
from bot.diagnosis.investigate.report import collect, investigate
from bot.domain.evidence import Missing
from bot.domain.log import LogQuery, LogSearch
from bot.ports import Deadline, Sources
from bot.service import embedded_postgres
from bot.settings import HULEEDU_SERVICES
from bot.sources.cj.database import CjPostgres
from bot.sources.log_files import LogFiles
from bot.sources.log_format.codec import PlainLines
from bot.sources.log_search.scan import Scan
from bot.sources.log_search.segment import Segment
from tests.benchmarks.bench_database import _filled
from tests.benchmarks.figure import Row, Scale
from tests.benchmarks.rows import BIG
from tests.support.servers.wire import wire

MOST_RATIO = 2
MOST_MEGABYTES = 150
SIZES = {"small": (1_000, 20 << 20), "full": (10_000, 200 << 20)}
CONTAINERS = ("huleedu_llm_provider_service", "huleedu_cj_assessment_service")


def run(scale: Scale) -> list[Row]:
    """Write the rows and the logs, then investigate."""
    return asyncio.run(_run(*SIZES[scale.name]))


async def _run(pairs: int, size: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # noqa: ASYNC240
        server = await embedded_postgres.start(folder / "postgres", durable=False)
        try:
            url = await server.create_database("cj")
            await _filled(url, pairs + 10_000, pairs)
            logs = await asyncio.to_thread(_write, folder / "logs", pairs, size)
            async with wire(url) as relay:
                return await _measured(relay.url, lambda: relay.round_trips, logs, pairs)
        finally:
            await server.stop()


async def _measured(url: str, trips: object, logs: Path, pairs: int) -> list[Row]:
    before = trips()  # type: ignore[operator]
    argv = [sys.executable, "-m", "tests.benchmarks.bench_investigate", url, str(logs)]
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe)
    assert child.stdout is not None
    first = await child.stdout.readline()
    queries = trips() - before  # type: ignore[operator]
    second, _ = await child.communicate(b"go on\n")
    if child.returncode:
        raise SystemExit("nothing was investigated")
    took = {**json.loads(first), **json.loads(second)}
    whole = sum(path.stat().st_size for path in logs.glob("*.log"))  # noqa: ASYNC240
    note = f"{pairs:,} pairs, {whole >> 20} MiB of logs, answered {took['answered']}"
    seconds, cost, least = took["seconds"], took["cost"], took["least"]
    read, peak = took["read"], took["peak"]
    return [
        Row("investigate", seconds, "s", goal="< 20 s, the deadline", met=seconds < 20, note=note),
        Row("investigate: reading", took["reading"], "CPU s", note=note),
        Row("investigate: judging", cost - took["reading"], "CPU s", note=note),
        Row("investigate: its own scan and its rows alone", least, "CPU s", note=note),
        Row(
            "investigate: reading and judging", cost, "CPU s", cost / least, "those alone",
            f"≤ {MOST_RATIO} × those alone", cost <= MOST_RATIO * least, note,
        ),
        Row(
            "investigate: peak memory", peak, "MB", goal=f"< {MOST_MEGABYTES} MB",
            met=peak < MOST_MEGABYTES, note=note,
        ),
        Row("investigate: queries, connecting included", queries, "", note=note),
        Row(
            "investigate: passes over the logs",
            read / whole,
            "",
            goal="≤ 1",
            met=read <= whole,
            note=note,
        ),
    ]  # fmt: skip


async def _alone(url: str, logs: Path) -> None:
    """Investigate once; then read the same rows, and look for the same words, and nothing else."""
    gc.set_threshold(OBJECTS_PER_SEARCH)  # as the command line does
    database = CjPostgres(url, timeout_seconds=30)
    asked = _Asked(logs, HULEEDU_SERVICES, UTC)
    now = datetime.now(UTC) + timedelta(minutes=5)
    began, clock = time.process_time(), time.perf_counter()
    sources = Sources(database=database, logs=asked)
    found = await collect(sources, BIG, now, deadline=Deadline.after(240))
    if found is None or isinstance(found, Missing):
        raise SystemExit(f"nothing was investigated: {found}")
    reading = time.process_time() - began
    report = investigate(found, now)
    cost, seconds = time.process_time() - began, time.perf_counter() - clock
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    search = found.evidence.logs
    read = sum(one.bytes_read for one in search.coverage) if isinstance(search, LogSearch) else 0
    counts = {stage["stage"]: stage["count"] for stage in report.facts["funnel"]}
    _tell(
        seconds=seconds, cost=cost, reading=reading, peak=peak, read=read,
        answered=counts["answered"],
    )  # fmt: skip
    sys.stdin.readline()  # until the queries are counted
    began = time.process_time()
    await database.batch(BIG)
    await database.members(BIG)
    _scan(logs, asked.queries[0])
    _tell(least=time.process_time() - began)
    await database.close()


def _tell(**figures: float) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


class _Asked(LogFiles):
    """The files, and what they were asked for."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.queries: list[LogQuery] = []

    async def search(self, query: LogQuery) -> LogSearch:
        """Search, and remember what for."""
        self.queries.append(query)
        return await super().search(query)


def _scan(logs: Path, query: LogQuery) -> None:
    for path in logs.glob("*.log"):
        with closing(Segment(path, PlainLines(UTC))) as segment:
            words = [segment.codec.needle(word) for word in query.any_of]
            Scan(words, thorough=False).hits(segment, 0, segment.size)


def _write(folder: Path, pairs: int, size: int) -> Path:
    folder.mkdir()
    for container in CONTAINERS:
        lines = list(_own_lines(container, pairs))
        start = datetime.now(UTC) - timedelta(seconds=30)
        width = len(_json(start, "Handled request 1000-10 of another batch"))
        filler = size // len(CONTAINERS) // width - len(lines)
        every = max(1, math.ceil(filler / len(lines)))
        with (folder / f"{container}.log").open("w", encoding="utf-8") as log:
            for number, line in enumerate(lines):
                at = start + timedelta(seconds=60 * number / len(lines))
                log.write(_json(at, line))
                for other in range(every):
                    log.write(_json(at, f"Handled request {number}-{other} of another batch"))
    return folder


def _own_lines(container: str, pairs: int) -> Iterator[str]:
    for number in range(pairs):
        id = UUID(md5(f"p{BIG}/{number}".encode()).hexdigest())
        queue = UUID(md5(f"q{number}".encode()).hexdigest())
        if container == CONTAINERS[0]:
            yield f"Queuing LLM request for provider anthropic. correlation_id: {id}"
            yield f"Processing queued request {queue}, correlation_id: {id}"
            yield f"Request {queue} completed successfully, correlation_id: {id}"
            yield f"Published success callback event for request {queue}, correlation_id: {id}"
        else:
            yield f"Processing LLM comparison callback for request {queue}, correlation_id: {id}"


def _json(at: datetime, text: str) -> str:
    line = {
        "event": text,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "level": "info",
        "logger_name": "llm_provider_service.queue_processor",
        "extra": {"queue_processing_mode": "per_request"},
    }
    return json.dumps(line) + "\n"


if __name__ == "__main__":
    asyncio.run(_alone(sys.argv[1], Path(sys.argv[2])))
