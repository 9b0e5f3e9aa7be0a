"""A listener of Kafka's before a broker that has none: TLS, logins and the rights of a user.

librdkafka's mock cluster speaks neither TLS nor SASL and knows no ACL. This ends TLS, takes logins
by PLAIN and SCRAM, answers what the user may not do with the codes of Kafka's own protocol, as a
broker with an authorizer does, and carries everything else to the cluster.
"""

import asyncio
import base64
import hashlib
import hmac
import os
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.installs.certificates import Certificates
from tests.support.servers.kafka import Broker

FETCH, METADATA, OFFSET_FETCH, COORDINATOR = 1, 3, 9, 10
HANDSHAKE, VERSIONS, AUTHENTICATE = 17, 18, 36
NO_TOPIC_RIGHT, NO_GROUP_RIGHT, NO_MECHANISM, REFUSED = 29, 30, 33, 58
# The newest version of each request that is answered or changed here.
NEWEST = {FETCH: 4, METADATA: 1, COORDINATOR: 1, OFFSET_FETCH: 1}
ROUNDS = 4096


@dataclass(frozen=True, slots=True)
class Listener:
    """What a listener asks of who connects; `denied` holds describe, read and group.

    `advertised` is the port that clients are sent to, where it is another one than its own.
    `scram_says` is an ending of SCRAM's own, such as "e=unknown-user", for brokers that say so
    where Kafka answers with an error's code.
    """

    tls: Certificates | None = None
    users: dict[str, str] = field(default_factory=dict)
    mechanisms: tuple[str, ...] = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
    denied: frozenset[str] = frozenset()
    scram_says: str = ""
    advertised: int = 0


@asynccontextmanager
async def kafka_listener(broker: Broker, asks: Listener) -> AsyncIterator[str]:
    """Yield the address of a listener before a broker."""
    context = None
    if asks.tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(asks.tls.server, asks.tls.server_key)
    open_: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up = await asyncio.open_connection("127.0.0.1", broker.port)
        open_.update((writer, up[1]))
        port: int = asks.advertised or server.sockets[0].getsockname()[1]
        ended = (OSError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError)
        with suppress(*ended):
            await _Session(asks, broker.port, port, up).carry(reader, writer)
        for one in (writer, up[1]):
            one.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in open_:
            writer.transport.abort()


