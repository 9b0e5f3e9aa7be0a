"""A real Redis for tests: one redis-server a test process, emptied for every test."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis


@contextmanager
def running_redis() -> Iterator[str]:
    """Run a redis-server of its own; yields its address."""
    binary = shutil.which("redis-server")
    if binary is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs redis-server (Debian package redis-server)")
        pytest.skip("no redis-server on this machine")
    folder = Path(tempfile.mkdtemp(prefix="bb-redis-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"redis://127.0.0.1:{port}/0"
        _wait(url)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def redis_socket() -> Iterator[str]:
    """The address of a running redis-server."""
    with running_redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_socket: str) -> str:
    """The address of an empty Redis."""
    with redis.Redis.from_url(redis_socket) as client:
        client.flushall()
    return redis_socket


def _wait(url: str) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            with redis.Redis.from_url(url) as client:
                client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("redis-server did not start within 20 s")
