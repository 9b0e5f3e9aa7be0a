"""What status, list, trace and investigation say of one batch at the same time agrees."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from bot.diagnosis.batch.collect import collect
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.comparison.evidence import ComparisonEvidence
from bot.diagnosis.comparison.last_step import LossPlace, lost_answer
from bot.diagnosis.comparison.ledger import build_ledger
from bot.domain.evidence import Missing
from bot.domain.queue import QueueItem
from bot.domain.report import Report
from bot.ports import CommandContext, Deadline
from bot.registry import commands
from bot.requests.command_text import read_line
from tests.population.evidence import SERVICES, Around, sources_of
from tests.population.faulty import FAULTS
from tests.population.healthy import STATES, healthy
from tests.population.world import Comparison, World
from tests.support.agreement import list_against, status_against, trace_against
from tests.support.fakes.sources import context
from tests.support.leads import fails_of, leads_to_nothing

# Of how many variants of each fault answers are compared, and what they offer is followed.
VARIANTS, FOLLOWED = 3, 2
# In these, answers are lost in every place where a whole batch may lose them.
LOSING = (
    "answers-missing", "batch-failed", "callbacks-not-stored", "callbacks-unpublished",
    "consumer-silent", "left-unanswered", "local-queue", "lost-callbacks", "not-accounted-for",
    "worker-hung",
)  # fmt: skip


async def _answer(line: str, asked: CommandContext) -> Report:
    read = read_line(line, commands())
    return await read.command.run(read.request(), replace(asked, deadline=Deadline.after(60)))


async def _contradictions(world: World, around: Around, *, follows: bool) -> list[str]:
    asked = context(sources_of(world, around), world.now, options={"services": SERVICES})
    lines = (f"/batch investigate {world.id}", f"/batch status {world.id}")
    answers = [await _answer(line, asked) for line in lines]
    for answer in (*answers, await _answer("/queue", asked)) if follows else ():
        fails_of(await leads_to_nothing(answer, asked))
    whole, status = (answer.as_json() for answer in answers)
    listed = (await _answer("/batch list", asked)).as_json()
    found = [*status_against(status, whole), *list_against(listed, world.id, whole)]
    for one in _looked_into(world):
        trace = (await _answer(f"/trace {one}", asked)).as_json()
        found += trace_against(trace, whole)
    return found


def _looked_into(world: World) -> list[str]:
    """Return a comparison without an answer, one that failed and one that is well, if any."""
    kinds = (None, "error", "essay_a")
    firsts = (next((c for c in world.comparisons if c.winner == kind), None) for kind in kinds)
    return [str(one.correlation) for one in firsts if one]


@pytest.mark.parametrize("queue", [True, False], ids=["queue", "no queue"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_answer_says_otherwise_than_the_investigation(fault: str, queue: bool) -> None:
    """Of some faults the queue's look tells, of all some line: one of both has to do.

    What the answers offer is followed on the data that they came from, also days after it.
    """
    for variant in range(VARIANTS):
        world, around = FAULTS[fault][0](random.Random(variant), variant)
        around.no_queue = around.no_queue or not queue
        follows = queue and variant < FOLLOWED
        assert await _contradictions(world, around, follows=follows) == []


async def _against_traces(
    world: World, around: Around, comparisons: Iterable[Comparison]
) -> list[str]:
    """Return where traces of some of a batch's comparisons contradict its investigation."""
    asked = context(sources_of(world, around), world.now, options={"services": SERVICES})
    whole = (await _answer(f"/batch investigate {world.id}", asked)).as_json()
    found = []
    for one in comparisons:
        trace = (await _answer(f"/trace {one.correlation}", asked)).as_json()
        found += [f"{one.correlation}: {said}" for said in trace_against(trace, whole)]
    return found


def _without_answer(world: World, most: int = 4) -> list[Comparison]:
    """Return comparisons without a valid answer, of which a trace may say something, and one."""
    open_ones = [one for one in world.comparisons if one.winner in (None, "error")]
    return [*open_ones[:most], *world.comparisons[:1]]


@pytest.mark.parametrize("seed", range(2 * len(STATES)))
async def test_no_trace_accuses_in_a_batch_that_is_well(seed: int) -> None:
    """Of each legal state, by both schema revisions; what waits in a queue that moves is none."""
    world, around = healthy(seed)
    assert await _against_traces(world, around, _without_answer(world)) == []


@pytest.mark.marathon
@pytest.mark.parametrize("seed", range(2 * len(STATES)))
async def test_no_trace_of_any_id_contradicts_a_batch_that_is_well(seed: int) -> None:
    world, around = healthy(seed)
    assert await _against_traces(world, around, world.comparisons) == []


@pytest.mark.marathon
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_trace_of_any_id_contradicts_a_batch_with_a_fault(fault: str) -> None:
    world, around = FAULTS[fault][0](random.Random(0), 0)
    assert await _against_traces(world, around, world.comparisons) == []


async def test_each_place_where_an_answer_may_be_lost_is_told_of_some_comparison() -> None:
    """By what befalls whole batches; what befalls none of them, by one comparison's evidence."""
    found: dict[LossPlace, ComparisonEvidence] = {}
    for world, around in _lived():
        sources = sources_of(world, around)
        read = await collect(sources, world.id, world.now, deadline=Deadline.after(60))
        assert isinstance(read, BatchEvidence)
        for one in read.comparisons:
            found.setdefault(_place(one), one)
    sent = replace(found[LossPlace.UNFINISHED], clues=(), item=None, held=None)
    found[_place(sent)] = sent
    for one in (
        replace(sent, item=QueueItem("q", "failed")),
        replace(sent, logs=Missing("logs", "they are down")),
    ):
        found[_place(one)] = one
    assert set(found) == set(LossPlace)


def _place(comparison: ComparisonEvidence) -> LossPlace:
    return lost_answer(comparison, build_ledger(comparison)).kind


def _lived() -> Iterator[tuple[World, Around]]:
    for fault in LOSING:
        yield from (FAULTS[fault][0](random.Random(one), one) for one in range(VARIANTS))
