"""PostgreSQL addresses, as people and other drivers write them."""

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from bot.drivers.network import PORT_ABOVE, WHICH_PORTS, has_port_above, place_shown
from bot.errors import SettingsError

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SSL_WORDS = {
    "true": "require",
    "on": "require",
    "1": "require",
    "false": "disable",
    "0": "disable",
}
# libpq's own, which asyncpg would send to the server as a parameter of the session.
_OF_LIBPQ = frozenset(
    {
        "connect_timeout", "channel_binding", "gssencmode", "keepalives", "keepalives_idle",
        "keepalives_interval", "keepalives_count", "tcp_user_timeout", "client_encoding",
        "fallback_application_name", "application_name", "replication", "requirepeer",
        "sslcompression", "sslsni", "load_balance_hosts", "require_auth", "hostaddr",
        "sslnegotiation", "sslcertmode", "gssdelegation", "scram_client_key",
        "scram_server_key",
    }
)  # fmt: skip
# SQLAlchemy's, asyncpg's and other clients' own.
_OF_CLIENTS = frozenset(
    {
        "prepared_statement_cache_size", "prepared_statement_name_func", "statement_cache_size",
        "async_fallback", "command_timeout", "timeout", "max_cached_statement_lifetime",
        "max_cacheable_statement_size", "pgbouncer", "connection_limit", "pool_timeout",
        "pool_size", "max_overflow", "schema", "server_settings",
    }
)  # fmt: skip
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_MUST_HOLD = {"channel_binding": "require", "gssencmode": "require"}
ENCODE = "Percent-encode what stands before the host: write # as %23, @ as %40, / as %2F, ? as %3F."


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """An address as asyncpg takes it, and what of it has no effect.

    `where` is host and port, or the socket's folder; `user` is who logs in.
    """

    url: str
    where: str = ""
    user: str = ""
    without_effect: tuple[str, ...] = ()
    is_pooled: bool = False


def postgres_address(text: str, setting: str) -> PostgresAddress:
    """Read an address. Raises SettingsError that names the setting and never a part of it.

    The driver of `postgresql+asyncpg://` is cut off, `ssl=` is `sslmode=`, and what belongs to
    libpq or to another client is left out.
    """
    example = f"{setting}=postgresql://host:5432/database (user and password before the host)"
    try:
        parts = urlsplit(text.strip())
        scheme = parts.scheme.partition("+")[0]
        login, _, hosts = parts.netloc.rpartition("@")
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        raise SettingsError(f"{setting} is malformed.", hint=f"Write {example}.") from None
    if scheme not in ("postgresql", "postgres"):
        raise SettingsError(
            f"{setting} is no address of a PostgreSQL server.", hint=f"Write {example}."
        )
    if has_port_above(text.strip()):
        raise SettingsError(f"{setting} {PORT_ABOVE}.", hint=WHICH_PORTS)
    query = parts.query if "@" in parts.query and not login else ""
    if parts.fragment or "#" in text or "@" in parts.path or query or not _ports_are_numbers(hosts):
        raise SettingsError(
            f"{setting} cannot be taken apart, as if its password were not encoded", hint=ENCODE
        )
    user, has_password, password = login.partition(":")
    kept, unused = _kept(given, setting)
    netloc = quote(unquote(user), safe="")
    netloc += f":{quote(unquote(password), safe='')}" if has_password else ""
    url = f"postgresql://{netloc}{'@' if netloc else ''}{hosts}{parts.path}"
    pooled = "0" in (given.get("prepared_statement_cache_size"), given.get("statement_cache_size"))
    return PostgresAddress(
        f"{url}?{urlencode(kept)}" if kept else url,
        where=place_shown(hosts or kept.get("host", "")),
        user=place_shown(unquote(user) or kept.get("user", "")),
        without_effect=unused,
        is_pooled=pooled or given.get("pgbouncer") == "true",
    )


def password_of(text: str) -> str:
    """Return the password of an address, "" where none stands in it."""
    return unquote(urlsplit(text.strip()).netloc.rpartition("@")[0].partition(":")[2])


def live_login(read: Callable[[], str] | None) -> dict[str, Any]:
    """Return the driver's argument by which each new session logs in with the password of now.

    `read` gives the address of now; None where it never changes.
    """
    return {} if read is None else {"password": lambda: password_of(read())}


def _kept(given: Mapping[str, str], setting: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the parameters that are kept, and the names of those that have no effect."""
    kept: dict[str, str] = {}
    unused: list[str] = []
    for key, value in given.items():
        if _MUST_HOLD.get(key) == value:
            raise SettingsError(
                f"{setting} asks for {key}=require, which this client cannot promise.",
                hint=f"Take {key} out; sslmode=verify-full checks whom the bot speaks to.",
            )
        if key == "ssl":
            kept["sslmode"] = _SSL_WORDS.get(value.lower(), value)
        elif (key, value) == ("target_session_attrs", "read-write"):
            # A read-only session of a primary would not pass for one.
            kept[key] = "primary"
        elif (key, value) == ("sslrootcert", "system"):
            kept[key] = _known_authorities(setting)
        elif key in _OF_LIBPQ | _OF_CLIENTS:
            unused.append(key)
        else:
            kept[key] = value
    if "sslmode" in kept and kept["sslmode"] not in SSL_MODES:
        raise SettingsError(
            f"{setting} has an sslmode that is none.", hint=f"It is one of {', '.join(SSL_MODES)}."
        )
    for key in _FILES:
        path = kept.get(key, "")
        if path and not os.access(Path(path).expanduser(), os.R_OK):
            shown = place_shown(path)
            raise SettingsError(
                f"{setting}: the file of {key}, {shown}, is not there or cannot be read.",
                hint=f"Correct {key} in {setting}.",
            )
    return kept, tuple(unused)


def _known_authorities(setting: str) -> str:
    """Return the file of the system's own CAs, which asyncpg does not look for."""
    if (found := ssl.get_default_verify_paths().cafile) is None:
        raise SettingsError(
            f"{setting} asks for the system's CAs, and none are installed here.",
            hint="Install ca-certificates, or write sslrootcert=/path/of/the/ca.pem.",
        )
    return found


def _ports_are_numbers(hosts: str) -> bool:
    for one in hosts.split(","):
        port = one.rpartition("]")[2].partition(":")[2]
        if port and not (port.isascii() and port.isdecimal() and int(port) < 65_536):
            return False
    return True
