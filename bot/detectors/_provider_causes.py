"""Why the model's provider fails, and for which batches, as one tick's lines say it.

A line of the provider names a request. Whose it is, the database knows, and the queue while the
request is in it; CJ's own line on a callback that is an error names its batch.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.border.outside import raw
from bot.detectors._batches import batches_of
from bot.diagnosis.comparison.failure_reasons import NEEDLES, reason_of_line
from bot.diagnosis.comparison.failure_words import FailureReason
from bot.diagnosis.comparison.failures import Failures, failures_in, ids_of, merged
from bot.domain.alert import Sample
from bot.domain.log import LogEvent, Role
from bot.ports import Watch

ERROR_TAKEN = "Callback processed for batch "
CAUSE_NEEDLES = (*NEEDLES, ERROR_TAKEN)
_BATCH = re.compile(rf"{ERROR_TAKEN}(\d{{1,9}})")
_FAILURES: TypeAdapter[tuple[Failures, ...]] = TypeAdapter(tuple[Failures, ...])


def tells_a_cause(event: LogEvent) -> bool:
    """Say whether a line says why the provider failed, or for which batch."""
    return reason_of_line(event) is not None or bool(_failed_batch(event))


async def causes_in(watch: Watch, events: Sequence[LogEvent]) -> dict[str, Any]:
    """Return what the lines of a tick say of causes and batches, as JSON values."""
    failing = [one for one in events if reason_of_line(one) is not None]
    found = Counter(filter(None, map(_failed_batch, events)))
    ids = set().union(*map(ids_of, failing))
    found.update(await batches_of(watch, ids))
    causes = tuple(failures_in(failing).values())
    return {"causes": as_json(causes), "batches": dict(found)}


def causes_of(samples: Iterable[Sample]) -> tuple[Failures, ...]:
    """Return why the provider failed in these ticks, the most first, as far as lines say."""
    found = merged(one for sample in samples for one in kept(sample.data.get("causes")))
    return tuple(one for one in found if one.reason is not FailureReason.UNKNOWN)


def batches_hit(samples: Iterable[Sample]) -> tuple[str, ...]:
    """Return the batches for which it failed, the one with the most failures first."""
    found: Counter[str] = Counter()
    for sample in samples:
        found.update(sample.data.get("batches") or {})
    return tuple(sorted(found, key=lambda batch: (-found[batch], int(batch))))


async def causes_by_batch(
    watch: Watch, events: Sequence[LogEvent]
) -> dict[str, tuple[Failures, ...]]:
    """Return why the provider failed for each batch whose requests the lines of a tick name."""
    found: dict[str, list[Failures]] = {}
    failing = [(one, reason) for one in events if (reason := reason_of_line(one)) is not None]
    for reason in {reason for _, reason in failing} - {FailureReason.UNKNOWN}:
        mine = [one for one, named in failing if named is reason]
        (failure,) = failures_in(mine).values()
        for batch in await batches_of(watch, set().union(*map(ids_of, mine))):
            found.setdefault(batch, []).append(failure)
    return {batch: merged(failures) for batch, failures in found.items()}


def as_json(failures: Sequence[Failures]) -> Any:
    """Return failures as JSON values, as `kept` takes them."""
    return _FAILURES.dump_python(tuple(failures), mode="json")


def kept(value: Any) -> tuple[Failures, ...]:
    """Return the failures that a sample holds; none where they are of another shape."""
    try:
        return _FAILURES.validate_python(value or ())
    except ValidationError:
        return ()


def _failed_batch(event: LogEvent) -> str:
    """Return the batch of which CJ's line says that a callback was an error."""
    if event.role is not Role.CJ or event.fields.get("is_error") is not True:
        return ""
    match = _BATCH.match(raw(event.event))
    return match[1] if match else ""
