"""Ports for servers that go away and come back: nobody may get theirs meanwhile."""

import random
import socket

# Below the ports that systems hand out to whoever asks for any.
RANGE = range(15_000, 30_000)


def lasting_port() -> int:
    """Return a free port that no other program is given unasked while its server is away."""
    while True:
        port = random.SystemRandom().choice(RANGE)
        with socket.socket() as door:
            try:
                door.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
