"""KAFKA_BOOTSTRAP_SERVERS, read whole: each broker by host and port, and what is none is said."""

import re

from bot.domain.evidence import TOPIC
from bot.errors import SourceError

SETTING = "KAFKA_BOOTSTRAP_SERVERS"
DEFAULT_PORT = 9092
_BETWEEN = re.compile(r"[\s,;]+")
_SERVER = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.%]{2,60}\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>\d{1,9}))?"
)


def servers_of(text: str) -> str:
    """Return brokers as `host:port,…`. Raises SourceError, with nothing of what is no broker."""
    found = [_server(one) for one in _BETWEEN.split(text) if one]
    if not found:
        raise _wrong("names no broker")
    return ",".join(found)


def _server(text: str) -> str:
    match = _SERVER.fullmatch(text)
    if match is None:
        raise _wrong("holds what is no host and port")
    port = int(match["port"] or DEFAULT_PORT)
    if not 0 < port < 65_536:
        raise _wrong("holds a port that is none")
    return f"{match['host']}:{port}"


def _wrong(what: str) -> SourceError:
    hint = f"Write {SETTING}=host:9092,other:9092, without a scheme, a login or a path."
    return SourceError(TOPIC, f"{SETTING} {what}", hint=hint, permanent=True)
