"""`python -m tests.population` prints precision over healthy batches and recall for each rule.

Tables apart: batches simulated here, and two outsiders' cases (`tests.population.adversary`). How
far it has come is told on stderr.
"""

import argparse
import asyncio
import sys
from collections import Counter, defaultdict

from tests.population.adversary.archive import FIRST, SECOND, truths
from tests.population.adversary.measure import Judged, judged
from tests.population.faulty import FAULTS
from tests.population.healthy import STATES
from tests.population.measure import false_alarms, found

HEALTHY, VARIANTS = 2_400, 60
STEP, CASES_STEP = 200, 20


def say(line: str) -> None:
    """Write one line of the table."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tell(done: int, of: int, what: str, step: int) -> None:
    """Say on stderr how much is judged, at each step and at the end."""
    if done % step == 0 or done == of:
        sys.stderr.write(f"{done} of {of} {what}\n")


def main() -> int:
    """Print both tables; return 1 when anything is off."""
    argparse.ArgumentParser(prog="python -m tests.population", description=__doc__).parse_args()
    wrong = _own()
    say("")
    wrong += asyncio.run(_outsiders(FIRST, "an outsider's cases"))
    say("")
    wrong += asyncio.run(_outsiders(SECOND, "a second outsider's cases"))
    return 1 if wrong else 0


def _own() -> int:
    alarms: Counter[tuple[str, str]] = Counter()
    for first in range(0, HEALTHY, STEP):
        alarms += false_alarms(range(first, first + STEP))
        tell(first + STEP, HEALTHY, "healthy batches", STEP)
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
    return missed + alarms.total()


async def _outsiders(corpus: str, whose: str) -> int:
    """Judge an outsider's cases and print them by kind, healthy and faulty apart."""
    cases: list[Judged] = []
    async for one in judged(corpus=corpus):
        cases.append(one)
        tell(len(cases), len(truths(corpus)), "cases", CASES_STEP)
    kinds: dict[int, list[Judged]] = defaultdict(list)
    for one in cases:
        kinds[one.kind].append(one)
    say(f"{whose}   {len(cases)}, of which {sum(one.then for one in cases)} are of the "
        "revision of November 2025")  # fmt: skip
    say(f"{'kind of fault':26} {'healthy':>9} {'right':>7} {'faulty':>9} {'right':>7}")
    for kind, members in [*sorted(kinds.items()), ("all", cases)]:
        say(f"{kind!s:26} {_counts(members, healthy=True)} {_counts(members, healthy=False)}")
    wrong = [one for one in cases if one.wrongs]
    for one in wrong:
        say(f"  {one.name}: {'; '.join(one.wrongs)}")
    return len(wrong)


def _counts(members: list[Judged], *, healthy: bool) -> str:
    sort = [one for one in members if one.healthy is healthy]
    return f"{len(sort):9} {sum(not one.wrongs for one in sort):7}"


if __name__ == "__main__":
    sys.exit(main())
