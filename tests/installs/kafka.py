"""Kafka on librdkafka's mock cluster: codecs and topics; TLS, logins and ACLs by a listener."""

import importlib.util
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import orjson
from confluent_kafka import Producer

from bot.sources.kafka.callback_topic import CALLBACKS
from tests.installs.certificates import Certificates, certificates
from tests.installs.peers import http_says, peer
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of
from tests.support.callbacks import callback
from tests.support.servers.haproxy import ends_tls
from tests.support.servers.kafka import QUIET, Broker, kafka_broker
from tests.support.servers.kafka_listener import Listener, kafka_listener
from tests.support.servers.tcp_ports import lasting_port

TOPIC = "callback topic"
ID = UUID("8f3a11d7-9411-4ca2-9999-59a9d18c5da9")
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


async def seen(folder: Path, servers: str, **more: str) -> Seen:
    """Return doctor's line on the topic."""
    with installed(folder, {"KAFKA_BOOTSTRAP_SERVERS": servers, **more}):
        return line_of(await doctor(), TOPIC)


async def rows(folder: Path, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions; TLS to a plain port has to wait, so it is not quick."""
    for codec in CODECS:
        with kafka_broker() as broker:
            _publish(broker, codec)
            found = await seen(folder, broker.address)
        reads = has_codecs() or codec in ("none", "gzip")
        must = "1 callback known" if reads else rf"not installed \({codec}\).*pip install cramjam"
        yield row(f"KF-{codec}", f"messages compressed by {codec}", found, codes=[int(not reads)],
                  must=[must])  # fmt: skip
    with kafka_broker() as broker:
        found = await seen(folder, broker.address)
        yield row("KF-01", "no such topic", found, codes=[1],
                  must=[f"there is no topic {CALLBACKS}"])  # fmt: skip
        for id, protocol, must in (
            ("KF-02", "SSL", "does not speak TLS|TLS"), ("KF-03", "SASL_PLAINTEXT", "SASL|login"),
        ):  # fmt: skip
            if quick and protocol == "SSL":
                continue
            found = await seen(folder, broker.address, KAFKA_SECURITY_PROTOCOL=protocol,
                               KAFKA_SASL_USERNAME="bot", KAFKA_SASL_PASSWORD="s3cr3t")  # fmt: skip
            yield row(id, f"{protocol} to a plain port", found, codes=[1], must=[must])
    async for one in _listeners(folder, quick=quick):
        yield one
    async for one in _elsewhere(folder):
        yield one
    with installed(folder, {"KAFKA_BOOTSTRAP_SERVERS": "kafka.invalid:9092"}):
        answer = [line_of(await doctor(), TOPIC), await ask(f"/trace {ID}")]
    yield row("KF-04", "no such host", answer, codes=[1, 3],
              must=["host name at kafka.invalid:9092 is not known"])  # fmt: skip


LOGIN = {"KAFKA_SASL_USERNAME": "bot", "KAFKA_SASL_PASSWORD": "s3cr3t"}
WRONG = {"KAFKA_SASL_PASSWORD": "s3cr3t-once"}
REFUSED = "broken.*the broker refuses the login.*KAFKA_SASL_PASSWORD"
READS = "ok: 1 callback known"


async def _listeners(folder: Path, *, quick: bool) -> AsyncIterator[Row]:
    """Yield TLS, logins and rights: what a listener asks, what was set, what doctor must say."""
    own, other = certificates(folder / "kafka-tls"), certificates(folder / "kafka-other")
    ca = {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SSL_CAFILE": str(own.ca)}
    plain, scram = {**ca, **LOGIN}, {**ca, **LOGIN, "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512"}
    users = {"bot": "s3cr3t"}
    asks = Listener(own, users)
    denied = {one: replace(asks, denied=frozenset({one})) for one in ("describe", "read", "group")}
    tls = {**ca, "KAFKA_SECURITY_PROTOCOL": "SSL"}
    conditions: list[tuple[str, str, Listener, dict[str, str], str]] = [
        ("KF-05", "SASL_SSL, PLAIN", asks, plain, READS),
        ("KF-05b", "SASL_SSL, a wrong password", asks, {**plain, **WRONG}, REFUSED),
        ("KF-06", "SASL_SSL, SCRAM", asks, scram, READS),
        ("KF-06b", "SCRAM, a wrong password", asks, {**scram, **WRONG}, REFUSED),
        ("KF-06c", "SCRAM refused in its own words", replace(asks, scram_says="e=unknown-user"),
         {**scram, **WRONG}, REFUSED),
        ("KF-07", "SASL_SSL by another CA", asks, {**plain, "KAFKA_SSL_CAFILE": str(other.ca)},
         "certificate verify failed.*KAFKA_SSL_CAFILE"),
        ("KF-07b", "a certificate of another host",
         replace(asks, tls=certificates(folder / "kafka-name", "DNS:kafka")), plain,
         "certificate"),
        ("KF-08", "a mechanism that is not enabled", replace(asks, mechanisms=("SCRAM-SHA-512",)),
         plain, "by that mechanism.*KAFKA_SASL_MECHANISM"),
        ("KF-09", "a login is wanted, none is set", asks, tls, "it wants a login"),
        ("KF-09b", "PLAINTEXT to a TLS port", asks, {}, "broker.*TLS"),
        ("KF-10", "no DESCRIBE on the topic", denied["describe"], plain,
         "there is no topic .*, or the user may not see it.*DESCRIBE"),
        ("KF-10b", "no READ on the topic", denied["read"], plain,
         "the user may not read the topic.*READ"),
        ("KF-10c", "no DESCRIBE on CJ's group", denied["group"], plain,
         "⚠️.*1 callback known.*may not ask for the consumer group.*DESCRIBE on the group"),
    ]  # fmt: skip
    for id, condition, listener, settings, must in conditions:
        if quick and id not in ("KF-05b", "KF-06c", "KF-10", "KF-10b", "KF-10c"):
            continue
        with kafka_broker() as broker:
            _publish(broker, "none")
            if listener.tls is not None and id == "KF-07b":
                settings = {**settings, "KAFKA_SSL_CAFILE": str(listener.tls.ca)}
            async with kafka_listener(broker, listener) as address:
                found = await seen(folder, address, **settings)
        yield row(id, condition, found, codes=[int(must != READS and "⚠️" not in must)],
                  must=[must])  # fmt: skip
    async for one in _client_certificates(folder, own, tls):
        yield one


async def _client_certificates(
    folder: Path, own: Certificates, tls: dict[str, str]
) -> AsyncIterator[Row]:
    files = {"KAFKA_SSL_CERTFILE": str(own.client), "KAFKA_SSL_KEYFILE": str(own.client_key)}
    port = lasting_port()
    with kafka_broker() as broker:
        _publish(broker, "none")
        async with kafka_listener(broker, Listener(advertised=port)) as address:
            behind = int(address.rpartition(":")[2])
            with ends_tls(folder, own, port, behind, wants_client=True):
                where = f"127.0.0.1:{port}"
                without = await seen(folder, where, **tls)
                by = await seen(folder, where, **tls, **files)
                gone = await seen(folder, where, **{**tls, **files, "KAFKA_SSL_KEYFILE": "/nope"})
    yield row("KF-11", "a client's certificate is wanted", without, codes=[1],
              must=["wants a client certificate.*KAFKA_SSL_CERTFILE"])  # fmt: skip
    yield row("KF-11b", "a client's certificate is given", by, codes=[0], must=[READS])
    yield row("KF-11c", "its key is not there", gone, codes=[1], must=["KAFKA_SSL_KEYFILE"])


NO_SERVERS = (
    "http://127.0.0.1:1", "127.0.0.1:1/kafka", "127.0.0.1:x", "u:s3cr3t@127.0.0.1:1",
    "127.0.0.1:99999", "::1:1", ",",
)  # fmt: skip


async def _elsewhere(folder: Path) -> AsyncIterator[Row]:
    """Yield a broker that sends clients where nobody is, and what is no broker."""
    for servers in NO_SERVERS:
        found = await seen(folder, servers)
        yield row("KF-14", f"KAFKA_BOOTSTRAP_SERVERS={servers}", found, codes=[1],
                  must=["KAFKA_BOOTSTRAP_SERVERS (?:holds|names).*host:9092"])  # fmt: skip
    with kafka_broker() as broker:
        _publish(broker, "none")
        broker.publish(CALLBACKS, [b"", b"[]", b"\xff\xfe"])
        found = await seen(folder, f"127.0.0.1:1 ; {broker.address}")
    yield row("KF-15", "one of two brokers is away; messages that are none", found, codes=[0],
              must=["4 callbacks known.*unreadable"])  # fmt: skip
    with kafka_broker() as broker:
        _publish(broker, "none")
        async with kafka_listener(broker, Listener(advertised=1)) as address:
            found = await seen(folder, address)
    yield row("KF-12", "advertised.listeners lead nowhere", found, codes=[1],
              must=["where it sends clients to"])  # fmt: skip
    async with peer(http_says("400 Bad Request", "x")) as port:
        found = await seen(folder, f"127.0.0.1:{port}")
    yield row("KF-13", "the port speaks HTTP", found, codes=[1], must=["is no Kafka broker"])


def _publish(broker: Broker, codec: str) -> None:
    producer = Producer({"bootstrap.servers": broker.address, "compression.type": codec, **QUIET})
    producer.produce(CALLBACKS, orjson.dumps(callback()))
    assert producer.flush(20) == 0


def has_codecs() -> bool:
    """Say whether the client's codecs are installed."""
    return importlib.util.find_spec("cramjam") is not None
