"""Whose an item of the queue is, by lines that tie it to a request and this to a batch; pure."""

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from enum import Enum

from bot.border.outside import raw
from bot.diagnosis.batch.finalisation_lines import batch_of
from bot.diagnosis.comparison.log_events import Step, clue_of
from bot.domain.log import LogEvent, Role, kept_on

# CJ maps a wave's requests to a batch, and tells each one as it asks for it.
MAPPED, ASKED_FOR = "Created tracking_map with", "Using tracking_map correlation ID"
# By each answer that CJ takes it says which batch goes on, and by which request's.
ANSWERED = "Continuation check computed"
OWNER_TEXTS = (MAPPED, ASKED_FOR, "ueued for processing", "ueued successfully")
# A request is queued moments after it is asked for.
MOST_ASKED = 300
_ID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_UUID = re.compile(_ID)
_MAPPED = re.compile(rf"(?:DEBUG: )?{MAPPED} \d{{1,9}} entries for batch (\d{{1,9}})\b")
_ASKED = re.compile(rf"(?:DEBUG: )?{ASKED_FOR} ({_ID}) ")


@dataclass(frozen=True, slots=True)
class LineOwners:
    """The request of each item and the batch of each request, as far as lines tie them.

    `waves` is the batch whose requests CJ asks for, by the correlation id of its own request: two
    batches may be of one.
    """

    requests: dict[str, str] = field(default_factory=dict)
    batches: dict[str, str] = field(default_factory=dict)
    waves: dict[str, str] = field(default_factory=dict)

    def after(self, events: Iterable[LogEvent], here: Set[str]) -> "LineOwners":
        """Return it after more lines; it holds on to items that are `here`, or new."""
        ties = [tie for event in events if (tie := _tie(event))]
        if not ties and self.requests.keys() <= here:
            return self
        requests = {item: one for item, one in self.requests.items() if item in here}
        batches, waves = dict(self.batches), dict(self.waves)
        for kind, one, other in ties:
            if kind is _Kind.WAVE:
                waves[one] = other
            elif kind is _Kind.ASKED:
                batches[one] = waves.get(other, "")
            else:
                requests[one] = other
        kept = {*requests.values(), *[*batches][-MOST_ASKED:]}
        named = {one: batch for one, batch in batches.items() if one in kept and batch}
        return LineOwners(requests, named, dict([*waves.items()][-MOST_ASKED:]))

    def batch_of(self, item: str) -> str:
        """Return the batch of an item, empty where no lines tie it to one."""
        return self.batches.get(self.requests.get(item, ""), "")

    def batch_by_id(self, id: str) -> str:
        """Return the batch of a request by either id of it, empty where no lines tie it to one."""
        return self.batches.get(id) or self.batch_of(id)


def answered(event: LogEvent) -> tuple[str, str] | None:
    """Return a request and its batch, by a line of CJ that names both; None for another line.

    A line on the batch itself names its own request, of which no answer is.
    """
    own, batch = event.fields.get("correlation_id"), batch_of(event)
    if event.role is not Role.CJ or not batch or not isinstance(own, str):
        return None
    match = _UUID.search(raw(own))
    return (match[0], batch) if match else None


def ties(event: LogEvent) -> bool:
    """Say whether a line ties a request to a batch, or an item to a request."""
    return _tie(event) is not None


def asked_batch(event: LogEvent, waves: Mapping[str, str]) -> str:
    """Return the batch for which CJ asks for a comparison by this line; empty for another line."""
    tie = _tie(event)
    return waves.get(tie[2], "") if tie is not None and tie[0] is _Kind.ASKED else ""


class _Kind(Enum):
    """What a line ties: a wave's own request to a batch, a request to a wave, an item to it."""

    WAVE = 1
    ASKED = 2
    BOUND = 3


_Tie = tuple[_Kind, str, str]


@kept_on("_tie")
def _tie(event: LogEvent) -> _Tie | None:
    return _of_cj(event) or _bound(event)


def _of_cj(event: LogEvent) -> _Tie | None:
    said = raw(event.event)
    if event.role is not Role.CJ or not (MAPPED in said or ASKED_FOR in said):
        return None
    if mapped := _MAPPED.match(said):
        own = event.fields.get("correlation_id")
        return (_Kind.WAVE, raw(own), mapped[1]) if isinstance(own, str) else None
    asked, own = _ASKED.match(said), event.fields.get("batch_correlation_id")
    return (_Kind.ASKED, asked[1], raw(own)) if asked and isinstance(own, str) else None


def _bound(event: LogEvent) -> _Tie | None:
    said = raw(event.event)
    if not ("ueued for processing" in said or "ueued successfully" in said):
        return None
    clue = clue_of(event)
    if clue is None or clue.step not in (Step.SENT, Step.QUEUED):
        return None
    ids = clue.queue_id, clue.correlation_id
    return (_Kind.BOUND, *ids) if all(ids) else None
