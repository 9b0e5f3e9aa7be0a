"""The bot in a container as compose bounds it: it gets healthy, and stops when it is told to."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.image.life import lived
from tests.support.paths import ROOT
from tests.support.servers.engine import IMAGE, Engine, running_engine

# The docker SDK leaves the sockets of ended streams to the garbage collector.
pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with running_engine(Path(tempfile.mkdtemp(prefix="bb-eng-"))) as running:
        yield running


def mounts(*sockets: str) -> dict[str, dict[str, str]]:
    """Return this machine's Python and this checkout for reading, and where a server listens."""
    folders = {"/usr", "/lib", "/lib64", "/etc/ssl", sys.base_prefix, sys.prefix, str(ROOT)}
    made = {one: {"bind": one, "mode": "ro"} for one in folders if Path(one).exists()}
    return {**made, **{one: {"bind": one, "mode": "rw"} for one in sockets}}


def owner(path: str) -> str:
    """Return who may use the server there, as a container's user: the socket is theirs alone."""
    found = Path(path).stat()
    return f"{found.st_uid}:{found.st_gid}"


async def test_it_gets_healthy_and_ends_with_0_when_it_is_stopped(
    engine: Engine, database_url: str
) -> None:
    (sockets,) = parse_qs(urlsplit(database_url).query)["host"]
    program = [f"{sys.prefix}/bin/python", "-m", "bot"]
    life = await lived(
        engine, IMAGE, database_url, command=[*program, "run"], user=owner(sockets),
        volumes=mounts(sockets), working_dir=str(ROOT), health=["CMD", *program, "health"],
    )  # fmt: skip
    assert life.health == "healthy", f"{life.said}\n{life.log}"
    assert life.said.startswith("ready: ticks leading; ")
    assert "; memory ok; " in life.said
    assert life.exit_code == 0
    assert "is ready for image" in life.log
