"""Healthy batches stay quiet and every broken one is named, on both schema revisions."""

import pytest

from tests.population.faulty import FAULTS
from tests.population.healthy import STATES
from tests.population.measure import false_alarms, found


def test_no_healthy_batch_of_any_legal_state_gets_a_warning() -> None:
    assert false_alarms(2 * len(STATES) * 42) == {}


@pytest.mark.parametrize("rule", FAULTS)
def test_every_faulty_variant_is_found(rule: str) -> None:
    assert found(rule, 20) == 20
