"""`python -m tests.benchmarks [--only NAME] [--size small|full]`: runs the benchmarks.

Every `bench_*.py` beside this file is one, with `run(scale) -> rows`. Each runs in a process of
its own; its rows are printed as a table and become its section of RESULTS.md, so that one that was
disturbed can be run again alone.
"""

import argparse
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests import benchmarks
from tests.benchmarks.figure import SCALES
from tests.benchmarks.results import Results, table

RESULTS = Path(__file__).with_name("RESULTS.md")
PREFIX = "bench_"


def main() -> int:
    """Run what was asked for; 1 when a goal was missed or a benchmark broke off."""
    names = [info.name.removeprefix(PREFIX) for info in _found()]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", choices=names, action="append", help="only this one; repeatable")
    parser.add_argument("--size", choices=SCALES, default="full")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the tables are written")
    asked = parser.parse_args()
    chosen: list[str] = asked.only or names
    if len(chosen) == 1:
        return _measured(chosen[0], asked.size, asked.out)
    return max(_run(name, asked.size, asked.out) for name in chosen)


def _run(name: str, size: str, out: Path) -> int:
    """Run one benchmark in a process of its own: its memory and its crash stay there."""
    argv = [sys.executable, "-m", "tests.benchmarks", "--only", name]
    done = subprocess.run([*argv, "--size", size, "--out", str(out)], check=False)
    return done.returncode


def _measured(name: str, size: str, out: Path) -> int:
    sys.stderr.write(f"{name} ...\n")
    scale = SCALES[size]
    rows = importlib.import_module(f"{benchmarks.__name__}.{PREFIX}{name}").run(scale)
    sys.stdout.write("\n".join(table(rows)) + "\n")
    sys.stdout.flush()
    Results(out).put(name, scale, rows)
    return int(any(row.met is False for row in rows))


def _found() -> Iterable[pkgutil.ModuleInfo]:
    return (
        info for info in pkgutil.iter_modules(benchmarks.__path__) if info.name.startswith(PREFIX)
    )


if __name__ == "__main__":
    sys.exit(main())
