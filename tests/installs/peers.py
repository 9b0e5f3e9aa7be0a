"""Servers that are not what they should be: silent, half an answer, another certificate."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from tests.installs.certificates import Certificates

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"


def error_of_postgres(state: str, text: str) -> bytes:
    """Return PostgreSQL's message of a fatal error."""
    body = f"SFATAL\0VFATAL\0C{state}\0M{text}\0\0".encode()
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


REFUSES_LOGIN = error_of_postgres("28P01", 'password authentication failed for user "bot"')


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


def speaks(answer: bytes) -> Handler:
    """Answer whatever comes with these bytes and hang up, as a server of another protocol does."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1 << 16)
        writer.write(answer)
        await writer.drain()

    return handler


def http_says(status: str, body: str, head: str = "") -> Handler:
    """Answer a request by HTTP, and hang up."""
    first = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{head}"
    last = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    return says((first + last).encode())


HALF_OF_HTTP = says(
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"da'
)


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


class Front:
    """A port before a server: it carries everything until it becomes something else."""

    def __init__(self, behind: tuple[str, int] | str) -> None:
        self._behind = behind
        self._handler: Handler | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._turn = 0
        self.port = 0

    def become(self, handler: Handler | None) -> None:
        """Cut every connection; new ones meet this, or the server again where it is None."""
        self._handler = handler
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    def forget(self, handler: Handler | None) -> None:
        """Carry nothing more on the connections that are open; new ones meet this, or the server.

        They are not closed: so does a firewall that has forgotten them.
        """
        self._handler = handler
        self._turn += 1

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry a connection, or treat it as what this became."""
        if self._handler is not None:
            await self._handler(reader, writer)
            return
        if isinstance(self._behind, str):
            up = await asyncio.open_unix_connection(self._behind)
        else:
            up = await asyncio.open_connection(*self._behind)
        self._open.update((writer, up[1]))
        await asyncio.gather(self._carry(reader, up[1]), self._carry(up[0], writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        turn = self._turn
        with suppress(OSError):
            while data := await reader.read(1 << 16):
                if turn == self._turn:
                    writer.write(data)
                    await writer.drain()
        writer.close()


@asynccontextmanager
async def front(behind: tuple[str, int] | str) -> AsyncIterator[Front]:
    """Listen before a server, given by host and port or by its socket's path."""
    made = Front(behind)
    async with peer(made.serve) as made.port:
        yield made
    made.become(None)
