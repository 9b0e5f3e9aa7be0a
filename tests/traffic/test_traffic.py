"""A small version of `python -m tests.traffic`."""

import pytest

from tests.traffic.measure import MODES, healthy, measured
from tests.traffic.stories import STORIES


@pytest.mark.parametrize("mode", MODES)
def test_healthy_traffic_alerts_nobody(mode: str) -> None:
    assert healthy(mode, 1.5, seed=11) == []


@pytest.mark.parametrize("kind", STORIES)
def test_each_fault_is_told_by_its_name(kind: str) -> None:
    line, outcomes = measured(kind, 1, processes=1)
    assert (line.misses, line.wrong) == (0, 0), outcomes
