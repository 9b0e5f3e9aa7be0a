"""What a truth's patterns ask of an answer, held against answers made for it."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.truth.day import Truth
from tests.truth.judge import wrongs


def finding(rule: str, severity: str, what: str, *steps: str) -> Mapping[str, Any]:
    return {"rule": rule, "severity": severity, "what": what, "why": "", "next": list(steps)}


def answer(*findings: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"verdict": "warn", "findings": list(findings), "facts": {}}


KEPT = finding("callbacks-unpublished", "warn", "3 answers that Kafka refused wait in memory")


def test_each_wanted_pattern_is_met_by_one_finding() -> None:
    truth = Truth("1", "faulty", wanted=("(?i)kafka", "callbacks-unpublished.*refused"))
    assert wrongs(truth, answer(KEPT)) == []
    assert wrongs(truth, answer()) == [
        "not named: (?i)kafka",
        "not named: callbacks-unpublished.*refused",
    ]


def test_only_what_is_allowed_or_wanted_may_warn() -> None:
    other = finding("provider-failures", "error", "28 of 28 comparisons failed")
    named = Truth("1", "faulty", allowed=(), wanted=("(?i)kafka",))
    assert wrongs(named, answer(KEPT)) == []
    assert wrongs(named, answer(KEPT, other)) == ["accuses: error provider-failures"]
    assert wrongs(Truth("1", "faulty", allowed=("provider-failures",)), answer(other)) == []
    assert wrongs(Truth("1", "faulty"), answer(other)) == []


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ("docker restart huleedu_llm_provider_service", True),
        ("Restart the provider.", True),
        ("Do not restart the provider: the answers are in its memory.", False),
        ("Let one new request through.", False),
    ],
)
def test_what_must_not_be_said_is_looked_for_in_the_advice_too(step: str, wrong: bool) -> None:
    truth = Truth("1", "faulty", never_say=("docker restart|restart the (llm )?provider",))
    said = wrongs(truth, answer(finding("callbacks-unpublished", "warn", "3 wait", step)))
    assert bool(said) is wrong
