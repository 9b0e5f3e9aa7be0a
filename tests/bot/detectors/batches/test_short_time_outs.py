"""A sweep that ends what is at work is alerted on; one by the usual time-out is not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.batches.short_time_outs import ShortTimeOuts
from bot.domain.followed import Followed
from bot.domain.log import LogEvent, Role
from tests.support.scenes import NOW, TICK, played
from tests.support.watches import GivenWatch, said


def sweep(timeout: timedelta, batches: int) -> LogEvent:
    before = (NOW - timeout).isoformat()
    fields = {"stuck_batch_count": batches, "stuck_threshold": before}
    return replace(said(NOW, "Found stuck batches", role=Role.CJ), fields=fields)


@pytest.mark.parametrize(
    ("event", "headline"),
    [
        (sweep(timedelta(0), 11), "CJ's monitor ended 11 batches after a time-out of 0 s"),
        (sweep(timedelta(minutes=6), 1), "CJ's monitor ended 1 batch after a time-out of 6 min"),
        (sweep(timedelta(hours=4), 3), ""),
        (replace(sweep(timedelta(0), 2), fields={}), ""),
    ],
)
async def test_a_sweep_by_a_short_time_out_is_alerted_on(event: LogEvent, headline: str) -> None:
    watches = [GivenWatch(NOW, NOW - TICK, logs=Followed((event,)))]
    found = (await played(ShortTimeOuts(QuietSettings()), watches)).conditions
    assert [str(one.headline) for one in found] == ([headline] if headline else [])
