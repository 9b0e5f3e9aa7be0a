"""What clients raise when a server is not to be had, in words; also where they wrap the reason."""

import asyncio
import errno
import ssl
from collections.abc import Callable
from typing import Any, cast

import aiohttp
import pytest

from bot.drivers.network import has_port_above, network_trouble, place_shown
from bot.drivers.postgres_address import postgres_address
from bot.errors import SettingsError, SourceError
from bot.sources.docker.address import EngineAddress
from bot.sources.kafka.servers import servers_of
from bot.sources.probe import HttpProbe, ProbeTarget
from bot.sources.redis.address import redis_address


async def told(url: str) -> str:
    """Return in words why an HTTP client got no answer."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError) as raised:
            await session.get(url)
    trouble = network_trouble(raised.value, "Loki")
    assert trouble is not None
    return str(trouble.message)


async def test_a_name_that_a_client_numbers_is_a_name() -> None:
    assert "host name is not known" in await told("http://loki.invalid:3100/")


async def test_nobody_listens() -> None:
    assert await told("http://127.0.0.1:1/") == "nobody listens: connection refused"


def test_a_read_that_the_kernels_own_timer_ended_was_too_slow() -> None:
    trouble = network_trouble(BlockingIOError(errno.EAGAIN, "try again"), "the Docker Engine")
    assert trouble is not None
    assert (trouble.message, trouble.timed_out) == (
        "the Docker Engine did not answer in time",
        True,
    )


def test_a_certificate_that_a_client_wraps_is_a_certificate() -> None:
    """aiohttp's own error is one of ssl's types without what those hold."""
    reason = ssl.SSLCertVerificationError(1, "certificate verify failed")
    reason.verify_message = "unable to get local issuer certificate"
    key = cast(Any, None)
    trouble = network_trouble(aiohttp.ClientConnectorCertificateError(key, reason), "Loki")
    assert trouble is not None
    assert "certificate verify failed" in trouble.message
    assert trouble.permanent


@pytest.mark.parametrize(
    "error",
    [
        asyncio.IncompleteReadError(b"half", 99),
        aiohttp.ClientPayloadError("Response payload is not completed"),
    ],
)
def test_half_an_answer_is_not_no_answer(error: Exception) -> None:
    trouble = network_trouble(error, "Loki")
    assert trouble is not None
    assert trouble.message == "Loki hung up in the middle of its answer"


@pytest.mark.parametrize(
    ("place", "shown"),
    [("loki:3100", "loki:3100"), ("[fe80::1%eth0]:1", "[fe80::1%eth0]:1"), ("", ""),
     ("/run/postgresql", "/run/postgresql"), ("a:1,b:2", "a:1,b:2"),
     ("lokiLOKI_TOKEN=s3cr3t", "…"), ("h\nx", "…")],
)  # fmt: skip
def test_what_no_host_or_path_holds_is_not_shown(place: str, shown: str) -> None:
    assert place_shown(place) == shown


@pytest.mark.parametrize(
    ("address", "is_above"),
    [
        ("redis://host:65535/0", False), ("redis://host:65536/0", True), ("host:70000", True),
        ("postgresql://u:p@a:5432,b:99999/db", True), ("http://[::1]:100000/x", True),
        ("http://[::1]:3100", False), ("redis://:70000/x@host:1/0", False), ("tcp://host", False),
        ("unix:///run/docker.sock", False), ("redis://user:70000@host:6379/0", False),
        ("http://host:6553x", False), ("", False),
    ],
)  # fmt: skip
def test_a_port_too_high_is_told_from_a_password_that_was_not_encoded(
    address: str, is_above: bool
) -> None:
    assert has_port_above(address) is is_above


@pytest.mark.parametrize(
    "read",
    [
        lambda port: redis_address(f"redis://queue:{port}/0"),
        lambda port: postgres_address(f"postgresql://u:p@cj:{port}/cj", "CJ_DATABASE_URL"),
        lambda port: HttpProbe([ProbeTarget("cj", f"http://cj:{port}", "CJ_URL")]),
        lambda port: EngineAddress(f"tcp://host:{port}").check("docker"),
        lambda port: servers_of(f"kafka:{port}"),
    ],
)
@pytest.mark.parametrize("port", [65_536, 70_000, 123_456])
def test_every_address_says_of_such_a_port_that_it_is_none(
    read: Callable[[int], object], port: int
) -> None:
    read(6_379)
    with pytest.raises((SourceError, SettingsError)) as raised:
        read(port)
    assert "port" in str(raised.value)
    assert "encode" not in f"{raised.value} {raised.value.hint}".lower()
