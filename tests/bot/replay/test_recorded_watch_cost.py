"""A tick costs what its own lines cost, however many came before it and however many fail."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bot import registry
from bot.domain.alert import Sample, Window
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from bot.ports import Detector
from bot.replay.recorded_watch import RecordedWatch
from bot.replay.run import _finished

NOW = datetime(2026, 3, 4, 8, tzinfo=UTC)
TICK = timedelta(seconds=15)
TICKS = 10
CONTAINER = "huleedu_llm_provider_service"
JUDGES = ("provider_errors", "stuck_queue", "local_queue", "callbacks_unpublished")


@pytest.mark.parametrize("many", [1_000, pytest.param(10_000, marks=pytest.mark.marathon)])
@pytest.mark.parametrize("share", [0, 0.05, 1], ids=["none fail", "few fail", "all fail"])
@pytest.mark.parametrize("name", JUDGES)
def test_a_line_and_a_judgement_cost_no_more_in_a_window_of_many_more_lines(
    name: str, share: float, many: int
) -> None:
    read_few, judged_few = _calls(name, 100, share)
    read_many, judged_many = _calls(name, many, share)
    assert read_many / many <= 1.2 * read_few / 100
    assert judged_many <= 1.2 * judged_few


def _calls(name: str, lines: int, share: float) -> tuple[int, int]:
    """Return how many calls the last tick's reading and judging made, after TICKS like it."""
    made = registry.detectors()[name]
    detector: Detector = made(made.Settings())
    logs = Followed(tuple(_lines(lines, share)), {CONTAINER: Role.LLM_PROVIDER})
    watch = RecordedWatch(NOW, NOW - TICK, "", logs)
    samples: tuple[Sample, ...] = ()
    for _ in range(TICKS):
        samples = (*samples, _finished(detector.sample(watch)))
        detector.judge(Window(samples, NOW), watch.now)
        watch.now += TICK
    read, sample = _counted(lambda: _finished(detector.sample(watch)))
    window = Window((*samples, sample), NOW)
    judged, _ = _counted(lambda: detector.judge(window, watch.now))
    return read, judged


def _lines(count: int, share: float) -> Iterator[LogEvent]:
    failing = round(count * share)
    for number in range(count):
        one = UUID(int=number + (1 << 100))
        told = "failed: overloaded" if number < failing else "completed successfully"
        said = f"Request {one} {told}, correlation_id: {one}"
        level = "error" if number < failing else "info"
        yield LogEvent(NOW, "llm", CONTAINER, Role.LLM_PROVIDER, level, said, text=said)


def _counted(work: Callable[[], Any]) -> tuple[int, Any]:
    calls = 0

    def called(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        found = work()
    finally:
        sys.setprofile(before)
    return calls, found
