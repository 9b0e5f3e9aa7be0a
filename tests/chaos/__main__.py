"""`python -m tests.chaos`: every scenario, one table; exit 1 when a promise was broken."""

import argparse
import asyncio
import logging
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable

from tests.chaos import engine, kills, outages, replicas, slack, traffic
from tests.chaos.table import Row, table

Scenario = Callable[[], Awaitable[list[Row]]]

SCENARIOS: dict[str, Scenario] = {
    "kills": kills.run,
    "replicas": replicas.run,
    "slack": slack.run_failures,
    "storm": slack.run_storm,
    "outages": outages.run,
    "engine": engine.run,
    "traffic": traffic.run,
}
QUICK: dict[str, Scenario] = {
    "kills": lambda: kills.run(rounds=12),
    "replicas": replicas.run,
    "slack": lambda: slack.run_failures(keys=12),
    "storm": lambda: slack.run_storm(alerts=100),
    "outages": lambda: outages.run(outages.OUTAGES[:2]),
    "engine": engine.run,
    "traffic": lambda: traffic.run(runs=3, warned=1, hours=3),
}

SIMULATED = "traffic"


async def _run(names: list[str], *, quick: bool) -> list[Row]:
    """Run the scenarios on real parts one after the other, and beside them the simulated one."""
    simulated = [name for name in names if name == SIMULATED]
    real = [name for name in names if name != SIMULATED]
    rows = await asyncio.gather(*(_each(some, quick=quick) for some in (real, simulated)))
    return [row for some in rows for row in some]


async def _each(names: list[str], *, quick: bool) -> list[Row]:
    rows: list[Row] = []
    for name in names:
        print(f"running {name} …", file=sys.stderr)  # noqa: T201
        try:
            found = await (QUICK if quick else SCENARIOS)[name]()
        except Exception as error:
            # The others go on, and the table says it.
            traceback.print_exc()
            found = [Row(name, "broke off", type(error).__name__, ok=False)]
        print(table(found), file=sys.stderr)  # noqa: T201
        rows += found
    return rows


def main() -> None:
    """Run the scenarios that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--only", choices=sorted(SCENARIOS), action="append")
    parser.add_argument("--quick", action="store_true", help="a small version of each")
    asked = parser.parse_args()
    # What is broken on purpose would fill the screen with the bot's warnings about it.
    logging.disable(logging.CRITICAL)
    # Whoever ends it early gets everything that it started ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows = asyncio.run(_run(asked.only or list(SCENARIOS), quick=asked.quick))
    print(table(rows))  # noqa: T201
    sys.exit(0 if all(row.ok for row in rows) else 1)


if __name__ == "__main__":
    main()
