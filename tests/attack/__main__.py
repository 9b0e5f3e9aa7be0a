"""`make attack`: the outsider's corpus against the border, as a table. Exits 1 on a leak."""

import argparse
import sys
from collections import Counter

from tests.attack import measure


def main() -> int:
    """Print the table; return 1 when anything leaks, whatever promise names it, or is slow."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack")
    parser.add_argument("--per-place", type=int, default=None, help="at most so many plants each")
    parser.add_argument("--every-way", type=int, default=5, help="so many a place by every way")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    given = parser.parse_args()
    outcome = measure.attack(given.per_place, given.every_way, given.workers)
    outcome += measure.mean()
    gone, times = measure.over_redacted(), measure.slow()
    lines = [f"{'where':<12}{'planted':>9}{'by every way':>14}"]
    lines += [
        f"{where:<12}{count:>9,}{outcome.by_every_way[where]:>14,}"
        for where, count in outcome.planted.items()
    ]
    by_way = Counter((leak.way, leak.promise) for leak in outcome.leaks)
    lines += [f"leaked by {way} ({promise}): {count}" for (way, promise), count in by_way.items()]
    lines += [
        f"  {leak.place} {leak.plant} by {leak.way}: {leak.shown}"
        for leak in {(one.place, one.plant): one for one in outcome.leaks}.values()
    ]
    lines += [
        f"kept {count} ids in {place}: {measure.WITHOUT_A_KEY[place]}"
        for place, count in outcome.ids_kept.items()
        if count
    ]
    lines.append(f"leaked: {len(outcome.leaks)}")
    lines.append(f"over-redacted: {len(gone)} {gone[:10]}")
    slow = [(seconds, name) for seconds, name in times if seconds > measure.MOST_SECONDS]
    lines += [f"slow: {name} {seconds:.2f} s" for seconds, name in times[:5]]
    lines.append(f"over {measure.MOST_SECONDS:.0f} s: {len(slow)} of {len(times)}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if outcome.leaks or slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
