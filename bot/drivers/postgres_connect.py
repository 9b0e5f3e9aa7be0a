"""Opening sessions of PostgreSQL, and telling what answers there when it is none."""

import asyncio
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

NO_VERSION = "the server told no "
NO_POSTGRES = "no PostgreSQL answers"
_SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"
_PROBE_SECONDS = 2.0


def spoken_to(connect: Any, broken: type[Exception]) -> Any:
    """Return the driver's `connect`, which raises an error when what answers is not as it expects.

    Some poolers send no server_version, which asyncpg needs and misses by an AttributeError. Of
    another protocol's answer it says that TLS was rejected or that the connection was closed, as
    it does of a server that just went away; so the port is asked once more. `broken` is the
    driver's own error of such a connection.
    """

    async def connected(*args: Any, **kwargs: Any) -> Any:
        try:
            return await connect(*args, **kwargs)
        except AttributeError as error:
            raise ConnectionError(f"{NO_VERSION}{error}") from error
        except (OSError, broken) as error:
            if _may_be_another(error) and await _is_another(str(args[0]) if args else ""):
                raise ConnectionError(NO_POSTGRES) from error
            raise

    return connected


def _may_be_another(error: Exception) -> bool:
    """Say whether the driver's own error, one without severity, fits a peer of another kind."""
    closed = getattr(error, "sqlstate", None) == "08003" and not getattr(error, "severity", None)
    return closed or "rejected SSL upgrade" in str(error)


async def _is_another(url: str) -> bool:
    """Say whether the port answers PostgreSQL's request for TLS by what no PostgreSQL says.

    One says S or N, or an error that begins with E.
    """
    parts = urlsplit(url)
    if not parts.hostname or "," in parts.netloc:  # a socket's folder, or several servers
        return False
    answer = b""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 5432)
            try:
                writer.write(_SSL_REQUEST)
                answer = await reader.read(64)
            finally:
                writer.close()
    return answer not in (b"", b"S", b"N") and not answer.startswith(b"E")
