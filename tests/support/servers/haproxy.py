"""The Docker proxy as shipped: haproxy with deploy/docker-proxy/haproxy.cfg before an Engine."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.paths import ROOT
from tests.support.servers.engine import Engine
from tests.support.servers.tcp_ports import lasting_port

CONFIGURATION = ROOT / "deploy" / "docker-proxy" / "haproxy.cfg"


@contextmanager
def docker_proxy(engine: Engine, **settings: str) -> Iterator[str]:
    """Run the proxy with these settings; yields its address as DOCKER_HOST takes it."""
    binary = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if binary is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs haproxy (Debian package haproxy)")
        pytest.skip("no haproxy on this machine")
    port = lasting_port()
    environment = {
        "COMPOSE_PROJECT_OF_HULEEDU": "huleedu", "RUNNER_STOP": "off", "DOCKER_INSPECT": "off",
        "DOCKER_PROXY_BIND": f"127.0.0.1:{port}",
        "DOCKER_PROXY_SOCKET": engine.url.removeprefix("unix://"), **settings,
    }  # fmt: skip
    process = subprocess.Popen(
        [binary, "-db", "-f", str(CONFIGURATION)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(port, process)
        yield f"tcp://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError("haproxy did not start: is its configuration valid?")
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("haproxy does not listen")
