"""`python -m tests.chaos`: every scenario, one table; exit 1 when a promise was broken."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

from tests.chaos import kills
from tests.chaos.table import Row, table

SCENARIOS: dict[str, Callable[[], Awaitable[list[Row]]]] = {"kills": kills.run}
QUICK: dict[str, Callable[[], Awaitable[list[Row]]]] = {"kills": lambda: kills.run(rounds=12)}


async def _run(names: list[str], *, quick: bool) -> list[Row]:
    rows: list[Row] = []
    for name in names:
        print(f"running {name} …", file=sys.stderr)  # noqa: T201
        rows += await (QUICK if quick else SCENARIOS)[name]()
    return rows


def main() -> None:
    """Run the scenarios that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--only", choices=sorted(SCENARIOS), action="append")
    parser.add_argument("--quick", action="store_true", help="a small version of each")
    asked = parser.parse_args()
    rows = asyncio.run(_run(asked.only or list(SCENARIOS), quick=asked.quick))
    print(table(rows))  # noqa: T201
    sys.exit(0 if all(row.ok for row in rows) else 1)


if __name__ == "__main__":
    main()
