"""What people report of docker-py and the Engine: log drivers, terminals, rotation, rights."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import docker

from bot.domain.log import LogEvent
from bot.settings import HULEEDU_SERVICES
from bot.sources.docker.follow import DockerFollow
from bot.sources.docker.logs import DockerLogs
from tests.installs.certificates import certificates
from tests.installs.docker import CJ, LINE, seen
from tests.installs.peers import peer, speaks_tls
from tests.installs.table import Row, Seen, row
from tests.support.servers.engine import Engine, running_engine

NOBODY = 65534
SYSLOG = {"Type": "syslog", "Config": {"syslog-address": "udp://127.0.0.1:9"}}
FLUENTD = {"Type": "fluentd", "Config": {"fluentd-async": "true", "fluentd-address": "127.0.0.1:9"}}
SMALL = {"Type": "json-file", "Config": {"max-size": "20k", "max-file": "5"}}
NO_CACHE = {
    "Type": "syslog",
    "Config": {"syslog-address": "udp://127.0.0.1:9", "cache-disabled": "true"},
}


async def rows(folder: Path) -> AsyncIterator[Row]:
    """Yield the conditions, on an Engine of their own."""
    place = Path(tempfile.mkdtemp(prefix="bb-engine-"))
    with running_engine(place) as engine:
        async for one in _drivers(folder, engine):
            yield one
        yield await _renamed(engine)
        yield await _rotated(engine)
        yield await _no_group(folder, engine)
        yield await _hangs(folder, engine)
    old = certificates(folder / "engine-old", days=-1)
    keys = folder / "engine-keys"
    keys.mkdir()
    for name, source in (("ca", old.ca), ("cert", old.client), ("key", old.client_key)):
        (keys / f"{name}.pem").write_bytes(source.read_bytes())
    async with peer(speaks_tls(old)) as port:
        tls = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(keys)}
        found = await seen(folder, {"DOCKER_HOST": f"tcp://127.0.0.1:{port}", **tls})
    yield row("RK-12", "the Engine's certificate has expired", found, codes=[1, 3],
              must=["out of its time.*Renew"], about="logs - ")  # fmt: skip


async def _drivers(folder: Path, engine: Engine) -> AsyncIterator[Row]:
    host = {"DOCKER_HOST": engine.url}
    files = {**host, "DOCKER_LOG_DIR": str(engine.data / "containers")}
    script = f"echo '{LINE}'; sleep 600"
    long = (
        "s=xxxxxxxx; i=0; while [ $i -lt 17 ]; do s=$s$s; i=$((i+1)); done; "
        'echo "{\\"event\\":\\"hello $s\\"}"; sleep 600'
    )
    for id, condition, settings, command, options, codes, must in (
        ("RK-01", "log driver local", host, script, {"log_config": {"Type": "local"}}, [0, 0],
         "1 line matches"),
        ("RK-02", "log driver local beside DOCKER_LOG_DIR", files, script,
         {"log_config": {"Type": "local"}}, [0, 0], "another driver than json-file"),
        ("RK-03", "log driver syslog, the Engine keeps a copy", host, script,
         {"log_config": SYSLOG}, [0, 0], "1 line matches"),
        ("RK-04", "log driver fluentd, whose server is away", host, script,
         {"log_config": FLUENTD}, [0, 0], "1 line matches"),
        ("RK-05", "log driver syslog without a copy", host, script, {"log_config": NO_CACHE},
         [1, 3], "log driver keeps nothing that can be read.*cache-disabled=false"),
        ("RK-06", "a terminal", host, script, {"tty": True}, [0, 0], "1 line matches"),
        ("RK-07", "a line of a megabyte", host, long, {}, [0, 0], "1 line matches"),
    ):  # fmt: skip
        made = engine.run(CJ, command, **options)
        await _has_logged(engine)
        found = await seen(folder, settings)
        made.remove(force=True)
        yield row(id, condition, found, codes=codes, must=[must],
                  about="logs - |lines? match")  # fmt: skip


async def _has_logged(engine: Engine) -> None:
    """Wait until the Engine has taken the container's line, where it can be asked for it."""
    with suppress(docker.errors.APIError):
        for _ in range(500):
            if engine.client.containers.get(CJ).logs(tail=1):
                return
            await asyncio.sleep(0.02)


async def _taken(follow: DockerFollow, enough: int) -> list[LogEvent]:
    found: list[LogEvent] = []
    async with asyncio.timeout(60):
        while len(found) < enough:
            found += follow.take().events
            await asyncio.sleep(0.05)
    return found


async def _renamed(engine: Engine) -> Row:
    script = "echo one; while [ ! -e /go ]; do sleep 0.1; done; echo two; sleep 600"
    made = engine.run(CJ, script)
    logs = DockerLogs([engine.url], HULEEDU_SERVICES, UTC)
    follow = await logs.follow(since=datetime(2020, 1, 1, tzinfo=UTC))
    events = await _taken(follow, 1)
    made.rename(f"{CJ}_old")
    made.exec_run(["/bin/sh", "-c", "echo > /go"])
    events += await _taken(follow, 1)
    restarted = follow.take().restarted
    await follow.close()
    await logs.close()
    made.remove(force=True)
    said = Seen(f"{[str(event.event) for event in events]}, restarted {len(restarted)}", 0)
    return row("RK-08", "the container is renamed while it is followed", said,
               must=[r"\['one', 'two'\], restarted 0"])  # fmt: skip


async def _rotated(engine: Engine) -> Row:
    one = "echo '{\"event\":\"'n$i'\"}'; i=$((i+1))"
    script = f"i=0; while [ $i -lt 400 ]; do {one}; done; sleep 600"
    logs = DockerLogs([engine.url], HULEEDU_SERVICES, UTC)
    made = engine.run(CJ, "while [ ! -e /go ]; do sleep 0.1; done; " + script, log_config=SMALL)
    follow = await logs.follow(since=datetime(2020, 1, 1, tzinfo=UTC))
    made.exec_run(["/bin/sh", "-c", "echo > /go"])
    events = await _taken(follow, 400)
    await follow.close()
    await logs.close()
    made.remove(force=True)
    once = len({str(event.event) for event in events})
    said = Seen(f"{len(events)} lines, {once} of them different", 0)
    return row("RK-09", "the log is rotated while it is followed", said,
               must=["400 lines, 400 of them"])  # fmt: skip


@contextmanager
def _as_nobody(folder: Path) -> Iterator[None]:
    folder.chmod(0o777)
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


async def _no_group(folder: Path, engine: Engine) -> Row:
    """Ask as a user who is not in the group of the socket."""
    made = engine.run(CJ, f"echo '{LINE}'; sleep 600")
    with _as_nobody(folder):
        found = await seen(folder, {"DOCKER_HOST": engine.url})
    made.remove(force=True)
    return row("RK-10", "the user is not in the socket's group", found, codes=[1, 3],
               must=["no permission to use the Docker Engine's socket.*group"], about="logs - "
               )  # fmt: skip


async def _hangs(folder: Path, engine: Engine) -> Row:
    made = engine.run(CJ, f"echo '{LINE}'; sleep 600")
    process = engine._process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    try:
        found = await seen(folder, {"DOCKER_HOST": engine.url})
    finally:
        process.send_signal(signal.SIGCONT)
    made.remove(force=True)
    return row("RK-11", "the Engine hangs", found, codes=[1, 3],
               must=["did not answer in time"], about="logs - ")  # fmt: skip
