"""What a detector saw while the log that it concludes from brought no line; pure.

Nothing may be concluded from a silence that may be the log's own: an alert of such a detector
neither opens nor resolves until the service writes again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.domain.alert import Sample
from bot.domain.followed import unread_log
from bot.domain.log import Role
from bot.ports import Detector
from bot.ports.detectors import rests_on


def as_heard(detector: Detector, sample: Sample, silent: Mapping[Role, datetime]) -> Sample:
    """Return a sample as one that could not be read where a log that it rests on is `silent`."""
    if sample.unreadable or not silent:
        return sample
    for role in rests_on(detector):
        if role in silent:
            return replace(sample, unreadable=unread_log(role, silent[role]))
    return sample
