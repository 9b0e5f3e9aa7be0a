"""A batch that goes on after its sweep's result went out is told at once, and no other one."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.detectors.batches.finalised_early import FinalisedEarly, FinalisedEarlySettings
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from tests.support.scenes import NOW, TICK, ago, played
from tests.support.watches import GivenWatch, said


def sweep(at: datetime, sent: int = 3, batch: int = 41) -> LogEvent:
    text = "Finalizing batch with all callbacks received"
    fields = {"batch_id": batch, "completed": sent, "total": sent}
    return replace(said(at, text, role=Role.CJ), fields=fields)


def result(at: datetime, source: str = "batch_monitor_completion_sweep") -> LogEvent:
    text = "Completed scoring finalization for batch"
    fields = {"batch_id": 41, "completion_source": source}
    return replace(said(at, text, role=Role.CJ), fields=fields, text=f"{text} {fields}")


def wave(at: datetime, role: Role = Role.CJ, batch: int = 41) -> LogEvent:
    return said(at, f"Created 3 tracking records for CJ batch {batch}", role=role)


LATER = timedelta(seconds=12)
T0 = ago(minutes=4)
T1, T2 = T0 + LATER, T0 + 2 * LATER


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((sweep(T0), result(T1), wave(T2)), ["batch 41"]),
        # The wave may be made while the scores are.
        ((sweep(T0), wave(T1), result(T2)), ["batch 41"]),
        # Each later sweep meets it again, and passes it over.
        ((sweep(T0), result(T1), wave(T2), sweep(T2, 6)), ["batch 41"]),
        ((wave(T0), sweep(T1), result(T2)), []),
        ((sweep(T0), wave(T1)), []),
        ((sweep(T0), result(T1)), []),
        ((sweep(T0), result(T1, "workflow_continuation"), wave(T2)), []),
        ((sweep(T0), result(T1), wave(T2, batch=4)), []),
        ((sweep(T0), result(T1), wave(T2, Role.RUNNER)), []),
        # Somebody set it back.
        ((sweep(ago(hours=1)), result(ago(hours=1)), wave(T2)), []),
    ],
)
async def test_a_result_that_lacks_a_later_wave_is_told(
    lines: tuple[LogEvent, ...], told: list[str]
) -> None:
    detector = FinalisedEarly(FinalisedEarlySettings())
    found = await played(detector, [GivenWatch(NOW, NOW - TICK, logs=Followed(lines))])
    assert [one.subject for one in found.conditions] == told


async def test_it_is_told_once_after_a_restart_and_for_a_day() -> None:
    first = FinalisedEarly(FinalisedEarlySettings())
    early = Followed((sweep(T0), result(T1)))
    kept = await first.sample(GivenWatch(NOW, NOW - TICK, logs=early))
    second = FinalisedEarly(FinalisedEarlySettings())
    second.resume([kept])
    more = GivenWatch(NOW + TICK, NOW, logs=Followed((wave(T2),)))
    found = (await played(second, [more])).conditions
    assert [(one.batch, str(one.next[0])) for one in found] == [("41", "/batch investigate 41")]
    late = NOW + timedelta(days=1)
    assert (await played(second, [GivenWatch(late, late - TICK)])).conditions == ()


async def test_without_logs_there_is_no_opinion() -> None:
    detector = FinalisedEarly(FinalisedEarlySettings())
    assert not (await detector.sample(GivenWatch(NOW, NOW - TICK))).data
