"""`python -m tests.image`: builds the image by deploy/Dockerfile, runs it, and says how it went.

Needs dockerd, busybox-static, and the packages' registry; some minutes.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bot.service import embedded_postgres
from tests.image import base
from tests.image.life import lived
from tests.support.paths import ROOT
from tests.support.servers.engine import Engine, running_engine

IMAGE = "batchbot:image"


def built(engine: Engine) -> str:
    """Build the image; return the version of its label. pip asks as this machine does."""
    environment = {**os.environ, "DOCKER_HOST": engine.url, "DOCKER_BUILDKIT": "0"}
    subprocess.run(
        ["docker", "build", "--network=host", "-t", IMAGE, "-f", "deploy/Dockerfile", "."],
        cwd=ROOT, env=environment, check=True,
    )  # fmt: skip
    labels = engine.client.images.get(IMAGE).labels
    return str(labels["org.opencontainers.image.version"])


async def live(engine: Engine, folder: Path) -> int:
    """Run a container of the image, as the server's user: its socket is that one's alone."""
    server = await embedded_postgres.start(folder, durable=False)
    try:
        url = await server.create_database("image")
        (sockets,) = parse_qs(urlsplit(url).query)["host"]
        found = os.stat(sockets)
        life = await lived(
            engine, IMAGE, url, user=f"{found.st_uid}:{found.st_gid}",
            volumes={sockets: {"bind": sockets, "mode": "rw"}},
        )  # fmt: skip
    finally:
        await server.stop(remove=True)
    sys.stdout.write(f"health: {life.health} ({life.said})\nended with {life.exit_code}\n")
    if life.health != "healthy":
        sys.stdout.write(life.log)
    return 0 if (life.health, life.exit_code) == ("healthy", 0) else 1


def main() -> int:
    """Build, run, and say how it went."""
    engines, servers = (Path(tempfile.mkdtemp(prefix="bb-image-")) for _ in range(2))
    servers.chmod(0o711)
    try:
        with running_engine(engines, "overlay2") as engine:
            base.load(engine)
            began = time.monotonic()
            version = built(engine)
            size = engine.client.images.get(IMAGE).attrs["Size"] >> 20
            took = time.monotonic() - began
            sys.stdout.write(f"built {version} in {took:.0f} s, {size} MB with the base\n")
            return asyncio.run(live(engine, servers))
    finally:
        shutil.rmtree(servers, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
