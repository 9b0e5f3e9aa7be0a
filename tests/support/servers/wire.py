"""A TCP relay in front of a PostgreSQL server that counts the round trips it carries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

# Ends every other session of a database.
CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


@dataclass
class Wire:
    """`round_trips` counts what the client waits for: Sync and simple queries, sign-on aside."""

    server: str
    url: str = ""
    round_trips: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _flows: asyncio.Event = field(default_factory=asyncio.Event)
    _ends: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._flows.set()
        self._ends.set()

    def hold(self) -> None:
        """Let nothing through, and tell nobody: each side waits."""
        self._flows.clear()

    def release(self) -> None:
        """Let through what was held, and go on."""
        self._flows.set()

    def hold_ends(self) -> None:
        """Let everything through but that a side has hung up."""
        self._ends.clear()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Relay one connection."""
        parts = urlsplit(self.server)
        socket = parse_qs(parts.query).get("host", [""])[0]
        if socket.startswith("/"):
            port = parts.port or 5432
            up = await asyncio.open_unix_connection(f"{socket}/.s.PGSQL.{port}")
        else:
            up = await asyncio.open_connection(parts.hostname, parts.port or 5432)
        pumps = [self._pump(reader, up[1], count=True), self._pump(up[0], writer, count=False)]
        for pump in pumps:
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, count: bool
    ) -> None:
        signed_on = False
        with closing(target), suppress(ConnectionError):
            while data := await source.read(1 << 16):
                if count and signed_on:
                    self.round_trips += _waits(data)
                signed_on = True
                await self._flows.wait()
                target.write(data)
                await target.drain()
            await self._flows.wait()
            await self._ends.wait()

    async def close(self) -> None:
        """Stop relaying."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _waits(data: bytes) -> int:
    """Count the messages after which a client waits: S(ync) and Q(uery)."""
    found = at = 0
    while at + 5 <= len(data):
        found += data[at : at + 1] in (b"S", b"Q")
        at += 1 + int.from_bytes(data[at + 1 : at + 5], "big")
    return found


@asynccontextmanager
async def wire(server: str) -> AsyncIterator[Wire]:
    """Listen on a free port and relay to `server`, a postgresql:// address."""
    relay = Wire(server)
    listener = await asyncio.start_server(relay.carry, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    parts = urlsplit(server)
    user = f"{parts.username}:{parts.password or ''}@" if parts.username else "postgres@"
    relay.url = f"postgresql://{user}127.0.0.1:{port}{parts.path}"
    try:
        yield relay
    finally:
        listener.close()
        await relay.close()
