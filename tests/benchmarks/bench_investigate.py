"""`/batch investigate` of a batch of ten thousand pairs, over 200 MB of logs."""

import asyncio
import json
import math
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path
from uuid import UUID

from bot.diagnosis.investigate.report import collect, investigate
from bot.domain.evidence import Missing
from bot.domain.log import LogSearch
from bot.ports import Deadline, Sources
from bot.service import embedded_postgres
from bot.settings import HULEEDU_SERVICES
from bot.sources.cj.database import CjPostgres
from bot.sources.log_files import LogFiles
from tests.benchmarks.bench_database import _filled
from tests.benchmarks.figure import Row, Scale
from tests.benchmarks.rows import BIG
from tests.support.servers.wire import wire

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
    database = CjPostgres(url, timeout_seconds=30)
    sources = Sources(database=database, logs=LogFiles(logs, HULEEDU_SERVICES, UTC))
    now = datetime.now(UTC) + timedelta(minutes=5)
    await collect(sources, BIG, now, deadline=Deadline.after(240))
    before, began = trips(), time.perf_counter()  # type: ignore[operator]
    found = await collect(sources, BIG, now, deadline=Deadline.after(240))
    if found is None or isinstance(found, Missing):
        raise SystemExit(f"nothing was investigated: {found}")
    report = investigate(found, now)
    seconds = time.perf_counter() - began
    queries = trips() - before  # type: ignore[operator]
    await database.close()
    search = found.evidence.logs
    read = sum(one.bytes_read for one in search.coverage) if isinstance(search, LogSearch) else 0
    whole = sum(path.stat().st_size for path in logs.glob("*.log"))  # noqa: ASYNC240
    counts = {stage["stage"]: stage["count"] for stage in report.facts["funnel"]}
    note = f"{pairs:,} pairs, {whole >> 20} MiB of logs, answered {counts['answered']}"
    return [
        Row("investigate", seconds, "s", goal="< 20 s, the deadline", met=seconds < 20, note=note),
        Row("investigate: queries", queries, "", note=note),
        Row(
            "investigate: passes over the logs",
            read / whole,
            "",
            goal="≤ 1",
            met=read <= whole,
            note=note,
        ),
    ]


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
