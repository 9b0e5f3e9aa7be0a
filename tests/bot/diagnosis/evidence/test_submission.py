"""A time-out of CJ's call is Kafka's where the provider's own line says that Kafka is away."""

import pytest

from bot.diagnosis.evidence.submission import (
    SubmissionFault,
    fault_of,
    lost_submission,
    says_kafka_away,
)
from tests.support.fakes.sources import CJ, event

ESSAYS = "101fbccc-ded7-43e8-b421-eaeb534097ca-eb2083e6-c0de-4a1b-9c55-0123456789ab"
LOST = event("2026-02-10T11:00:00", f"Unexpected error processing task {ESSAYS}: ", CJ)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("Timeout publishing message by 'p' to topic 't'.", SubmissionFault.KAFKA),
        ("Unable connect to node with id 1", SubmissionFault.KAFKA),
        ("Published message to topic 't'", SubmissionFault.TIMED_OUT),
    ],
)
def test_kafka_is_named_by_the_provider_s_lines(said: str, fault: SubmissionFault) -> None:
    lost = lost_submission(LOST)
    assert lost is not None
    line = event("2026-02-10T10:59:50", said)
    assert fault_of([lost], kafka_away=says_kafka_away(line)) is fault
