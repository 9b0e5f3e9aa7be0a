"""Where events begin is found alike from either end of a block."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.docker.codec import JsonFileLines
from bot.sources.log_format.codec import Codec, PlainLines, heads_of
from bot.sources.log_format.cri import CriLines

PIECES = st.sampled_from(
    (b"\n", b"\n", b'{"log":"', b"2026-03-04T08:00:01Z [info ] said", b"    at work", b"{", b"[",
     b"7", b"\x1b[1m",
     b"2026-03-04T08:00:01.5Z stdout F ", b"2026-03-04T08:00:01.5Z stderr P ",
     b"2026-03-04 08:00:01,5 ERROR x: y", b'{"event":"e"}', b"Traceback")
)  # fmt: skip


@pytest.mark.parametrize("codec", [PlainLines(UTC), JsonFileLines(UTC), CriLines(UTC)], ids=type)
@given(pieces=st.lists(PIECES, max_size=40))
def test_heads_are_the_same_from_the_last_one_on(codec: Codec, pieces: list[bytes]) -> None:
    block = b"".join(pieces)
    starts = [0, *(at + 1 for at, one in enumerate(block) if one == 10)]
    lines = [block[at:].split(b"\n", 1)[0] for at in starts]
    heads = [at for at, line in zip(starts, lines, strict=True) if codec.starts_event(line)]
    assert list(heads_of(block, codec)) == heads
    assert list(heads_of(block, codec, backwards=True)) == heads[::-1]


def test_a_line_of_postgres_has_its_own_zone() -> None:
    at = PlainLines(ZoneInfo("Europe/Stockholm")).time_of(
        b"2025-11-18 22:41:13.123 UTC [5] LOG:  x"
    )
    assert at == datetime(2025, 11, 18, 22, 41, 13, 123000, tzinfo=UTC)
