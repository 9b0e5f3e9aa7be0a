"""A machine with an Engine at its usual socket, a registry of its own, and `docker compose`."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fresh import images
from tests.support.servers.engine import Engine, running_engine
from tests.support.servers.tcp_ports import lasting_port

SOCKET = Path("/var/run/docker.sock")
BRIDGE, NETWORKS = "bbfresh0", "10.214.0.0/16"
REGISTRY = """version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
log: {{level: error}}
"""
# Compose 1, which Debian 12 has, called as the plugin that README's commands call.
PLUGIN = """#!/bin/sh
if [ "$1" = docker-cli-plugin-metadata ]; then
  echo '{"SchemaVersion":"0.1.0","Vendor":"Debian","Version":"1.29","ShortDescription":"compose"}'
  exit
fi
shift
exec docker-compose "$@"
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where commands are typed: an Engine, a home, and the environment of a shell there."""

    engine: Engine
    environment: dict[str, str]

    def type(self, command: str, folder: Path) -> str:
        """Type a command at a terminal; return what it printed. Raises CalledProcessError."""
        sys.stdout.write(f"$ {command}\n")
        sys.stdout.flush()
        # With a terminal, as a person has one: `exec` wants it.
        done = subprocess.run(
            ["script", "-qec", command, "/dev/null"], cwd=folder, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            text=True, check=False,
        )  # fmt: skip
        said = done.stdout.replace("\r", "")
        if done.returncode:
            sys.stdout.write(said[-3_000:])
            raise subprocess.CalledProcessError(done.returncode, command, said)
        return said


def lacks() -> str:
    """Say what this machine lacks for it; "" for nothing."""
    needed = ("dockerd", "docker-registry", "haproxy", "redis-server", "iptables", "ip", "script")
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [one for one in needed if shutil.which(one, path=path) is None]
    missing += [] if list(Path("/usr/lib/postgresql").glob("*/bin")) else ["postgresql"]
    if missing:
        return f"not installed: {', '.join(missing)}"
    if os.geteuid() != 0:
        return "an Engine needs root"
    return f"{SOCKET} is an Engine's already" if SOCKET.exists() else ""


@contextmanager
def machine() -> Iterator[Machine]:
    """Start it, with the stand-ins in its registry and not on the Engine; leave nothing behind."""
    home = Path(tempfile.mkdtemp(prefix="bb-fresh-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        port = stack.enter_context(_registry(home))
        stack.enter_context(_network())
        stack.callback(SOCKET.unlink, missing_ok=True)
        options = (
            f"--bridge={BRIDGE}", f"--default-address-pool=base={NETWORKS},size=24",
            f"--registry-mirror=http://127.0.0.1:{port}", f"--host=unix://{SOCKET}",
        )  # fmt: skip
        folder = Path(tempfile.mkdtemp(prefix="bb-engine-"))
        engine = stack.enter_context(running_engine(folder, "overlay2", options))
        _publish(engine, images.load(engine), port)
        yield Machine(engine, _environment(home))


def _publish(engine: Engine, names: Sequence[str], port: int) -> None:
    """Put images into the registry and take them off the Engine, so that they are pulled."""
    for name in names:
        there = f"127.0.0.1:{port}/library/{name.partition(':')[0]}"
        tag = name.partition(":")[2]
        image = engine.client.images.get(name)
        image.tag(there, tag)
        engine.client.images.push(there, tag)
        for one in (name, f"{there}:{tag}"):
            engine.client.images.remove(one)


def _environment(home: Path) -> dict[str, str]:
    found = {"PATH": f"{os.environ['PATH']}:/usr/sbin", "HOME": str(home),
             "DOCKER_BUILDKIT": "0", "COMPOSE_PROJECT_NAME": "batchbot"}  # fmt: skip
    probe = ["docker", "compose", "version"]
    if subprocess.run(probe, capture_output=True, env=found, check=False).returncode:
        plugin = home / ".docker" / "cli-plugins" / "docker-compose"
        plugin.parent.mkdir(parents=True)
        plugin.write_text(PLUGIN)
        plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    return found


@contextmanager
def _registry(home: Path) -> Iterator[int]:
    port = lasting_port()
    settings = home / "registry.yml"
    settings.write_text(REGISTRY.format(folder=home / "registry", port=port))
    with (home / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(settings)], stdout=log, stderr=log
        )
    try:
        _answers(f"http://127.0.0.1:{port}/v2/")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> None:
    end = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


@contextmanager
def _network() -> Iterator[None]:
    """A bridge for the Engine; its rules of iptables go with it."""
    before = subprocess.run(["iptables-save"], capture_output=True, check=True).stdout
    _run("ip", "link", "add", BRIDGE, "type", "bridge")
    _run("ip", "address", "add", "10.213.0.1/24", "dev", BRIDGE)
    _run("ip", "link", "set", BRIDGE, "up")
    try:
        yield
    finally:
        _run("ip", "link", "del", BRIDGE)
        subprocess.run(["iptables-restore"], input=before, check=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
