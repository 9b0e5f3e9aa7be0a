"""Logs of the shape that HuleEdu's containers write, as the Engine's json-file carries them."""

import json
import random
import uuid
from pathlib import Path

from bot.domain.log import Role, Service

CONTAINERS = 8
TRACED = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
NEEDLE = "Comparison callback missing essay identifiers"
TIME = "2025-11-18T23:52:10.114233Z"
SERVICES = tuple(Service(f"service_{n}", f"*service_{n}", Role.OTHER) for n in range(CONTAINERS))


def event(random_: random.Random, text: str = "Published success callback event") -> str:
    """Return one line, JSON or console, of about 300 bytes."""
    id = uuid.UUID(int=random_.getrandbits(128))
    extra = {"correlation_id": str(id), "queue_current_size": random_.randrange(99), "batch": "34"}
    if random_.random() < 0.5:
        return json.dumps(
            {
                "logger_name": "llm_provider_service.queue_processor",
                "extra": extra,
                "event": text,
                "timestamp": TIME,
                "level": "info",
                "filename": "queue_processor_impl.py",
                "lineno": 655,
            }
        )
    return (
        f"\x1b[2m{TIME}\x1b[0m [\x1b[32m\x1b[1minfo     \x1b[0m] \x1b[1m{text}\x1b[0m "
        "[\x1b[34mllm_provider_service.queue_processor\x1b[0m] \x1b[36mextra\x1b[0m="
        f"\x1b[35m{extra}\x1b[0m \x1b[36mfilename\x1b[0m=\x1b[35mqueue_processor_impl.py\x1b[0m"
    )


def wrapped(line: str) -> bytes:
    """Return a line as the Engine's json-file holds it."""
    text = json.dumps(line + "\n", ensure_ascii=False)
    return f'{{"log":{text},"stream":"stdout","time":"{TIME[:-1]}123Z"}}\n'.encode()


def block(lines: int, seed: int = 1, *, wanted_every: int = 0) -> bytes:
    """Return json-file lines; each `wanted_every`-th is one that a detector wants."""
    random_ = random.Random(seed)
    return b"".join(
        wrapped(
            event(random_, NEEDLE) if wanted_every and n % wanted_every == 0 else event(random_)
        )
        for n in range(lines)
    )


def write_log(path: Path, size: int, seed: int) -> None:
    """Write a json-file log of about `size` bytes with the traced id here and there."""
    random_ = random.Random(seed)
    plain = block(1_000, seed)
    traced = wrapped(event(random_, f"Request {TRACED} completed successfully"))
    blocks = max(1, size // len(plain))
    with path.open("wb") as file:
        for number in range(blocks):
            file.write(plain)
            if number % max(1, blocks // 5) == 0:
                file.write(traced)
