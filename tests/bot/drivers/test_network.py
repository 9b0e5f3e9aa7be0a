"""What clients raise when a server is not to be had, in words; also where they wrap the reason."""

import asyncio
import errno
import ssl
from typing import Any, cast

import aiohttp
import pytest

from bot.drivers.network import network_trouble, place_shown


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
