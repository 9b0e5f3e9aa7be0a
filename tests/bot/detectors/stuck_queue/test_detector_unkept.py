"""While CJ shows the provider at work, a silence of its log is the log's own: nothing is stuck."""

from datetime import timedelta

import pytest

from bot.detectors.stuck_queue.detector import StuckQueue, StuckQueueSettings
from bot.diagnosis.queue.unkept_log import is_unkept, worked_at
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from tests.support.kafka_lines import queue_id
from tests.support.queue_lines import line
from tests.support.scenes import NOW, TICK, played
from tests.support.watches import GivenWatch, said

NAMES = {"cj": Role.CJ, "llm": Role.LLM_PROVIDER}
ACCEPTED = "Request queued for processing - results will be delivered via callback"
ENTRY = f"Request queued successfully, queue_id: {queue_id(1)}, correlation_id: {queue_id(9)}"
BEFORE = (
    "Queue processor started",
    f"Queued request {queue_id(1)} with priority 5, TTL 14400s",
    ENTRY,
    f"Processing queued request {queue_id(1)}, provider: anthropic",
)


def taken(number: int) -> str:
    return f"Processing LLM comparison callback for request {queue_id(number)}"


def by_cj(minute: float, text: str) -> LogEvent:
    return said(NOW + timedelta(minutes=minute), text, level="info", role=Role.CJ)


def watches(*of_cj: LogEvent, minutes: float = 5.75) -> list[GivenWatch]:
    """Return ticks in which the provider writes BEFORE and no more, and CJ goes on."""
    found = []
    for n in range(1, int(timedelta(minutes=minutes) / TICK) + 1):
        at = NOW + n * TICK
        own = [line(NOW + TICK / 2 + k * TICK / 100, text) for k, text in enumerate(BEFORE)]
        cj = [one for one in of_cj if one.at and at - TICK < one.at <= at]
        events = [*(own if n == 1 else []), *cj]
        logs = Followed(tuple(events), NAMES, reached={"cj": at, "llm": NOW + TICK / 2})
        found.append(GivenWatch(at, at - TICK, logs=logs))
    return found


@pytest.mark.parametrize(
    ("of_cj", "rules"),
    [
        ((), ["worker-hung"]),
        ((by_cj(2, ACCEPTED),), []),  # it took a request, and no line says so
        ((by_cj(2, taken(1)),), []),  # the answer of what it holds by its lines
        ((by_cj(2, taken(5)),), ["worker-hung"]),  # a late one of a request before
        ((by_cj(0.5, ACCEPTED),), ["worker-hung"]),  # clocks differ by as much
    ],
)
async def test_what_cj_shows_of_the_provider_s_work_makes_its_silence_the_log_s(
    of_cj: tuple[LogEvent, ...], rules: list[str]
) -> None:
    judged = await played(StuckQueue(StuckQueueSettings()), watches(*of_cj))
    assert [one.rule for one in judged.conditions] == rules


async def test_it_is_known_to_another_process_and_until_the_log_goes_on() -> None:
    first, detector = StuckQueue(StuckQueueSettings()), StuckQueue(StuckQueueSettings())
    samples = [await first.sample(one) for one in watches(by_cj(2, ACCEPTED), minutes=3)]
    detector.resume(samples)
    later = watches(minutes=4)[-1]
    sample = await detector.sample(later)
    assert sample.data["logs_readable"] is False
    assert isinstance(later.logs, Followed)
    at = later.now + TICK
    back = Followed((line(at, "Queue processor stats"),), NAMES, reached={"cj": at, "llm": at})
    sample = await detector.sample(GivenWatch(at, later.now, logs=back))
    assert sample.data["logs_readable"] is True


def test_only_cj_s_lines_and_only_beyond_the_clocks_difference() -> None:
    assert worked_at([line(NOW, ACCEPTED)]) is None
    assert worked_at([by_cj(0, taken(1)), by_cj(1, taken(2))], [queue_id(1)]) == NOW
    assert not is_unkept(NOW, None)
    assert not is_unkept(NOW + timedelta(seconds=60), NOW)
    assert is_unkept(NOW + timedelta(seconds=61), NOW)
