"""Why the model's provider fails, and for which batches, as one tick's lines say it.

A line of the provider names a request. Whose it is, the database knows, and the queue while the
request is in it; CJ's own lines name the request and its batch as it asks for it, and as it takes
the callback. A cause is laid at a batch by these ids alone: what failed at the same time may be
another's.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.border.outside import raw
from bot.detectors._batches import owners_of
from bot.detectors._line_owners import ANSWERED, OWNER_TEXTS, LineOwners, answered, ties
from bot.diagnosis.comparison.failure_reasons import NEEDLES, ids_of, names_failed, reason_of_line
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures, failures_in, merged
from bot.domain.alert import Sample
from bot.domain.log import LogEvent, Role
from bot.ports import Watch

ERROR_TAKEN = ("Callback processed for batch ", "Callback enables workflow continuation for batch ")
CAUSE_NEEDLES = (*NEEDLES, *ERROR_TAKEN, ANSWERED, *OWNER_TEXTS)
# A callback is taken moments after its request failed; a request fails in several lines.
MOST_IDS = 1_000
_BATCH = re.compile(rf"(?:{'|'.join(ERROR_TAKEN)})(\d{{1,9}})")
_FAILURES: TypeAdapter[tuple[Failures, ...]] = TypeAdapter(tuple[Failures, ...])


def tells_a_cause(event: LogEvent) -> bool:
    """Say whether a line says why the provider failed, or for which batch."""
    if _is_failing(event) or _failed_batch(event):
        return True
    return _is_well(event) or _owner(event) is not None or ties(event)


def _is_failing(event: LogEvent) -> bool:
    return reason_of_line(event) is not None or names_failed(event)


class FailedRequests:
    """Joins the lines on failed requests to the batches of these, also over ticks.

    What no batch is known of yet is held in the process alone: it is a matter of seconds.
    """

    def __init__(self) -> None:
        self._failed: dict[str, list[LogEvent]] = {}
        self._taken: dict[str, str] = {}
        self._well: dict[str, None] = {}
        self._asked = LineOwners()

    @property
    def sent(self) -> frozenset[str]:
        """The batches of which CJ asked for a comparison, by the lines of late."""
        return frozenset(self._asked.batches.values())

    async def joined(self, watch: Watch, events: Sequence[LogEvent]) -> dict[str, list[LogEvent]]:
        """Return the failing lines whose batch is known from now on, by batch."""
        if not events:
            return {}
        self._well |= dict.fromkeys(
            one for line in events if _is_well(line) for one in ids_of(line)
        )
        self._asked = self._asked.after(events, {*[*self._asked.requests][-MOST_IDS:]})
        failing = [(one, ids_of(one)) for one in events if _is_failing(one)]
        named = set().union(*(ids for _, ids in failing))
        asked = {one: batch for one in named if (batch := self._asked.batch_by_id(one))}
        known = {**asked, **self._taken, **await owners_of(watch, named)}
        found: dict[str, list[LogEvent]] = {}
        for event, ids in failing:
            batch = next((known[one] for one in sorted(ids) if one in known), "")
            if batch:
                found.setdefault(batch, []).append(event)
            for one in () if batch else ids - self._well.keys():
                self._failed.setdefault(one, []).append(event)
        for event in events:
            if batch := _failed_batch(event):
                found.setdefault(batch, []).extend(self._take(ids_of(event), batch))
        for request, batch in filter(None, map(_owner, events)):
            if request not in self._well:
                found.setdefault(batch, []).extend(self._take({request}, batch))
        self._bound()
        return {batch: lines for batch, lines in found.items() if lines}

    def _bound(self) -> None:
        failed = [(one, lines) for one, lines in self._failed.items() if one not in self._well]
        self._failed = dict(failed[-MOST_IDS:])
        for known in (self._taken, self._well):
            for one in [*known][:-MOST_IDS]:
                del known[one]

    def _take(self, ids: set[str], batch: str) -> list[LogEvent]:
        """Return the held lines of the request whose callback CJ took for a batch."""
        self._taken.update(dict.fromkeys(ids, batch))
        held = [line for one in sorted(ids) for line in self._failed.pop(one, ())]
        return list({id(line): line for line in held}.values())


async def causes_in(
    watch: Watch, events: Sequence[LogEvent], requests: FailedRequests
) -> dict[str, Any]:
    """Return what the lines of a tick say of causes and batches, as JSON values.

    `by_cause` counts the failed requests of each batch, by the cause that their own lines name.
    """
    failing = [one for one in events if _is_failing(one)]
    by_cause: dict[str, dict[str, int]] = {}
    for batch, lines in (await requests.joined(watch, events)).items():
        for reason, one in failures_in(lines).items():
            by_cause.setdefault(reason.value, {})[batch] = one.requests
    causes = tuple(failures_in(failing).values())
    return {"causes": as_json(causes), "by_cause": by_cause}


def causes_of(samples: Iterable[Sample]) -> tuple[Failures, ...]:
    """Return why the provider failed in these ticks, the most first, as far as lines say."""
    found = merged(one for sample in samples for one in kept(sample.data.get("causes")))
    return tuple(one for one in found if one.reason is not FailureReason.UNKNOWN)


def batches_hit(samples: Iterable[Sample], *reasons: FailureReason) -> tuple[str, ...]:
    """Return the batches for which it failed, of these reasons or of any, the most failures first.

    A batch is hit by a reason where a line that names the reason names a request of the batch.
    """
    found: Counter[str] = Counter()
    for sample in samples:
        for reason, batches in (sample.data.get("by_cause") or {}).items():
            if not reasons or reason in reasons:
                found.update(batches)
    return tuple(sorted(found, key=lambda batch: (-found[batch], int(batch))))


async def causes_by_batch(
    watch: Watch, events: Sequence[LogEvent], requests: FailedRequests
) -> dict[str, tuple[Failures, ...]]:
    """Return why the provider failed for each batch whose requests the lines of a tick name."""
    joined = await requests.joined(watch, events)
    found = {batch: merged(failures_in(lines).values()) for batch, lines in joined.items()}
    known = {
        batch: tuple(one for one in failures if one.reason is not FailureReason.UNKNOWN)
        for batch, failures in found.items()
    }
    return {batch: failures for batch, failures in known.items() if failures}


def as_json(failures: Sequence[Failures]) -> Any:
    """Return failures as JSON values, as `kept` takes them."""
    return _FAILURES.dump_python(tuple(failures), mode="json")


def kept(value: Any) -> tuple[Failures, ...]:
    """Return the failures that a sample holds; none where they are of another shape."""
    if not value:
        return ()
    try:
        return _FAILURES.validate_python(value)
    except ValidationError:
        return ()


def _owner(event: LogEvent) -> tuple[str, str] | None:
    """Return the request and the batch that CJ names as it goes on with the batch."""
    return answered(event) if event.event.startswith(ANSWERED) else None


def _is_well(event: LogEvent) -> bool:
    """Say whether CJ's line says that a callback was none of an error: a retry was answered."""
    if event.role is not Role.CJ or not event.event.startswith(ERROR_TAKEN):
        return False
    return event.fields.get("is_error") is False


def _failed_batch(event: LogEvent) -> str:
    """Return the batch of which CJ's line says that a callback was an error."""
    match = _BATCH.match(raw(event.event)) if event.role is Role.CJ else None
    return match[1] if match and event.fields.get("is_error") is True else ""
