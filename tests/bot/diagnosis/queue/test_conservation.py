"""Items are held by their ids: a loss beside an arrival leaves the size as it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.queue.conservation import Conservation, QueuedByLines
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueItem, QueueReading

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)


def test_what_left_while_another_came_is_lost_all_the_same() -> None:
    state, lost = Conservation(), []
    for n, ids in enumerate(("a", "b", "b")):
        items = tuple(QueueItem(id, "queued") for id in ids)
        reading = QueueReading(NOW + timedelta(seconds=15 * n), len(items), items)
        state, gone = state.after(reading, (), sound=True)
        lost += [one.queue_id for one in gone]
    assert lost == ["a"]


ONE, TWO, THREE = (f"5352ba4c-6226-458c-aa82-24ff1fa071a{n}" for n in range(3))


def line(second: int, said: str, **fields: object) -> LogEvent:
    at = NOW + timedelta(seconds=second)
    return LogEvent(at, "l", "l", Role.LLM_PROVIDER, "info", said, fields=fields, text=said)


def queued(second: int, id: str) -> LogEvent:
    return line(second, f"Queued request {id} with priority 5, TTL 14400s")


def shot(second: int, size: int, waiting: int) -> LogEvent:
    return line(second, "queue_metrics_snapshot", queue_current_size=size,
                queue_queued_count=waiting)  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "gone"),
    [
        ([queued(0, ONE), queued(1, TWO), shot(30, 0, 0)], [ONE, TWO]),
        # What nobody holds is counted still, and is the oldest.
        ([queued(0, ONE), queued(1, TWO), shot(30, 1, 0)], [TWO]),
        ([queued(0, ONE), shot(30, 1, 1)], []),
        ([queued(0, ONE), shot(1, 0, 0)], []),
        ([queued(0, ONE), line(5, f"Request {ONE} completed successfully"), shot(30, 0, 0)], []),
        ([queued(0, ONE), line(5, "Cleaned up 1 expired requests"), shot(30, 0, 0)], []),
        (
            [queued(0, ONE), line(5, "Redis marked unhealthy after 3 failures"), shot(30, 0, 0)],
            [],
        ),
        ([queued(0, ONE), shot(30, 0, 0), queued(31, THREE), shot(60, 0, 0)], [ONE, THREE]),
    ],
)
def test_lines_alone_tell_what_is_counted_no_more(lines: list[LogEvent], gone: list[str]) -> None:
    state, found = QueuedByLines(), []
    last = lines[-1]
    assert last.at is not None
    again = replace(last, at=last.at + timedelta(seconds=60))
    for one in (*lines, again):
        state, left = state.after([one])
        found += [departure.queue_id for departure in left]
    assert found == gone
