"""Labels are learned from what is read anyway, once each, and wait out a memory that is down."""

import asyncio
from datetime import UTC, datetime

from bot.domain.ids import RunLabel
from bot.domain.log import LogQuery
from bot.sources.run_labels import LabelledLogs, RunLabelRecorder
from tests.support.callbacks import BATCH
from tests.support.fakes.sources import CJ, RUNNER, FakeLogs, FakeMemory, down, event

NOW = datetime(2025, 11, 18, 23, 48, tzinfo=UTC)
LINE = event(NOW, f"Canonical batch UUID: {BATCH} (label: run-1)", RUNNER)
LABEL = RunLabel("run-1", BATCH, RUNNER.container, NOW)


async def test_a_search_teaches_the_memory_each_label_once() -> None:
    memory = FakeMemory()
    recorder = RunLabelRecorder(memory)
    logs = LabelledLogs(FakeLogs([LINE, LINE, event(NOW, "else", CJ)]), recorder.record)
    assert len((await logs.search(LogQuery())).events) == 3
    await logs.search(LogQuery())
    await recorder.close()
    assert memory.labels == [LABEL]


async def test_following_teaches_too_and_asks_for_the_lines_that_tell() -> None:
    heard: list[RunLabel] = []
    fake = FakeLogs([LINE])
    follow = await LabelledLogs(fake, heard.append).follow(since=NOW, needles=("snapshot",))
    assert follow.take().events == (LINE,)
    await follow.close()
    assert heard == [LABEL]
    assert fake.needles is not None
    assert {"snapshot", "Canonical batch UUID"} <= set(fake.needles)


async def test_labels_wait_for_a_memory_that_is_down() -> None:
    memory = FakeMemory(error=down("memory"))
    recorder = RunLabelRecorder(memory)
    recorder.record(LABEL)
    await asyncio.sleep(0)
    await recorder.close()
    memory.error = None
    recorder.record(RunLabel("run-2", BATCH, "x"))
    await recorder.close()
    assert [one.label for one in memory.labels] == ["run-1", "run-2"]
