"""A private, real Docker Engine for tests: own socket, own folders, started and stopped here."""

import io
import os
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest
from docker.models.containers import Container

# Containers have no network but the machine's own.
ALONE = ("--iptables=false", "--ip6tables=false", "--bridge=none")
IMAGE = "batchbot-test:latest"
BUSYBOX = Path("/bin/busybox")


class Engine:
    """A running dockerd; `url` is its address, `client` speaks to it."""

    def __init__(self, folder: Path, storage: str = "vfs", options: Sequence[str] = ALONE) -> None:
        self.folder = folder
        self._options = tuple(options)
        self._storage = storage
        self.url = f"unix://{folder}/docker.sock"
        self.data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self.client: docker.DockerClient

    def start(self) -> None:
        with (self.folder / "dockerd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "dockerd", f"--storage-driver={self._storage}", *self._options,
                    f"--host={self.url}", f"--data-root={self.data}",
                    f"--exec-root={self.folder}/exec", f"--pidfile={self.folder}/pid",
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 40
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "dockerd.log").read_text()[-2_000:]
                raise RuntimeError(f"dockerd did not start: {said}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        # The SDK leaves its socket open where nobody listens, which another test would be told of.
        with socket.socket(socket.AF_UNIX) as knock:
            if knock.connect_ex(f"{self.folder}/docker.sock"):
                return False
        self.client = docker.DockerClient(base_url=self.url, timeout=20, version="1.41")
        try:
            self.client.ping()
        except (docker.errors.DockerException, OSError):
            self.client.close()
            return False
        return True

    def stop(self) -> None:
        self.client.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    def cpu_seconds(self) -> float:
        """How long the Engine has computed so far."""
        assert self._process is not None
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def load_image(self) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            # A user who is not root passes through it, too.
            folder = tarfile.TarInfo("bin")
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
            tar.add(BUSYBOX, "bin/busybox")
            for name in ("sh", "echo", "sleep", "cat", "head", "ls", "printf"):
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        self.client.api.import_image_from_data(packed.getvalue(), "batchbot-test", "latest")

    def run(self, name: str, script: str, **options: Any) -> Container:
        container = self.made(name, script, **options)
        container.start()
        return container

    def made(self, name: str, script: str, **options: Any) -> Container:
        """Make a container and do not start it."""
        made: Container = self.client.containers.create(
            IMAGE, ["/bin/sh", "-c", script], name=name, network_mode="none",
            environment={"PATH": "/bin"}, **options,
        )  # fmt: skip
        return made


@contextmanager
def running_engine(
    folder: Path, storage: str = "vfs", options: Sequence[str] = ALONE
) -> Iterator[Engine]:
    """Start an Engine; skip without dockerd, but fail when CI=true.

    `options` say which networks its containers may have. The storage vfs works everywhere and
    copies each layer whole; overlay2 needs the kernel's help.
    """
    reason = _why_not()
    if reason:
        if os.environ.get("CI") == "true":
            pytest.fail(f"a Docker Engine is needed in CI: {reason}")
        pytest.skip(reason)
    engine = Engine(folder, storage, options)
    engine.start()
    try:
        engine.load_image()
        yield engine
    finally:
        for container in engine.client.containers.list(all=True):
            container.remove(force=True)
        engine.stop()
        shutil.rmtree(engine.folder, ignore_errors=True)


def _why_not() -> str:
    if shutil.which("dockerd") is None:
        return "no dockerd on this machine"
    if os.geteuid() != 0:
        return "dockerd needs root"
    return "" if BUSYBOX.exists() else "no busybox-static on this machine"
