"""Kafka on librdkafka's mock cluster: codecs, topics, TLS and logins that are not spoken there."""

import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import orjson
from confluent_kafka import Producer

from bot.sources.kafka.callback_topic import CALLBACKS
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of
from tests.support.callbacks import callback
from tests.support.servers.kafka import QUIET, Broker, kafka_broker

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
        must = "1 callbacks known" if reads else rf"not installed \({codec}\).*pip install cramjam"
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
    with installed(folder, {"KAFKA_BOOTSTRAP_SERVERS": "kafka.invalid:9092"}):
        answer = [line_of(await doctor(), TOPIC), await ask(f"/trace {ID}")]
    yield row("KF-04", "no such host", answer, codes=[1, 3],
              must=["host name at kafka.invalid:9092 is not known"])  # fmt: skip


def _publish(broker: Broker, codec: str) -> None:
    producer = Producer({"bootstrap.servers": broker.address, "compression.type": codec, **QUIET})
    producer.produce(CALLBACKS, orjson.dumps(callback()))
    assert producer.flush(20) == 0


def has_codecs() -> bool:
    """Say whether the client's codecs are installed."""
    return importlib.util.find_spec("cramjam") is not None
