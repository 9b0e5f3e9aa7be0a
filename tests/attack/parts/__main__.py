"""Every kind of plant through the whole bot on real parts: `python -m tests.attack.parts`.

The logs lie in a folder, of the last kind in Loki; containers run where dockerd does, as root.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from bot.service import embedded_postgres
from tests.attack.parts.plants import EVERY, KINDS
from tests.attack.parts.run import carried
from tests.support.servers.redis import running_redis


def has_engine() -> bool:
    """Say whether an Engine can run here: without one no container is planted."""
    return shutil.which("dockerd") is not None and os.geteuid() == 0


async def main(kinds: list[str], folder: Path) -> int:
    """Print what was planted and what leaked; return 1 where anything did."""
    data = folder / "server"
    data.mkdir(mode=0o711)
    server = await embedded_postgres.start(data, durable=False)
    planted, leaked, ways = 0, 0, set[str]()
    try:
        for number, kind in enumerate(kinds):
            with running_redis() as redis_url:
                one = await carried(
                    kind,
                    folder / str(number),
                    server,
                    redis_url,
                    loki=kind == EVERY,
                    engine=has_engine(),
                )
            planted, leaked = planted + one.planted, leaked + len(one.leaks)
            ways |= set(one.ways)
            told = (
                f"{one.planted:,} planted",
                f"{one.posts} alert posts",
                f"{len(one.ways)} ways",
                f"{len(one.leaks)} leaked",
                f"{one.seconds:.0f} s",
            )
            sys.stdout.write(f"{kind:<18}{', '.join(told)}\n")
            for way, plant, around in one.leaks:
                sys.stdout.write(f"  {plant.place} by {way}: {plant.mark}: {around}\n")
            sys.stdout.flush()
    finally:
        await server.stop(remove=True)
    sys.stdout.write(f"{planted:,} plants, {len(ways)} ways out, {leaked} leaked\n")
    return 1 if leaked else 0


if __name__ == "__main__":
    asking = argparse.ArgumentParser(prog="python -m tests.attack.parts")
    asking.add_argument("kind", nargs="*", help=", ".join((*KINDS, EVERY)))
    made = Path(tempfile.mkdtemp(prefix="bb-parts-"))
    made.chmod(0o711)
    try:
        raise SystemExit(asyncio.run(main(asking.parse_args().kind or [*KINDS, EVERY], made)))
    finally:
        shutil.rmtree(made, ignore_errors=True)
