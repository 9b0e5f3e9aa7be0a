"""Rules on a queue in which nothing moves, or less than comes; pure.

The two common ones look opposite in logs. An orphan (its worker restarted or broke off): the loop
goes on, snapshots keep coming, the item never leaves. A hung provider call: the loop blocks, so
snapshots stop. A rule on flat size alone misses the second and cries wolf on a queue whose items
turn over at equal size.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.diagnosis.queue.items import (
    busy,
    front,
    held,
    lasts,
    leaked,
    quiet_since,
    sizes,
    stopped_after,
    stuck_run,
    waiting_count,
    waits_long,
)
from bot.diagnosis.queue.log_events import SignKind
from bot.diagnosis.queue.timeline import (
    FROZEN,
    HEAD_BLOCKED,
    HUNG,
    NOT_DRAINING,
    PROVIDER_LIMIT,
    SAME_BUNDLE,
    QueueTimeline,
    QueueVerdict,
)
from bot.diagnosis.queue.wording import (
    item_lines,
    lasting,
    log_lines,
    removal_steps,
)
from bot.domain.report import Confidence, Severity
from bot.domain.words import Span, Text, Words, when, words
from bot.text.wording import many

FRONT = 10
FRONT_HELD = timedelta(seconds=60)
DRAIN_WATCH = timedelta(minutes=15)
DRAIN_GROWTH = 10


def head_of_line_blocked(timeline: QueueTimeline) -> QueueVerdict | None:
    """Ten dead items stand in front, and the loop never looks further back."""
    blockers, waiting = front(timeline), waiting_count(timeline)
    quiet = quiet_since(timeline)
    logged = timeline.snapshot.not_queued if timeline.snapshot else 0
    count = len(blockers) if timeline.reading else logged
    # What Redis shows is certain as soon as a dead item counts as left behind.
    certain = len(timeline.readings) > 1 and any(leaked(timeline, item) for item in blockers)
    certain = certain or _front_by_snapshots(timeline, quiet)
    held_up = certain and quiet is not None and timeline.now - quiet >= FRONT_HELD
    if (
        count < FRONT
        or not waiting
        or not timeline.alive
        or not (held_up or lasts(timeline, quiet))
    ):
        return None
    return QueueVerdict(
        rule=HEAD_BLOCKED,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH if timeline.reading else Confidence.MEDIUM,
        since=quiet,
        what=words(
            f"{count} dead items stand before {many(waiting, 'waiting one')}; none dispatched for ",
            lasting(timeline, quiet),
            ".",
        ),
        why=f"The service looks at the first {FRONT} entries only; when none of them is waiting it "
        "takes nothing.",
        items=blockers,
        evidence=(*item_lines(timeline, blockers[:3]), *log_lines(timeline)),
        next=removal_steps(timeline, blockers),
    )


def worker_hung(timeline: QueueTimeline) -> QueueVerdict | None:
    """The loop took items and has not come back: a provider call hangs, or is very slow."""
    held_now = held(timeline)
    if held_now is None or not timeline.logs_readable or stopped_after(timeline, held_now[0]):
        return None
    taken, size, items = held_now
    silent = max(taken, timeline.last_sign or taken, min(timeline.watched_since, timeline.now))
    gate = timeline.hang_gate(size)
    if timeline.now - silent < gate or timeline.came_back_after(taken + SAME_BUNDLE):
        return None
    legal = PROVIDER_LIMIT * size
    sure = timeline.now - silent >= legal
    return QueueVerdict(
        rule=HUNG,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH if sure else Confidence.LOW,
        since=taken,
        what=words(
            f"The worker took {many(size, 'item')}",
            when(taken, " at "),
            ", and is silent for ",
            Span(timeline.now - silent),
            ".",
        ),
        why="The loop writes nothing while a provider call runs. "
        + (
            words(
                f"That is longer than {many(size, 'item')} may take (",
                Span(legal),
                "): it hangs or is dead.",
            )
            if sure
            else words(
                f"{many(size, 'item')} may legally take up to ",
                Span(legal),
                ", so it may only be slow.",
            )
        ),
        items=items,
        evidence=(*item_lines(timeline, items[:3]), *log_lines(timeline)),
        next=(
            "Look whether the provider answers: docker logs --since 15m "
            "huleedu_llm_provider_service",
            "Restart the LLM provider, then put back or remove what it held: it gets no callback.",
        ),
    )


def queue_frozen(timeline: QueueTimeline) -> QueueVerdict | None:
    """Nothing moves in the queue, and what can be read does not show why."""
    size, quiet = timeline.size or 0, quiet_since(timeline)
    working, waiting = busy(timeline), waiting_count(timeline)
    if (
        not size
        or not (working or waiting or timeline.reading is None)
        or not lasts(timeline, quiet)
    ):
        return None
    out = held(timeline)
    size_out = out[1] if out else 1
    if timeline.now - (quiet or timeline.now) < timeline.hang_gate(size_out):
        return None
    if timeline.alive and not (waiting and waits_long(timeline)):
        return None
    legal = PROVIDER_LIMIT * size_out
    sure = timeline.logs_readable or timeline.now - (quiet or timeline.now) >= legal
    return QueueVerdict(
        rule=FROZEN,
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM if sure else Confidence.LOW,
        since=quiet,
        what=_frozen_words(timeline, size, lasting(timeline, quiet)),
        why=_frozen_why(timeline),
        items=working,
        evidence=(*item_lines(timeline, working[:3]), *log_lines(timeline)),
        next=(
            "Look whether the service runs: docker ps --filter name=llm_provider_service",
            "Look whether its circuit breaker is open: it refuses every call then.",
        ),
    )


def queue_not_draining(timeline: QueueTimeline) -> QueueVerdict | None:
    """Items are worked off, and yet the queue only grows."""
    series = sizes(timeline)
    if (
        not series
        or series[-1][0] - series[0][0] < DRAIN_WATCH
        or lasts(timeline, timeline.last_turnover)
    ):
        return None
    if not _only_grows([size for _, size in series]):
        return None
    return QueueVerdict(
        rule=NOT_DRAINING,
        severity=Severity.WARN,
        confidence=Confidence.MEDIUM,
        since=series[0][0],
        what=words(
            f"The queue grew from {series[0][1]} to {series[-1][1]} in ",
            Span(series[-1][0] - series[0][0]),
            " and keeps growing, though items are worked off.",
        ),
        why="More comes in than the provider answers; what waits past its TTL is dropped without "
        "a callback.",
        evidence=log_lines(timeline),
        next=("/batch list WAITING_CALLBACKS",),
    )


def _front_by_snapshots(timeline: QueueTimeline, quiet: datetime | None) -> bool:
    """Whether the loop's own counts show a dead front: it holds nothing while it writes them."""
    if timeline.reading is not None or not timeline.logs_readable or quiet is None:
        return False
    run = [shot for shot in stuck_run(timeline) if shot.at > quiet]
    dead = [shot for shot in run if shot.not_queued >= FRONT and shot.queued]
    return len(dead) > 2 and dead[-1].at - dead[0].at >= FRONT_HELD


