"""Requests fail again and again, and are still given back: the next failure may be the last.

A bundle that fails gives all of its requests back at once, so lines close together are one failure.
Only a request that still waits is warned of: one that was answered since is given up no more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from bot.detectors._event_counts import dated_events
from bot.detectors._state import NOTHING_READ, moment, unreadable_reason
from bot.diagnosis.comparison.failure_reasons import NEEDLES, reason_of_line
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.domain.alert import Condition, Judgement, Sample, Sight, Window
from bot.domain.evidence import EvidenceLine, Missing
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Severity
from bot.domain.words import when, words
from bot.ports import Watch
from bot.text.redaction import redact
from bot.text.wording import many

RETRIED = "Requeueing request"
DONE = "completed successfully, correlation_id"
# However a request ends: it has its answer, or none any more.
ENDED = (DONE, "callback event for request", "has expired")
SUBJECT = "llm_provider"
CLOSING = "none waits that failed again"
# What ends a request without an answer of the model.
IN_VAIN = ("Published error callback", "has expired")
_TRY = re.compile(r"Requeueing request (\S{1,64}) for retry \((\d{1,3})/(\d{1,3})\)")
_ENDED = re.compile(
    r"[Rr]equest (\S{1,64}) (?:completed|has expired)|event for request ([^\s,:]{1,64})"
)
ONE_FAILURE = timedelta(seconds=5)
# Where nearly all are given back, two failures are a sign.
NEARLY_ALL, TWICE = 0.8, 2
# The second try of a request tells a trouble that goes on from one that has passed. Where many
# are given back, several first tries do, too: a bundle of them may be given up within seconds.
SECOND = 2
# With worse odds, should the share of failures stay as it is, it is told with low confidence.
LIKELY = 0.25
Tried = tuple[int, int]


class RetriesRisingSettings(BaseModel):
    """When retries are a sign."""

    window_seconds: float = Field(600, gt=0, description="how far back retries are counted")
    least: int = Field(3, ge=2, description="fewer failures apart, two where nearly all fail")
    share: float = Field(0.1, gt=0, le=1, description="share of requests that are given back")
    alone_share: float = Field(
        0.25, gt=0, le=1, description="share that is a sign before any waits for its second try"
    )


class RetriesRising:
    """Watches the LLM provider's log for requests that it gives back."""

    name: ClassVar[str] = "retries_rising"
    summary: ClassVar[str] = (
        "Forecast: requests are given back again and again, and are given up after their last try"
    )
    open_ticks: ClassVar[int] = 1
    # The next failure in the same trouble is no news: over is what was quiet for five minutes.
    clear_ticks: ClassVar[int] = 20
    needles: ClassVar[tuple[str, ...]] = (RETRIED, *ENDED, *NEEDLES)
    rests_on: ClassVar[tuple[Role, ...]] = (Role.LLM_PROVIDER,)
    Settings: ClassVar[type[BaseModel]] = RetriesRisingSettings

    def __init__(self, settings: RetriesRisingSettings) -> None:
        self._least, self._share = settings.least, settings.share
        self._alone_share = settings.alone_share
        self._span = timedelta(seconds=settings.window_seconds)

    @property
    def window_seconds(self) -> float:
        """How far back `judge` wants to see."""
        return self._span.total_seconds()

    def wants(self, event: LogEvent) -> bool:
        """Say whether an event gives a request back, or ends one."""
        told = RETRIED in event.event or any(text in event.event for text in ENDED)
        return event.role is Role.LLM_PROVIDER and (told or _reason(event) is not None)

    async def sample(self, watch: Watch) -> Sample:
        """Collect the retries of a tick, those of one failure as one."""
        if isinstance(watch.logs, Missing):
            return Sample(watch.now, {}, unreadable_reason(watch.logs))
        if watch.logs is None:
            return Sample(watch.now)
        events = dated_events(watch)
        tried = [one for one in map(_retry, events) if one is not None]
        done = sum(DONE in event.event for _, event in events)
        reasons = sorted({one.value for _, event in events if (one := _reason(event))})
        data = {"retries": list(_failures(tried)), "done": done, "fates": _fates(events)}
        data |= {"reasons": reasons} if reasons else {}
        return Sample(watch.now, data | {"in_vain": _in_vain(events), "retried": _retried(events)})

    def judge(self, window: Window, now: datetime) -> Judgement:
        """Conclude from the retries of the window; pure."""
        last = window.samples[-1] if window.samples else None
        if last is None or (not last.unreadable and "retries" not in last.data):
            return Judgement(Sight.WARMING, note=NOTHING_READ)
        if last.unreadable:
            return Judgement(Sight.UNREADABLE, note=last.unreadable)
        samples = [one for one in window.samples if now - one.at < self._span]
        recent = [one for sample in samples for one in sample.data.get("retries") or ()]
        done = sum(int(one.data.get("done") or 0) for one in samples)
        waiting = _waiting([one.data.get("fates") or {} for one in samples])
        reasons = {one for sample in samples for one in sample.data.get("reasons") or ()}
        found = self._condition(recent, done, waiting)
        condition = replace(found, reasons=tuple(sorted(reasons))) if found else None
        closing = {SUBJECT: _ending(window.samples)}
        return Judgement(Sight.CLEAR, (condition,) if condition else (), closing=closing)

    def _condition(
        self, recent: Sequence[Mapping[str, Any]], done: int, waiting: Sequence[Tried]
    ) -> Condition | None:
        given_back = sum(int(one["count"]) for one in recent)
        share = given_back / max(1, given_back + done)
        if not waiting:
            return None
        worst = max(waiting)
        if worst[0] >= SECOND:
            least, enough = TWICE if share >= NEARLY_ALL else self._least, self._share
        else:
            least, enough = self._least, self._alone_share
        if len(recent) < least or share < enough:
            return None
        return _condition(recent, worst, waiting.count(worst), share)


