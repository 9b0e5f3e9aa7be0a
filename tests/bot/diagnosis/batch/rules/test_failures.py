"""Each of several causes of failed comparisons is named, with what to do about it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.headline import headline
from bot.diagnosis.batch.report import diagnose
from bot.diagnosis.batch.rules.failures import bundle_collateral, provider_failures
from bot.domain.batch import BatchHeader, BatchRows, ErrorGroup, PairCounts
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.queue import QueueReading

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
ID = "86e26627-1135-4553-bfbf-975da269c245"


def group(rows: int, status: int, kind: str, message: str = "") -> ErrorGroup:
    return ErrorGroup("EXTERNAL_SERVICE_ERROR", "llm_provider_service", "anthropic", rows, rows,
                      http_status=status, error_type=kind, message=message)  # fmt: skip


def evidence(*groups: ErrorGroup) -> BatchEvidence:
    errors = sum(one.rows for one in groups)
    rows = BatchRows(
        BatchHeader(8, ID, ID, "COMPLETE_STABLE", "COMPLETED", NOW),
        PairCounts(total=28, essay_a=28 - errors, error=errors),
        errors=groups,
    )
    return BatchEvidence(rows, LogSearch((), ()), QueueReading(NOW, 0))


CREDIT = group(2, 400, "client_error", "Your credit balance is too low")


def test_two_causes_are_both_named_with_a_remedy_each() -> None:
    found = provider_failures(evidence(group(3, 429, "rate_limit"), CREDIT), NOW)
    assert found is not None
    told = "5 of 28 comparisons failed: rate limit (429) and credit used up (400)"
    assert str(found.what) == told
    assert "send fewer at once" in str(found.next[0])
    assert "Top up the account" in str(found.next[1])


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (timedelta(minutes=1), "It passed: the last was at"),
        (-timedelta(minutes=1), "It had not passed at"),
    ],
)
def test_whether_it_passed_is_told_by_an_answer_that_came_after_the_last_failure(
    answered: timedelta, said: str
) -> None:
    last = NOW - timedelta(minutes=5)
    given = evidence(replace(group(3, 529, "overloaded"), first_at=last, last_at=last))
    pairs = replace(given.pairs, last_valid_at=last + answered)
    found = provider_failures(replace(given, rows=replace(given.rows, pairs=pairs)), NOW)
    assert found is not None
    assert said in str(found.why)


def test_it_passed_after_the_last_failure_of_whatever_cause() -> None:
    early, late = NOW - timedelta(minutes=9), NOW - timedelta(minutes=5)
    given = evidence(
        replace(group(3, 429, "rate_limit"), first_at=early, last_at=early),
        replace(CREDIT, first_at=late, last_at=late),
    )
    pairs = replace(given.pairs, last_valid_at=late + timedelta(minutes=1))
    given = replace(given, rows=replace(given.rows, pairs=pairs))
    found = provider_failures(given, NOW)
    assert found is not None
    assert f"It passed: the last was at {late.isoformat()}" in str(found.why)


def test_of_more_causes_two_are_named_and_the_others_counted() -> None:
    given = evidence(group(3, 429, "rate_limit"), CREDIT, group(1, 500, "server_error"))
    found = provider_failures(given, NOW)
    assert found is not None
    assert str(headline(diagnose(given, NOW), given)).endswith("more)")
    assert str(found.what).endswith("rate limit (429) and credit used up (400) (+1 more)")


def test_of_failures_of_which_some_were_looked_at_it_says_how_many() -> None:
    given = evidence(group(8, 429, "rate_limit"))
    bundled = replace(group(4, 529, "overloaded"), bundled_rows=4, bundles=1, largest=4)
    looked = replace(given, rows=replace(given.rows, errors=(bundled,), failures_looked_at=4))
    found, bundle = provider_failures(looked, NOW), bundle_collateral(looked, NOW)
    assert found is not None
    assert bundle is not None
    assert str(found.what).endswith("overloaded (529) (of 4 looked at)")
    assert str(bundle.what).startswith("at least 3 comparisons failed only because")
    for one in (found, bundle):
        lines = [str(line.text) for line in one.evidence]
        assert "reasons and bundles are those of 4 of 8 error rows" in lines
    whole = replace(given, rows=replace(given.rows, failures_looked_at=8))
    assert provider_failures(whole, NOW) == provider_failures(given, NOW)


def test_one_cause_is_told_in_its_own_words() -> None:
    found = provider_failures(evidence(group(3, 529, "overloaded")), NOW)
    assert found is not None
    assert str(found.what).endswith("model provider overloaded (529)")


def test_what_was_answered_when_asked_again_is_not_said_to_be_too_long() -> None:
    given = evidence()
    said = "Anthropic API failure: 400"
    answer = {
        "error_text": "prompt is too long: 9 tokens",
        "correlation_id": ID,
        "status_code": 400,
    }
    line = LogEvent(
        NOW, "llm", "llm", Role.LLM_PROVIDER, "error", said, fields=answer, text=f"{said} {answer}"
    )
    given = replace(given, logs=LogSearch((line,), ()), members=frozenset({ID}))
    found = provider_failures(given, NOW)
    assert found is not None
    assert str(found.what) == "1 request met a failure and was answered on retry: refused (400)"
    assert "too long" not in str(found.why)
    assert (found.severity.value, found.next) == ("info", ())
    waits = replace(given.rows, pairs=PairCounts(total=28, essay_a=27, pending=1))
    again = provider_failures(replace(given, rows=waits), NOW)
    assert again is not None
    assert str(again.what) == "1 request met a failure: an essay is too long for the model (400)"


def bundled(status: int, kind: str, message: str = "", rows: int = 8) -> ErrorGroup:
    return replace(group(rows, status, kind, message), roots=1, bundled_rows=rows, bundles=1,
                   largest=rows)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "collateral"),
    [
        (bundled(529, "overloaded"), True),
        (bundled(400, "client_error", "prompt is too long"), True),
        (bundled(401, "authentication"), False),
        (bundled(404, "client_error", "not_found_error"), False),
        (bundled(400, "client_error", "Your credit balance is too low"), False),
    ],
)
def test_a_bundle_is_blamed_where_others_of_it_would_have_been_answered(
    one: ErrorGroup, collateral: bool
) -> None:
    assert (bundle_collateral(evidence(one), NOW) is not None) is collateral


def test_a_bundle_that_broke_beside_a_refused_key_is_blamed_for_its_own_alone() -> None:
    found = bundle_collateral(
        evidence(bundled(401, "authentication"), bundled(529, "overloaded", rows=6)), NOW
    )
    assert found is not None
    assert str(found.what).startswith("5 comparisons failed only because")


@pytest.mark.parametrize(("rows", "sure"), [(8, "high"), (28, "low")])
def test_where_nobody_was_answered_it_is_not_sure_that_others_would_have_been(
    rows: int, sure: str
) -> None:
    found = bundle_collateral(evidence(bundled(529, "overloaded", rows=rows)), NOW)
    assert found is not None
    assert found.confidence.value == sure


def _said(text: str, at: datetime, level: str = "error") -> LogEvent:
    return LogEvent(at, "llm", "llm", Role.LLM_PROVIDER, level, text, text=text)


def _burst(at: datetime, root: str) -> tuple[LogEvent, ...]:
    told = "Published LLM provider failure event for provider: anthropic, failure_type: "
    call = "failed with HuleEduError: Anthropic API call failed: 529, message='overloaded'"
    items = (f"{digit * 8}-6226-458c-aa82-24ff1fa071a4" for digit in "12345")
    return (
        _said(f"{told}provider_error, correlation_id: {root}", at, "warning"),
        *(_said(f"Request {item} {call}", at) for item in items),
    )


def test_requests_that_met_a_failure_are_told_apart_from_those_of_their_bundles() -> None:
    lines = LogSearch(_burst(NOW, ID), ())
    given = replace(evidence(bundled(529, "overloaded", rows=5)), logs=lines)
    found = provider_failures(replace(given, members=frozenset({ID})), NOW)
    assert found is not None
    told = [str(line.text) for line in found.evidence]
    assert (
        "HTTP 529, overloaded: 5 rows, 1 failure; 1 request met it in the logs, 4 more of their "
        "bundles failed with them (read in rows and logs)" in told
    )
    answered = replace(evidence(), logs=lines, members=frozenset({ID}))
    found = provider_failures(answered, NOW)
    assert found is not None
    assert str(found.what) == "1 request met a failure and was answered on retry: overloaded (529)"
    assert str(found.why).endswith("Each was asked again, with 4 more of their bundles.")


def test_an_overload_passed_for_every_batch_when_anybody_was_answered_after_the_last_of_it() -> (
    None
):
    """One batch ended with its failure, another one met the same overload a little later."""
    last, other = NOW - timedelta(minutes=5), "0d5b5bd8-8fb7-4ab0-8b0c-63ac0d3a8e77"
    later = last + timedelta(seconds=30)
    lines = (*_burst(last, ID), *_burst(later, other))
    rows = replace(bundled(529, "overloaded", rows=5), first_at=last, last_at=last)
    given = replace(evidence(rows), members=frozenset({ID}))
    given = replace(given, rows=replace(given.rows, pairs=replace(given.pairs, last_valid_at=last)))
    found = provider_failures(replace(given, logs=LogSearch(lines, ())), NOW)
    assert found is not None
    assert f"It had not passed at {later.isoformat()}" in str(found.why)
    done = _said(f"Request {other} completed successfully, correlation_id: {other}",
                 later + timedelta(seconds=9), "info")  # fmt: skip
    found = provider_failures(replace(given, logs=LogSearch((*lines, done), ())), NOW)
    assert found is not None
    assert f"It passed: the last was at {later.isoformat()}" in str(found.why)


def _provider(second: int, said: str, **fields: object) -> LogEvent:
    return LogEvent(
        NOW + timedelta(seconds=second), "llm", "llm", Role.LLM_PROVIDER, "error", said,
        fields=fields, text=f"{said} {fields}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stop", "asked", "later", "told"),
    [
        ("refusal", ID, 1, "the model declined to answer"),
        ("end_turn", ID, 1, "the model's answer was unusable (200)"),
        # Another's, or of another time.
        ("refusal", "11111111-0000-4000-8000-000000000001", 1, "was unusable (200)"),
        ("refusal", ID, 300, "was unusable (200)"),
    ],
)
def test_an_answer_that_is_a_refusal_is_told_as_one(
    stop: str, asked: str, later: int, told: str
) -> None:
    lines = (
        _provider(0, "No tool use found in Anthropic response",
                  response_data=str({"stop_reason": stop, "content": []})),
        _provider(later, f"Published LLM provider failure event for provider: anthropic, "
                  f"failure_type: provider_error, correlation_id: {asked}"),
    )  # fmt: skip
    given = evidence(group(3, 200, "", "No tool use found in Anthropic response"))
    given = replace(given, logs=LogSearch(lines, ()), members=frozenset({ID}))
    found = provider_failures(given, NOW)
    assert found is not None
    assert told in str(found.what)
