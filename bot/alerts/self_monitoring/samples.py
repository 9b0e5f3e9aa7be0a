"""What the bot watches of itself, as samples that can be kept and judged again; pure.

Each of its judgements needs the newest sample and the alert that is remembered, so none is kept
while nothing is wrong.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from bot.alerts.self_monitoring.failed_detectors import FAILED_DETECTOR, judge_failed_detectors
from bot.alerts.self_monitoring.late_messages import (
    LATE_MESSAGES,
    OutboxHealth,
    judge_late_messages,
)
from bot.alerts.self_monitoring.missed_ticks import (
    GAP_PROGRESS,
    MISSED_TICKS,
    Gap,
    judge_missed_ticks,
)
from bot.domain.alert import Alert, AlertState, Judgement, Sample

SELF_WATCHED = (MISSED_TICKS, LATE_MESSAGES, FAILED_DETECTOR)

_WAITING: TypeAdapter[OutboxHealth] = TypeAdapter(OutboxHealth)


def self_samples(
    gap: Gap | None, waiting: OutboxHealth, failed: Mapping[str, Any], now: datetime
) -> dict[str, Sample]:
    """Return what one tick sees of the bot itself, by the name of who judges it."""
    return {
        MISSED_TICKS: Sample(now, {GAP_PROGRESS: gap.to_json() if gap else None}),
        LATE_MESSAGES: Sample(now, _WAITING.dump_python(waiting, mode="json")),
        FAILED_DETECTOR: Sample(now, failed),
    }


def self_judgements(
    samples: Mapping[str, Sample], remembered: Sequence[Alert], now: datetime
) -> dict[str, Judgement]:
    """Conclude from each sample; the names of detectors are left out.

    Raises KeyError, TypeError or ValueError for a sample that `self_samples` did not make.
    """
    return {
        name: _judgement(name, samples[name].data, remembered, now)
        for name in SELF_WATCHED
        if name in samples
    }


def samples_to_keep(
    samples: Mapping[str, Sample], judged: Mapping[str, Judgement], remembered: Sequence[Alert]
) -> dict[str, Sample]:
    """Return the samples to be kept: of what is wrong, and of what ends."""
    lasting = {one.detector for one in remembered if one.state is not AlertState.RESOLVED}
    return {
        name: sample
        for name, sample in samples.items()
        if judged[name].conditions or name in lasting
    }


def _judgement(
    name: str, data: Mapping[str, Any], remembered: Sequence[Alert], now: datetime
) -> Judgement:
    if name == MISSED_TICKS:
        return judge_missed_ticks(Gap.from_json(data[GAP_PROGRESS]), now)
    if name == LATE_MESSAGES:
        mine = [alert for alert in remembered if alert.detector == name]
        return judge_late_messages(_WAITING.validate_python(data), mine, now)
    return judge_failed_detectors(data)