DETECTOR = RetriesRising


def _reason(event: LogEvent) -> FailureReason | None:
    """Return the reason that a line names why requests fail, where it names one."""
    reason = reason_of_line(event)
    return None if reason is FailureReason.UNKNOWN else reason


def _retry(dated: tuple[datetime, LogEvent]) -> dict[str, Any] | None:
    at, event = dated
    found = _TRY.search(event.event) if event.role is Role.LLM_PROVIDER else None
    if found is None or RETRIED not in event.event:
        return None
    return {
        "at": at.isoformat(),
        "try": int(found[2]),
        "of": int(found[3]),
        "count": 1,
        "source": str(event.container),
        "text": redact(event.event),
    }


def _fates(events: Sequence[tuple[datetime, LogEvent]]) -> dict[str, list[int]]:
    """Return the last that is known of each request: at which try of how many it waits, or []."""
    fates: dict[str, list[int]] = {}
    for _, event in events:
        if event.role is not Role.LLM_PROVIDER:
            continue
        if back := _TRY.search(event.event):
            fates[str(redact(back[1]))] = [int(back[2]), int(back[3])]
        elif any(text in event.event for text in ENDED) and (over := _ENDED.search(event.event)):
            fates[str(redact(over[1] or over[2]))] = []
    return fates


def _retried(events: Sequence[tuple[datetime, LogEvent]]) -> list[str]:
    """Return the requests that were given back."""
    said = (one.event for _, one in events if one.role is Role.LLM_PROVIDER)
    return sorted({str(redact(one[1])) for text in said if (one := _TRY.search(text))})


def _in_vain(events: Sequence[tuple[datetime, LogEvent]]) -> list[str]:
    """Return the requests that ended without an answer of the model."""
    said = (one.event for _, one in events if one.role is Role.LLM_PROVIDER)
    ended = (_ENDED.search(text) for text in said if any(end in text for end in IN_VAIN))
    return sorted({str(redact(one[1] or one[2])) for one in ended if one})


def _ending(samples: Sequence[Sample]) -> str:
    """Return how it ended: whether those that were given back were given up in the end."""
    tried = {id for one in samples for id in one.data.get("retried") or ()}
    lost = {id for one in samples for id in one.data.get("in_vain") or ()} & tried
    return f"{many(len(lost), 'request')} got no answer: given up or expired" if lost else CLOSING


def _waiting(fates: Iterable[Mapping[str, Sequence[int]]]) -> list[Tried]:
    """Return the tries of the requests that failed again and wait, oldest sample first."""
    last = {request: tried for sample in fates for request, tried in sample.items()}
    return [(one[0], one[1]) for one in last.values() if one]


def _failures(tried: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield retries, those that lie close together as the one failure that they are."""
    group: dict[str, Any] | None = None
    for one in tried:
        if group is not None and _at(one) - _at(group) <= ONE_FAILURE:
            worse = one["try"] > group["try"]
            group = {**(one if worse else group), "count": group["count"] + 1, "at": one["at"]}
            continue
        if group is not None:
            yield group
        group = one
    if group is not None:
        yield group


def _at(retry: Mapping[str, Any]) -> datetime:
    at = moment(retry["at"])
    assert at is not None  # noqa: S101 - samples hold the times that events had
    return at


def _share_of_all(odds: float) -> str:
    """Return how many of those that wait as long come to it, should as many fail as now."""
    return "nearly all" if odds >= NEARLY_ALL else f"1 in {1 / max(odds, 0.001):.0f}"


def _condition(
    recent: Sequence[Mapping[str, Any]], worst: Tried, count: int, share: float
) -> Condition:
    at, of = worst
    odds = share ** (max(0, of - at) + 1)
    confidence = Confidence.MEDIUM if odds >= LIKELY else Confidence.LOW
    since, tried = _at(recent[0]), f"try {at} of {of}"
    requests = many(count, "request", ("is", "are"))
    left = of - at
    then = "after one more failure" if left <= 0 else f"after {left + 1} more failures"
    return Condition(
        subject=SUBJECT,
        rule="retries-rising",
        severity=Severity.WARN,
        confidence=confidence,
        title=words(
            f"Forecast: {requests} given up {then}, {tried}",
            when(since, ", failing since "),
            f", {confidence.value} confidence. Next: /logs llm_provider Requeueing",
        ),
        since=since,
        known="failing again" if left > 0 else "last try",
        count=0,
        headline=f"Forecast: {requests} given up {then} ({tried})",
        lasts=False,
        why="A request that fails on its last try is given up. "
        f"Where {share:.0%} fail, as now, that happens to {_share_of_all(odds)}.",
        evidence=tuple(
            EvidenceLine(str(one["source"]), _at(one), str(one["text"])) for one in recent[-3:]
        ),
        next=("See which requests come back: /logs llm_provider Requeueing",),
    )
