"""Redis addresses, read whole: an option, scheme or database that is none is named, not ignored."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from bot.domain.evidence import QUEUE
from bot.drivers.network import PORT_ABOVE, WHICH_PORTS, has_port_above, place_shown
from bot.errors import SourceError

SETTING = "LLM_QUEUE_REDIS_URL"
EXAMPLE = "redis://host:6379/0"
DEFAULT_PORT = 6379
ENCODE = "Percent-encode what stands before the host: write # as %23, @ as %40, / as %2F, ? as %3F."
_REQUIREMENTS = ("none", "optional", "required")


def _truth(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "yes", "on")


def _requirement(text: str) -> str:
    word = text.lower().removeprefix("cert_")
    if word not in _REQUIREMENTS:
        raise ValueError
    return word


def _seconds(text: str) -> float:
    if (seconds := float(text)) <= 0:
        raise ValueError
    return seconds


def _protocol(text: str) -> int:
    if text not in ("2", "3"):
        raise ValueError
    return int(text)


OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "db": int,
    "username": str,
    "password": str,
    "protocol": _protocol,
    "client_name": str,
    "health_check_interval": int,
    "socket_timeout": _seconds,
    "socket_connect_timeout": _seconds,
    "socket_keepalive": _truth,
    "ssl_ca_certs": str,
    "ssl_ca_path": str,
    "ssl_certfile": str,
    "ssl_keyfile": str,
    "ssl_password": str,
    "ssl_check_hostname": _truth,
    "ssl_cert_reqs": _requirement,
}
# Of pools and of other clients, as an address that a service uses itself may have them.
_WITHOUT_EFFECT = frozenset(
    {
        "decode_responses", "encoding", "encoding_errors", "max_connections", "retry_on_timeout",
        "retry_on_error", "timeout", "lib_name", "lib_version", "single_connection_client",
    }
)  # fmt: skip
_FILES = ("ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """An address as the client's keyword arguments; `where` is host and port, or the socket.

    `user` is for people: what stands alone before the host may as well be a password.
    """

    arguments: Mapping[str, Any]
    where: str
    user: str
    is_tls: bool
    without_effect: tuple[str, ...] = ()


def redis_address(text: str) -> RedisAddress:
    """Read an address. Raises SourceError that names what is wrong and never a part of a secret."""
    try:
        parts = urlsplit(text.strip())
        given = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        raise _wrong("is malformed") from None
    if "sentinel" in parts.scheme:
        raise _wrong(
            "names a Sentinel, which this client does not ask",
            "Set the master's address; SENTINEL get-master-addr-by-name says which it is.",
        )
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise _wrong("is no address of a Redis", f"Write {EXAMPLE}, rediss:// for TLS.")
    login, _, host = parts.netloc.rpartition("@")
    if parts.fragment or "#" in text or "@" in parts.path or ("@" in parts.query and not login):
        raise _wrong("cannot be taken apart, as if its password were not encoded", ENCODE)
    user, colon, password = login.partition(":")
    found: dict[str, Any] = {
        "username": unquote(user) or None,
        "password": unquote(password) or None,
    }
    if parts.scheme == "unix":
        where = unquote(parts.path)
        found["unix_socket_path"] = where
    else:
        where = _host(host, found)
        found["db"] = _database(parts.path)
    is_tls = parts.scheme == "rediss"
    if is_tls:
        found["ssl"] = True
    unused = tuple(name for name, _ in given if name in _WITHOUT_EFFECT)
    found |= _options([one for one in given if one[0] not in unused], is_tls=is_tls)
    shown = (place_shown(unquote(user)) or "default") if colon or not login else "…"
    return RedisAddress(found, place_shown(where), shown, is_tls, unused)


def _host(text: str, found: dict[str, Any]) -> str:
    host, bracket, rest = text.partition("]")
    name, _, port = (rest if bracket else host).partition(":")
    name = f"{host}]" if bracket else name
    if has_port_above(text):
        raise _wrong(PORT_ABOVE, WHICH_PORTS)
    if port and not (port.isascii() and port.isdecimal() and int(port) < 65_536):
        raise _wrong("has a port that is no number, or an unencoded password", ENCODE)
    found["host"] = name.strip("[]") or "localhost"
    found["port"] = int(port or DEFAULT_PORT)
    return f"{name or 'localhost'}:{found['port']}"


def _database(path: str) -> int:
    number = path.strip("/")
    if not number:
        return 0
    if not (number.isascii() and number.isdecimal()):
        raise _wrong(
            "has no number where the database stands",
            f"Databases of Redis are numbers: write {EXAMPLE}.",
        )
    return int(number)


def _options(given: list[tuple[str, str]], *, is_tls: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in given:
        if name not in OPTIONS:
            shown = name if name.isidentifier() and len(name) <= 40 else "in it"
            raise _wrong(f"has an unknown option {shown}", f"Known: {', '.join(OPTIONS)}.")
        if name.startswith("ssl_") and not is_tls:
            raise _wrong(f"has the option {name} without TLS", "Write rediss:// for TLS.")
        try:
            found[name] = OPTIONS[name](value)
        except ValueError:
            raise _wrong(f"has a value of {name} that cannot be read") from None
        if name in _FILES and not os.access(Path(value).expanduser(), os.R_OK):
            raise _wrong(
                f"names a file of {name} that is not there or cannot be read: {place_shown(value)}"
            )
    return found


def _wrong(what: str, hint: str = "") -> SourceError:
    return SourceError(QUEUE, f"{SETTING} {what}", hint=hint or f"Write {EXAMPLE}.", permanent=True)
