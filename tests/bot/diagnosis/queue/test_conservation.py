"""Items are held by their ids: a loss beside an arrival leaves the size as it was."""

from datetime import UTC, datetime, timedelta

from bot.diagnosis.queue.conservation import Conservation
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
