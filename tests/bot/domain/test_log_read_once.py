"""A line that all detectors ask for the same is read for it once."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.log import LogEvent, Role, kept_on, taken_at
from bot.sources.log_format.parser import parse_lines

LINE = b'{"event":"Queue processor stats","timestamp":"2026-02-10T08:00:00Z","level":"info"}'


def _events(count: int) -> list[LogEvent]:
    role = Role.LLM_PROVIDER
    return list(parse_lines([LINE] * count, service="llm", container="llm", role=role, zone=UTC))


def test_each_line_is_read_once_however_many_ask() -> None:
    read: list[int] = []

    @kept_on("_queue_sign")
    def place(event: LogEvent) -> int | None:
        read.append(id(event))
        return len(read) if len(read) > 1 else None

    first, second = _events(2)
    assert first == second
    assert [place(first), place(first), place(second), place(second)] == [None, None, 2, 2]
    assert read == [id(first), id(second)]


def test_an_event_at_another_time_is_else_the_same_and_as_unread_as_before() -> None:
    at = datetime(2026, 2, 10, 9, tzinfo=UTC)
    (event,) = _events(1)
    moved = taken_at(event, at)
    assert "event" not in _read(event) | _read(moved)
    assert moved == replace(event, at=at)
    assert moved.offset == event.offset
    assert taken_at(replace(event), at) == moved


def _read(event: LogEvent) -> set[str]:
    """Return the fields that were read: their slots are filled."""
    found = set()
    for name in ("at", "event", "fields", "text"):
        try:
            vars(LogEvent)[name].__get__(event)
        except AttributeError:
            continue
        found.add(name)
    return found