def _only_grows(values: Sequence[int]) -> bool:
    """Whether both the lows and the highs rise from each third of the time to the next.

    One large batch that has just come makes a step, and then it is worked off; where batches keep
    coming faster than that, the size is a saw whose teeth rise. A queue that ran empty drains.
    """
    third = len(values) // 3
    thirds = values[:third], values[third : 2 * third], values[2 * third :]
    if not all(thirds) or not min(thirds[0]):
        return False
    rises = all(min(one) < min(later) and max(one) < max(later) for one, later in pairwise(thirds))
    return rises and values[-1] - values[0] >= DRAIN_GROWTH


def _frozen_words(timeline: QueueTimeline, size: int, long: Text) -> Words:
    """Say what stands still, and when the LLM provider stopped where that is its last line."""
    last = timeline.signs[-1] if timeline.logs_readable and timeline.signs else None
    if last is None or last.kind is not SignKind.STOPPED:
        return words("Nothing moved in the queue for ", long, f"; {many(size, 'item')} in it.")
    still = many(size, "item", ("stands", "stand"))
    return words("The provider stopped", when(last.at, " at "), f"; {still} still for ", long, ".")


def _frozen_why(timeline: QueueTimeline) -> str:
    if not timeline.logs_readable:
        return "The logs cannot be read, so an orphan and a hung worker look the same from here."
    if timeline.alive:
        return (
            "The loop lives and takes nothing: its circuit breaker may be open, or it accepts none "
            "of what waits."
        )
    if any(sign.kind is SignKind.STOPPED for sign in timeline.signs[-1:]):
        return "The queue processor stopped and did not start again."
    return "The loop gives no sign and holds no known item: the worker is dead, or blocked."
