"""How fast lines become events, by the shape they are written in.

Parsing waits for nothing, so its own processor time tells it, whatever else the machine computes.
"""

import statistics
import time
from datetime import UTC

from bot.domain.log import Role
from bot.sources.log_format.parser import parse_lines
from tests.benchmarks.figure import Row, Scale

_AT = "2025-11-18T23:48:23.771020Z"
_TRACE = [
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
_SHAPES = {
    "JSON": [
        '{"logger_name": "llm_provider_service.queue_processor", "extra": {"queue_current_size": 1,'
        f' "queue_usage_percent": 0.1}}, "event": "queue_metrics_snapshot", "timestamp": "{_AT}",'
        f' "level": "info", "filename": "queue_processor_impl.py", "lineno": 655}}'
    ],
    "console": [
        f"\x1b[2m{_AT}\x1b[0m [\x1b[32minfo     \x1b[0m] \x1b[1mserial_bundle_dispatch\x1b[0m "
        "[\x1b[34mllm_provider_service.queue_processor\x1b[0m] \x1b[36mextra\x1b[0m=\x1b[35m"
        "{'bundle_size': 8, 'provider': 'anthropic', 'model_override': None}\x1b[0m lineno=431"
    ],
    "traceback": [f"{_AT} [error    ] Failed to finalise [cj.worker] batch=34", *_TRACE],
}


def run(scale: Scale) -> list[Row]:
    """Parse many of each shape."""
    rows = []
    for shape, sample in _SHAPES.items():
        lines = [line.encode() for line in sample] * (scale.parse_lines // len(sample))
        seconds = statistics.median(_cpu_seconds(lines) for _ in range(scale.repeats))
        rows.append(Row(f"parse: {shape}", len(lines) / seconds, "lines/CPU s"))
    return rows


def _cpu_seconds(lines: list[bytes]) -> float:
    began = time.process_time()
    _parse(lines)
    return time.process_time() - began


def _parse(lines: list[bytes]) -> None:
    for _ in parse_lines(lines, service="s", container="c", role=Role.CJ, zone=UTC):
        pass
