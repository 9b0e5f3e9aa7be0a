"""Loki behind a real nginx: a login, a websocket that is refused, labels of other collectors."""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.settings import HULEEDU_SERVICES
from bot.sources.loki.http import LokiHttp
from bot.sources.loki.source import Loki
from tests.installs.peers import http_says, peer, speaks
from tests.installs.pgbouncer import answers
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of
from tests.support.servers.loki import LokiServer, running
from tests.support.servers.tcp_ports import lasting_port

LINE = '{"event":"hello","level":"info"}'
LOGIN = {"LOKI_USERNAME": "bot", "LOKI_PASSWORD": "s3cr3t"}
# Of a gateway as people write it: a login, and no Upgrade header passed on.
CONF = """
daemon off; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    {login}
    location / {{ proxy_pass {upstream}; }}
    {tail}
  }}
}}
"""


@contextmanager
def _running(folder: Path) -> Iterator[None]:
    process = subprocess.Popen(
        [shutil.which("nginx") or "nginx", "-p", str(folder), "-c", str(folder / "conf"),
         "-e", str(folder / "log")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def lain_out(upstream: str, tail: str) -> tuple[Path, int]:
    """Write an nginx's files into a folder of its own; return it and the port."""
    place, port = Path(tempfile.mkdtemp(prefix="bb-nginx-")), lasting_port()
    place.chmod(0o711)  # as root its workers run as another user
    users = place / "users"
    users.write_text("bot:{PLAIN}s3cr3t\n")
    users.chmod(0o644)
    login = f'auth_basic "loki"; auth_basic_user_file {users};'
    conf = CONF.format(folder=place, port=port, login=login, upstream=upstream, tail=tail)
    (place / "conf").write_text(conf)
    return place, port


@asynccontextmanager
async def nginx(upstream: str, *, tail: str = "") -> AsyncIterator[str]:
    """Run an nginx with a login before `upstream`; `tail` is a location of its own."""
    place, port = lain_out(upstream, tail)
    try:
        with _running(place):
            await answers(port)
            yield f"http://127.0.0.1:{port}"
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def seen(folder: Path, url: str, **more: str) -> list[Seen]:
    """Return doctor's line on the logs, and the answer to a question."""
    with installed(folder, {"LOG_SOURCE": "loki", "LOKI_URL": url, **more}):
        return [line_of(await doctor(), "logs"), await ask("/logs cj hello")]


async def rows(folder: Path, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions."""
    async with running(LokiServer()) as server:
        server.put(time.time_ns(), LINE, service="cj_assessment_service",
                   container="huleedu_cj_assessment_service")  # fmt: skip
        async with nginx(server.url) as url:
            found = await seen(folder, url, **LOGIN)
            yield row("LK-01", "nginx passes no Upgrade on: the tail's websocket is refused",
                      [*found, await followed(url)], codes=[0, 0, 0], about="logs - |1 lines|event",
                      must=["range queries are used", "1 line matches", "1 event, unread 0"],
                      must_not=["unread 1"])  # fmt: skip
            found = await seen(folder, url, LOKI_USERNAME="bot", LOKI_PASSWORD="s3cr3tly")
            yield _row("LK-02", "nginx: a wrong password", found, "HTTP 401", "LOKI_PASSWORD")
            found = await seen(folder, url)
            yield _row("LK-02b", "nginx: no login given", found, "HTTP 401", "LOKI_USERNAME")
        gate = "location /loki/api/v1/tail { auth_basic off; return 401; }"
        async with nginx(server.url, tail=gate) as url:
            found = await seen(folder, url, **LOGIN)
            yield row("LK-03", "a gateway answers the tail alone with 401",
                      [*found, await followed(url)], codes=[0, 0, 0], about="logs - |event",
                      must=["range queries are used", "1 event, unread 0"])  # fmt: skip
        async with nginx("http://127.0.0.1:1") as url:
            found = await seen(folder, url, **LOGIN)
            yield _row("LK-04", "Loki behind nginx is away", found, "HTTP 502", "no answer")
    async for one in _addresses(folder):
        yield one
    async for one in _labels(folder):
        yield one
    async for one in _limits(folder):
        yield one
    if not quick:
        async for one in _no_loki(folder):
            yield one


async def followed(url: str) -> Seen:
    """Return what a follow sees within a moment: events, and what it says it cannot read."""
    http = LokiHttp(url, username="bot", password="s3cr3t")
    loki = Loki(http, HULEEDU_SERVICES, UTC)
    follow = await loki.follow(since=datetime.fromtimestamp(0, UTC).replace(year=2026))
    events, missing = 0, 0
    for _ in range(100):
        taken = follow.take()
        events, missing = events + len(taken.events), max(missing, len(taken.missing))
        if events:
            break
        await asyncio.sleep(0.05)
    await follow.close()
    await loki.close()
    return Seen(f"{events} event, unread {missing}", 0)


def _row(id: str, condition: str, found: list[Seen], *must: str) -> Row:
    return row(id, condition, found, must=must, codes=(1, 3), about="logs - ",
               must_not=["logs begin"])  # fmt: skip


async def _addresses(folder: Path) -> AsyncIterator[Row]:
    """Yield addresses that are copied from other places, each with more than the server's own."""
    async with running(LokiServer()) as server:
        server.put(time.time_ns(), LINE, service="cj_assessment_service")
        prefixed = f"location /logs/ {{ auth_basic off; proxy_pass {server.url}/; }}"
        async with nginx(server.url, tail=prefixed) as url:
            for id, address, must, codes in (
                ("LK-13", f"{server.url}/", "1 line matches", [0, 0]),
                ("LK-13b", f"{server.url}/loki/api/v1/push", "1 line matches", [0, 0]),
                ("LK-13c", f"{server.url}/api/prom/push", "1 line matches", [0, 0]),
                ("LK-13d", f"{url}/logs/", "1 line matches", [0, 0]),
                ("LK-13e", url.replace("//", "//bot:s3cr3t@"), "1 line matches", [0, 0]),
                ("LK-13f", f"{server.url}/loki/api/v1/query_range?query={{a=1}}",
                 r"LOKI_URL holds a query.*http://host:3100", [1, 3]),
                ("LK-13g", f"{server.url}#x", "LOKI_URL holds a query", [1, 3]),
            ):  # fmt: skip
                shown = address.replace("s3cr3t", "...")
                with installed(folder, {"LOG_SOURCE": "loki", "LOKI_URL": address}):
                    found = [line_of(await doctor(), "logs"), await ask("/logs cj hello")]
                yield row(id, f"LOKI_URL={shown}", found, must=[must],
                          about="logs - |lines? match|LOKI_URL", codes=codes)  # fmt: skip


async def _labels(folder: Path) -> AsyncIterator[Row]:
    for id, condition, labels, must, codes in (
        ("LK-05a", "labels of Docker's driver", {"container_name": "huleedu_cj_assessment_service"},
         "1 line matches", [0, 0]),
        ("LK-05b", "labels of promtail's compose", {"compose_service": "cj_assessment_service"},
         "1 line matches", [0, 0]),
        ("LK-05c", "labels of OpenTelemetry", {"service_name": "cj_assessment_service"},
         "1 line matches", [0, 0]),
        ("LK-05d", "the label job", {"job": "cj_assessment_service"}, "1 line matches", [0, 0]),
        ("LK-06", "labels of nobody of ours", {"app": "grafana"}, "the labels there are app",
         [1, 3]),
    ):  # fmt: skip
        async with running(LokiServer()) as server:
            server.put(time.time_ns(), LINE, **labels)
            found = await seen(folder, server.url)
        yield row(id, condition, found, must=[must], codes=codes, about="logs - |lines? match")


# What answers, and what must be said of it; by a Loki that cannot, and by what is none.
ANSWERS = (
    ("another API", http_says("200 OK", '{"ok":true}'), "is not Loki"),
    (
        "an error in an answer",
        http_says("200 OK", '{"status":"error","error":"context canceled"}'),
        "answered with an error: context canceled",
    ),
    ("SSH", speaks(b"SSH-2.0-x\r\n"), "does not speak HTTP.*3100"),
    (
        "a redirect to https://",
        http_says("308 Permanent Redirect", "", "Location: https://x/\r\n"),
        "sends us elsewhere.*HTTP 308.*https://",
    ),
    (
        "too many bytes",
        http_says("400 Bad Request", "the query would read too many bytes"),
        "refuses to read so much.*--since",
    ),
    (
        "a gateway's JSON",
        http_says("403 Forbidden", '{"message":"access denied"}'),
        "refuses us .HTTP 403.: access denied",
    ),
    ("no live ingester", http_says("400 Bad Request", "empty ring"), "HTTP 400.*Loki's log"),
)
ADDRESSES = (
    ("loki:3100", "LOKI_URL is malformed.*http://host:3100"),
    ("127.0.0.1:1", "LOKI_URL is malformed"),
    ("http://127.0.0.1:99999", "LOKI_URL has a port above 65535.*1 to 65535"),
    ("http://127.0.0.1:1", "nobody listens at 127.0.0.1:1"),
)


async def _no_loki(folder: Path) -> AsyncIterator[Row]:
    for what, handler, must in ANSWERS:
        async with peer(handler) as port:
            found = await seen(folder, f"http://127.0.0.1:{port}")
        yield _row("LK-10", what, found, must)
    for url, must in ADDRESSES:
        yield _row("LK-11", f"LOKI_URL={url}", await seen(folder, url), must)
    with installed(folder, {"LOG_SOURCE": "loki", "LOKI_URL": "http://127.0.0.1:1",
                            "LOKI_USERNAME": "a:s3cr3t"}):  # fmt: skip
        found = [await doctor()]
    yield row("LK-12", "a colon in the user's name", found, codes=[1], about="LOKI",
              must=["LOKI_USERNAME - broken: holds a colon"])  # fmt: skip


async def _limits(folder: Path) -> AsyncIterator[Row]:
    labels = {"service": "cj_assessment_service"}
    for id, condition, server, more, must, codes in (
        ("LK-07", "at most 100 entries an answer", LokiServer(max_entries=100), {},
         "1 line matches", [0, 0]),
        ("LK-08", "at most 24 h a query", LokiServer(max_hours=24), {}, "1 line matches", [0, 0]),
        ("LK-09", "a tenant is wanted", LokiServer(tenant="huleedu"), {}, "LOKI_TENANT", [1, 3]),
        ("LK-09b", "a tenant is given", LokiServer(tenant="huleedu"), {"LOKI_TENANT": "huleedu"},
         "1 line matches", [0, 0]),
    ):  # fmt: skip
        async with running(server):
            server.put(time.time_ns(), LINE, **labels)
            found = await seen(folder, server.url, **more)
        yield row(id, condition, found, must=[must], codes=codes, about="logs - |lines? match")
