"""Log lines with times as other writers put them: `/logs --since 1h` gives the last hour."""

import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.installs.table import Row, row
from tests.installs.user import ask, doctor, installed, line_of

Line = Callable[[float, str], dict[str, Any] | str]


def _iso(at: float, form: str) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(form)


LINES: tuple[tuple[str, str, Line], ...] = (
    ("TM-01a", "epoch seconds, structlog", lambda at, x: {"event": x, "timestamp": at}),
    ("TM-01b", "epoch seconds, zap", lambda at, x: {"ts": at, "msg": x, "level": "info"}),
    ("TM-02", "milliseconds and numeric levels, pino",
     lambda at, x: {"level": 50, "time": int(at * 1e3), "msg": x}),
    ("TM-03a", "nanoseconds", lambda at, x: {"timestamp_ns": int(at * 1e9), "event": x}),
    ("TM-03b", "OpenTelemetry",
     lambda at, x: {"timeUnixNano": str(int(at * 1e9)), "body": {"stringValue": x}}),
    ("TM-05a", "lower-case t and z", lambda at, x: {"event": x,
                                                 "timestamp": _iso(at, "%Y-%m-%dt%H:%M:%Sz")}),
    ("TM-05b", "an offset without colon", lambda at, x: {"event": x,
     "timestamp": _iso(at + 3600, "%Y-%m-%dT%H:%M:%S.9+0100")}),
    ("TM-04", "a comma and no zone", lambda at, x: _iso(at, "%Y-%m-%d %H:%M:%S,771 ERROR ") + x),
)  # fmt: skip


async def rows(folder: Path, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions."""
    now = time.time()
    for id, condition, line in LINES:
        place = folder / f"logs-{id}"
        place.mkdir(exist_ok=True)
        lines = [line(now - age, f"hello {age}") for age in (*range(864_000, 7_000, -600), 1_800)]
        text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines)
        (place / "huleedu_cj_assessment_service.log").write_text(text)
        with installed(folder, {"LOG_FILES_DIR": str(place)}):
            seen = await ask("/logs cj hello --since 1h")
        yield row(id, condition, seen, codes=[0], must=["1 line matches"], about="lines? match")
    async for one in _unlike_a_log(folder):
        yield one


async def _unlike_a_log(folder: Path) -> AsyncIterator[Row]:
    """Yield files that are there, and in which nothing is to be read."""
    for id, condition, content, must in (
        ("LF-01", "files without a byte", b"", "1 without a line yet"),
        ("LF-02", "NUL bytes, as after a lost power", b"\0" * 9_000, "1 without a line yet"),
        (
            "LF-03",
            "no log at all",
            bytes(range(1, 256)) * 40,
            "1 without a line that is understood",
        ),
        ("LF-04", "half a line", b'{"timestamp": "2026-11-29T23:00:00Z", "event": "hel', "ok: 1 "),
    ):
        place = folder / f"logs-{id}"
        place.mkdir(exist_ok=True)
        (place / "huleedu_cj_assessment_service.log").write_bytes(content)
        with installed(folder, {"LOG_FILES_DIR": str(place)}):
            seen = line_of(await doctor(), "logs")
        yield row(id, condition, seen, codes=[0], must=[must, "✅" if "ok" in must else "⚠️"])
