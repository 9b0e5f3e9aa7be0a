"""Whether the provider's failures have a known cause is held against rows and lines alike."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.investigate.hypotheses import HypothesisState, hypotheses
from bot.domain.batch import BatchHeader, BatchRows, ErrorGroup, PairCounts
from bot.domain.evidence import Missing
from bot.domain.log import LogSearch
from bot.domain.queue import QueueReading
from tests.support.fakes.sources import event

NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
ID, QUEUE_ID = "86e26627-1135-4553-bfbf-975da269c245", "2c6f32cf-db5a-4a7a-847a-15f719fc4910"
NAME = "the provider's failures have a known cause"
# What each revision writes of the same answer.
LINES = {
    "then": f"Request {QUEUE_ID} failed: Anthropic API error: 529 - "
    f'{{"type":"error","error":{{"type":"overloaded_error"}}}}, correlation_id: {ID}',
    "now": "Anthropic API call failed: 529, message='overloaded_error'",
}


def evidence(
    status: int | None = None, line: str = "", *, errors: int = 4, away: bool = False
) -> BatchEvidence:
    """Return a batch of ten, of which some failed; what rows and lines say of it."""
    group = ErrorGroup(
        "EXTERNAL_SERVICE_ERROR", "llm_provider_service", "anthropic", errors, 1, http_status=status
    )
    header = BatchHeader(9, ID, ID, "COMPLETE_STABLE", "COMPLETED", NOW - timedelta(minutes=9))
    rows = BatchRows(
        header,
        PairCounts(total=10, essay_a=10 - errors, error=errors),
        errors=(group,) if errors else (),
    )
    found = (event(NOW, line, level="error", correlation_id=ID),) if line else ()
    logs = Missing("logs", "no such folder") if away else LogSearch(found, ())
    return BatchEvidence(rows, logs, QueueReading(NOW, 0), members=frozenset({ID}))


@pytest.mark.parametrize(
    ("given", "state", "said"),
    [
        (evidence(529), "supported", "of 4 that failed 4 by model provider overloaded (529)"),
        (evidence(line=LINES["then"]), "supported", "model provider overloaded (529)"),
        (evidence(line=LINES["now"]), "supported", "model provider overloaded (529)"),
        (evidence(), "undecided", "neither the rows nor the logs"),
        (evidence(away=True), "undecided", "the logs could not be read"),
        (evidence(errors=0), "refuted", "no comparison failed"),
    ],
)
def test_a_cause_is_supported_by_rows_or_by_the_lines_of_either_revision(
    given: BatchEvidence, state: str, said: str
) -> None:
    (found,) = (one for one in hypotheses(given, ()) if one.name == NAME)
    assert found.state is HypothesisState(state)
    assert said in str(found.why)
