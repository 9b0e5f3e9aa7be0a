"""Which comparisons the LLM provider took into its queue, as lines of both services show it; pure.

CJ's call may time out, or end with an error, after the provider queued what it was given: such a
comparison is answered all the same.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bot.diagnosis.queue.log_events import BEGINNINGS, SignKind, sign_of, snapshot_of
from bot.diagnosis.queue.losses import ENDS
from bot.domain.log import LogEvent, Role

ASKED_FOR = "Using tracking_map correlation ID"
QUEUING = "Queuing LLM request for provider"
MOST = 2_000
# A worker that is silent for longer broke off by itself, whatever became of the others.
HELD_FOR = timedelta(minutes=10)
K = TypeVar("K")
V = TypeVar("V")
_ID = r"(?P<id>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
_ESSAY = r"[^'\s]{1,80}"
_ASKED = re.compile(
    rf"(?:DEBUG: )?{ASKED_FOR} {_ID} for task \('(?P<a>{_ESSAY})', '(?P<b>{_ESSAY})'\)"
)
_QUEUING = re.compile(rf"{QUEUING} \S{{1,40}}, correlation_id: {_ID}")


def tells_of_handing_over(event: LogEvent) -> bool:
    """Say whether a line names the request of a pair, or says that the provider queues one."""
    return _asked(event) is not None or _queuing(event) is not None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The newest requests that CJ made, by their pair of essays, and those that were queued."""

    asked: dict[tuple[str, str], str] = field(default_factory=dict)
    queued: dict[str, None] = field(default_factory=dict)

    def after(self, events: Iterable[LogEvent]) -> "HandedOver":
        """Return it after more lines."""
        asked: dict[tuple[str, str], str] = {}
        queued: dict[str, None] = {}
        for event in events:
            if match := _asked(event):
                asked[match["a"], match["b"]] = match["id"]
            elif match := _queuing(event):
                queued[match["id"]] = None
        if not (asked or queued):
            return self
        return HandedOver(_newest(self.asked | asked), _newest(self.queued | queued))

    def request_of(self, essay_a: str, essay_b: str) -> str:
        """Return the newest request of a pair, by which the provider names it; "" if unknown."""
        return self.asked.get((essay_a, essay_b), "")

    def took(self, essay_a: str, essay_b: str) -> bool:
        """Say whether the provider is known to have queued the request of a pair."""
        return self.request_of(essay_a, essay_b) in self.queued


@dataclass(frozen=True, slots=True)
class InHand:
    """How many items each worker took from the queue and has not ended, by its lines.

    A worker that writes a snapshot, or starts, holds nothing; an end counts once for its item.
    """

    taken: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    ended: dict[str, frozenset[str]] = field(default_factory=dict)

    def after(self, events: Iterable[LogEvent]) -> "InHand":
        """Return it after more lines."""
        taken = dict(self.taken)
        ended = {worker: set(some) for worker, some in self.ended.items()}
        for event in events:
            worker, sign = event.container, sign_of(event)
            free = sign is not None and sign.kind in (SignKind.RESTART, SignKind.STOPPED)
            if snapshot_of(event) is not None or free:
                taken.pop(worker, None)
            elif sign is not None and sign.kind in BEGINNINGS:
                taken[worker] = sign.bundle_size or 1, sign.at
                ended[worker] = set()
            elif sign is not None and sign.kind in ENDS and worker in taken and sign.queue_id:
                ended.setdefault(worker, set()).add(sign.queue_id)
        return InHand(taken, {worker: frozenset(ended.get(worker, ())) for worker in taken})

    def count(self, now: datetime) -> int:
        """Return how many are in the hands of workers; what was taken long ago is none of it."""
        return sum(
            max(0, size - len(self.ended[worker]))
            for worker, (size, at) in self.taken.items()
            if now - at < HELD_FOR
        )


def _newest(known: dict[K, V]) -> dict[K, V]:
    return known if len(known) <= MOST else dict([*known.items()][-MOST:])


def _asked(event: LogEvent) -> re.Match[str] | None:
    return _ASKED.match(event.event) if event.role is Role.CJ else None


def _queuing(event: LogEvent) -> re.Match[str] | None:
    return _QUEUING.match(event.event) if event.role is Role.LLM_PROVIDER else None
