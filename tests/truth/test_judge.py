"""What a truth's patterns ask of an answer, held against answers made for it."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.agreement import list_against
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


LOST = finding("answers-missing", "warn", "It ended with 6 of 6 comparisons missing")


def test_one_of_several_names_is_enough_and_evidence_counts() -> None:
    said = answer({**LOST, "evidence": [{"source": "logs", "text": "user_id is None"}]})
    assert wrongs(Truth("1", "faulty", named_by=("user_id", "kafka")), said) == []
    assert wrongs(Truth("1", "faulty", named_by=("kafka|redis",)), said) == [
        "not named: kafka|redis"
    ]
    # A day's author does not know the bot's own words for a cause, which are kept here.
    unusable = answer(finding("provider-failures", "warn", "3 failed: the answer was unusable"))
    known = Truth("1", "faulty", causes=("invalid_response",), named_by=("without the tool",))
    assert wrongs(known, unusable) == []


def test_what_is_false_is_looked_for_in_what_a_warn_or_an_error_says() -> None:
    truth = Truth("1", "faulty", false_by=("MISSING",))
    assert wrongs(truth, answer(LOST)) == ["claims what is false: MISSING (answers-missing)"]
    assert wrongs(truth, answer({**LOST, "severity": "info"})) == []
    assert wrongs(truth, answer(finding("passed", "warn", "no answer is missing"))) == []


def listed(*numbers: int) -> Mapping[str, Any]:
    return {"facts": {"batches": [{"batch_id": one, "mark": ""} for one in numbers]}}


def test_a_batch_older_than_a_list_shows_is_not_held_against_it() -> None:
    by_rows = {**LOST, "evidence": [{"source": "cj_database", "text": "6 pending rows"}]}
    assert list(list_against(listed(55, 54, 6), 5, answer(LOST))) == []
    assert list(list_against(listed(55, 6), 54, answer(LOST))) == ["the list does not show it"]
    assert list(list_against(listed(), 1, answer(LOST))) == ["the list does not show it"]
    assert list(list_against(listed(6), 6, answer(by_rows))) != []
    # What lines alone show, a list of rows need not say.
    assert list(list_against(listed(6), 6, answer(LOST))) == []
