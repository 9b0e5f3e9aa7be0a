"""What is read back from a sample has the zone of all other times."""

from datetime import UTC, datetime

from pydantic import TypeAdapter

from bot.detectors._state import in_utc
from bot.diagnosis.queue.log_events import LoopSign, SignKind
from bot.diagnosis.queue.timeline import Observation
from bot.domain.queue import QueueItem, QueueReading

AT = datetime(2026, 3, 4, 8, tzinfo=UTC)


def test_times_of_a_fact_that_was_json_are_of_utc_itself_and_equal_those_before() -> None:
    item = QueueItem("q", "queued", queued_at=AT)
    signs = (LoopSign(AT, SignKind.STARTED, "q"),)
    seen = Observation(AT, QueueReading(AT, 1, (item,)), signs=signs, logs_from=AT)
    kind = TypeAdapter(Observation)
    read = in_utc(kind.validate_python(kind.dump_python(seen, mode="json")))
    assert read == seen
    assert read.reading is not None
    times = (read.at, read.logs_from, read.reading.at, read.signs[0].at)
    assert all(one is not None and one.tzinfo is UTC for one in times)
    assert read.reading.items[0].queued_at is not None
    assert read.reading.items[0].queued_at.tzinfo is UTC
