"""Every log text that a detector waits for is known from somewhere, and what is seen was seen."""

import pytest

from bot.diagnosis.evidence.needles import PROVENANCE, Seen, is_proven
from bot.registry import detectors
from tests.support.paths import ROOT

# One line of the real morning for each text that was seen in it.
MORNING = (ROOT / "tests/fixtures/morning_2026_02_10.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", detectors())
def test_every_needle_of_a_detector_has_its_provenance(name: str) -> None:
    needles = getattr(detectors()[name], "needles", ())
    assert [text for text in needles if text not in PROVENANCE] == []


def test_what_is_said_to_be_seen_stands_in_the_recorded_lines() -> None:
    seen = [text for text, where in PROVENANCE.items() if isinstance(where, Seen)]
    assert seen
    assert [text for text in seen if text not in MORNING] == []


def test_the_table_holds_no_text_that_nothing_waits_for() -> None:
    wanted = {text for one in detectors().values() for text in getattr(one, "needles", ())}
    assert set(PROVENANCE) - wanted == set()


def test_what_was_only_read_is_unproven() -> None:
    assert is_proven("serial_bundle_dispatch")
    assert not is_proven("Dropping message after")
