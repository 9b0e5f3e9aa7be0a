"""A small version of `python -m tests.traffic`."""

import pytest

from tests.traffic import warnings
from tests.traffic.measure import MODES, healthy, measured
from tests.traffic.stories import STORIES


@pytest.mark.parametrize("mode", MODES)
def test_healthy_traffic_alerts_nobody(mode: str) -> None:
    assert healthy(mode, 1.5, seed=11) == []


@pytest.mark.marathon
@pytest.mark.parametrize("kind", STORIES)
def test_each_fault_is_told_by_its_name(kind: str) -> None:
    line, outcomes = measured(kind, 1, processes=1)
    assert (line.misses, line.wrong) == (0, 0), outcomes


def test_an_outbox_is_warned_of_minutes_before_it_is_late_and_not_when_it_recovers() -> None:
    line = warnings.measured("outbox_growing", 1, processes=1)
    assert (line.came, len(line.leads), line.in_vain) == (1, 1, 0)
    assert line.leads[0] > 180
