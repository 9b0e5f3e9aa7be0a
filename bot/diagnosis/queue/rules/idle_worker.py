"""Requests that are queued while the loop takes none, judged by its logs alone; pure."""

from datetime import datetime

from bot.diagnosis.queue.log_events import TURNOVER, SignKind
from bot.diagnosis.queue.timeline import FROZEN, PROVIDER_LIMIT, QueueTimeline, QueueVerdict
from bot.diagnosis.queue.wording import DEFAULT_PREFIX, log_lines
from bot.domain.evidence import LOGS, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Text, when, words
from bot.text.wording import many

TAKEN = TURNOVER | {SignKind.EXPIRED}


def idle_worker(timeline: QueueTimeline) -> QueueVerdict | None:
    """Requests were queued, and the loop has taken none of them for five minutes.

    That the loop writes snapshots, restarts or fails meanwhile does not show that it takes any.
    """
    if timeline.reading is not None or not timeline.logs_readable or timeline.unfinished:
        return None
    last = max((s.at for s in timeline.signs if s.kind in TAKEN), default=None)
    come = [
        sign
        for sign in timeline.signs
        if sign.kind is SignKind.QUEUED and (last is None or sign.at > last)
    ]
    if (
        not come
        or timeline.now - come[0].at < timeline.opens_after
        or _nothing_waits(timeline, come[0].at)
    ):
        return None
    since, count = come[0].at, sum(sign.count for sign in come)
    sure = timeline.now - since >= PROVIDER_LIMIT * 2
    return QueueVerdict(
        rule=FROZEN,
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM if sure else Confidence.LOW,
        since=since,
        what=words("Requests wait; the loop ", _seen(timeline), " and takes none."),
        why=f"An idle loop takes a request within a second: {_cause(timeline, since)}.",
        evidence=(
            EvidenceLine(LOGS, since, f"first of {many(count, 'item')} queued since"),
            *log_lines(timeline),
        ),
        next=_steps(timeline),
    )


def _nothing_waits(timeline: QueueTimeline, since: datetime) -> bool:
    """Whether a snapshot written since then shows that the requests were taken after all."""
    last = timeline.snapshot
    return last is not None and last.at > since and not last.queued


def _seen(timeline: QueueTimeline) -> Text:
    if timeline.alive:
        return "goes on"
    return (
        words("gave its last sign", when(timeline.last_sign, " at "))
        if timeline.last_sign
        else "gave no sign"
    )


def _cause(timeline: QueueTimeline, since: datetime) -> str:
    if any(sign.kind is SignKind.LOOP_ERROR and sign.at >= since for sign in timeline.signs):
        return "the loop logs an error at each turn"
    if any(sign.kind is SignKind.RESTART and sign.at >= since for sign in timeline.signs):
        return "the worker starts anew and again before it takes one"
    if timeline.alive:
        return "ten dead items stand in front, or the circuit breaker is open"
    return "the worker is dead, or blocked"


def _steps(timeline: QueueTimeline) -> tuple[str, ...]:
    if timeline.alive:
        return (
            "Look whether its circuit breaker is open, and what its loop logs.",
            f"Look at the front: redis-cli ZRANGE {timeline.prefix or DEFAULT_PREFIX}:requests 0 9",
        )
    return ("Look whether the service runs: docker ps --filter name=llm_provider_service",)
