"""haproxy: the Docker proxy as shipped, and one that ends TLS before another server."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.installs.certificates import Certificates
from tests.support.paths import ROOT
from tests.support.servers.engine import Engine
from tests.support.servers.tcp_ports import lasting_port

CONFIGURATION = ROOT / "deploy" / "docker-proxy" / "haproxy.cfg"


@contextmanager
def docker_proxy(engine: Engine, **settings: str) -> Iterator[str]:
    """Run the proxy with these settings; yields its address as DOCKER_HOST takes it."""
    port = lasting_port()
    environment = {
        "COMPOSE_PROJECT_OF_HULEEDU": "huleedu", "RUNNER_STOP": "off", "DOCKER_INSPECT": "off",
        "DOCKER_PROXY_BIND": f"127.0.0.1:{port}",
        "DOCKER_PROXY_SOCKET": engine.url.removeprefix("unix://"), **settings,
    }  # fmt: skip
    with _running(CONFIGURATION, port, environment):
        yield f"tcp://127.0.0.1:{port}"


@contextmanager
def ends_tls(
    folder: Path, own: Certificates, port: int, behind: int, *, wants_client: bool
) -> Iterator[None]:
    """End TLS at `port` before a plain server at `behind`, for any client or certified ones."""
    (folder / "both.pem").write_bytes(own.server.read_bytes() + own.server_key.read_bytes())
    more = f" ca-file {own.ca} verify required" if wants_client else ""
    configuration = folder / "haproxy.cfg"
    configuration.write_text(
        "defaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
        f"listen tls\n bind 127.0.0.1:{port} ssl crt {folder / 'both.pem'}{more}\n"
        f" server behind 127.0.0.1:{behind}\n"
    )
    with _running(configuration, port, {}):
        yield


@contextmanager
def _running(configuration: Path, port: int, environment: Mapping[str, str]) -> Iterator[None]:
    binary = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if binary is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs haproxy (Debian package haproxy)")
        pytest.skip("no haproxy on this machine")
    process = subprocess.Popen(
        [binary, "-db", "-f", str(configuration)],
        env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(port, process)
        yield
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
