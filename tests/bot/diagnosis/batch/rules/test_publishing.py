"""CJ is said not to take callbacks as surely as they show it, in reports as in the alert."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence, Delivery
from bot.diagnosis.batch.rules.publishing import consumer_silent
from bot.diagnosis.publishing.memory import PublishedCallback
from bot.domain.batch import BatchHeader, BatchRows, PairCounts, PendingPair
from bot.domain.evidence import Missing, SourceState
from bot.domain.log import LogSearch

NOW = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
AWAY = Missing("redis", "not configured", SourceState.NOT_CONFIGURED)


def _evidence(untaken: int, minutes: float) -> BatchEvidence:
    at = NOW - timedelta(minutes=minutes)
    ids = [UUID(int=number + 1) for number in range(untaken)]
    header = BatchHeader(
        7, "9c41f7b2-58de-4a36-b1f0-2ab525a2c007", "c", "PERFORMING_COMPARISONS",
        "WAITING_CALLBACKS", at, last_activity_at=at,
    )  # fmt: skip
    pending = tuple(PendingPair(number, id, at) for number, id in enumerate(ids))
    rows = BatchRows(header, PairCounts(total=10, pending=untaken), pending=pending)
    published = tuple(PublishedCallback(at, f"q{id}", str(id)) for id in ids)
    delivery = Delivery(untaken=published, heard=True)
    return BatchEvidence(rows, LogSearch((), ()), AWAY, delivery=delivery)


@pytest.mark.parametrize(
    ("untaken", "minutes", "said"),
    [
        (3, 2, ("error", "high", "3 published callbacks")),
        (1, 2, ("warn", "low", "1 published callback")),
        (2, 10, ("warn", "low", "2 published callbacks")),
        (1, 16, ("error", "low", "1 published callback")),
    ],
)
def test_few_callbacks_prove_little_until_they_count_as_lost(
    untaken: int, minutes: float, said: tuple[str, str, str]
) -> None:
    found = consumer_silent(_evidence(untaken, minutes), NOW)
    assert found is not None
    severity, confidence, callbacks = said
    assert (found.severity.value, found.confidence.value) == (severity, confidence)
    assert f"{callbacks};" in str(found.what)


def test_a_wave_that_is_on_its_way_is_no_silence() -> None:
    assert consumer_silent(_evidence(untaken=3, minutes=1), NOW) is None
