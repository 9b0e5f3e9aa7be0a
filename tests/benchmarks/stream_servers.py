"""A Loki or a Kafka broker in a process of its own, until its standard input ends.

Arguments: loki or kafka, and how many lines; prints the address. Loki holds its lines from the
start; the broker, whose mock keeps 5 MB of a partition, publishes some for each line that it reads
from standard input.
"""

import asyncio
import random
import sys
import time
from dataclasses import replace

import orjson
from confluent_kafka import Producer

from bot.sources.kafka.callback_topic import CALLBACKS
from tests.benchmarks.logs import event
from tests.support.callbacks import callback
from tests.support.servers.kafka import QUIET, kafka_broker
from tests.support.servers.loki import LokiServer, running

CONTAINER = "service_0"
AT_ONCE = 1_000


async def loki(count: int) -> None:
    """Serve lines of the last minutes."""
    server, random_ = LokiServer(), random.Random(1)
    began = time.time_ns() - count * 1_000_000 - 60_000_000_000
    for number in range(count):
        server.put(began + number * 1_000_000, event(random_), container=CONTAINER)
    async with running(server):
        say(server.url)
        await asyncio.to_thread(sys.stdin.read)


def kafka() -> None:
    """Publish callbacks whenever it is told to; the first makes the topic."""
    with kafka_broker() as broker:
        message = orjson.dumps(callback())
        broker.publish(CALLBACKS, [message])
        say(broker.address)
        # The mock cluster gives one batch at a fetch, so batches are as large as a busy topic's.
        whole = {"bootstrap.servers": broker.address, "linger.ms": 200, **QUIET}
        busy = replace(broker, producer=Producer(whole))
        for _ in sys.stdin:
            busy.publish(CALLBACKS, [message] * AT_ONCE)


def say(line: str) -> None:
    """Tell the parent."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "loki":
        asyncio.run(loki(int(sys.argv[2])))
    else:
        kafka()
