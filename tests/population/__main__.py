"""`python -m tests.population` prints precision over healthy batches and recall for each rule."""

import sys

from tests.population.faulty import FAULTS
from tests.population.healthy import STATES
from tests.population.measure import false_alarms, found

HEALTHY, VARIANTS = 2_400, 60


def say(line: str) -> None:
    """Write one line of the table."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Print the table; return 1 when anything is off."""
    alarms = false_alarms(range(HEALTHY))
    say(
        f"healthy batches   {HEALTHY} in {len(STATES)} states of both revisions   "
        f"warn or error findings   {alarms.total()}"
    )
    for (state, rule), count in alarms.most_common():
        say(f"  {state:20} {rule:24} {count}")
    say(f"\n{'rule':26} {'at least':>9} {'faulty':>7} {'found':>7}")
    missed = 0
    for rule, (_, severity) in FAULTS.items():
        hits = found(rule, VARIANTS)
        missed += VARIANTS - hits
        say(f"{rule:26} {severity:>9} {VARIANTS:7} {hits:7}")
    return 1 if missed or alarms else 0


if __name__ == "__main__":
    sys.exit(main())
