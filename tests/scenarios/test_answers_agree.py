"""What status, list, trace and investigation say of one batch at the same time agrees."""

import random
from dataclasses import replace

import pytest

from bot.domain.report import Report
from bot.ports import CommandContext, Deadline
from bot.registry import commands
from bot.requests.command_text import read_line
from tests.population.evidence import SERVICES, Around, sources_of
from tests.population.faulty import FAULTS
from tests.population.world import World
from tests.support.agreement import list_against, status_against, trace_against
from tests.support.fakes.sources import context

VARIANTS = 3


async def _answer(line: str, asked: CommandContext) -> Report:
    read = read_line(line, commands())
    return await read.command.run(read.request(), replace(asked, deadline=Deadline.after(60)))


async def _contradictions(world: World, around: Around) -> list[str]:
    asked = context(sources_of(world, around), world.now, options={"services": SERVICES})
    whole = (await _answer(f"/batch investigate {world.id}", asked)).as_json()
    status = (await _answer(f"/batch status {world.id}", asked)).as_json()
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
    """Of some faults the queue's look tells, of all some line: one of both has to do."""
    for variant in range(VARIANTS):
        world, around = FAULTS[fault][0](random.Random(variant), variant)
        around.no_queue = around.no_queue or not queue
        assert await _contradictions(world, around) == []
