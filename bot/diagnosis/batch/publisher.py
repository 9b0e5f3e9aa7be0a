"""What the provider's publisher holds of a batch's answers, read where answers are missing."""

from datetime import datetime, timedelta

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.evidence.read import read
from bot.diagnosis.publishing.memory import PublisherMemory, memory_of
from bot.diagnosis.publishing.signs import NEEDLES
from bot.domain.evidence import LOGS
from bot.domain.log import LogQuery, LogSearch, Role
from bot.ports import Deadline, Sources

MAX_LINES = 20_000
BEFORE = timedelta(minutes=1)


async def publisher_memory(
    sources: Sources,
    evidence: BatchEvidence,
    now: datetime,
    *,
    deadline: Deadline,
    search_again: bool,
) -> PublisherMemory:
    """Return what the publisher holds and lost since the first missing answer was asked for.

    Without `search_again` the lines at hand are all that there are.
    """
    if not evidence.pairs.pending or not isinstance(evidence.logs, LogSearch):
        return PublisherMemory()
    if not search_again:
        return memory_of(evidence.nearby)
    since = evidence.pairs.pending_first_submitted_at or evidence.header.created_at
    query = LogQuery(
        any_of=NEEDLES,
        roles=(Role.LLM_PROVIDER,),
        since=since - BEFORE,
        until=now,
        max_events=MAX_LINES,
    )
    answer = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    return memory_of(answer.events) if isinstance(answer, LogSearch) else PublisherMemory()
