"""Each of several causes of failed comparisons is named, with what to do about it."""

from datetime import UTC, datetime

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.rules.failures import provider_failures
from bot.domain.batch import BatchHeader, BatchRows, ErrorGroup, PairCounts
from bot.domain.log import LogSearch
from bot.domain.queue import QueueReading

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
ID = "86e26627-1135-4553-bfbf-975da269c245"


def group(rows: int, status: int, kind: str, message: str = "") -> ErrorGroup:
    return ErrorGroup("EXTERNAL_SERVICE_ERROR", "llm", "anthropic", rows, rows,
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


def test_of_more_causes_two_are_named_and_the_others_counted() -> None:
    found = provider_failures(
        evidence(group(3, 429, "rate_limit"), CREDIT, group(1, 500, "server_error")), NOW
    )
    assert found is not None
    assert str(found.what).endswith("rate limit (429) and credit used up (400) (+1 more)")


def test_one_cause_is_told_in_its_own_words() -> None:
    found = provider_failures(evidence(group(3, 529, "overloaded")), NOW)
    assert found is not None
    assert str(found.what).endswith("model provider overloaded (529)")
