"""How long a line takes to become an event, against what orjson alone takes for the same event.

Parsing waits for nothing, so its own processor time tells it, whatever else the machine computes.
An event's parts are read when they are asked for, so it is told for three kinds of reader: one
that only counts, one that looks at time and message as most rules do, and one that reads all.
"""

import json
import time
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC
from typing import Any

import orjson

from bot.domain.log import LogEvent, Role
from bot.sources.log_format.parser import parse_lines
from tests.benchmarks.figure import Row, Scale

_AT = "2026-02-10T08:37:59.771020Z"
_PAIR = "c67e7a03-c8fc-4700-9219-3a77e3295c4a"
_LOGGER = "cj_assessment.llm_callback_handler"
_MESSAGE = f"Processing LLM comparison callback for request {_PAIR}"
_EXTRA: dict[str, Any] = {
    "correlation_id": "2cfccbef-347f-4596-ab2f-f5e1870490ce",
    "event_id": "50e47040-848a-44ce-9fef-78561f45444a",
    "request_id": _PAIR,
    "provider": "anthropic",
    "model": "claude-haiku-4-5-20251001",
    "is_error": False,
    "callback_latency_seconds": 0.721087,
}
_JSON = json.dumps(
    {
        "logger_name": _LOGGER,
        "extra": _EXTRA,
        "event": _MESSAGE,
        "timestamp": _AT,
        "level": "info",
        "service.name": "cj_assessment_service",
        "deployment.environment": "production",
        "filename": "llm_callback_handler.py",
        "func_name": "handle",
        "lineno": 655,
    }
).encode()
_CONSOLE = (
    f"\x1b[2m{_AT}\x1b[0m [\x1b[32m\x1b[1minfo     \x1b[0m] \x1b[1m{_MESSAGE}\x1b[0m "
    f"[\x1b[0m\x1b[1m\x1b[34m{_LOGGER}\x1b[0m]\x1b[0m \x1b[36mextra\x1b[0m=\x1b[35m{_EXTRA}\x1b[0m"
    " \x1b[36mfilename\x1b[0m=\x1b[35mllm_callback_handler.py\x1b[0m \x1b[36mlineno\x1b[0m=655"
).encode()
_RAISED = [
    "Traceback (most recent call last):",
    *(
        part
        for n in range(20)
        for part in (f'  File "/app/services/m{n}.py", line {n}, in run', "    await work()")
    ),
    "sqlalchemy.exc.IntegrityError: (asyncpg.exceptions.UniqueViolationError) duplicate key value",
    "DETAIL:  Key (essay_id, cj_batch_id)=(a, 34) already exists.",
    "(Background on this error at: https://sqlalche.me/e/20/gkpj)",
]
_TRACEBACK = [f"{_AT} [error    ] Failed to finalise [cj.worker] batch=34", *_RAISED]
READERS: dict[str, tuple[str, ...]] = {
    "": (),
    ", time and message read": ("at", "event"),
    ", everything read": tuple(one.name for one in fields(LogEvent)),
}
MOST = {"JSON": 5, "console": 15}
# Short runs, and many: the least of them is one that nothing else disturbed.
REPEATS = 15


def run(scale: Scale) -> list[Row]:
    """Parse many of each shape, for each kind of reader."""
    count = scale.parse_lines
    alone = _least(lambda: _loaded(count), REPEATS) / count
    rows = [Row("parse: orjson alone, the same event", alone * 1e6, "CPU µs")]
    for shape, line in (("JSON", _JSON), ("console", _CONSOLE)):
        lines = [line] * count
        for reader, parts in READERS.items():
            cost = _least(lambda: _parse(lines, parts), REPEATS) / count  # noqa: B023
            rows.append(_row(f"parse: {shape}{reader}", cost, alone, MOST[shape], parts))
    lines = [line.encode() for line in _TRACEBACK] * (count // len(_TRACEBACK))
    cost = _least(lambda: _parse(lines, READERS[", everything read"]), REPEATS)
    return [*rows, Row("parse: traceback, everything read", cost / len(lines) * 1e6, "CPU µs")]


def _row(name: str, cost: float, alone: float, most: int, parts: tuple[str, ...]) -> Row:
    ratio = cost / alone
    if len(parts) > 2:
        return Row(name, cost * 1e6, "CPU µs", ratio, "orjson")
    return Row(name, cost * 1e6, "CPU µs", ratio, "orjson", f"≤ {most} × orjson", ratio <= most)


def _least(work: Callable[[], None], repeats: int) -> float:
    """Return the least processor seconds of some runs: what disturbs only ever adds."""
    return min(_cpu_seconds(work) for _ in range(repeats))


def _cpu_seconds(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _loaded(count: int) -> None:
    for _ in range(count):
        orjson.loads(_JSON)


def _parse(lines: list[bytes], parts: tuple[str, ...]) -> None:
    for event in parse_lines(lines, service="s", container="c", role=Role.CJ, zone=UTC):
        for part in parts:
            getattr(event, part)
