"""Life signs of the LLM provider's queue loop, read out of its log events; pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from sys import intern

from bot.border.outside import raw
from bot.domain.log import LogEvent, Role, kept_on

SNAPSHOT_EVENT = "queue_metrics_snapshot"
DISPATCH_EVENTS = ("serial_bundle_dispatch", "batch_api_job_dispatch")


class SignKind(StrEnum):
    """What a log line says about the loop that works the queue off."""

    HEARTBEAT = "heartbeat"
    DISPATCH = "dispatch"
    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    RESTART = "restart"
    STOPPED = "stopped"
    LOOP_ERROR = "loop_error"
    EXPIRED = "expired"
    CLEANED = "cleaned"
    SWEPT = "swept"
    QUEUED = "queued"
    STORE_LOST = "store_lost"
    STORE_AWAY = "store_away"
    STORE_BACK = "store_back"
    NO_LIFE = "no_life"


TURNOVER = frozenset({SignKind.DISPATCH, SignKind.STARTED, SignKind.FINISHED, SignKind.FAILED})
BEGINNINGS = frozenset({SignKind.DISPATCH, SignKind.STARTED})
ENDINGS = frozenset({SignKind.FINISHED, SignKind.FAILED, SignKind.RESTART, SignKind.STOPPED})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A queue_metrics_snapshot line: `size` counts every status, `queued` only waiting items.

    It is written at the top of the worker loop, so never inside a bundle and never in
    per_request mode. `answered` of those that it counts were answered, and only stand there still.
    """

    at: datetime
    size: int
    queued: int
    mode: str = ""
    accepting: bool | None = None
    usage_percent: float | None = None
    answered: int = 0

    @property
    def without_worker(self) -> int:
        """Items that wait for an answer and that the loop will not take."""
        return max(0, self.not_queued - self.answered)

    @property
    def not_queued(self) -> int:
        """Items that are in the queue and that the loop will not take."""
        return max(0, self.size - self.queued)


@dataclass(frozen=True, slots=True)
class LoopSign:
    """One line of the loop; `count` is how many it speaks of, with those folded into this one.

    `ttl` is how long a request that was queued may wait, where its line says so.
    """

    at: datetime
    kind: SignKind
    queue_id: str = ""
    bundle_size: int | None = None
    mode: str = ""
    count: int = 1
    ttl: timedelta | None = None


# How a request of the older worker ends that its model did not answer.
BROKEN_END = "LLM service error processing request"
_ID = r"(?P<id>[0-9a-f-]{36})"
_PATTERNS: tuple[tuple[SignKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (SignKind.STARTED, rf"Processing queued request {_ID}"),
        (SignKind.FINISHED, rf"Request {_ID} completed successfully"),
        (SignKind.FINISHED, rf"Published (?:success|error) callback event for request {_ID}"),
        (SignKind.FAILED, rf"Failed to publish (?:error )?callback event for request {_ID}"),
        (SignKind.FAILED, rf"Request {_ID} failed"),
        (SignKind.FAILED, rf"LLM service error processing request {_ID}"),
        (SignKind.FAILED, rf"Requeueing request {_ID}"),
        (SignKind.FAILED, r"Serial bundle processing hit provider error"),
        (SignKind.FAILED, r"Unexpected error while processing serial bundle"),
        (SignKind.FAILED, r"BATCH_API job processing failed"),
        (SignKind.EXPIRED, rf"Request {_ID} has expired"),
        (SignKind.CLEANED, r"(?:Cleaned up|Batch deleted) (?P<count>\d{1,9}) expired"),
        # Of these the queue's hash lacked the request: it was evicted or deleted, none expired.
        (SignKind.SWEPT, r"(?:Cleaned up|Batch deleted) \d+ orphaned"),
        (SignKind.HEARTBEAT, r"Queue processor stats"),
        (SignKind.RESTART, r"Queue processor started"),
        (SignKind.STOPPED, r"Queue processor stopped|Queue processing cancelled"),
        (SignKind.QUEUED, rf"Queued request {_ID}(?:.{{0,40}}TTL (?P<ttl>\d{{1,9}})s)?"),
        # Redis is well: it refuses a time to live that the provider itself gave, as of 0 s.
        (
            SignKind.NO_LIFE,
            rf"Failed to add request to Redis queue: .{{0,99}}?:{_ID} .{{0,99}}invalid expire time",
        ),
        (SignKind.STORE_LOST, rf"Redis queue full or failed for {_ID}"),
        (SignKind.STORE_LOST, rf"Using local queue for request {_ID}"),
        (SignKind.STORE_LOST, r"Redis marked unhealthy|Redis queue full or failed"),
        (SignKind.STORE_AWAY, r"Queue Redis ping failed"),
        (SignKind.STORE_BACK, r"Redis connection restored"),
        (SignKind.LOOP_ERROR, r"Error in queue processing loop|Failed to get next request"),
    )
)
# Most lines begin as none of these, which one look shows.
_ANY = re.compile(
    "|".join(pattern.pattern.partition("(?P<")[0] for _, pattern in _PATTERNS),
    re.IGNORECASE,
)

