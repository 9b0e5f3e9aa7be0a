"""Logs of an Engine that cannot be read to their end, and answers that no Engine gives."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from docker.models.containers import Container

from tests.installs.docker import CJ, LINE, proxy, seen
from tests.installs.peers import http_says, peer, speaks
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of
from tests.support.servers.engine import Engine

LISTED = '[{"Id":"a","Names":["/huleedu_cj_assessment_service"]}'
OTHERS = (
    ("HTML", http_says("200 OK", "<html>x</html>"), "is no Docker Engine"),
    ("SSH", speaks(b"SSH-2.0-x\r\n"), "is no Docker Engine"),
    ("JSON of another API", http_says("200 OK", '{"ok":true}'), "is no Docker Engine"),
    ("a page that is not there", http_says("404 Not Found", "nope"), "no Docker API answers there"),
)
# A path that a proxy answers itself, with what, and what must be said of the logs.
PROXIES = (
    ("/containers", 200, "[null]", "is no Docker Engine", (1, 3)),
    ("/containers", 200, f"{LISTED},7]", "is no Docker Engine", (1, 3)),
    ("/logs", 404, '{"message":"page not found"}', "no Docker API answers there", (1, 3)),
    ("/logs", 200, "", "⚠️.*1 without a line", (0, 2)),
)
ADDRESSES = ("tcp://", "unix://", "127.0.0.1:2375", "tcp://127.0.0.1:x", "podman")


async def rows(folder: Path, engine: Engine, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions; the containers are made here, and taken away."""
    yield await _stale(folder)
    yield await _no_lines(folder, engine)
    async for one in _damaged(folder, engine, quick=quick):
        yield one
    async for one in _spoiled(folder, engine):
        yield one
    async for one in _projects(folder, engine):
        yield one
    if quick:
        return
    for what, handler, must in OTHERS:
        async with peer(handler) as port:
            found = await seen(folder, {"DOCKER_HOST": f"tcp://127.0.0.1:{port}"})
        yield row("DK-20", f"the port answers {what}", found, must=[must], codes=[1, 3],
                  must_not=["container is gone"])  # fmt: skip
    written = engine.run(CJ, f"echo '{LINE}'; sleep 600")
    for refused, status, body, must, codes in PROXIES:
        async with proxy(engine, refused, status, body) as port:
            found = await seen(folder, {"DOCKER_HOST": f"tcp://127.0.0.1:{port}"})
        yield row("DK-21", f"a proxy answers {refused} with {status} {body}", found, must=[must],
                  codes=codes, must_not=["line of each read"], about="logs - ")  # fmt: skip
    host = {"DOCKER_HOST": engine.url, "DOCKER_LOG_DIR": str(folder)}
    yield row("DK-22", "DOCKER_LOG_DIR of another Engine", await seen(folder, host), codes=[0, 0],
              must=["⚠️.*0 read from DOCKER_LOG_DIR.*Docker Root Dir"], about="logs")  # fmt: skip
    written.remove(force=True)
    for address in ADDRESSES:
        found = await seen(folder, {"DOCKER_HOST": address})
        yield row("DK-23", f"DOCKER_HOST={address}", found, codes=[1, 3],
                  must=["is no address of a Docker Engine"])  # fmt: skip
    found = await seen(folder, {"DOCKER_HOST": "tcp://127.0.0.1:1"})
    yield row("DK-23b", "which address nobody listens at", found, codes=[1, 3],
              must=["nobody listens at 127.0.0.1:1"])  # fmt: skip


async def _stale(folder: Path) -> Row:
    """A socket's file outlives its server."""
    place = folder / "stale.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    files = {"LOG_SOURCE": "files", "LOG_FILES_DIR": str(folder)}
    with installed(folder, {"DOCKER_HOST": f"unix://{place}", **files}):
        whole = await doctor()
        found = [line_of(whole, "runners"), line_of(whole, "containers"), await ask("/runner")]
    place.unlink()
    return row("DK-24", "a socket's file without a server", found, codes=[1, 1, 3],
               must=["runners - broken.*nobody listens"])  # fmt: skip


async def _no_lines(folder: Path, engine: Engine) -> Row:
    silent = engine.run(CJ, "sleep 600")
    found = await seen(folder, {"DOCKER_HOST": engine.url})
    silent.remove(force=True)
    return row("DK-25", "a container that wrote nothing", found, codes=[0, 2], about="logs - ",
               must=[f"⚠️.*1 without a line in the Engine: {CJ}"])  # fmt: skip


