"""Takes up what was kept for the next tick; what has another shape is skipped with a word.

A newer version may have written it, or a hand: neither may keep the bot from ticking.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from bot.alerts.policy.window import restored, resumed
from bot.domain.alert import Sample, Window
from bot.ports import Detector
from bot.text.kept import OTHER_SHAPE

T = TypeVar("T")
log = logging.getLogger(__name__)


def taken_up(what: str, read: Callable[[], T], otherwise: T) -> T:
    """Return what `read` makes of what was kept, and `otherwise` where that has another shape."""
    try:
        return read()
    except OTHER_SHAPE as error:
        kind = type(error).__name__
        log.warning("what was kept of %s cannot be read and is skipped: %s", what, kind)
        return otherwise


def resumed_from(detector: Detector, samples: Sequence[Sample]) -> Sequence[Sample]:
    """Let a detector go on from its samples, as far as it can; return those."""
    if _works(lambda: resumed(detector, samples)):
        return samples
    found = [one for one in samples if _works(partial(resumed, detector, [one]))]
    if not _works(lambda: resumed(detector, found)):
        found = []
    if not found:
        # What it took of the others is forgotten again.
        resumed(detector, [Sample(samples[-1].at)])
    _tell(detector, samples, found)
    return found


def judged_from(
    detector: Detector, window: Window | None, judge: Callable[[Window | None], T]
) -> T:
    """Return what `judge` says of a detector's window, without samples that cannot be judged."""
    try:
        return judge(window)
    except OTHER_SHAPE:
        if window is None:
            raise
        found = [one for one in window.samples if _works(partial(_judge_alone, detector, one))]
        if len(found) == len(window.samples):
            raise
        _tell(detector, window.samples, found)
        return judge(restored(tuple(found)))


def _judge_alone(detector: Detector, sample: Sample) -> None:
    detector.judge(Window((sample,), sample.at), sample.at)


def _works(act: Callable[[], object]) -> bool:
    try:
        act()
    except OTHER_SHAPE:
        return False
    return True


def _tell(detector: Detector, samples: Sequence[Sample], found: Sequence[Sample]) -> None:
    lost = len(samples) - len(found)
    told = (lost, len(samples), detector.name)
    log.warning("%d of %d samples kept of %s cannot be read and are skipped", *told)