# Every event below holds one of these words in its raw text, so that other lines need no parsing.
NEEDLES = (
    SNAPSHOT_EVENT, *sorted(DISPATCH_EVENTS), "ueued request", "completed successfully",
    "callback event for request", " failed", "LLM service error", "Requeueing request",
    "erial bundle", "has expired", "Cleaned up", "Batch deleted", "Queue process",
    "queue processing loop", "get next request", "Redis marked", "Redis queue full",
    "Redis connection restored", "Using local queue", "Failed to add request to Redis",
    "Queue Redis ping failed",
)  # fmt: skip


def is_queue_event(event: LogEvent) -> bool:
    """Return whether an event concerns the queue loop; cheap."""
    return snapshot_of(event) is not None or sign_of(event) is not None


def snapshots_of(events: Iterable[LogEvent]) -> tuple[Snapshot, ...]:
    """Return the queue snapshots among the events, in time order."""
    found = (snapshot for event in events if (snapshot := snapshot_of(event)) is not None)
    return tuple(sorted(found, key=lambda snapshot: snapshot.at))


def signs_of(events: Iterable[LogEvent]) -> tuple[LoopSign, ...]:
    """Return the loop's other life signs among the events, in time order."""
    found = (sign for event in events if (sign := sign_of(event)) is not None)
    return tuple(sorted(found, key=lambda sign: sign.at))


@kept_on("_snapshot")
def snapshot_of(event: LogEvent) -> Snapshot | None:
    """Read one snapshot line; None for another event, or without numbers that can be true at once.

    The provider counts all first and what waits after that: where more wait than are there,
    requests came in between, and the line shows nothing of what no worker holds.
    """
    said = raw(event.event)
    if SNAPSHOT_EVENT not in said or said.strip() != SNAPSHOT_EVENT or event.at is None:
        return None
    size = _integer(event.fields.get("queue_current_size"))
    queued = _integer(event.fields.get("queue_queued_count"))
    if size is None or queued is None or queued > size:
        return None
    return Snapshot(
        at=event.at,
        size=size,
        queued=queued,
        mode=_word(event.fields.get("queue_processing_mode")),
        accepting=_boolean(event.fields.get("accepting_requests")),
        usage_percent=_number(event.fields.get("queue_usage_percent")),
    )


@kept_on("_queue_sign")
def sign_of(event: LogEvent) -> LoopSign | None:
    """Read one life sign of the loop; None for another event."""
    if event.at is None or event.role in (Role.CJ, Role.RUNNER):
        return None
    is_dispatch = raw(event.event).strip() in DISPATCH_EVENTS
    if not is_dispatch and _ANY.match(event.event) is None:
        return None
    mode = _word(event.fields.get("queue_processing_mode"))
    if is_dispatch:
        size = _integer(event.fields.get("bundle_size"))
        return LoopSign(event.at, SignKind.DISPATCH, bundle_size=size, mode=mode)
    for kind, pattern in _PATTERNS:
        match = pattern.match(event.event)
        if match:
            queue_id = match.groupdict().get("id") or ""
            size = 1 if kind is SignKind.STARTED else None
            seconds = match.groupdict().get("ttl")
            ttl = timedelta(seconds=int(seconds)) if seconds else None
            count = int(match.groupdict().get("count") or 1)
            return LoopSign(event.at, kind, intern(queue_id.lower()), size, mode, count, ttl)
    return None


def compact(signs: Sequence[LoopSign]) -> tuple[LoopSign, ...]:
    """Fold runs of like signs into their last one, so that a busy minute stays small to keep."""
    kept: list[LoopSign] = []
    counts: list[int] = []
    for sign in signs:
        if kept and kept[-1].kind is sign.kind and sign.kind is not SignKind.DISPATCH:
            kept[-1] = sign
            counts[-1] += sign.count
        else:
            kept.append(sign)
            counts.append(sign.count)
    told = zip(kept, counts, strict=True)
    return tuple(one if one.count == count else replace(one, count=count) for one, count in told)


def seconds_per_item(signs: Sequence[LoopSign]) -> float | None:
    """Return the median time one item took, from each dispatch to the last answer after it."""
    spans: list[float] = []
    begun: LoopSign | None = None
    ended: datetime | None = None
    for sign in (*signs, None):
        if sign is None or sign.kind in BEGINNINGS:
            if begun and ended:
                spans.append((ended - begun.at) / timedelta(seconds=1) / (begun.bundle_size or 1))
            begun, ended = sign, None
        elif sign.kind is SignKind.FINISHED:
            ended = sign.at
    return median(spans) if spans else None


def _integer(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number >= 0 else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e12 else None


def _boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).strip().lower())


def _word(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 40 else ""
