"""How many recorded lines `batchbot replay` judges in a second of processor time.

As in a real morning of the services, one line in twenty says what some detector waits for.
"""

import gc
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson

from bot.__main__ import OBJECTS_PER_SEARCH
from bot.replay.logs import Tally
from bot.replay.run import replay_directory
from bot.settings import HULEEDU_SERVICES
from tests.benchmarks.figure import Row, Scale

LINES = {"small": 60_000, "full": 400_000}
START = datetime(2026, 2, 10, 8, 0, tzinfo=UTC)
A_MINUTE = 6_000
GOAL = 60_000
OTHERS = 19
Said = tuple[str, str, dict[str, object]]
PROVIDER, CJ = "huleedu_llm_provider_service", "huleedu_cj_assessment_service"


def run(scale: Scale) -> list[Row]:
    """Write a busy healthy hour, half of it JSON and half console text, and replay it."""
    gc.set_threshold(OBJECTS_PER_SEARCH)  # as the command line does
    count = LINES[scale.name]
    each = _row("replay, each line of interest", count // 5, others=0)
    return [_row("replay", count, OTHERS), each]


def _row(name: str, count: int, others: int) -> Row:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        size = _write(Path(folder), count, others)
        seconds, tally = min((_replayed(Path(folder)) for _ in range(2)), key=lambda one: one[0])
    note = f"{tally.lines:,} lines, {size >> 20} MB, {tally.events} events, every detector"
    speed = tally.lines / seconds
    goal = f"≥ {GOAL:,} lines/CPU s"
    return Row(name, speed, "lines/CPU s", goal=goal, met=speed >= GOAL, note=note)


def _replayed(folder: Path) -> tuple[float, Tally]:
    tally, began = Tally(), time.process_time()
    for _ in replay_directory(folder, HULEEDU_SERVICES, UTC, tally=tally):
        pass
    return time.process_time() - began, tally


def _write(folder: Path, count: int, others: int) -> int:
    size = 0
    for container in (PROVIDER, CJ):
        with (folder / f"{container}.log").open("wb") as log:
            said = _among_others(_said(container, count // 2 // (others + 1)), others)
            for number, (logger, message, extra) in enumerate(said):
                at = START + number * timedelta(minutes=1) / (A_MINUTE / 2)
                size += log.write(_line(at, logger, message, extra, as_json=number % 2 == 0))
    return size


def _among_others(said: Iterable[Said], others: int) -> Iterator[Said]:
    """Yield each line with others around it, of which no detector wants any."""
    for number, one in enumerate(said):
        yield one
        for other in range(others):
            text = f"Stored essay chunk {number}-{other} for the next round"
            yield "huleedu.storage", text, {"chunk": other, "correlation_id": str(UUID(int=number))}


def _said(container: str, count: int) -> Iterator[Said]:
    """Yield what a service says of comparisons that all go well: logger, message, fields."""
    for number in range(count // 4):
        pair, queue = UUID(int=number + (1 << 100)), UUID(int=number + (1 << 101))
        ids: dict[str, object] = {"correlation_id": str(pair), "queue_id": str(queue)}
        if container == CJ:
            handler = "cj_assessment.llm_callback_handler"
            state = {**ids, "provider": "anthropic", "model": "claude-haiku-4-5", "is_error": False}
            yield "cj_assessment.llm_client", "Sending LLM comparison request", ids
            yield handler, f"Processing LLM comparison callback for request {queue}", state
            yield handler, f"Updated comparison pair {number}", ids
            yield "resilient_kafka", "Message consumed", {"offset": number}
            continue
        loop = "llm_provider_service.queue_loop"
        sizes: dict[str, object] = {
            "queue_current_size": 3,
            "queue_usage_percent": 0.1,
            "queue_queued_count": 2,
        }
        yield loop, f"Queuing LLM request for provider anthropic. correlation_id: {pair}", ids
        yield loop, "queue_metrics_snapshot", sizes
        yield loop, f"Request {queue} completed successfully, correlation_id: {pair}", ids
        yield loop, f"Published success callback event for request {queue}", ids


def _line(
    at: datetime, logger: str, message: str, extra: dict[str, object], *, as_json: bool
) -> bytes:
    stamp = f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"
    if not as_json:
        return f"{stamp} [info     ] {message} [{logger}] extra={extra} lineno=7\n".encode()
    whole = {"logger_name": logger, "extra": extra, "event": message, "timestamp": stamp}
    return orjson.dumps({**whole, "level": "info", "filename": "a.py", "lineno": 7}) + b"\n"
