"""One container through the API: what its reader tells of its lives."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from bot.domain.log import Role, Service
from bot.sources.docker import container_follow
from bot.sources.docker.container_follow import Reader
from bot.sources.docker.engine import Engine
from bot.sources.docker.listing import Container
from bot.sources.log_follow.buffer import EventBuffer

SINCE = datetime(2025, 11, 18, tzinfo=UTC)
CJ = Service("cj_assessment_service", "*cj*", Role.CJ)


class OpenStream:
    """A log that says nothing until it is ended."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def chunks(self) -> Iterator[bytes]:
        self.ended.wait(30)
        yield from ()

    def end(self) -> None:
        self.ended.set()

    def close(self) -> None:
        self.ended.set()


class QuietEngine:
    """An Engine whose containers write nothing."""

    source = "docker_logs"
    where = ""

    def __init__(self) -> None:
        self.streams: list[OpenStream] = []

    def logs(self, id: str, **options: object) -> OpenStream:
        self.streams.append(OpenStream())
        return self.streams[-1]


def container(engine: QuietEngine, *, running: bool) -> Container:
    return Container(cast(Engine, engine), "a" * 64, "cj", CJ, running)


@pytest.mark.parametrize(
    ("lives", "told"),
    [
        ([True, True, True], [False, False, False]),
        ([True, False, True], [False, False, True]),
        ([False, True, True], [False, True, False]),
        ([True, False, False, True, True], [False, False, False, True, False]),
    ],
)
def test_a_start_is_told_also_where_the_stream_stays_open_over_it(
    lives: list[bool], told: list[bool]
) -> None:
    engine = QuietEngine()
    reader = Reader.maker(UTC, EventBuffer(), None, SINCE)(container(engine, running=True))
    try:
        assert [reader.look_at(container(engine, running=life)) for life in lives] == told
    finally:
        reader.close()


class WrittenStream(OpenStream):
    """A log that says what it is given, chunk by chunk, and then nothing."""

    def __init__(self, chunks: list[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self.said = threading.Event()

    def chunks(self) -> Iterator[bytes]:
        yield from self._chunks
        self.said.set()
        yield from super().chunks()


class WrittenEngine(QuietEngine):
    def __init__(self, chunks: list[bytes]) -> None:
        super().__init__()
        self.stream = WrittenStream(chunks)

    def logs(self, id: str, **options: object) -> OpenStream:
        return self.stream


def frames(numbers: range) -> bytes:
    """Return lines of an hour that is long over, as the API sends them."""
    found = b""
    for number in numbers:
        at = SINCE + timedelta(seconds=number)
        line = f"{at:%Y-%m-%dT%H:%M:%S}.000000000Z".encode() + b' {"event": "tick", "timestamp": "'
        line += f"{at:%Y-%m-%dT%H:%M:%S}Z".encode() + b'"}\n'
        found += b"\x01\0\0\0" + len(line).to_bytes(4, "big") + line
    return found


def test_a_log_that_is_older_than_the_follow_is_caught_up_and_not_counted_only() -> None:
    engine, buffer = WrittenEngine([frames(range(1)), frames(range(1, 601))]), EventBuffer()
    one = container(engine, running=True)
    reader = Reader.maker(UTC, buffer, None, SINCE)(one)
    reader.look_at(one)
    assert engine.stream.said.wait(30)
    reader.close()
    taken = buffer.take({}, {})
    assert (len(taken.events), taken.lost) == (601, 0)


def test_a_reader_is_behind_until_a_line_of_now_or_none_for_a_while_came(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(f"{container_follow.__name__}.time.monotonic", lambda: now[0])
    engine, buffer = WrittenEngine([frames(range(3))]), EventBuffer()
    one = container(engine, running=True)
    reader = Reader.maker(UTC, buffer, None, SINCE)(one)
    told = [reader.is_behind]
    reader.look_at(one)
    assert engine.stream.said.wait(30)
    told.append(reader.is_behind)
    now[0] += 2
    told.append(reader.is_behind)
    reader.look_at(one)
    told.append(reader.is_behind)
    assert (told, len(buffer.take({}, {}).events)) == ([True, True, True, False], 3)
    reader.close()


def test_a_reader_of_a_log_that_ended_or_cannot_be_read_is_not_behind() -> None:
    engine = QuietEngine()
    one = container(engine, running=False)
    reader = Reader.maker(UTC, EventBuffer(), None, SINCE)(one)
    reader.look_at(one)
    assert reader.is_behind
    reader.close()
    assert not reader.is_behind
