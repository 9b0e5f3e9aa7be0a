"""A real Kafka peer for tests: librdkafka's mock cluster, and a way to cut the wire to it."""

import asyncio
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import Producer

from tests.support.servers.tcp_ports import lasting_port

QUIET = {"log_level": 0}


@dataclass(frozen=True, slots=True)
class Broker:
    """A running mock broker; `port` is where it listens on this machine."""

    port: int
    producer: Producer

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def publish(
        self, topic: str, messages: Iterable[bytes | None], at: datetime | None = None
    ) -> None:
        """Write messages, as of now or a moment, and wait until each is acknowledged."""
        stamp = int(at.timestamp() * 1_000) if at else 0
        for message in messages:
            self.producer.produce(topic, message, timestamp=stamp)
        assert self.producer.flush(20) == 0


@contextmanager
def kafka_broker() -> Iterator[Broker]:
    """Start a cluster of one broker; it ends with the client that hosts it."""
    host = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "mock", **QUIET})
    (broker,) = host.list_topics(timeout=20).brokers.values()
    yield Broker(broker.port, Producer({"bootstrap.servers": f"127.0.0.1:{broker.port}", **QUIET}))
    del host


class Wire:
    """A port in front of a broker that can be cut and mended.

    Brokers tell clients where to connect, so the broker's port is replaced by the wire's in what
    it answers.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = lasting_port()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def mend(self, broker: Broker | None = None) -> None:
        """Listen again, in front of another broker if one is given."""
        self._broker = broker or self._broker
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._broker.port)
            self._writers |= {writer, far_writer}
            for source, sink, change in ((reader, far_writer, False), (far_reader, writer, True)):
                task = asyncio.create_task(self._pump(source, sink, change=change))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, change: bool
    ) -> None:
        ours = b"127.0.0.1" + struct.pack(">i", self.port)
        theirs = b"127.0.0.1" + struct.pack(">i", self._broker.port)
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                size = await source.readexactly(4)
                frame = await source.readexactly(struct.unpack(">i", size)[0])
                sink.write(size + (frame.replace(theirs, ours) if change else frame))
                await sink.drain()
        sink.transport.abort()
        self._writers.discard(sink)
