"""The LLM provider's queue in Redis with a plant in each field, and as keys and members."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import redis

from tests.attack.parts.plants import Planter
from tests.attack.parts.rows import BATCHES, id_of

PREFIX = "llm_provider_service:queue"
FIELDS = ("queue_id", "correlation_id", "status", "callback_topic", "message", "result_location")
METADATA = ("bos_batch_id", "cj_batch_id", "essay_a_id", "essay_b_id", "queue_processing_mode",
            "cj_llm_batching_mode", "resolved_provider", "prompt_sha256")  # fmt: skip
OVERRIDES = ("provider_override", "model_override", "system_prompt_override", "reasoning_effort")


def fill(url: str, plant: Planter, now: datetime) -> None:
    """Write an item for each batch and field: healthy but for that field, which is a plant."""
    places = [("item", one) for one in FIELDS] + [("metadata", one) for one in METADATA]
    places += [("overrides", one) for one in OVERRIDES]
    with redis.Redis.from_url(url) as client:
        for number, (part, name) in enumerate(places):
            id = id_of("queue", BATCHES[0], number)
            item = _item(plant, id, number, now - timedelta(minutes=30 + number))
            _part(item, part)[name] = plant(f"redis {part}.{name}")
            client.zadd(f"{PREFIX}:requests", {id: number})
            client.hset(f"{PREFIX}:data", id, orjson.dumps(item))
        whole = plant("redis member")
        client.zadd(f"{PREFIX}:requests", {whole: 0, plant("redis member without data"): 1})
        client.hset(f"{PREFIX}:data", whole, orjson.dumps(_item(plant, whole, 0, now)))
        client.hset(f"{PREFIX}:data", plant("redis key, not JSON"), plant("redis value, not JSON"))
        client.set(f"{PREFIX}:{plant('redis key')}", plant("redis value"))


def _part(item: dict[str, Any], part: str) -> dict[str, Any]:
    request: dict[str, Any] = item["request_data"]
    found: dict[str, dict[str, Any]] = {"item": item, "metadata": request["metadata"],
             "overrides": request["llm_config_overrides"]}  # fmt: skip
    return found[part]


def _item(plant: Planter, id: str, number: int, at: datetime) -> dict[str, Any]:
    batch = BATCHES[number % len(BATCHES)]
    begun = number % 2 == 0
    correlation = id_of("pair", batch, number)
    return {
        "queue_id": id, "queued_at": at.isoformat(), "ttl": "PT4H", "priority": 5,
        "status": "processing" if begun else "queued", "retry_count": 3, "size_bytes": 4_000,
        "processing_started_at": at.isoformat() if begun else None, "completed_at": None,
        "message": plant("redis item.message"), "correlation_id": correlation,
        "callback_topic": "t", plant("redis item (key)"): plant("redis item (behind it)"),
        "trace_context": {"traceparent": plant("redis item.trace_context")},
        "request_data": {
            "user_prompt": plant("redis request_data.user_prompt"),
            "user_id": plant("redis request_data.user_id"), "correlation_id": correlation,
            "prompt_blocks": [{"content": plant("redis request_data.prompt_blocks")}],
            "llm_config_overrides": {},
            "metadata": {
                "bos_batch_id": id_of("bos", batch), "cj_batch_id": str(batch),
                "queue_processing_mode": "serial_bundle",
                plant("redis metadata (key)"): plant("redis metadata (behind it)"),
            },
        },
    }  # fmt: skip
