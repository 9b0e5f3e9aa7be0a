"""The topics' messages with a plant in each field, and in keys and headers; whole and spoiled."""

from datetime import datetime
from typing import Any

import orjson

from bot.sources.kafka.callback_topic import CALLBACKS
from tests.attack.parts.plants import Planter
from tests.attack.parts.rows import BATCHES, id_of
from tests.support.callbacks import callback, failed
from tests.support.servers.kafka import Broker

MOST_DEEP = 4


def publish(broker: Broker, plant: Planter, now: datetime) -> None:
    """Write one message for each field of a success and of an error, that field a plant."""
    for base in (callback(0), failed(callback(0))):
        for path in _paths(base):
            message = _about(base, now)
            parent = message
            for key in path[:-1]:
                parent = parent[key]
            parent[path[-1]] = plant(f"callback {'.'.join(path)}")
            _send(broker, plant, orjson.dumps(message))
    keyed = _about(callback(0), now)
    keyed["data"][plant("callback data (key)")] = plant("callback data (behind it)")
    keyed["data"]["request_metadata"][plant("callback metadata (key)")] = 1
    _send(broker, plant, orjson.dumps(keyed))
    _send(broker, plant, f'{{"data": "{plant("callback cut short")}'.encode())
    _send(broker, plant, plant("callback, not JSON").encode())
    assert broker.producer.flush(20) == 0


def _about(base: dict[str, Any], now: datetime) -> dict[str, Any]:
    message: dict[str, Any] = orjson.loads(orjson.dumps(base))
    data, at = message["data"], now.isoformat()
    message["event_timestamp"] = data["requested_at"] = data["completed_at"] = at
    message["correlation_id"] = data["correlation_id"] = id_of("pair", BATCHES[0], 3)
    data["request_metadata"] |= {
        "cj_batch_id": str(BATCHES[0]),
        "bos_batch_id": id_of("bos", BATCHES[0]),
    }
    return message


def _send(broker: Broker, plant: Planter, value: bytes) -> None:
    header = (plant("callback header's name"), plant("callback header").encode())
    broker.producer.produce(CALLBACKS, value, key=plant("callback's key"), headers=[header])


def _paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict) or len(path) >= MOST_DEEP:
        return [path]
    return [one for key, item in value.items() for one in _paths(item, (*path, key))]
