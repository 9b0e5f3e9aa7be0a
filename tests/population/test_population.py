"""Healthy batches stay quiet and every broken one is named, on both schema revisions."""

from dataclasses import replace

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.early_finalisation import early_finalisation
from bot.domain.batch import AnsweredCounts
from bot.domain.log import LogSearch
from bot.domain.queue import QueueReading
from tests.population.evidence import rows_of
from tests.population.faulty import FAULTS
from tests.population.healthy import STATES, healthy, state_of
from tests.population.measure import false_alarms, found
from tests.population.registry import rule_ids
from tests.support.fakes.sources import CJ, event

EACH = 2 * len(STATES)


@pytest.mark.marathon
@pytest.mark.parametrize("part", range(4))
def test_no_healthy_batch_of_any_legal_state_gets_a_warning(part: int) -> None:
    assert false_alarms(range(part * 9 * EACH, (part + 1) * 9 * EACH)) == {}


def test_a_healthy_batch_of_each_legal_state_and_revision_gets_no_warning() -> None:
    assert false_alarms(range(EACH)) == {}


@pytest.mark.parametrize("variants", [4, pytest.param(20, marks=pytest.mark.marathon)])
@pytest.mark.parametrize("rule", FAULTS)
def test_every_faulty_variant_is_found(rule: str, variants: int) -> None:
    assert found(rule, variants) == variants


def test_every_rule_that_the_code_can_name_is_measured() -> None:
    assert rule_ids() == set(FAULTS)


def test_the_population_holds_every_state_of_both_revisions() -> None:
    worlds = [healthy(seed)[0] for seed in range(EACH)]
    assert {state_of(seed) for seed in range(EACH)} == set(STATES)
    assert {world.then for world in worlds} == {True, False}
    assert {"PENDING", "PERFORMING_COMPARISONS", "COMPLETE_STABLE", "COMPLETE_MAX_COMPARISONS",
            "COMPLETE_INSUFFICIENT_ESSAYS", "COMPLETE_FORCED_RECOVERY"
            } == {world.status for world in worlds}  # fmt: skip
    states = {world.state for world in worlds}
    assert {"INITIALIZING", "WAITING_CALLBACKS", "SCORING", "COMPLETED",
            "FAILED"} <= states  # fmt: skip


@pytest.mark.parametrize(
    ("said", "early"),
    [
        ("", True),
        ("Completion threshold reached; finalizing scoring", False),
        ("Comparison budget exhausted; finalizing batch despite incomplete threshold", True),
    ],
)
def test_a_stop_at_the_threshold_is_not_early(said: str, early: bool) -> None:
    world, _ = healthy(1)
    rows = rows_of(world)
    at = world.outbox[0][0]
    # A threshold of the last wave alone, as before 2025-11-19, excuses nothing.
    whole = replace(rows.header, total_comparisons=rows.pairs.total)
    rows = replace(rows, header=whole, at_first_finalisation=AnsweredCounts(at, 10, 8, 8))
    lines = (event(at, said, CJ, batch_id=world.id),) if said else ()
    evidence = BatchEvidence(rows, LogSearch(lines, ()), QueueReading(world.now, 0))
    assert (early_finalisation(evidence, world.now) is not None) is early
