"""Ships recorded lines to each kind of log source, each line with an engine's time of its own."""

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from bot.sources.log_format.time import utc
from bot.sources.loki.entries import nanoseconds, stamp
from tests.support.servers.engine import Engine
from tests.support.servers.loki import LokiServer

NOW = datetime(2025, 11, 19, 1, 0, tzinfo=UTC)
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?")
LEVEL = re.compile(r'\[(?:\x1b\[[0-9;]*m)*(\w+) *(?:\x1b\[[0-9;]*m)*\]|"level": "(\w+)"')

# Nanoseconds since 1970, container, line.
Row: TypeAlias = tuple[int, str, str]


def shipped(folder: Path) -> list[Row]:
    """Return the incident's lines with an engine's time each: (ns, container, line)."""
    rows = []
    for path in sorted(folder.glob("*.log")):
        at = nanoseconds(NOW - timedelta(hours=3))
        for line in path.read_text(encoding="utf-8").splitlines():
            found = TIME.search(line[:400])
            moment = utc(found.group(), UTC) if found else None
            at = max(at + 1, nanoseconds(moment) if moment else 0)
            rows.append((at, path.stem, line))
    return rows


def ship_to_loki(server: LokiServer, rows: Sequence[Row]) -> None:
    """Ship lines as the newer label layout has them: service, container, level."""
    for at, container, line in rows:
        found = LEVEL.search(line[:200])
        level = next((word for word in found.groups() if word), "") if found else ""
        labels = {"container": container, "service": _service(container)}
        server.put(at, line, **labels, **({"level": level} if level else {}))


def _service(container: str) -> str:
    return "eng5_np_runner" if "runner" in container else container.removeprefix("huleedu_")


def ship_to_files(folder: Path, rows: Sequence[Row]) -> None:
    for at, container, line in rows:
        with (folder / f"{container}.log").open("a", encoding="utf-8") as log:
            log.write(f"{stamp(at)} {line}\n")


def ship_to_engine(engine: Engine, rows: Sequence[Row]) -> None:
    """Give the Engine a stopped container for each log, whose json-file log is these lines."""
    logs: dict[str, list[str]] = defaultdict(list)
    for at, container, line in rows:
        entry = {"log": f"{line}\n", "stream": "stdout", "time": stamp(at)}
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        logs[container].append(_escaped(text) + "\n")
    for name, entries in logs.items():
        made = engine.run(name, "exit 0")
        made.wait()
        assert made.id
        path = engine.data / "containers" / made.id / f"{made.id}-json.log"
        path.write_text("".join(entries), encoding="utf-8")


def _escaped(text: str) -> str:
    """Return JSON as Go writes it."""
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
