"""A time-out of CJ's call is Kafka's where the provider's own line says that Kafka is away."""

import pytest

from bot.diagnosis.evidence.submission import (
    SubmissionFault,
    fault_of,
    lost_submission,
    says_kafka_away,
    submission_words,
)
from bot.registry import commands
from bot.text.wording import next_steps
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


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("500, message='Internal Server Error', url='http://llm:8080'", "HTTP 500"),
        ("502, message='Bad Gateway', url='http://llm:8080'", "a proxy said"),
        ("503, message='Service Unavailable', url='http://llm:8080'", "HTTP 503"),
        ("[SERVICE_UNAVAILABLE] LLM Provider Service error: HTTP 503", "HTTP 503"),
        ("429, message='Too Many Requests', url='http://llm:8080'", "HTTP 429"),
        ("400, message='Bad Request', url='http://llm:8080'", "refused"),
        ("[EXTERNAL_SERVICE_ERROR] LLM Provider Service error: HTTP 413", "refused"),
        ("[AUTHENTICATION_ERROR] LLM Provider Service error: HTTP 401", "refused"),
        ("Server disconnected", "connection broke"),
        ("[Errno 104] Connection reset by peer", "connection broke"),
        ("[EXTERNAL_SERVICE_ERROR] Unexpected error calling LLM Provider Service: ", "in time"),
        ("KeyError: 'x'", "could not hand them"),
    ],
)
def test_what_the_provider_s_door_answered_is_told(said: str, told: str) -> None:
    one = event("2026-02-10T11:00:00", f"Unexpected error processing task {ESSAYS}: {said}", CJ)
    lost = lost_submission(one)
    assert lost is not None
    assert told in submission_words(fault_of([lost], kafka_away=False))[0]


@pytest.mark.parametrize("fault", list(SubmissionFault))
def test_each_fault_s_step_names_no_command_that_there_is_not(fault: SubmissionFault) -> None:
    for command in next_steps(submission_words(fault)):
        assert command.split()[0].removeprefix("/") in commands()
