"""Servers that are not what they should be: silent, half an answer, another certificate."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from tests.installs.certificates import Certificates

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"


def _error(state: str, text: str) -> bytes:
    body = f"SFATAL\0VFATAL\0C{state}\0M{text}\0\0".encode()
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


REFUSES_LOGIN = _error("28P01", 'password authentication failed for user "bot"')


@asynccontextmanager
async def peer(handler: Handler) -> AsyncIterator[int]:
    """Serve connections at a port of this machine; yields the port."""
    open_: set[asyncio.StreamWriter] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            await handler(reader, writer)
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_:
            writer.transport.abort()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take what comes and say nothing."""
    while await reader.read(1 << 16):
        pass


def says(answer: bytes) -> Handler:
    """Answer the first bytes that come with these, and hang up."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1 << 16)
        if first.startswith(SSL_REQUEST):
            writer.write(b"N")
            await reader.read(1 << 16)
        writer.write(answer)
        await writer.drain()

    return handler


def speaks_tls(own: Certificates) -> Handler:
    """Shake hands by a certificate of a CA of its own, also as PostgreSQL does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.server, own.server_key)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ssl.SSLError):
            await writer.start_tls(context)
            await reader.read(1 << 16)

    return handler


def speaks_postgres_tls(own: Certificates) -> Handler:
    """Say yes to PostgreSQL's request for TLS, then shake hands."""
    then = speaks_tls(own)

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"S")
        await writer.drain()
        await then(reader, writer)

    return handler
