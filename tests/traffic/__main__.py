"""`python -m tests.traffic`: healthy days in every mode, and each fault many times."""

import argparse
import logging
import signal
import sys

from tests.traffic.measure import MODES, healthy_day, measured, table
from tests.traffic.stories import STORIES


def main() -> None:
    """Run, print the table, and exit 1 when something was missed, misnamed or told in vain."""
    parser = argparse.ArgumentParser(prog="python -m tests.traffic", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="how often each fault happens")
    parser.add_argument("--hours", type=float, default=24, help="healthy hours in each mode")
    parser.add_argument("--only", choices=sorted(STORIES), action="append")
    parser.add_argument("--explain", action="store_true", help="print what went wrong")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    # Whoever ends it early gets everything that it started ended, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lines, bad = [], False
    for kind in asked.only or STORIES:
        sys.stderr.write(f"{kind} ...\n")
        line, outcomes = measured(kind, asked.runs)
        lines.append(line)
        bad = bad or bool(line.misses or line.wrong)
        for one in outcomes if asked.explain else ():
            if one.delay is None or not one.right:
                sys.stdout.write(f"{kind}: {one}\n")
    sys.stdout.write(table(lines) + "\n\n")
    for mode in MODES if asked.hours else ():
        told = healthy_day(mode, asked.hours)
        sys.stdout.write(f"{mode}: {asked.hours:g} healthy hours, {len(told)} alerts\n")
        bad = bad or bool(told)
        for event in told:
            sys.stdout.write(f"  {event['at']} {event['event']} {event['title']}\n")
    sys.exit(int(bad))


if __name__ == "__main__":
    main()