async def _projects(folder: Path, engine: Engine) -> AsyncIterator[Row]:
    """Yield an Engine with two compose projects whose services have the same names."""
    made = [
        engine.run(
            f"{project}-cj-1", f"echo '{LINE}'; sleep 600",
            labels={"com.docker.compose.project": project,
                    "com.docker.compose.service": "cj_assessment_service"},
        )
        for project in ("huleedu", "copy")
    ]  # fmt: skip
    for id, condition, settings, must, codes in (
        ("DK-30", "two projects on one Engine", {},
         r"⚠️.*projects copy, huleedu have services of the same name.*DOCKER_PROJECT", (0, 0)),
        ("DK-30b", "one of them is meant", {"DOCKER_PROJECT": "huleedu"},
         r"✅.*1 container .*compose project huleedu", (0, 0)),
        ("DK-30c", "one is meant that is not there", {"DOCKER_PROJECT": "hule"},
         r"no container of the services in the compose project hule.*docker compose ls", (1, 3)),
    ):  # fmt: skip
        found = await seen(folder, {"DOCKER_HOST": engine.url, **settings})
        lines = 2 if id == "DK-30" else 1 if id == "DK-30b" else 0
        yield row(id, condition, found, codes=codes, about="logs - |lines? match",
                  must=[must, f"{lines} lines? match"])  # fmt: skip
    for one in made:
        one.remove(force=True)


async def _damaged(folder: Path, engine: Engine, *, quick: bool) -> AsyncIterator[Row]:
    """Yield logs that a lost power left with NUL bytes, or with half an entry at their end.

    The Engine ends its answer there as if that were all.
    """
    for id, condition in (
        ("DK-26", "NUL bytes before all lines"),
        ("DK-26b", "NUL bytes between lines"),
        ("DK-26c", "half a line at the end"),
    ):
        if quick and id == "DK-26c":  # the Engine itself tries for 5 s to read on
            continue
        written = engine.run(CJ, f"echo first; echo '{LINE}'; sleep 600")
        path = await _written(engine, written)
        first, rest = path.read_bytes().split(b"\n", 1)
        path.write_bytes(
            {
                "DK-26": b"\0" * 500 + first + b"\n" + rest,
                "DK-26b": first + b"\n" + b"\0" * 500 + b"\n" + rest,
                "DK-26c": first + b"\n" + rest[: len(rest) // 2],
            }[id]
        )
        with installed(folder, {"LOG_SOURCE": "docker", "DOCKER_HOST": engine.url}):
            line, answer = line_of(await doctor(), "logs"), await ask("/logs cj hello")
        written.remove(force=True)
        never = ["✅"] if id == "DK-26" else []
        yield row(id, condition, [Seen(line.text, 0), answer], codes=[0, 3], must_not=never,
                  must=["log is damaged|did not answer in time"])  # fmt: skip


async def _spoiled(folder: Path, engine: Engine) -> AsyncIterator[Row]:
    """Yield a log of which nothing can be read; the Engine answers for it as for an empty one."""
    for id, condition, settings, must in (
        ("DK-27", "a log's only entries are damaged, its file can be read",
         {"DOCKER_LOG_DIR": str(engine.data / "containers")},
         r"Not read: .{0,60} \(the container's log is damaged: none of its 2 lines can be read"),
        ("DK-27b", "a log's only entries are damaged", {}, "Without any line, new or damaged: "),
    ):  # fmt: skip
        written = engine.run(CJ, f"echo first; echo '{LINE}'; sleep 600")
        path = await _written(engine, written)
        path.write_bytes(b"\0" * 500 + b"\n" + b"no entry of an Engine's\n")
        found = await seen(folder, {"DOCKER_HOST": engine.url, **settings})
        written.remove(force=True)
        yield row(id, condition, found, must=[must, "⚠️.*1 without a line in the Engine"],
                  codes=[0, 3 if settings else 2], about="logs - |No line")  # fmt: skip


async def _written(engine: Engine, container: Container) -> Path:
    """Wait until a container's two lines stand in its file, and return it."""
    path = engine.data / "containers" / str(container.id) / f"{container.id}-json.log"
    for _ in range(500):
        if path.exists() and path.read_bytes().count(b"\n") >= 2:
            break
        await asyncio.sleep(0.02)
    assert json.loads(path.read_bytes().splitlines()[0])["log"] == "first\n"
    return path
