"""Podman's Docker-compatible API in place of an Engine."""

import asyncio
import io
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import docker

from bot.settings import HULEEDU_SERVICES
from bot.sources.docker.listing import LIST_SECONDS
from bot.sources.docker.logs import DockerLogs
from tests.installs.docker import CJ, seen
from tests.installs.table import Row, Seen, row

SCRIPT = (
    'echo "2026-11-29 10:00:00 [error    ] broke [x]"; echo "Traceback (most recent call last):"; '
    "echo '  File \"x.py\", line 1, in f'; echo 'HelloError: hello'; "
    'echo \'{"event":"hello","level":"info"}\'; sleep 600'
)


LINES, EVENTS = 5, 2
SOON = 15
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def why_not() -> str:
    """Return why Podman does not run a container here, "" when it does."""
    if shutil.which("podman") is None:
        return "podman is not installed"
    with service() as (run, _):
        done = run("run", "--rm", *NO_NETWORK, "busybox-here", "true")
    return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1][:200]


NO_NETWORK = ("--network", "none", "--ulimit", "nofile=256:256",
              "--ulimit", "nproc=256:256")  # fmt: skip


def _image() -> bytes:
    busybox = next(path for path in ("/bin/busybox", "/usr/bin/busybox") if Path(path).exists())
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.add(busybox, "bin/busybox")
        for name in ("sh", "sleep", "echo", "true"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return out.getvalue()


@contextmanager
def service() -> Iterator[tuple[Run, str]]:
    """Run Podman's API on a socket of its own with an image of busybox; yields a runner."""
    folder = Path(tempfile.mkdtemp(prefix="bb-pod-"))
    runtime = ["--runtime", path] if (path := shutil.which("runc")) else []
    base = ["podman", *runtime, "--root", str(folder / "root"), "--runroot", str(folder / "run"),
            "--storage-driver", "vfs", "--events-backend", "file", "--cgroup-manager", "cgroupfs",
            "--tmpdir", str(folder / "tmp")]  # fmt: skip

    def run(*arguments: str, input: bytes = b"") -> "subprocess.CompletedProcess[str]":
        done = subprocess.run([*base, *arguments], input=input, capture_output=True, timeout=60,
                              check=False)  # fmt: skip
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    run("import", "-", "busybox-here", input=_image())
    socket = folder / "podman.sock"
    api = subprocess.Popen(
        [*base, "system", "service", "--time", "0", f"unix://{socket}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield run, f"unix://{socket}"
    finally:
        run("rm", "--all", "--force", "--time", "0")
        api.kill()
        api.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


async def rows(folder: Path, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions; one that says why, where Podman does not run."""
    if reason := why_not():
        yield Row("PM-00", "podman does not run here: nothing was tried", reason)
        return
    with service() as (run, url):
        done = run("run", "-d", "--name", CJ, *NO_NETWORK, "busybox-here", "sh", "-c", SCRIPT)
        assert done.returncode == 0, done.stderr
        await _written(run)
        await asyncio.to_thread(_is_swift, url)
        found = await seen(folder, {"DOCKER_HOST": url})
        yield row("PM-01", "podman's API", found, codes=[0, 0], about="logs - |lines? match",
                  must=["each read", "lines? match"])  # fmt: skip
        yield await _follow(url)


async def _written(run: Run) -> None:
    """Wait until Podman has all lines of the container."""
    for _ in range(300):
        if run("logs", CJ).stdout.count("\n") >= LINES:
            return
        await asyncio.sleep(0.1)


def _is_swift(url: str) -> None:
    """Wait until the API lists containers well within what the bot waits for it.

    Podman is slow at first, and on a machine with other work: that is no condition to be tried.
    """
    client = docker.DockerClient(base_url=url, timeout=60)
    for _ in range(30):
        began = time.monotonic()
        client.containers.list(all=True)
        if time.monotonic() - began < LIST_SECONDS / 4:
            break
    client.close()


async def _follow(url: str) -> Row:
    """Podman sends no headers before the first line, and stamps with the zone's offset."""
    logs = DockerLogs([url], HULEEDU_SERVICES, UTC)
    follow = await logs.follow(since=datetime.now(UTC).replace(hour=0))
    events = whole = 0
    late = 0
    for _ in range(600):
        taken = follow.take()
        events += len(taken.events)
        whole += sum(one.error is not None for one in taken.events)
        # A line that came twice would come soon.
        late += events >= EVENTS
        if late > SOON:
            break
        await asyncio.sleep(0.1)
    await follow.close()
    await logs.close()
    said = Seen(f"{events} events, {whole} with a traceback, unread {len(taken.missing)}", 0)
    return row("PM-02", "podman's API, followed: lines of one second", said,
               must=["^2 events, 1 with a traceback, unread 0"])  # fmt: skip
