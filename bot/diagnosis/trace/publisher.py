"""Reads what the lines without an id say of a traced comparison: its publish, its submission."""

from datetime import datetime, timedelta

from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step
from bot.diagnosis.evidence.read import read
from bot.diagnosis.evidence.submission import KAFKA_AWAY, SERVICE_STARTED, SUBMISSION_FAILED
from bot.diagnosis.publishing.memory import HeldMessage, memory_of
from bot.diagnosis.publishing.signs import NEEDLES
from bot.domain.batch import PairRow
from bot.domain.evidence import LOGS
from bot.domain.log import LogEvent, LogQuery, LogSearch, Role
from bot.ports import Deadline, Sources

CLAIM = "callback event for request"
# What Kafka did is logged just before the success line.
AROUND = timedelta(seconds=5)
AFTER_A_CALL = timedelta(minutes=5)
MAX_AROUND, MAX_LATER, MAX_STARTS = 4_000, 2_000, 100


async def held_callback(
    sources: Sources,
    clues: tuple[LogClue, ...],
    ids: frozenset[str],
    now: datetime,
    deadline: Deadline,
) -> HeldMessage | None:
    """Return what became of a callback that is said to be published, None where Kafka took it."""
    said = [c for c in clues if c.step is Step.PUBLISHED and c.outcome is Outcome.DONE]
    taken = any(c.step is Step.CONSUMED for c in clues)
    at = said[-1].event.at if said and not taken else None
    if at is None:
        return None
    later = tuple(text for text in NEEDLES if text != CLAIM)
    queries = (
        LogQuery(any_of=NEEDLES, since=at - AROUND, until=at + AROUND, max_events=MAX_AROUND),
        LogQuery(any_of=later, since=at + AROUND, until=now, max_events=MAX_LATER),
    )
    events: list[LogEvent] = []
    for query in queries:
        events += await _lines(sources, query, (Role.LLM_PROVIDER,), deadline)
    return memory_of(events).of(ids)


async def failed_submission(
    sources: Sources, pair: PairRow | None, now: datetime, deadline: Deadline
) -> tuple[LogEvent, ...]:
    """Return CJ's lines on the pair's essays, those that say that Kafka is away, CJ's starts."""
    at = pair.submitted_at or pair.created_at if pair else None
    if pair is None or at is None or pair.winner is not None or not pair.essay_a:
        return ()
    task = f"{SUBMISSION_FAILED} {pair.essay_a}-{pair.essay_b}"
    query = LogQuery(
        any_of=(task, *KAFKA_AWAY),
        since=at - AROUND,
        until=min(now, at + AFTER_A_CALL),
        max_events=MAX_AROUND,
    )
    starts = LogQuery(
        any_of=(SERVICE_STARTED,), roles=(Role.CJ,), since=at, until=now, max_events=MAX_STARTS
    )
    return (
        *await _lines(sources, query, (Role.CJ, Role.LLM_PROVIDER), deadline),
        *await _lines(sources, starts, (Role.CJ,), deadline),
    )


async def _lines(
    sources: Sources, query: LogQuery, roles: tuple[Role, ...], deadline: Deadline
) -> tuple[LogEvent, ...]:
    answer = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    found = answer.events if isinstance(answer, LogSearch) else ()
    return tuple(event for event in found if event.role in roles)
