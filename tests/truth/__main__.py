"""Prints what the bot says of days whose truth is known: `make truth DAY=<folder>`."""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.service import embedded_postgres
from tests.truth.answers import answer_of, contradictions_of
from tests.truth.causes import steps_of
from tests.truth.day import Day, DayError, Truth, days
from tests.truth.judge import unjudged, wrongs
from tests.truth.rows import database_of
from tests.truth.texts import texts_of


def main() -> int:
    """Judge each batch of a folder; 0 when all are right, 1 when one is not, 2 for no folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description=__doc__)
    parser.add_argument("day", type=Path, help="a folder with logs, rows and truth.json")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every finding")
    given = parser.parse_args()
    if not given.day.is_dir():
        sys.stderr.write(f"{given.day} is no folder. Give one: make truth DAY=/path/to/day\n")
        return 2
    scratch = Path(tempfile.mkdtemp(prefix="bb-truth-"))
    scratch.chmod(0o711)  # the server runs as another user, who has to pass through
    try:
        return asyncio.run(_judge_all(given.day, scratch, verbose=given.verbose))
    except DayError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


async def _judge_all(root: Path, scratch: Path, *, verbose: bool) -> int:
    server = await embedded_postgres.start(scratch / "postgres", durable=False)
    right = total = unseen = 0
    try:
        for day in days(root, scratch):
            url = await database_of(day, server)
            for truth in day.truths:
                report = await answer_of(day, truth, url, scratch)
                said = await contradictions_of(day, truth, url, scratch, report)
                total += 1
                right += _print(day, truth, report, said, verbose=verbose)
            unseen += _print_texts(day)
    finally:
        await server.stop(remove=True)
    sys.stdout.write(f"\n{right} right, {total - right} wrong, of {total}\n")
    return 0 if right == total and not unseen else 1


def _print_texts(day: Day) -> int:
    """Print which log texts are said to be seen on that day and were not, and which were read."""
    held = texts_of(day) if len(day.truths) > 1 else None
    if held is None:
        return 0
    sys.stdout.write(
        f"\n{len(held.seen)} log texts are said to be seen on {held.day}; "
        f"{len(held.seen) - len(held.unseen)} stand in these logs\n"
    )
    for text in held.unseen:
        sys.stdout.write(f"      ! not in them: {text}\n")
    for text in held.read:
        sys.stdout.write(f"      ? in them, though known from the source alone: {text}\n")
    return len(held.unseen)


def _print(
    day: Day, truth: Truth, report: Mapping[str, Any], said: Sequence[str], *, verbose: bool
) -> bool:
    wrong = [*wrongs(truth, report), *said]
    open_ = unjudged(truth, report)
    name = f"{day.name} {truth.batch}"
    causes = ", ".join([*truth.causes, *(group.get("cause", "") for group in truth.must_name)])
    sys.stdout.write(
        f"{'right' if not wrong else 'WRONG':6}{name:34.34} {truth.kind:8} -> "
        f"{report['verdict']:8} {causes}\n"
    )
    for finding in report["findings"]:
        if verbose or finding["severity"] != "info":
            sys.stdout.write(f"      {finding['severity']:6}{finding['rule']}: {finding['what']}\n")
        for step in steps_of(finding) if verbose else ():
            sys.stdout.write(f"          advice: {step}\n")
    for line in wrong:
        sys.stdout.write(f"      ! {line}\n")
    for cause in open_:
        sys.stdout.write(f"      ? not judged: {cause}\n")
    return not wrong


if __name__ == "__main__":
    sys.exit(main())
