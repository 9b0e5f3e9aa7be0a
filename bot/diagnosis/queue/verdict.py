"""Judges a queue from what was seen of it over time; shared by `/queue` and its detector; pure.

The rules stand in the order of their weight: the first that applies names the verdict, all that
apply are findings.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.diagnosis.queue.carry_over import carry
from bot.diagnosis.queue.items import busy, waiting_count, waits_long
from bot.diagnosis.queue.log_events import (
    LoopSign,
    SignKind,
    Snapshot,
    compact,
    is_queue_event,
    signs_of,
    snapshots_of,
)
from bot.diagnosis.queue.losses import expired_away
from bot.diagnosis.queue.rules import RULES
from bot.diagnosis.queue.rules.idle_worker import idle_worker
from bot.diagnosis.queue.timeline import (
    ALIVE_WITHIN,
    FROZEN,
    HEAD_BLOCKED,
    HUNG,
    OPENS_AFTER,
    QUEUE_UNREADABLE,
    Observation,
    QueueTimeline,
    QueueVerdict,
    timeline_of,
)
from bot.domain.evidence import QUEUE, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Span, Text, when, words
from bot.text.wording import sentence

__all__ = [
    "LoopSign",
    "Observation",
    "QueueVerdict",
    "SignKind",
    "Snapshot",
    "carry",
    "compact",
    "expired_away",
    "is_queue_event",
    "judge_queue",
    "queue_verdicts",
    "signs_of",
    "snapshots_of",
]

UNREADABLE_LOOKS = 3
READABLE_SHARE = 0.75


def judge_queue(
    observations: Sequence[Observation],
    now: datetime,
    *,
    watched_since: datetime | None = None,
    prefix: str = "",
    opens_after: timedelta = OPENS_AFTER,
) -> QueueVerdict:
    """Return the one verdict on a queue.

    `observations` are oldest first. `watched_since` is when watching began without a gap: a watch
    younger than 5 minutes is "warming", not healthy; leave it out to judge a single look by the
    ages that items and log lines carry themselves.
    """
    verdicts = queue_verdicts(
        observations, now, watched_since=watched_since, prefix=prefix, opens_after=opens_after
    )
    return verdicts[0]


def queue_verdicts(
    observations: Sequence[Observation],
    now: datetime,
    *,
    watched_since: datetime | None = None,
    prefix: str = "",
    opens_after: timedelta = OPENS_AFTER,
) -> tuple[QueueVerdict, ...]:
    """Return every rule that applies, weightiest first; exactly one "ok" or "warming" if none."""
    gate = _unreadable(observations) or _warming(observations, now, watched_since, opens_after)
    if gate is not None:
        return (gate,)
    timeline = timeline_of(observations, now, prefix=prefix, opens_after=opens_after)
    if timeline.size == 0:
        return (idle_worker(timeline) or _calm(timeline, "The queue is empty."),)
    found = tuple(verdict for rule in RULES if (verdict := rule(timeline)) is not None)
    return _without_undecided_cause(found) or (_quiet(timeline),)


def _without_undecided_cause(found: tuple[QueueVerdict, ...]) -> tuple[QueueVerdict, ...]:
    """Drop "nothing moves, cause unknown" where a rule names the cause, or says it better."""
    named = {verdict.rule for verdict in found}
    if [verdict.rule for verdict in found].count(FROZEN) > 1:
        return found[:-1]
    if not named & {HUNG, HEAD_BLOCKED}:
        return found
    return tuple(verdict for verdict in found if verdict.rule != FROZEN)


def _unreadable(observations: Sequence[Observation]) -> QueueVerdict | None:
    last = observations[-UNREADABLE_LOOKS:]
    if last and not all(look.unreadable for look in last):
        return None
    reason = last[-1].unreadable if last else "nothing was read yet"
    return QueueVerdict(
        rule=QUEUE_UNREADABLE if last else "warming",
        severity=Severity.WARN if last else Severity.INFO,
        since=next((look.at for look in last), None),
        what=f"The queue cannot be read: {sentence(reason)}"
        if last
        else "The queue was not read yet.",
        why="An unreadable queue is neither empty nor healthy; nothing is concluded from it.",
        evidence=tuple(EvidenceLine(QUEUE, look.at, look.unreadable) for look in last[-1:]),
        next=("batchbot doctor",),
        undecided=True,
    )


def _warming(
    observations: Sequence[Observation],
    now: datetime,
    watched_since: datetime | None,
    opens_after: timedelta,
) -> QueueVerdict | None:
    if watched_since is None:
        return None
    looks = _since_hole(observations)
    if len(looks) < len(observations):
        watched_since = max(watched_since, looks[0].at)
    readable = sum(not look.unreadable for look in looks)
    young = now - watched_since < opens_after
    if not young and readable >= READABLE_SHARE * len(looks):
        return None
    return QueueVerdict(
        rule="warming",
        since=watched_since,
        what=words(
            "Watched for ", Span(now - watched_since), "; a verdict needs ", Span(opens_after), "."
        )
        if young
        else f"Only {readable} of {len(looks)} looks could be read; too few for a verdict.",
        undecided=True,
    )


def _since_hole(looks: Sequence[Observation]) -> Sequence[Observation]:
    """Return the looks since the last time that several in a row could not be read."""
    unread = 0
    for place in range(len(looks) - 1, -1, -1):
        unread = unread + 1 if looks[place].unreadable else 0
        if unread == UNREADABLE_LOOKS:
            return looks[place + unread :] or looks[-1:]
    return looks


def _quiet(timeline: QueueTimeline) -> QueueVerdict:
    """No rule applies: healthy, or too little seen to say so."""
    if timeline.size is None and timeline.last_sign is None:
        return QueueVerdict(
            rule="warming",
            confidence=Confidence.LOW,
            what="No snapshot and no sign of the queue's loop in the logs that were read.",
            why="In per_request mode no snapshots are written; without Redis the size is unknown.",
            undecided=True,
        )
    if _one_blind_look(timeline):
        return QueueVerdict(
            rule="warming",
            confidence=Confidence.LOW,
            what=f"{timeline.size} in the queue; one look without logs does not tell whether it "
            "moves.",
            undecided=True,
        )
    return _calm(timeline, _moving_words(timeline))


def _calm(timeline: QueueTimeline, what: Text) -> QueueVerdict:
    verdict = QueueVerdict(rule="ok", what=what)
    return replace(verdict, undecided=True) if _undecided(timeline) else verdict


def _undecided(timeline: QueueTimeline) -> bool:
    """Whether what was seen proves no recovery: a failed last look, or a last snapshot that still
    shows something stuck, or silence with items in the queue.
    """
    if timeline.observations[-1].unreadable:
        return True
    if timeline.reading is not None:
        # A worker that took something and is silent hangs on, also when its entries were removed.
        return timeline.logs_readable and timeline.unfinished is not None and not timeline.alive
    if timeline.snapshot is None:
        return False
    silent = timeline.now - (timeline.last_sign or timeline.snapshot.at) > ALIVE_WITHIN
    return timeline.snapshot.without_worker > 0 or (timeline.snapshot.size > 0 and silent)


def _one_blind_look(timeline: QueueTimeline) -> bool:
    span = timeline.observations[-1].at - timeline.observations[0].at
    blind = not timeline.logs_readable and span < timedelta(seconds=1)
    return blind and not busy(timeline) and waiting_count(timeline) > 0 and waits_long(timeline)


def _moving_words(timeline: QueueTimeline) -> Text:
    if timeline.size is None:
        return words(
            "The loop gave its last sign",
            when(timeline.last_sign, " at "),
            "; its size is not logged.",
        )
    last = timeline.last_turnover
    # A headline leaves the time out, so the sentence stands without it.
    moved = words("it moves", when(last, ", last at ")) if last else "nothing in it is overdue"
    return words(f"{timeline.size} in the queue; ", moved, ".")
