"""What the bot says of the outsider's cases, through real parts: PostgreSQL and log files."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from bot.service import embedded_postgres
from tests.population.adversary.archive import FIRST, truths, unpack
from tests.truth.answers import answer_of
from tests.truth.day import days
from tests.truth.judge import wrongs
from tests.truth.rows import database_of


@dataclass(frozen=True, slots=True)
class Judged:
    """One case: whether it is healthy, its kind of fault, its revision, what was wrong."""

    name: str
    healthy: bool
    kind: int
    then: bool
    wrongs: tuple[str, ...]


async def judged(
    names: Collection[str] = (),
    change: Callable[[Path], None] = lambda _: None,
    corpus: str = FIRST,
) -> AsyncIterator[Judged]:
    """Judge cases one after another; all of them when none is named.

    `change` is given the folder of the unpacked cases before they are read.
    """
    scratch = _unpacked(names, corpus)
    change(scratch / "cases")
    server = await embedded_postgres.start(scratch / "postgres", durable=False)
    try:
        for day in days(scratch / "cases", scratch):
            url = await database_of(day, server)
            given = truths(corpus)[day.name]
            then = day.name.startswith("then-")
            for truth in day.truths:
                wrong = tuple(wrongs(truth, await answer_of(day, truth, url, scratch)))
                healthy = given["kind"] == "healthy"
                yield Judged(day.name, healthy, given["issue_kind"], then, wrong)
    finally:
        await server.stop(remove=True)
        shutil.rmtree(scratch, ignore_errors=True)


def _unpacked(names: Collection[str], corpus: str) -> Path:
    scratch = Path(tempfile.mkdtemp(prefix="bb-adversary-"))
    scratch.chmod(0o711)  # the server may run as another user, who has to pass through
    unpack(scratch / "cases", names, corpus)
    return scratch
