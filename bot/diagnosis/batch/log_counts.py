"""How many of a batch's comparisons the logs show at each stage; pure.

A line is counted for a comparison whose correlation id is the batch's, or whose queue id another
line binds to one. A bundle's dispatch names no ids, so its logged size is counted.
"""

from collections.abc import Iterable, Mapping, Set
from datetime import datetime, timedelta

from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step, clue_of
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS
from bot.domain.log import LogEvent, LogSearch

LINES = (
    "Queuing LLM request for provider",
    "Processing queued request",
    "completed successfully, correlation_id",
    "failed, correlation_id",
    "failed with HuleEduError",
    "callback event for request",
    "Processing LLM comparison callback",
    "has expired, correlation_id",
    *DISPATCH_EVENTS,
)
_STAGES: tuple[tuple[str, Step, frozenset[Outcome]], ...] = (
    ("queued", Step.QUEUED, frozenset({Outcome.DONE})),
    ("dispatched", Step.DISPATCHED, frozenset({Outcome.DONE})),
    ("answered", Step.ANSWERED, frozenset({Outcome.DONE, Outcome.FAILED})),
    ("callbacks_rejected", Step.CONSUMED, frozenset({Outcome.REJECTED, Outcome.STRAY})),
)
_WAY = ("queued", "dispatched", "answered")
MARGIN = timedelta(minutes=1)


def logged_counts(
    search: LogSearch,
    members: Set[str],
    *,
    begin: datetime,
    end: datetime,
    proven: int,
) -> Mapping[str, int]:
    """Return the stages that the logs can count; what they cannot is left out.

    `members` are the correlation ids of the batch, `begin` and `end` its first submission and
    last answer. `proven` comparisons came back, so a stage that shows fewer shows a gap in the
    logs and not in the batch.
    """
    if not members or any(one.truncated for one in search.coverage):
        return {}
    clues = [clue for event in search.events if (clue := clue_of(event)) is not None]
    owners = {clue.queue_id: clue.correlation_id for clue in clues if clue.correlation_id}
    counts = {
        name: len({id for clue in clues if (id := _owner(clue, owners)) in members
                   and clue.step is step and clue.outcome in outcomes})
        for name, step, outcomes in _STAGES
    }  # fmt: skip
    counts["dispatched"] += _bundled(search.events, begin - MARGIN, end + MARGIN)
    asked = len(members)
    return {
        name: count
        for name, count in counts.items()
        if name not in _WAY or proven <= count <= asked
    }


def _owner(clue: LogClue, owners: Mapping[str, str]) -> str:
    return clue.correlation_id or owners.get(clue.queue_id, "")


def _bundled(events: Iterable[LogEvent], begin: datetime, end: datetime) -> int:
    total = 0
    for event in events:
        size = event.fields.get("bundle_size")
        dispatched = event.event.strip() in DISPATCH_EVENTS and isinstance(size, int)
        if dispatched and event.at is not None and begin <= event.at <= end:
            total += int(str(size))
    return total
