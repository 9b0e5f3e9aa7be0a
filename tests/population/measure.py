"""How often the rules are right: false alarms on healthy batches, faults found on broken ones."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.collect import collect as collect_batch
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.queue import evidence as queue_evidence
from bot.diagnosis.queue import report as queue_report
from bot.diagnosis.runner import report as runner_report
from bot.domain.report import Finding, Severity
from bot.ports import Deadline, Sources
from tests.population.evidence import Around, sources_of
from tests.population.faulty import FAULTS
from tests.population.healthy import healthy, state_of
from tests.population.world import World

LOUD = (Severity.WARN, Severity.ERROR)
_RANK = {Severity.INFO: 0, Severity.WARN: 1, Severity.ERROR: 2}


def false_alarms(seeds: Sequence[int]) -> Counter[tuple[str, str]]:
    """Return (state, rule) -> count of warn or error findings on the healthy batches of seeds."""
    return asyncio.run(_false_alarms(seeds))


def found(rule: str, variants: int) -> int:
    """Return how many of so many faulty variants a rule finds, at its severity or above."""
    return asyncio.run(_found(rule, variants))


async def judged(world: World, around: Around, sources: Sources | None = None) -> list[Finding]:
    """Return what /batch status, /queue and /runner list say of a world."""
    sources = sources or sources_of(world, around)
    evidence = await collect_batch(sources, world.id, world.now, deadline=Deadline.after(10))
    assert isinstance(evidence, BatchEvidence)
    status = batch_report.findings_of(evidence, world.now)
    look = await queue_evidence.collect(sources, world.now, deadline=Deadline.after(5))
    runners = await runner_report.collect(sources, world.now, deadline=Deadline.after(5))
    return [
        *status,
        *queue_report.diagnose(look, world.now).findings,
        *runner_report.diagnose(runners, world.now).findings,
    ]


async def _false_alarms(seeds: Sequence[int]) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for seed in seeds:
        for finding in await judged(*healthy(seed)):
            if finding.severity in LOUD:
                counts[state_of(seed), finding.rule] += 1
    return counts


async def _found(rule: str, variants: int) -> int:
    make, severity = FAULTS[rule]
    hits = 0
    for variant in range(variants):
        findings = await judged(*make(random.Random(variant), variant))
        hits += any(one.rule == rule and _RANK[one.severity] >= _RANK[severity] for one in findings)
    return hits
