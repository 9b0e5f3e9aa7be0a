"""What an alert says and what an investigation says of the same thing at the same time agree."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.investigate.about import FAMILIES, about
from bot.diagnosis.investigate.report import collect, investigate
from bot.diagnosis.queue.timeline import STUCK_RULES
from bot.domain.alert import Condition
from bot.domain.batch import BatchSummary, PairRow
from bot.domain.followed import Followed
from bot.domain.log import Role
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.report import Finding, Report, Severity
from bot.domain.words import Text
from bot.ports import Deadline
from bot.registry import commands, detectors
from bot.requests.command_text import read_line
from tests.population.evidence import SERVICES, Around, events_of, queue_of, rows_of, sources_of
from tests.population.faulty import FAULTS
from tests.population.world import BEGIN, World
from tests.support.fakes.sources import FakeDatabase, context
from tests.support.leads import alert_leads_to_nothing, fails_of
from tests.support.scenes import TICK, played
from tests.support.watches import GivenWatch

CONTAINERS = {"cj": Role.CJ, "llm": Role.LLM_PROVIDER}
# A line tells that a run met grades, rows that these were the whole result: it is then no error.
ROWS_CLEAR = {("repeated-finalisation", Severity.WARN)}
FORECASTS = ("outbox-growing", "queue-expiring")
COUNTED = re.compile(r"(?<!of )\b(\d+)(?: of \d+)? (?:comparison|item|answer|callback|event)s?\b")
# What is wrong with a batch, and the detector that tells of it.
TOLD_BY = {
    "batch-failed": "batch_failed",
    "callbacks-unpublished": "callbacks_unpublished",
    "consumer-silent": "consumer_silent",
    "submission-lost": "submissions_lost",
    "lost-callbacks": "lost_callbacks",
    "finalisation-stuck": "finalisation_stuck",
    "outbox-unpublished": "outbox_unpublished",
    "database-blocked": "database_blocked",
    "orphaned-item": "stuck_queue",
    "worker-hung": "stuck_queue",
    "leaked-item": "stuck_queue",
}


def _pairs(world: World, around: Around) -> Sequence[PairRow]:
    database = sources_of(world, around).database
    assert isinstance(database, FakeDatabase)
    return database.pairs


# What these lost left the queue without a line, so that only two looks at it tell.
LEFT = ("left-unanswered", "not-accounted-for")
LEFT_BEFORE = 2
# Half an hour, of each second tick.
STEP, STEPS = 2 * TICK, 60


def _watches(
    world: World, around: Around, summary: BatchSummary, *, left: bool = False
) -> list[GivenWatch]:
    """Return what detectors see of the last half hour of a world.

    With `left` what has no answer stood in the queue until LEFT_BEFORE ticks before its end.
    """
    rows, events = rows_of(world), events_of(world, json=bool(world.seed % 2))
    reading, watches = queue_of(world, around), []
    gaps = {"huleedu_llm_provider_service_2": "gone"} if around.logs_gap else {}
    owners = {one.request_correlation_id: one.batch_id for one in _pairs(world, around)
              if one.request_correlation_id}  # fmt: skip
    for n in reversed(range(STEPS + 1)):
        at = world.now - STEP * n
        before = at - STEP if n < STEPS else BEGIN - timedelta(days=1)
        mine = tuple(one for one in events if one.at and before < one.at <= at)
        watches.append(
            GivenWatch(
                at, before, logs=Followed(mine, containers=CONTAINERS, missing=gaps),
                reading=_looked(reading, world, at, left=left and n >= LEFT_BEFORE),
                batches=(summary,), outbox=rows.outbox,
                sessions=around.sessions, owners=owners,
            )
        )  # fmt: skip
    return watches


def _looked(reading: QueueReading, world: World, at: datetime, *, left: bool) -> QueueReading:
    """Return a look at the queue at a moment; with `left` it holds what had no answer, too."""
    known = {one.queue_id for one in reading.items}
    more = [
        QueueItem(
            str(one.request), "processing", queued_at=one.sent, ttl=timedelta(hours=4),
            correlation_id=str(one.correlation), cj_batch_id=str(world.id),
        )
        for one in world.comparisons
        if left and one.winner is None and one.sent and str(one.request) not in known
    ]  # fmt: skip
    items = (*reading.items, *more)
    return replace(reading, at=at, size=len(items), items=items)


async def _conditions(
    world: World, around: Around, *names: str, left: bool = False
) -> list[Condition]:
    """Return what detectors say at the end of a world, every command of which is followed."""
    (summary,) = await FakeDatabase([rows_of(world)]).newest()
    watches = _watches(world, around, summary, left=left)
    found: list[Condition] = []
    asked = context(sources_of(world, around), world.now, options={"services": SERVICES})
    for name in names:
        detector: Any = detectors()[name]
        one = detector(detector.Settings())
        if name == "batch_failed":
            one.resume([await one.sample(replace(watches[0], now=BEGIN, batches=()))])
        conditions = (await played(one, watches)).conditions
        for condition in conditions:
            fails_of(await alert_leads_to_nothing(name, condition, asked))
        found += conditions
    return found


async def _investigated(world: World, around: Around) -> Report:
    found = await collect(
        sources_of(world, around), world.id, world.now, deadline=Deadline.after(10)
    )
    assert found is not None
    assert isinstance(getattr(found, "evidence", None), BatchEvidence)
    return investigate(found, world.now)  # type: ignore[arg-type]


async def _disagreements(world: World, around: Around, found: Sequence[Condition]) -> list[str]:
    """Return where an investigation says otherwise than an alert of its batch at the same time."""
    if not found:
        return []
    report, told = await _investigated(world, around), []
    for condition in found:
        seen = about(report, condition.rule)
        first = seen.findings[0] if seen.findings else None
        if not condition.batch and condition.rule in STUCK_RULES and not seen.facts["about_found"]:
            # It is of an item that is of no batch: the queue's own answer tells of it.
            first = next(
                (one for one in await _queue(world, around) if one.rule == condition.rule), None
            )
            if first is None or first.severity is not condition.severity:
                told.append(f"{condition.rule}: {condition.headline!s}, and /queue {first}")
        elif first is None or not seen.facts["about_found"]:
            told.append(f"{condition.rule}: {condition.headline!s}, and it finds nothing of it")
        elif condition.rule in FORECASTS or (condition.rule, first.severity) in ROWS_CLEAR:
            continue
        elif first.severity is not condition.severity:
            told.append(f"{condition.rule} is {condition.severity}, and there {first.severity}")
        elif not _counted(condition.headline) <= set(re.findall(r"\b\d+\b", str(first.what))):
            told.append(f"{condition.rule}: {condition.headline!s}, and there {first.what!s}")
    return told


async def _queue(world: World, around: Around) -> Sequence[Finding]:
    asked = context(sources_of(world, around), world.now, options={"services": SERVICES})
    read = read_line("/queue", commands())
    asked = replace(asked, deadline=Deadline.after(60))
    return (await read.command.run(read.request(), asked)).findings


def _counted(text: Text) -> set[str]:
    """Return how many comparisons, items or events a text speaks of."""
    return {match[1] for match in COUNTED.finditer(str(text))}


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_button_of_an_alert_leads_to_nothing(fault: str) -> None:
    """Each is followed on the data that it came from, also days after it."""
    world, around = FAULTS[fault][0](random.Random(0), 0)
    await _conditions(world, around, *detectors())


@pytest.mark.parametrize("fault", FAULTS)
async def test_no_alert_says_otherwise_than_an_investigation_at_the_same_time(fault: str) -> None:
    """Most alerts last for a quarter of an hour after what they tell of."""
    world, around = FAULTS[fault][0](random.Random(0), 0)
    world.now = min(world.now, world.last_activity + timedelta(minutes=10))
    found = await _conditions(world, around, *detectors(), left=fault in LEFT)
    assert await _disagreements(world, around, found) == []


@pytest.mark.parametrize(("fault", "name"), TOLD_BY.items())
async def test_an_alert_and_an_investigation_name_the_same_cause(fault: str, name: str) -> None:
    compared = 0
    for variant in range(8):
        world, around = FAULTS[fault][0](random.Random(variant), variant)
        if name == "submissions_lost":
            # It lasts a quarter of an hour.
            world.now = min(world.now, world.last_activity + timedelta(minutes=10))
        # Some ended too long before the question for an alert that lasts.
        for condition in await _conditions(world, around, name):
            assert condition.batch in ("", str(world.id))
            told = about(await _investigated(world, around), condition.rule)
            assert told.facts["about_found"], (condition.rule, told.findings)
            family = FAMILIES.get(condition.rule, (condition.rule,))
            assert told.findings[0].rule in family
            compared += 1
        if compared >= 2:
            break
    assert compared
