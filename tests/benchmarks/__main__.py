"""`python -m tests.benchmarks [--only NAME] [--size small|full]`: runs the benchmarks.

Every `bench_*.py` beside this file is one, with `run(scale) -> rows`. All rows of one run are
printed as a table and written to RESULTS.md with sizes and versions.
"""

import argparse
import importlib
import os
import pkgutil
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests import benchmarks
from tests.benchmarks.figure import SCALES, Row, Scale

RESULTS = Path(__file__).with_name("RESULTS.md")
PREFIX = "bench_"


def main() -> int:
    """Run what was asked for; 1 when a goal was missed."""
    names = [info.name.removeprefix(PREFIX) for info in _found()]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", choices=names, action="append", help="only this one; repeatable")
    parser.add_argument("--size", choices=SCALES, default="full")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table is written")
    asked = parser.parse_args()
    rows: list[Row] = []
    for name in asked.only or names:
        sys.stderr.write(f"{name} ...\n")
        rows += importlib.import_module(f"{benchmarks.__name__}.{PREFIX}{name}").run(
            SCALES[asked.size]
        )
    table = "\n".join(_table(rows))
    sys.stdout.write(f"{table}\n")
    asked.out.write_text(f"{_head(SCALES[asked.size])}\n{table}\n", encoding="utf-8")
    return int(any(row.met is False for row in rows))


def _found() -> Iterable[pkgutil.ModuleInfo]:
    return (
        info for info in pkgutil.iter_modules(benchmarks.__path__) if info.name.startswith(PREFIX)
    )


def _table(rows: Iterable[Row]) -> Iterable[str]:
    yield "| what | measured | ratio | goal | met | note |"
    yield "|---|---:|---:|---|---|---|"
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} × {row.against}"
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        figure = f"{row.measure:,.3f}" if row.measure < 100 else f"{row.measure:,.0f}"
        yield f"| {row.name} | {figure} {row.unit} | {ratio} | {row.goal} | {met} | {row.note} |"


def _head(scale: Scale) -> str:
    at = datetime.now(UTC).isoformat(timespec="minutes")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    facts = [
        f"{at}, size {scale.name}, medians of one run of `python -m tests.benchmarks`",
        f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB memory, "
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, {_version('dockerd')}, {_version('grep')}",
    ]
    return "# Benchmarks\n\n" + "\n".join(f"- {fact}" for fact in facts) + "\n"


def _version(tool: str) -> str:
    if shutil.which(tool) is None:
        return f"no {tool}"
    said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout
    return said.splitlines()[0] if said else tool


if __name__ == "__main__":
    sys.exit(main())
