"""Values in a console line's tail, read by several threads at once."""

import gc
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.sources.log_format.fields import value

TEXT = "{'bundle_size': 8, 'nested': {'ids': [1, {'pair': (2, 3)}]}, 'mode': 'serial_bundle'}"
READ = {"bundle_size": 8, "nested": {"ids": [1, {"pair": (2, 3)}]}, "mode": "serial_bundle"}


class Litter:
    """Garbage whose end runs Python code, at which threads change places."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        for _ in range(50):
            pass


@pytest.fixture
def restless() -> Iterator[None]:
    """Have threads change places, and garbage be collected, as often as can be."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(5, 2, 2)
    yield
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless")
def test_threads_that_read_at_once_do_not_spoil_each_other_s_values() -> None:
    def read(_: int) -> bool:
        Litter()
        return bool(value(TEXT) == READ)

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(read, range(6_000)))
