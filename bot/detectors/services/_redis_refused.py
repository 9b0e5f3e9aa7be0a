"""The alert that Redis refuses what the provider's queue writes: its episode and words; pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from bot.detectors._event_counts import EventCount, Occurrence
from bot.diagnosis.comparison.causes import LOCAL_QUEUE
from bot.diagnosis.queue.redis_refusals import BY_NAME, refusal_of
from bot.domain.alert import Condition, Sample, Window
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Time, words
from bot.text.redaction import redact
from bot.text.wording import many

LPS_SERVICE = "llm_provider_service"
REFUSED = f"{LPS_SERVICE}, refused by Redis"
# What lasts until Redis is well again, and the mark of a sample that it was.
LASTS = (LPS_SERVICE, REFUSED)
OVER = "over"
TAKES_WRITES = "Redis takes its writes again; what it could not take out is answered and left there"
_WHY = "What it could not write is kept in its own memory, or stays in the queue when answered."


def refusals(dated: Iterable[tuple[datetime, LogEvent]]) -> Iterator[Occurrence]:
    """Yield each command of the provider's queue that Redis refused, with the reason's name."""
    for at, event in dated:
        if refusal := refusal_of(event):
            told = redact(event.event)
            yield Occurrence(REFUSED, at, event.container, told, {"refused": refusal.name})


def refused_condition(counted: EventCount) -> Condition:
    """Return the alert of what Redis refuses."""
    names = [one for one in counted.told("refused") if one in BY_NAME]
    reasons = [BY_NAME[one] for one in names]
    why = " and ".join(one.what for one in reasons)
    look = Command("/logs llm_provider Failed --level error")
    return Condition(
        subject=counted.subject,
        rule=LOCAL_QUEUE.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        title=words(
            f"Redis refuses the LLM provider's queue: {why}, since ",
            Time(counted.first_at),
            f"; {many(counted.count, 'command')} refused. Next: ",
            look,
        ),
        since=counted.first_at,
        known=f"refused {' '.join(sorted(names))}",
        count=counted.fresh,
        headline=f"Redis refuses the LLM provider's queue: {why}",
        lasts=False,
        why=_WHY,
        evidence=counted.examples,
        next=(
            *(one.step for one in reasons),
            words(look),
            "Do not restart the LLM provider meanwhile: it loses what it keeps in its memory.",
        ),
        batch="",
    )


def newest_episode(window: Window) -> Window:
    """Return the window without what failed before it was well, once something fails again."""
    ends = [place for place, one in enumerate(window.samples[:-1]) if one.data.get(OVER)]
    last = ends[-1] if ends else -1
    again = (one.data.get("groups", {}) for one in window.samples[last + 1 :])
    if all(groups.keys().isdisjoint(LASTS) for groups in again):
        return window
    known = tuple(
        _without_failures(one) if place <= last else one for place, one in enumerate(window.samples)
    )
    return replace(window, samples=known)


def _without_failures(sample: Sample) -> Sample:
    groups = {k: v for k, v in sample.data.get("groups", {}).items() if k not in LASTS}
    return replace(sample, data={**sample.data, "groups": groups})
