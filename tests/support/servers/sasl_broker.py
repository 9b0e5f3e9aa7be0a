"""A broker's door: it answers the handshake and the login of Kafka's protocol, and no more."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

HANDSHAKE, VERSIONS, AUTHENTICATE = 17, 18, 36
REFUSED = 58


@asynccontextmanager
async def sasl_broker(
    *, mechanisms: tuple[str, ...] = ("PLAIN",), handshake: int = 0, speaks_sasl: bool = True
) -> AsyncIterator[str]:
    """Yield the address of a broker that refuses every login, with a handshake's error or later."""

    def answer(api: int) -> bytes:
        if api == VERSIONS:
            ours = [(VERSIONS, 0, 0)]
            ours += [(HANDSHAKE, 0, 1), (AUTHENTICATE, 0, 0)] if speaks_sasl else []
            listed = b"".join(struct.pack(">hhh", *one) for one in ours)
            return struct.pack(">hi", 0, len(ours)) + listed
        if api == HANDSHAKE:
            listed = b"".join(_text(one) for one in mechanisms)
            return struct.pack(">hi", handshake, len(mechanisms)) + listed
        return struct.pack(">h", REFUSED) + _text("Authentication failed") + struct.pack(">i", 0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                request = await reader.readexactly(size)
                api, _, correlation = struct.unpack(">hhi", request[:8])
                said = struct.pack(">i", correlation) + answer(api)
                writer.write(struct.pack(">i", len(said)) + said)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()
