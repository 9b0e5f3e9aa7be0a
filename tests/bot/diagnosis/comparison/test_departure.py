"""What is gone from Redis is lost where its lines were read, and not accounted for elsewhere."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from bot.diagnosis.comparison.departure import departure
from bot.diagnosis.comparison.evidence import ComparisonEvidence
from bot.diagnosis.comparison.log_events import clue_of
from bot.diagnosis.queue.conservation import WHY_GAP, WHY_LATE, WHY_LEFT, departure_finding
from bot.domain.batch import PairRow
from bot.domain.log import LATE, LogCoverage, LogEvent, LogSearch, Role, Service

START = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
NAME = "llm_provider_service"
SERVICES = (Service(NAME, NAME, Role.LLM_PROVIDER),)
TEXT = f"Queued request {UUID(int=101)} with priority 5, TTL 14400s"
QUEUED = LogEvent(
    START, NAME, NAME, Role.LLM_PROVIDER, "info", TEXT,
    fields={"correlation_id": str(UUID(int=1))}, text=f"{TEXT} correlation_id={UUID(int=1)}",
)  # fmt: skip


def comparison(
    *, missing: tuple[tuple[str, str], ...] = (), services: tuple[Service, ...] = SERVICES
) -> ComparisonEvidence:
    clue = clue_of(QUEUED)
    assert clue is not None
    row = PairRow(1, 7, str(UUID(int=9)), "PENDING", "WAITING_CALLBACKS", UUID(int=1), "")
    coverage = (LogCoverage(NAME, NAME, START - timedelta(hours=1), scanned=9),)
    logs = LogSearch((QUEUED,), coverage, missing)
    return ComparisonEvidence(
        row, logs, (clue,), looked_at=START + timedelta(hours=1), services=services
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (comparison(), WHY_LEFT),
        # Which services there are was not read in time: its own line names the one that wrote it.
        (comparison(services=()), WHY_LEFT),
        (comparison(missing=((NAME, "permission denied"),)), WHY_GAP),
        (comparison(missing=((NAME, f"{LATE} 29.6 s"),)), WHY_LATE),
    ],
)
def test_why_what_is_gone_is_lost_or_is_not_accounted_for(
    given: ComparisonEvidence, why: str
) -> None:
    left = departure(given)
    assert left is not None
    assert left.is_sound is (why == WHY_LEFT)
    assert departure_finding([left]).why == why
