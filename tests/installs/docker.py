"""Docker: log drivers, proxies, certificates, addresses, an Engine without the services."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import ClientSession, UnixConnector, web

from bot.settings import HULEEDU_SERVICES
from bot.sources.docker.logs import DockerLogs
from tests.installs.certificates import Certificates, certificates
from tests.installs.pgbouncer import answers
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of
from tests.support.servers.engine import Engine
from tests.support.servers.tcp_ports import lasting_port

CJ = "huleedu_cj_assessment_service"
LINE = '{"event":"hello","level":"info"}'
LOGS = "/logs cj hello"


async def seen(folder: Path, settings: dict[str, str]) -> list[Seen]:
    """Return doctor's line on the logs and the answer to `/logs`."""
    with installed(folder, {"LOG_SOURCE": "docker", **settings}):
        return [line_of(await doctor(), "logs"), await ask(LOGS)]


async def rows(folder: Path, engine: Engine, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions; those of certificates are not quick."""
    host = {"DOCKER_HOST": engine.url}
    yield _row("DK-none", "an Engine without one of the services", await seen(folder, host),
               "no container of the services")  # fmt: skip
    yield await _driver_none(folder, engine)
    ok = engine.run(CJ, f"echo '{LINE}'; sleep 600")
    yield row("DK-ok", "json-file", await seen(folder, host), must=["each read"], codes=[0, 0],
              about="logs - ")  # fmt: skip
    async for one in _addresses(folder):
        yield one
    for id, condition, refused, status, body, must, codes in (
        ("DK-06", "a proxy forbids everything", "/", 403,
         "<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body>"
         "</html>", "HTTP 403.*CONTAINERS=1", (1, 3)),
        ("DK-07a", "a proxy forbids the logs", "/logs", 403, "<html>403</html>",
         "HTTP 403.*containers/\\*/logs", (1, 3)),
        ("DK-07b", "a proxy forbids /events and /info", "/events", 403, "", "each read", (0, 0)),
        ("DK-12", "another version of the API", "/containers", 400, '{"message":"client version '
         '1.41 is too old. Minimum supported API version is 1.44, please upgrade your client"}',
         "1.41 is too old", (1, 3)),
        ("DK-half", "half an answer", "/containers", 200, '[{"Id":', "answer", (1, 3)),
    ):  # fmt: skip
        async with proxy(engine, refused, status, body) as port:
            found = await seen(folder, {"DOCKER_HOST": f"tcp://127.0.0.1:{port}"})
        yield row(id, condition, found, must=[must], codes=codes, must_not=["<h1>"],
                  about="logs - ")  # fmt: skip
    if not quick and shutil.which("stunnel"):
        async for one in _tls(folder, engine):
            yield one
    ok.remove(force=True)


def _row(id: str, condition: str, found: list[Seen], *must: str) -> Row:
    return row(id, condition, found, must=must, codes=(1, 3), about="logs - ")


async def _driver_none(folder: Path, engine: Engine) -> Row:
    container = engine.run(CJ, "sleep 600", log_config={"Type": "none"})
    found = await seen(folder, {"DOCKER_HOST": engine.url})
    logs = DockerLogs([engine.url], HULEEDU_SERVICES, UTC)
    follow = await logs.follow(since=datetime.now(UTC))
    restarted: list[str] = []
    missing: dict[str, str] = {}
    for _ in range(30):
        await asyncio.sleep(0.1)
        taken = follow.take()
        restarted += taken.restarted
        missing |= taken.missing
    await follow.close()
    await logs.close()
    container.remove(force=True)
    said = Seen(f"restarted {len(restarted)}, unread {len(missing)}", 0)
    return row("DK-01", "log driver none", [*found, said], codes=(1, 3, 0), about="logs - |unread",
               must=["does not support reading", "json-file", "restarted 0, unread 1"],
               must_not=["started again"])  # fmt: skip


async def _addresses(folder: Path) -> AsyncIterator[Row]:
    for id, condition, settings, must in (
        ("DK-11", "no socket there", {"DOCKER_HOST": "unix:///nope.sock"}, "no such file"),
        ("DK-refu", "nobody listens", {"DOCKER_HOST": "tcp://127.0.0.1:1"}, "nobody listens"),
        ("DK-dns", "no such host", {"DOCKER_HOST": "tcp://engine.invalid:2375"},
         "name or service not known"),
        ("DK-10", "ssh://", {"DOCKER_HOST": "ssh://me@127.0.0.1:1"}, "paramiko|known_hosts|answer"),
        ("DK-bad", "no address", {"DOCKER_HOST": "engine:2375"}, "no address of a Docker Engine"),
        ("DK-09a", "no certificates there", {"DOCKER_HOST": "tcp://127.0.0.1:1",
         "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nope"}, "/nope/ca.pem|nobody listens"),
    ):  # fmt: skip
        yield _row(id, condition, await seen(folder, settings), must)


@asynccontextmanager
async def proxy(engine: Engine, refused: str, status: int, body: str) -> AsyncIterator[int]:
    """Stand in for a socket proxy: what `refused` stands in is answered with `status`."""

    async def carry(request: web.Request) -> web.StreamResponse:
        if refused in request.path and not (refused == "/containers" and "logs" in request.path):
            return web.Response(status=status, text=body)
        async with session.request(request.method, f"http://docker{request.path_qs}") as answer:
            kind = answer.headers.get("Content-Type", "")
            out = web.StreamResponse(status=answer.status, headers={"Content-Type": kind})
            await out.prepare(request)
            async for chunk in answer.content.iter_any():
                await out.write(chunk)
            return out

    socket = engine.url.removeprefix("unix://")
    async with ClientSession(connector=UnixConnector(socket)) as session:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", carry)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()


@contextmanager
def _tls_engine(engine: Engine, made: Certificates, port: int) -> Iterator[None]:
    """Put TLS before the Engine, as dockerd --tlsverify does, by openssl and socat's like."""
    process = subprocess.Popen(
        ["stunnel", "-fd", "0"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(
        f"foreground=yes\npid=\n[docker]\naccept=127.0.0.1:{port}\n"
        f"connect={engine.url.removeprefix('unix://')}\ncert={made.server}\n"
        f"key={made.server_key}\nCAfile={made.ca}\nverifyChain=yes\n".encode()
    )
    process.stdin.close()
    try:
        yield
    finally:
        process.kill()
        process.wait(10)


async def _tls(folder: Path, engine: Engine) -> AsyncIterator[Row]:
    own, other = certificates(folder / "dtls"), certificates(folder / "dtls2", "DNS:engine")
    for id, condition, made, more, must, codes in (
        ("DK-08", "TLS by .env", own, {"DOCKER_TLS_VERIFY": "1"}, "each read", (0, 0)),
        ("DK-09c", "another host's certificate", other, {"DOCKER_TLS_VERIFY": "1"},
         "names another host", (1, 3)),
        ("DK-09d", "TLS switched off", own, {"DOCKER_TLS_VERIFY": "", "DOCKER_CERT_PATH": ""},
         "closed the connection|speaks TLS", (1, 3)),
    ):  # fmt: skip
        certs = folder / f"certs-{id}"
        certs.mkdir()
        for name, path in (
            ("ca.pem", made.ca), ("cert.pem", made.client), ("key.pem", made.client_key),
        ):  # fmt: skip
            (certs / name).write_bytes(path.read_bytes())
        port = lasting_port()
        with _tls_engine(engine, made, port):
            await answers(port)
            host = {"DOCKER_HOST": f"tcp://127.0.0.1:{port}", "DOCKER_CERT_PATH": str(certs)}
            found = await seen(folder, {**host, **more})
        yield row(id, condition, found, must=[must], codes=codes, about="logs - ")
