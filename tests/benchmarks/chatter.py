"""Writes service logs at a steady rate: `python -m tests.benchmarks.chatter DIR RATE SECONDS`.

Prints how many lines and bytes it wrote. Every 1,000th line is one that a detector wants.
"""

import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.logs import NEEDLE, TIME, event

STEP_SECONDS = 0.1
WANTED_EVERY = 1_000
PREPARED = 2_000


def main(folder: Path, names: list[str], rate: int, seconds: float) -> tuple[int, int]:
    """Append `rate` lines a second to all files together; return lines and bytes."""
    random_ = random.Random(7)
    prepared = [event(random_) for _ in range(PREPARED)]
    wanted = event(random_, NEEDLE)
    files = [(folder / f"{name}.log").open("a", encoding="utf-8") for name in names]
    lines = size = 0
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        due = int(passed * rate) - lines
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        share = due // len(files)
        for file in files:
            picked = [
                wanted if (lines + n) % WANTED_EVERY == 0 else prepared[(lines + n) % PREPARED]
                for n in range(share)
            ]
            text = "\n".join(picked).replace(TIME, now) + "\n" if picked else ""
            file.write(text)
            file.flush()
            lines += share
            size += len(text)
        time.sleep(STEP_SECONDS)
    for file in files:
        file.close()
    return lines, size


if __name__ == "__main__":
    written = main(Path(sys.argv[1]), sys.argv[4].split(","), int(sys.argv[2]), float(sys.argv[3]))
    sys.stdout.write(f"{written[0]} {written[1]}\n")
