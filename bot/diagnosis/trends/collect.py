"""Reads the batches of a stretch of time, the newest first, and the sums over them.

Whole tables are never read: pages follow the batches' own key, and stop at the stretch's begin, at
MOST batches, or when half of the time that an answer may take is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.diagnosis.evidence.modes import mode_name
from bot.diagnosis.evidence.read import read
from bot.domain.batch import BatchSummary, ComparisonTotals
from bot.domain.batch.modes import UNKNOWN
from bot.domain.evidence import DATABASE, Missing
from bot.ports import Deadline, Sources

PAGE, MOST = 250, 5_000
# Sums look at each comparison: of more batches the newest are taken.
SUMMED = 500
GROUPS = 6
MODE, MODEL, PROVIDER = "mode", "model", "provider"
WAYS = (MODE, MODEL, PROVIDER)


@dataclass(frozen=True, slots=True)
class TrendEvidence:
    """What was read: the batches, which of them is of which group, and the sums of each group.

    They were begun since `since` and, where the time is over, before `end`; all are judged as they
    stand `now`. `is_whole` is False where older ones were not read, because `stopped`.
    `summed` says over how many batches the sums of a group are; "" is all of them together.
    `ungrouped` is why the groups could not be read.
    """

    since: datetime
    now: datetime
    end: datetime | None = None
    batches: tuple[BatchSummary, ...] = ()
    by: str = ""
    groups: Mapping[int, str] = field(default_factory=dict)
    sums: Mapping[str, ComparisonTotals | Missing] = field(default_factory=dict)
    summed: Mapping[str, int] = field(default_factory=dict)
    is_whole: bool = True
    stopped: str = ""
    ungrouped: str = ""

    @property
    def until(self) -> datetime:
        """When the time ends that the batches were begun in."""
        return self.end or self.now

    @property
    def hidden(self) -> tuple[str, ...]:
        """The tables that the role may not read."""
        named = [name for one in self.batches[:1] for name in one.hidden]
        for one in self.sums.values():
            named += [] if isinstance(one, Missing) else one.hidden
        return tuple(dict.fromkeys(named))


async def collect(
    sources: Sources,
    since: datetime,
    now: datetime,
    deadline: Deadline,
    by: str = "",
    *,
    end: datetime | None = None,
) -> TrendEvidence | Missing:
    """Read what an answer takes; Missing when not even the newest batches could be read."""
    found, stopped = await _batches(sources, since, end, deadline)
    if isinstance(found, Missing):
        return found
    grouped = await _groups(sources, found, by, deadline)
    groups = {} if isinstance(grouped, Missing) else grouped
    members = {"": [one.header.batch_id for one in found]} | _members(found, groups)
    sums: dict[str, ComparisonTotals | Missing] = {}
    for name, ids in members.items():
        taken = ids[:SUMMED]
        sums[name] = await read(
            DATABASE,
            sources.database,
            lambda one, taken=taken: one.totals(taken),  # type: ignore[misc]
            deadline.next_timeout(),
        )
    return TrendEvidence(
        since=since,
        now=now,
        end=end,
        batches=tuple(found),
        by=by,
        groups=groups,
        sums=sums,
        summed={name: min(len(ids), SUMMED) for name, ids in members.items()},
        is_whole=not stopped,
        stopped=stopped,
        ungrouped=grouped.reason if isinstance(grouped, Missing) else "",
    )


async def _batches(
    sources: Sources, since: datetime, end: datetime | None, deadline: Deadline
) -> tuple[list[BatchSummary] | Missing, str]:
    """Return the batches begun in a time, newest first, and why older ones were not read."""
    found: list[BatchSummary] = []
    read_so_far = 0
    before: int | None = None
    enough = deadline.left() / 2
    while True:
        page = await read(
            DATABASE,
            sources.database,
            lambda one, before=before: one.newest(limit=PAGE, before=before),  # type: ignore[misc]
            deadline.next_timeout(),
        )
        if isinstance(page, Missing):
            return (found, page.reason) if before else (page, "")
        recent = [one for one in page if one.header.created_at >= since]
        found += [one for one in recent if end is None or one.header.created_at < end]
        read_so_far += len(page)
        if len(recent) < PAGE:
            return found, ""
        if read_so_far >= MOST:
            return found, f"at most {MOST:,} are read"
        if deadline.left() < enough:
            return found, "the time for an answer was used"
        before = min(one.header.batch_id for one in page)


async def _groups(
    sources: Sources, found: Sequence[BatchSummary], by: str, deadline: Deadline
) -> Mapping[int, str] | Missing:
    """Return each batch's group: by its recorded mode, or by who gave its first valid answer."""
    if by not in WAYS:
        return {}
    if by == MODE:
        return {one.header.batch_id: _mode(one) for one in found}
    ids = [one.header.batch_id for one in found]
    answered = await read(
        DATABASE, sources.database, lambda one: one.answered_by(ids), deadline.next_timeout()
    )
    if isinstance(answered, Missing):
        return answered
    place = 0 if by == PROVIDER else 1
    return {id: (answered.get(id) or (UNKNOWN, UNKNOWN))[place] or UNKNOWN for id in ids}


def _mode(one: BatchSummary) -> str:
    return mode_name(one.header.batching_mode) or UNKNOWN


def _members(found: Sequence[BatchSummary], groups: Mapping[int, str]) -> dict[str, list[int]]:
    """Return the batches of the largest groups."""
    members: dict[str, list[int]] = {}
    for one in found:
        if name := groups.get(one.header.batch_id):
            members.setdefault(name, []).append(one.header.batch_id)
    largest = sorted(members, key=lambda name: -len(members[name]))[:GROUPS]
    return {name: members[name] for name in largest}
