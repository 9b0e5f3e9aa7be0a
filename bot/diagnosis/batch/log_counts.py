"""How many of a batch's comparisons the logs show at each stage; pure.

A line is counted for a comparison whose correlation id is the batch's, or whose queue id another
line binds to one. A bundle's dispatch names no ids, so its logged size is counted, less those that
went back into the queue and were dispatched again; it counts for nothing where requests of another
batch were taken in or worked off in the same time.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta

from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS
from bot.domain.log import LogEvent, LogSearch

LINES = (
    "Queuing LLM request for provider",
    "Queued request",
    "Request queued for processing",
    "Request queued successfully for provider",
    "Requeueing request",
    "Processing queued request",
    "completed successfully, correlation_id",
    "failed, correlation_id",
    "failed with HuleEduError",
    "callback event for request",
    "Processing LLM comparison callback",
    "has expired, correlation_id",
    *DISPATCH_EVENTS,
)
_WAY = ("queued", "dispatched", "answered")
RETRIED = "retried_dispatches"
MARGIN = timedelta(minutes=1)


def logged_counts(
    search: LogSearch,
    clues: Sequence[LogClue],
    members: Set[str],
    *,
    begin: datetime,
    end: datetime,
    proven: int,
) -> Mapping[str, int]:
    """Return the stages that the logs can count; what they cannot is left out.

    `clues` are what the search's events show of comparisons, `members` the correlation ids of the
    batch, `begin` and `end` its first submission and last answer. `proven` comparisons came back,
    so a stage that shows fewer shows a gap in the logs and not in the batch; nor does one that
    shows fewer than a later one.
    """
    if not members or any(one.truncated for one in search.coverage):
        return {}
    owners = {clue.queue_id: clue.correlation_id for clue in clues if clue.correlation_id}
    mine = [(id, clue) for clue in clues if (id := _owner(clue, owners)) in members]
    last = {id: clue.outcome for id, clue in mine if clue.step is Step.ANSWERED}
    retried = sum(clue.outcome is Outcome.REQUEUED for _, clue in mine)
    counts = {
        "queued": len(_ids(mine, Step.QUEUED, Outcome.DONE)),
        "dispatched": len(_ids(mine, Step.DISPATCHED, Outcome.DONE)),
        "answered": sum(one in (Outcome.DONE, Outcome.FAILED) for one in last.values()),
        "callbacks_rejected": len(_ids(mine, Step.CONSUMED, Outcome.REJECTED, Outcome.STRAY)),
        RETRIED: retried,
    }
    window = begin - MARGIN, end + MARGIN
    bundled = _bundled(search.events, *window)
    doubted = _doubted(counts, proven, len(members))
    if bundled and _has_strangers(clues, owners, members, *window):
        doubted.add("dispatched")
    elif bundled:
        counts["dispatched"] += bundled - retried
        doubted = _doubted(counts, proven, len(members))
    return {name: count for name, count in counts.items() if name not in doubted}


def _doubted(counts: Mapping[str, int], proven: int, asked: int) -> set[str]:
    """Return the stages whose lines show fewer than passed a later one, or more than there are."""
    doubted, floor = set[str](), proven
    for name in reversed(_WAY):
        if floor <= counts[name] <= asked:
            floor = counts[name]
        else:
            doubted.add(name)
    return doubted


def _ids(mine: Iterable[tuple[str, LogClue]], step: Step, *outcomes: Outcome) -> set[str]:
    return {id for id, clue in mine if clue.step is step and clue.outcome in outcomes}


def _owner(clue: LogClue, owners: Mapping[str, str]) -> str:
    return clue.correlation_id or owners.get(clue.queue_id, "")


def _has_strangers(
    clues: Iterable[LogClue],
    owners: Mapping[str, str],
    members: Set[str],
    begin: datetime,
    end: datetime,
) -> bool:
    """Whether a request of another batch was taken in or worked off in that time."""
    return any(
        clue.step in (Step.QUEUED, Step.ANSWERED)
        and clue.event.at is not None
        and begin <= clue.event.at <= end
        and (owner := _owner(clue, owners)) != ""
        and owner not in members
        for clue in clues
    )


def _bundled(events: Iterable[LogEvent], begin: datetime, end: datetime) -> int:
    total = 0
    for event in events:
        size = event.fields.get("bundle_size")
        dispatched = event.event.strip() in DISPATCH_EVENTS and isinstance(size, int)
        if dispatched and event.at is not None and begin <= event.at <= end:
            total += int(str(size))
    return total
