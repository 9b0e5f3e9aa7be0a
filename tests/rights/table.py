"""The table of what everybody may: for `python -m tests.rights` and `make attack`."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from bot.demo.incident.rows import load
from bot.service import embedded_postgres
from tests.rights import container, proxy, role, slack
from tests.rights.attempt import Attempt
from tests.support.paths import ROOT
from tests.support.servers.engine import running_engine
from tests.support.servers.haproxy import docker_proxy

WAITS = "echo one; while true; do sleep 0.1; done"


def rows() -> list[Attempt]:
    """Try every actor; needs dockerd, haproxy and setfacl beside the embedded Postgres."""
    with _folder() as folder, running_engine(folder) as engine:
        service = engine.run("cj", WAITS, labels={"com.docker.compose.project": "huleedu"})
        with docker_proxy(engine) as address:
            of_proxy = proxy.tried(address, service)
        service.remove(force=True)
        of_container = container.tried(engine)
    with _folder() as folder:
        of_role = asyncio.run(_of_role(folder))
    return [*of_role, *of_proxy, *of_container, *asyncio.run(slack.tried())]


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bb-rights-"))
    folder.chmod(0o711)  # as root the server runs as another user, who has to pass through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _of_role(folder: Path) -> list[Attempt]:
    server = await embedded_postgres.start(folder, durable=False)
    try:
        url = await server.create_database("rights")
        await load(url, "now")
        await grant(url)
        await role.plant(url)
        reader = role.as_reader(url)
        return [*await role.tried(reader), *await role.given_away(reader)]
    finally:
        await server.stop(remove=True)


async def grant(url: str) -> None:
    """Run the shipped script as the database's owner."""
    owner = await asyncpg.connect(url)
    try:
        script = ROOT / "deploy" / "readonly_role.sql"
        await owner.execute(script.read_text(encoding="utf-8"))
    finally:
        await owner.close()


def text(attempts: Iterable[Attempt]) -> str:
    """Return the table: an actor a line, and each attempt that is not as it should be."""
    found: Sequence[Attempt] = tuple(attempts)
    lines = [f"{'actor':<36}{'tried':>7}{'refused':>9}{'wrong':>7}"]
    for actor, count in Counter(one.actor for one in found).items():
        own = [one for one in found if one.actor == actor]
        refused = sum(not one.worked for one in own)
        lines.append(f"{actor:<36}{count:>7}{refused:>9}{sum(map(_wrong, own)):>7}")
    for one in filter(_wrong, found):
        lines.append(f"  {one.actor} {'may' if one.worked else 'may not'} {one.what}")
    return "\n".join(lines)


def _wrong(attempt: Attempt) -> bool:
    return attempt.is_wrong
