from dataclasses import replace

from bot.diagnosis.export.checks import checks, is_open
from bot.domain.report import Confidence, Finding, Report, Severity

FAILED = Finding(
    "provider-failures", Severity.ERROR, Confidence.HIGH, "2 of 4 failed", next=("Ask again.",)
)
EMPTY = Report("batch investigate", "Investigation of batch 7", facts={"batch_id": 7})


def done(report: Report, recorded: int | None = None) -> set[str]:
    return {one.question for one in checks(report, recorded) if one.done}


def with_hypothesis(state: str) -> Report:
    told = {"name": "an item of this batch is stuck in the queue", "state": state, "why": "seen"}
    return replace(EMPTY, facts={"batch_id": 7, "hypotheses": [told]})


def test_nothing_is_ticked_where_nothing_was_established() -> None:
    assert done(EMPTY) == set()


def test_a_cause_that_is_a_guess_is_not_ticked_and_keeps_the_investigation_open() -> None:
    sure = replace(EMPTY, findings=(FAILED,))
    guess = replace(EMPTY, findings=(replace(FAILED, confidence=Confidence.LOW),))
    question = "Root cause of failed comparisons identified"
    assert done(sure) == {question, "Fix recommendations with confidence"}
    assert done(guess) == set()
    assert (is_open(sure), is_open(guess)) == ("", "a cause is not established")


def test_a_suspicion_is_ticked_when_decided_and_open_when_not() -> None:
    question = "Reason for a stuck queue understood"
    assert question in done(with_hypothesis("refuted"))
    assert question in done(with_hypothesis("supported"))
    assert question not in done(with_hypothesis("undecided"))


def test_a_test_case_is_made_only_by_a_bundle_that_holds_lines() -> None:
    question = "Reproducible test case created"
    assert question not in done(EMPTY)
    assert question not in done(EMPTY, recorded=0)
    assert question in done(EMPTY, recorded=12)


def test_comparing_both_modes_is_never_claimed() -> None:
    assert not any("compared" in question for question in done(EMPTY, recorded=12))


def test_what_waits_or_was_not_read_keeps_it_open() -> None:
    waiting = replace(EMPTY, facts={"batch_id": 7, "pending": 1})
    assert is_open(waiting) == "1 comparison waits for a result"
    assert is_open(replace(EMPTY, unreadable_need=True)) == "a needed source could not be read"
