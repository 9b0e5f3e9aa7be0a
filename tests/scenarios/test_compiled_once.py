"""Regular expressions are compiled at their first use, and none for each batch that is asked of."""

import random
import re
import re._compiler as compiler  # type: ignore[import-not-found]
from typing import Any

import pytest

from bot.registry import commands
from bot.requests.command_text import read_line
from tests.population.evidence import SERVICES, sources_of
from tests.population.faulty import FAULTS
from tests.support.fakes.sources import context

FAULT = "provider-failures"
# So many batches hold every kind of line; to answer of all of them takes so many expressions.
VARIANTS, MOST = 4, 400


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the expressions that are compiled from now on, however they were cached before."""
    seen: list[str] = []
    compile_ = compiler.compile

    def counting(pattern: Any, flags: int = 0) -> Any:
        seen.append(str(pattern))
        return compile_(pattern, flags)

    monkeypatch.setattr(compiler, "compile", counting)
    return seen


async def _ask(variant: int) -> None:
    world, around = FAULTS[FAULT][0](random.Random(variant), variant)
    sources = sources_of(world, around)
    id = next(one.correlation for one in world.comparisons)
    for line in (
        "/batch list 50", f"/batch status {world.id}", f"/batch investigate {world.id}", "/queue",
        f"/trace {id}", f"/logs cj {world.id}",
    ):  # fmt: skip
        read = read_line(line, commands())
        asked = context(sources, world.now, options={"services": SERVICES})
        await read.command.run(read.request(), asked)


async def test_another_batch_of_a_kind_compiles_nothing(compiled: list[str]) -> None:
    for variant in range(VARIANTS):
        await _ask(variant)
    assert len(compiled) <= MOST
    compiled.clear()
    await _ask(VARIANTS)
    assert compiled == []
    assert re.compile("counted (once|all the same)").groups == len(compiled) == 1
