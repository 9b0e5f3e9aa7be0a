"""The samples a detector judges by, as they slide along with time; pure."""

import itertools
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from bot.domain.alert import Sample, Window
from bot.ports import Detector

# Followed logs go on where they were left, so a short pause of the bot leaves no hole in what was
# seen; after a longer one, or a step of the clock, nothing may be concluded from silence.
LONGEST_GAP = timedelta(minutes=5)
_at = attrgetter("at")


def extended(window: Window | None, sample: Sample, keep: timedelta) -> Window:
    """Return the window with one more sample, without those that are too old or in the future."""
    if window is None:
        return Window((sample,), sample.at)
    begin = bisect_left(window.samples, sample.at - keep, key=_at)
    kept = window.samples[begin : bisect_left(window.samples, sample.at, key=_at)]
    if _is_broken(window, sample.at):
        return Window((*kept, sample), sample.at)
    return Window((*kept, sample), window.started_at)


def restored(samples: tuple[Sample, ...]) -> Window | None:
    """Return the window that kept samples make: it began after their last long gap."""
    if not samples:
        return None
    started = samples[0].at
    for before, after in itertools.pairwise(samples):
        if after.at - before.at > LONGEST_GAP:
            started = after.at
    return Window(samples, started)


def resumed(detector: Detector, samples: Sequence[Sample]) -> None:
    """Let a detector that carries facts from sample to sample go on from those that were kept."""
    go_on = getattr(detector, "resume", None)
    if go_on is not None and samples:
        go_on(samples)


def _is_broken(window: Window, at: datetime) -> bool:
    last = window.samples[-1].at if window.samples else window.started_at
    return not timedelta(0) <= at - last <= LONGEST_GAP
