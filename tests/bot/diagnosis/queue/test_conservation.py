"""Items are held by their ids: a loss beside an arrival leaves the size as it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        # What nobody holds is counted still: the oldest, or the newest after a flush.
        ([queued(0, ONE), queued(1, TWO), shot(30, 1, 0)], [""]),
        ([queued(0, ONE), queued(1, TWO), queued(2, THREE), shot(30, 1, 0)], [TWO, ""]),
        ([queued(0, ONE), shot(30, 1, 1)], []),
        ([queued(0, ONE), shot(1, 0, 0)], []),
        ([queued(0, ONE), line(5, f"Request {ONE} completed successfully"), shot(30, 0, 0)], []),
        ([queued(0, ONE), line(5, "Cleaned up 1 expired requests"), shot(30, 0, 0)], []),
        (
            [queued(0, ONE), line(5, "Redis marked unhealthy after 3 failures"), shot(30, 0, 0)],
            [],
        ),
        ([queued(0, ONE), shot(30, 0, 0), queued(31, THREE), shot(60, 0, 0)], [ONE, THREE]),
        # The worker of single requests writes no snapshot; hours later it is over anyway.
        ([queued(0, ONE), queued(7_000, TWO), shot(14_401, 0, 0)], [TWO]),
        ([line(0, f"Queued request {ONE} with priority 5, TTL 3600s"), shot(3_601, 0, 0)], []),
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


def dead(seconds: int, size: int, queued: int = 0, last: int = 0) -> list[LogEvent]:
    """Return a snapshot every half minute until `last`, or just one."""
    return [shot(at, size, queued) for at in range(seconds, max(last, seconds) + 1, 30)]


def took(seconds: int, size: int) -> LogEvent:
    return replace(line(seconds, "serial_bundle_dispatch"), fields={"bundle_size": size})


def ends(seconds: int, queue_id: str) -> LogEvent:
    return line(seconds, f"Request {queue_id} completed successfully")


def by(worker: str, event: LogEvent) -> LogEvent:
    return replace(event, container=worker)


STOOD = dead(0, 2, 0, 90)


@pytest.mark.parametrize(
    ("lines", "gone"),
    [
        # Their queueing stands in no line, and others wait: 2 dead ones were removed by hand.
        ([*STOOD, queued(115, ONE), *dead(120, 1, 1, 180)], 2),
        ([*dead(0, 5, 3, 90), *dead(220, 3, 3, 280)], 2),
        ([*STOOD, *dead(120, 1, 0, 180)], 1),
        # One worker answers others meanwhile.
        ([*STOOD, queued(95, ONE), took(96, 1), ends(99, ONE), *dead(120, 0, 0, 180)], 2),
        # Named where a line says that it was queued.
        ([queued(-60, ONE), *dead(0, 1, 0, 90), *dead(120, 0, 0, 180)], 1),
        # Given back by hand, and answered then.
        ([*STOOD, *dead(120, 2, 2), took(121, 2), ends(122, ONE), ends(122, TWO), *dead(150, 0)],
         0),
        # A second worker held them for long, and answered.
        ([*STOOD, by("second", ends(99, ONE)), by("second", ends(99, TWO)), *dead(120, 0, 0, 180)],
         0),
        ([*STOOD, took(95, 2), by("second", ends(99, ONE)), by("second", ends(99, TWO)),
          *dead(120, 0, 0, 180)], 0),
        ([*STOOD, line(95, "Cleaned up 2 expired requests"), *dead(120, 0, 0, 180)], 0),
        # Counted again at the next look.
        ([*STOOD, *dead(120, 0), *dead(150, 2, 0, 210)], 0),
        # Stood for moments only: a worker held them.
        ([*dead(0, 2, 0, 30), *dead(60, 0, 0, 120)], 0),
        ([*STOOD, line(95, "Redis marked unhealthy after 3 failures"), *dead(120, 0, 0, 180)], 0),
    ],
)  # fmt: skip
def test_dead_items_are_missed_by_their_number(lines: list[LogEvent], gone: int) -> None:
    state, found = QueuedByLines(), list[str]()
    for one in lines:
        state, left = state.after([one])
        found += [departure.queue_id for departure in left]
    assert len(found) == gone
    assert [one for one in found if one] == [ONE] * lines[0].event.startswith("Queued")


SAID = st.sampled_from(
    [
        *(queued(0, id) for id in (ONE, TWO, THREE)), *(ends(0, id) for id in (ONE, TWO, THREE)),
        *(shot(0, size, waiting) for size in range(4) for waiting in range(size + 1)),
        took(0, 2), line(0, "Cleaned up 1 expired requests"), line(0, "Redis marked unhealthy"),
        line(0, "Redis connection restored"), line(0, f"Redis queue full or failed for {TWO}"),
    ]
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 90), SAID), max_size=40), st.integers(0, 40))
def test_lines_of_one_look_are_as_those_of_several(
    said: list[tuple[int, LogEvent]], cut: int
) -> None:
    lines, at = list[LogEvent](), NOW
    for seconds, one in said:
        at += timedelta(seconds=seconds)
        lines.append(replace(one, at=at))
    state, found = QueuedByLines(), list[object]()
    for event in lines:
        state, left = state.after([event])
        found += left
    first, some = QueuedByLines().after(lines[:cut])
    held = dict(first.queued)
    second, others = first.after(lines[cut:])
    assert (second, [*some, *others], dict(first.queued)) == (state, found, held)
