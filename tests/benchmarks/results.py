"""RESULTS.md: what was measured on which machine, a section for each benchmark."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.figure import Row, Scale

_SECTION = re.compile(r"^## (\w+)$", re.M)


class Results:
    """The file; `put` replaces one benchmark's section and keeps the others'."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, name: str, scale: Scale, rows: Sequence[Row]) -> None:
        """Write a benchmark's rows, with when and at what size they were measured."""
        at = datetime.now(UTC).isoformat(timespec="minutes")
        said = f"{at}, size {scale.name}, load average {os.getloadavg()[1]:.1f}"
        sections = {**self._sections(), name: "\n".join((said, "", *table(rows)))}
        parts = [f"## {name}\n\n{text.strip()}\n" for name, text in sorted(sections.items())]
        self._path.write_text("\n".join((*_head(), *parts)), encoding="utf-8")

    def _sections(self) -> dict[str, str]:
        text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        _, *parts = _SECTION.split(text)
        return dict(zip(parts[::2], parts[1::2], strict=True))


def table(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| what | measured | ratio | goal | met | note |"
    yield "|---|---:|---:|---|---|---|"
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} × {row.against}"
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        yield f"| {row.name} | {_figure(row)} | {ratio} | {row.goal} | {met} | {row.note} |"


def _figure(row: Row) -> str:
    is_whole = row.measure >= 100 or row.measure == int(row.measure)
    return f"{row.measure:,.{0 if is_whole else 3}f} {row.unit}".strip()


def _head() -> Iterator[str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    yield "# Benchmarks\n"
    yield "Medians, made by `make bench`; one alone by `python -m tests.benchmarks --only NAME`.\n"
    yield (
        f"- {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB memory, "
        f"{platform.system()} {platform.release()}"
    )
    yield (
        "- The load average is that of the 5 minutes before: where it is far above the cores, "
        "others computed meanwhile, times are too long and ratios in a section tell more"
    )
    yield f"- Python {platform.python_version()}, {_version('dockerd')}, {_version('grep')}"
    yield (
        "- The processor time and memory of a day over time: [day.png](day.png); of ticks: "
        "[soak.png](soak.png)\n"
    )


def _version(tool: str) -> str:
    if shutil.which(tool) is None:
        return f"no {tool}"
    said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout
    return said.splitlines()[0] if said else tool
