"""A line that all detectors ask for the same is read for it once."""

from datetime import UTC

from bot.domain.log import LogEvent, Role, kept_on
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
