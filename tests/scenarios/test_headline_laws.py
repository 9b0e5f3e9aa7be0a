"""What the plug-in that watches headlines finds, and lets pass."""

import pytest

from bot.registry import detectors
from tests.support.slack.headlines import faults_of

RULES = frozenset({"orphaned-item"})


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("🔴 " + "word " * 25, "characters"),
        ("🔴 Trace of 8f3a11d7-9411-4ca2-9999-59a9d18c5da9", "whole id"),
        ("🔴 LLM queue stuck (orphaned-item)", "rule id"),
        ("🔴 LLM queue stuck since 14:29", "time of day"),
        ("⚠️ submitted_comparisons says 10", "name of the code's"),
        ("⚠️ Batch 33 is COMPLETE_STABLE", "name of the code's"),
        ("✅ Resolved after 9 min: the batch left SCORING", "name of the code's"),
        ("⚠️ 1 rejected callbacks belong to no batch", "one as many"),
        ("✅ Batch 33: do not use the grades", "all is well"),
    ],
)
def test_what_people_do_not_say_is_found(line: str, fault: str) -> None:
    (found,) = faults_of(line, RULES)
    assert fault in found


@pytest.mark.parametrize(
    "line",
    [
        "<@U012AB3CD> 🔴 LLM queue stuck for 6 min: batch 34 waits for an item",
        "🔴 Batch 33: do not use the grades. 66 of 100 failed (Anthropic overloaded, 529)",
        "⚠️ Rejected callback 8f3a11d7: it belongs to no batch here &amp; waits",
        "✅ Resolved after 9 min: no longer seen: 3 comparisons lost",
    ],
)
def test_people_s_words_pass(line: str) -> None:
    assert list(faults_of(line, RULES)) == []


def test_no_alert_ends_in_words_of_the_code() -> None:
    ends = {name: getattr(one, "closing", "") for name, one in detectors().items()}
    told = [f"✅ Resolved after 9 min: {ending}" for ending in ends.values() if ending]
    assert len(told) > 5
    assert [fault for line in told for fault in faults_of(line, RULES)] == []
