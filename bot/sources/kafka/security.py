"""How a broker is logged in to, and what the client's errors mean in words."""

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.border.outside import Outside
from bot.drivers.network import Trouble, network_trouble
from bot.errors import SourceError

HINT = "Check KAFKA_BOOTSTRAP_SERVERS, and that the broker's advertised address is reachable."
CA = "KAFKA_SSL_CAFILE"
PROTOCOL = "KAFKA_SECURITY_PROTOCOL says how it is spoken to."


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """The usual settings of a client; the password is never shown."""

    protocol: str = "PLAINTEXT"
    mechanism: str = "PLAIN"
    username: str = ""
    password: str = ""
    ca_file: Path | None = None

    def options(self, source: str) -> Mapping[str, Any]:
        """Return the client's arguments. Raises SourceError where the CA's file is not there."""
        found: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.startswith("SASL"):
            found |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password,
            }
        if self.protocol.endswith("SSL"):
            try:
                found["ssl_context"] = ssl.create_default_context(cafile=self.ca_file)
            except OSError as error:
                raise SourceError(
                    source,
                    f"{CA}={self.ca_file} is not there, or is no certificate",
                    hint=f"Set {CA} to the file of the broker's CA.",
                    permanent=True,
                ) from error
        return found


async def connection_trouble(
    source: str, servers: str, security: KafkaSecurity, timeout: float
) -> Trouble | None:
    """Return why none of the servers can be connected to, None where one can.

    The client keeps the reason to itself and says only that it could not bootstrap.
    """
    context = security.options(source).get("ssl_context")
    found: Trouble | None = None
    for server in filter(None, (one.strip() for one in servers.split(","))):
        host, _, port = server.rpartition(":")
        try:
            async with asyncio.timeout(timeout):
                _, writer = await asyncio.open_connection(host.strip("[]"), int(port), ssl=context)
        except (OSError, ValueError) as error:
            trouble = network_trouble(error, "the broker", where=server, ca=CA)
            if trouble is not None and context is not None and "closed" in trouble.message:
                trouble = replace(trouble, hint=f"Does its port speak TLS? {PROTOCOL}")
            elif trouble is not None and "KAFKA_" not in trouble.hint:
                trouble = replace(trouble, hint=f"{trouble.hint} {HINT}".strip())
            found = trouble or found
        else:
            writer.close()
            return None
    return found


async def login_error(
    source: str, servers: str, security: KafkaSecurity, timeout: float
) -> Exception | None:
    """Return what the first server that answers says of the login; None where it lets us in.

    The client keeps this to itself as well: a wrong password is "unable to bootstrap" to it.
    """
    if not security.protocol.startswith("SASL"):
        return None
    from aiokafka.conn import create_conn
    from aiokafka.errors import KafkaError

    options, wait = security.options(source), int(timeout * 1_000)
    for server in filter(None, (one.strip() for one in servers.split(","))):
        host, _, port = server.rpartition(":")
        try:
            async with asyncio.timeout(timeout):
                connection = await create_conn(
                    host.strip("[]"), int(port), request_timeout_ms=wait, **options
                )
        except (OSError, ValueError, TimeoutError):
            continue
        except KafkaError as error:
            refused: Exception = error
            return refused
        connection.close()
        return None
    return None


@dataclass(frozen=True, slots=True)
class _Row:
    """An error by a pattern of its words or of the client's name for it."""

    pattern: str
    ours: str
    hint: str
    permanent: bool = True


_ROWS = (
    _Row(
        "UnsupportedSaslMechanism|enabled mechanisms|HandshakeError|IllegalSaslState|SaslHandShake",
        "the broker does not let us log in by that mechanism",
        "Set KAFKA_SASL_MECHANISM to one that is enabled, or KAFKA_SECURITY_PROTOCOL without SASL.",
    ),
    _Row(
        "SaslAuthentication|AuthenticationFailed|AuthenticationMethod|invalid credentials",
        "the broker refuses the login",
        "Correct KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.",
    ),
    _Row(
        "TopicAuthorization",
        "the user may not read the topic",
        "Give it READ and DESCRIBE on the topics (kafka-acls).",
    ),
    _Row("GroupAuthorization", "the user may not ask for the consumer group",
         "Give it DESCRIBE on the group (kafka-acls)."),
    _Row("ClusterAuthorization", "the user may not ask that of the cluster",
         "Give it DESCRIBE on the cluster (kafka-acls)."),
    _Row(
        "UnsupportedCodec|compression codec|UnsupportedCompression|UNSUPPORTED_COMPRESSION",
        "the messages are compressed by a codec that is not installed",
        "pip install cramjam beside batchbot (snappy, lz4, zstd).",
    ),
    _Row("UnknownTopic|UNKNOWN_TOPIC", "there is no such topic", HINT),
    _Row("UnrecognizedBrokerVersion|UnsupportedVersion", "the broker's version cannot be learnt: "
         "does its port speak TLS?", "Set KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL.", False),
    _Row("Unable to bootstrap|KafkaConnection|NodeNotReady|ConnectionError|not connected",
         "the broker cannot be reached, or hung up: does its port speak TLS or SASL",
         f"{HINT} {PROTOCOL}", False),
)  # fmt: skip


def kafka_error(source: str, error: BaseException, doing: str) -> SourceError:
    """Return what an error of the client means; `doing` is what was asked of the broker."""
    trouble = network_trouble(error, "the broker", ca=CA)
    if isinstance(trouble, Trouble):
        return SourceError(
            source,
            f"{doing}: {trouble.message}",
            hint=trouble.hint or HINT,
            permanent=trouble.permanent,
            timed_out=trouble.timed_out,
        )
    text = f"{type(error).__name__} {error}"
    codec = re.search(r"for (snappy|lz4|zstd|gzip) compression", text)
    for row in _ROWS:
        if re.search(row.pattern, text):
            which = f" ({codec.group(1)})" if codec else ""
            return SourceError(
                source, f"{doing}: {row.ours}{which}", hint=row.hint, permanent=row.permanent
            )
    said = re.sub(r"\b\w+Error\b:?", "", str(error)).strip()
    return SourceError(source, f"{doing}: the broker refuses it: {Outside(said)}", hint=HINT)