class _Session:
    """One connection: who logged in, and what is answered in the broker's stead."""

    def __init__(
        self,
        asks: Listener,
        theirs: int,
        ours: int,
        up: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._asks = asks
        self._theirs, self._ours = (b"127.0.0.1" + struct.pack(">i", one) for one in (theirs, ours))
        self._up = up
        self._mechanism = ""
        self._scram: _Scram | None = None
        self._is_in = not asks.users

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer each request in its order, as a broker does."""
        while True:
            request = await _frame(reader)
            api, _, correlation = struct.unpack(">hhi", request[:8])
            if not self._is_in and api not in (HANDSHAKE, VERSIONS, AUTHENTICATE):
                return
            said = self._own(api, request)
            if said is None:
                _send(self._up[1], request)
                said = self._changed(api, (await _frame(self._up[0]))[4:])
            _send(writer, struct.pack(">i", correlation) + said)
            await writer.drain()

    def _own(self, api: int, request: bytes) -> bytes | None:
        if api == HANDSHAKE:
            self._mechanism = _text_at(_body(request), 0)
            known = self._mechanism in self._asks.mechanisms
            listed = b"".join(_text(one) for one in self._asks.mechanisms)
            error = 0 if known else NO_MECHANISM
            return struct.pack(">hi", error, len(self._asks.mechanisms)) + listed
        if api == AUTHENTICATE:
            return self._login(_body(request)[4:])
        if api == FETCH and "read" in self._asks.denied:
            return _no_fetch(_body(request))
        if api == COORDINATOR and "group" in self._asks.denied:
            said = _text("Not authorized to access group")
            nowhere = struct.pack(">i", -1) + _text("") + struct.pack(">i", -1)
            return struct.pack(">ih", 0, NO_GROUP_RIGHT) + said + nowhere
        return None

    def _changed(self, api: int, said: bytes) -> bytes:
        if api == VERSIONS:
            return _with_logins(said, bool(self._asks.users))
        if api == METADATA:
            said = said.replace(self._theirs, self._ours)
            return _without_topics(said) if "describe" in self._asks.denied else said
        return said.replace(self._theirs, self._ours) if api == COORDINATOR else said

    def _login(self, payload: bytes) -> bytes:
        answer = b""
        if self._mechanism == "PLAIN":
            _, user, password = payload.decode().split("\0")
            self._is_in = self._asks.users.get(user) == password
        elif self._scram is None:
            self._scram = _Scram(self._mechanism, self._asks.users, payload.decode())
            return _accepted(self._scram.first.encode())
        else:
            final = self._scram.final(payload.decode())
            self._is_in, answer = bool(final), final.encode()
        if self._is_in:
            return _accepted(answer)
        if self._asks.scram_says and self._scram is not None:
            return _accepted(self._asks.scram_says.encode())
        why = (
            "Authentication failed during authentication due to invalid credentials with SASL "
            f"mechanism {self._mechanism}"
        )
        return struct.pack(">h", REFUSED) + _text(why) + struct.pack(">i", 0)


class _Scram:
    """The server's side of RFC 5802 without channel binding."""

    def __init__(self, mechanism: str, users: dict[str, str], first: str) -> None:
        self._hash = mechanism.lower().replace("scram-", "").replace("-", "")
        self._client = first.split(",", 2)[2]
        name, nonce = (one.split("=", 1)[1] for one in self._client.split(",")[:2])
        salt = os.urandom(16)
        password = users.get(name, os.urandom(16).hex()).encode()
        self._salted = hashlib.pbkdf2_hmac(self._hash, password, salt, ROUNDS)
        self.first = f"r={nonce}{os.urandom(9).hex()},s={_base64(salt)},i={ROUNDS}"

    def final(self, said: str) -> str:
        """Return the server's signature; nothing where the client's proof is not the password's."""
        bare, proof = said.rsplit(",p=", 1)
        message = f"{self._client},{self.first},{bare}".encode()
        key = self._sign(self._salted, b"Client Key")
        signature = self._sign(hashlib.new(self._hash, key).digest(), message)
        expected = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        if base64.b64decode(proof) != expected:
            return ""
        return "v=" + _base64(self._sign(self._sign(self._salted, b"Server Key"), message))

    def _sign(self, key: bytes, what: bytes) -> bytes:
        return hmac.new(key, what, self._hash).digest()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _accepted(payload: bytes) -> bytes:
    return struct.pack(">hhi", 0, -1, len(payload)) + payload


def _body(request: bytes) -> bytes:
    """What follows a request's header and its client's name."""
    (length,) = struct.unpack(">h", request[8:10])
    return request[10 + max(0, length) :]


def _no_fetch(asked: bytes) -> bytes:
    """Say of each partition that a fetch of version 4 asks for that its topic may not be read."""
    (topics,), at, out = struct.unpack(">i", asked[17:21]), 21, b""
    for _ in range(topics):
        name = _text_at(asked, at)
        at += 2 + len(name)
        (partitions,) = struct.unpack(">i", asked[at : at + 4])
        out += _text(name) + struct.pack(">i", partitions)
        for number in range(partitions):
            (partition,) = struct.unpack(">i", asked[at + 4 + 16 * number :][:4])
            out += struct.pack(">ihqqii", partition, NO_TOPIC_RIGHT, -1, -1, -1, 0)
        at += 4 + 16 * partitions
    return struct.pack(">ii", 0, topics) + out


def _without_topics(said: bytes) -> bytes:
    """Keep the brokers of metadata of version 1: a topic that is hidden is not listed at all."""
    (brokers,), at = struct.unpack(">i", said[:4]), 4
    for _ in range(brokers):
        at += 4 + 2 + len(_text_at(said, at + 4)) + 4
        at += 2 + len(_text_at(said, at))
    return said[: at + 4] + struct.pack(">i", 0)


def _with_logins(said: bytes, logins: bool) -> bytes:
    """Offer versions that are understood here, and what a login needs."""
    error, count = struct.unpack(">hi", said[:6])
    offered = [struct.unpack(">hhh", said[6 + 6 * n : 12 + 6 * n]) for n in range(count)]
    kept = [
        (api, low, min(high, NEWEST.get(api, high)))
        for api, low, high in offered
        if api not in (HANDSHAKE, AUTHENTICATE)
    ]
    kept += [(HANDSHAKE, 0, 1), (AUTHENTICATE, 0, 0)] if logins else []
    return struct.pack(">hi", error, len(kept)) + b"".join(struct.pack(">hhh", *o) for o in kept)


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


def _text_at(raw: bytes, at: int) -> str:
    (length,) = struct.unpack(">h", raw[at : at + 2])
    return raw[at + 2 : at + 2 + max(0, length)].decode()


def _send(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(struct.pack(">i", len(frame)) + frame)


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(size)
