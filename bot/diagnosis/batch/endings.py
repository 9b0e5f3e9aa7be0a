"""Why a batch ended without a result, by its rows and by the monitor's sweep; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.batch import BatchHeader, PairCounts
from bot.domain.log import LogEvent, Role
from bot.domain.words import Span, Text, words
from bot.text.wording import many

SUCCESS_SHARE = 0.8
AFTER = " after its time-out."
UNSENT = (
    "None of its comparisons was written: CJ failed to submit it, or its monitor gave up on it."
)
SWEPT = "Found stuck batches"
# It names each batch within its sweep; a batch needs longer than this for its answers.
ONE_SWEEP, LEAST_TIMEOUT = timedelta(minutes=1), timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Sweep:
    """One look of CJ's monitor: how long a batch may rest, and how many rested for longer."""

    at: datetime
    timeout: timedelta
    batches: int

    @property
    def is_short(self) -> bool:
        """Whether its time-out ends batches that are at work."""
        return self.timeout < LEAST_TIMEOUT

    @property
    def words(self) -> Text:
        """What the sweep did, as the rest of a sentence."""
        ended = f"; that sweep ended {many(self.batches, 'batch')}" if self.batches > 1 else ""
        return words(" after a time-out of ", Span(max(self.timeout, timedelta(0))), f"{ended}.")


def sweep_of(event: LogEvent) -> Sweep | None:
    """Return the sweep that a line of CJ's monitor tells of."""
    if event.role is not Role.CJ or event.at is None or SWEPT not in event.event:
        return None
    before, count = event.fields.get("stuck_threshold"), event.fields.get("stuck_batch_count")
    try:
        threshold = datetime.fromisoformat(str(before))
    except ValueError:
        return None
    if threshold.tzinfo is None:
        threshold = threshold.replace(tzinfo=UTC)
    rested = event.at - threshold
    # CJ reckons it back from some other moment than that of its line.
    whole = timedelta(minutes=round(rested / timedelta(minutes=1)))
    timeout = whole if abs(rested - whole) < timedelta(seconds=5) else rested
    return Sweep(event.at, timeout, count if isinstance(count, int) else 1)


def sweep_before(events: Iterable[LogEvent], at: datetime) -> Sweep | None:
    """Return the sweep in which the monitor did something at a moment."""
    found = [one for event in events if (one := sweep_of(event))]
    mine = [one for one in found if timedelta(0) <= at - one.at <= ONE_SWEEP]
    return max(mine, key=lambda one: one.at, default=None)


def why_ended(header: BatchHeader, pairs: PairCounts) -> str:
    """Return who ended a batch without a result, and why, as its status and its answers show."""
    if not pairs.total and not header.status.startswith("ERROR"):
        return UNSENT
    if not header.status.startswith("ERROR"):
        return f"CJ's monitor gave up on it{AFTER}"
    if pairs.valid + pairs.error and _share(pairs) < SUCCESS_SHARE:
        return few_valid(pairs)
    return "CJ stored no reason for it."


def few_valid(pairs: PairCounts) -> str:
    """Return that too few of its answers were valid, with their share."""
    return f"CJ ended it as failed: {_share(pairs):.0%} of its answers are valid, 80 % are needed."


def _share(pairs: PairCounts) -> float:
    answered = pairs.valid + pairs.error
    return pairs.valid / answered if answered else 0.0
