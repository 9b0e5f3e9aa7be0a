"""Lines that an Engine says again at a rotation are left out; all others come once, in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.docker.deduplicate import Deduplicator


def stamped(number: int, text: str = "tick") -> bytes:
    return f"2025-11-18T23:48:23.{number:09d}Z {text} {number}".encode()


LINES = [stamped(number) for number in range(20)]
SAID: dict[str, tuple[list[list[bytes]], list[bytes]]] = {
    "nothing twice": ([LINES[:5], LINES[5:9]], LINES[:9]),
    "the last line twice": ([LINES[:5], LINES[4:9]], LINES[:9]),
    "the last seven lines twice": ([LINES[:12], LINES[5:15]], LINES[:15]),
    "lines twice in one block": ([LINES[:6] + LINES[2:9]], LINES[:9]),
    "said again twice": ([LINES[:6], LINES[2:6], LINES[2:8]], LINES[:8]),
    "two lines at one moment": (
        [[stamped(1, "a"), stamped(1, "b")], [stamped(2)]],
        [stamped(1, "a"), stamped(1, "b"), stamped(2)],
    ),
    "another stream's line with an earlier stamp": (
        [[stamped(5)], [stamped(4, "stderr"), stamped(6)]],
        [stamped(5), stamped(4, "stderr"), stamped(6)],
    ),
}


@pytest.mark.parametrize(("blocks", "expected"), SAID.values(), ids=SAID.keys())
def test_each_line_comes_once(blocks: list[list[bytes]], expected: list[bytes]) -> None:
    deduplicator = Deduplicator()
    assert [line for block in blocks for line in deduplicator.new(block)] == expected


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 12)), max_size=20))
def test_a_log_survives_any_stutter(steps: list[tuple[int, int]]) -> None:
    deduplicator, at, heard = Deduplicator(remembered=16), 0, []
    for forward, back in steps:
        start = max(0, at - back)
        heard += deduplicator.new([stamped(number) for number in range(start, at + forward)])
        at += forward
    assert heard == [stamped(number) for number in range(at)]
