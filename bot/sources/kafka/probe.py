"""Asks a broker once more, in its own protocol, why the client was turned away.

The client keeps the reason to itself and says only that it could not bootstrap.
"""

import asyncio
import ssl
import struct
from collections.abc import Iterator
from dataclasses import replace

from bot.drivers.network import Trouble, network_trouble
from bot.sources.kafka.errors import HINT, PROTOCOL, RAISED
from bot.sources.kafka.security import CA, KafkaSecurity

LISTENER = "the broker"
# Requests without a body worth the name: which versions are spoken, and which brokers there are.
VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
BROKERS = struct.pack(">ihhihi", 14, 3, 1, 2, -1, 0)
TLS_ALERT = b"\x15\x03"
CLIENT_FILES = "Set KAFKA_SSL_CERTFILE and KAFKA_SSL_KEYFILE."


async def connection_trouble(
    source: str, servers: str, security: KafkaSecurity, timeout: float
) -> Trouble | None:
    """Return why none of the servers can be spoken to, None where one can."""
    context = security.options(source).get("ssl_context")
    logs_in = security.protocol.startswith("SASL")
    found: Trouble | None = None
    for server, host, port in _each(servers):
        try:
            async with asyncio.timeout(timeout):
                trouble = await _spoken(server, host, int(port), context, logs_in)
        except (OSError, ValueError, EOFError) as error:
            trouble = network_trouble(error, LISTENER, where=server, ca=CA)
        if trouble is None:
            return None
        found = _with_hint(trouble, context is not None)
    return found


async def _spoken(
    server: str, host: str, port: int, context: ssl.SSLContext | None, logs_in: bool
) -> Trouble | None:
    """Greet a broker and, without a login, ask it for something; return what is wrong."""
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        writer.write(VERSIONS)
        head = await reader.read(4)
        if context is None and head.startswith(TLS_ALERT):
            hint = "Set KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL."
            return Trouble(f"the port of {LISTENER} at {server} speaks TLS", hint, True)
        if not head:
            return Trouble(f"{LISTENER} at {server} closed the connection without an answer")
        if not (length := _length(head)):
            hint = "Correct host and port in KAFKA_BOOTSTRAP_SERVERS."
            return Trouble(f"what answers at {server} is no Kafka broker", hint, True)
        await reader.readexactly(length)
        if logs_in:
            return None
        writer.write(BROKERS)
        if not await reader.read(1):
            hint = (
                "Set KAFKA_SECURITY_PROTOCOL to SASL_SSL or SASL_PLAINTEXT, and user and password."
            )
            return Trouble(
                f"{LISTENER} at {server} greets and then hangs up: it wants a login", hint, True
            )
        return None
    finally:
        writer.transport.abort()


def _length(head: bytes) -> int:
    """Return how long an answer is, 0 where it is no answer of a broker."""
    (length,) = struct.unpack(">i", head.ljust(4, b"\0"))
    return int(length) if 0 < length < 1 << 20 else 0


def _with_hint(trouble: Trouble, by_tls: bool) -> Trouble:
    if "client certificate" in trouble.message:
        return replace(trouble, hint=CLIENT_FILES)
    if "closed" in trouble.message:
        asked = "Does its port speak TLS?" + by_tls * " Does it want a login or a certificate?"
        return replace(trouble, hint=f"{asked} {PROTOCOL}")
    if "KAFKA_" not in trouble.hint:
        return replace(trouble, hint=f"{trouble.hint} {HINT}".strip())
    return trouble


async def login_error(
    source: str, servers: str, security: KafkaSecurity, timeout: float
) -> Exception | None:
    """Return what the first server that answers says of the login; None where it lets us in."""
    if not security.protocol.startswith("SASL"):
        return None
    from aiokafka.conn import create_conn
    from aiokafka.errors import KafkaError

    options, wait = security.options(source), int(timeout * 1_000)
    for _, host, port in _each(servers):
        refused: Exception
        try:
            async with asyncio.timeout(timeout):
                connection = await create_conn(host, int(port), request_timeout_ms=wait, **options)
        except OSError:
            continue
        except (KafkaError, *RAISED) as error:
            refused = error
            return refused
        connection.close()
        return None
    return None


def _each(servers: str) -> Iterator[tuple[str, str, str]]:
    """Yield each server with its host and port."""
    for server in filter(None, (one.strip() for one in servers.split(","))):
        host, _, port = server.rpartition(":")
        yield server, host.strip("[]"), port
