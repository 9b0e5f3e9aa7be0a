"""Healthy batches stay quiet and every broken one is named, on both schema revisions."""

from dataclasses import replace

import pytest

from bot.diagnosis.rules.finalisation import early_finalisation
from bot.domain.rows import AnsweredCounts
from tests.population.faulty import FAULTS, FINISHED, base, evidence_of, line_of
from tests.population.healthy import NOW, STATES
from tests.population.measure import false_alarms, found


def test_no_healthy_batch_of_any_legal_state_gets_a_warning() -> None:
    assert false_alarms(2 * len(STATES) * 42) == {}


@pytest.mark.parametrize("rule", FAULTS)
def test_every_faulty_variant_is_found(rule: str) -> None:
    assert found(rule, 20) == 20


@pytest.mark.parametrize(
    ("said", "early"),
    [
        ((), True),
        (("Completion threshold reached; finalizing scoring",), False),
        (("Comparison budget exhausted; finalizing batch despite incomplete threshold",), True),
    ],
)
def test_a_stop_at_the_threshold_is_not_early(said: tuple[str, ...], early: bool) -> None:
    rows = base(1, FINISHED)
    at = rows.projections.first_at or NOW
    rows = replace(rows, at_first_finalisation=AnsweredCounts(at, 10, 8, 8))
    evidence = evidence_of(rows, *(line_of(rows, text) for text in said))
    assert (early_finalisation(evidence, NOW) is not None) is early
