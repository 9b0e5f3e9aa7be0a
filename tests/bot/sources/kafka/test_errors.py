"""Each error of the Kafka client is said in words, with what to do and whether it passes."""

import pytest
from aiokafka import errors

from bot.sources.kafka.errors import kafka_error


@pytest.mark.parametrize(
    ("error", "words", "hint", "permanent"),
    [
        (errors.KafkaConnectionError("Unable to bootstrap from [('x', 1)]"), "TLS or SASL",
         "KAFKA_SECURITY_PROTOCOL", False),
        (errors.UnsupportedCodecError("Libraries for snappy compression codec not found"),
         "codec that is not installed (snappy)", "cramjam", True),
        (errors.TopicAuthorizationFailedError("x"), "may not read the topic", "READ", True),
        (errors.GroupAuthorizationFailedError("x"), "consumer group", "DESCRIBE", True),
        (errors.AuthenticationFailedError("invalid credentials"), "refuses the login",
         "KAFKA_SASL_USERNAME", True),
        (errors.UnsupportedSaslMechanismError("x"), "by that mechanism", "enabled", True),
        (errors.UnrecognizedBrokerVersion("x"), "speak TLS", "SASL_SSL", False),
        (ConnectionRefusedError(111, "x"), "nobody listens", "Start it", False),
        (errors.KafkaError("boom"), "the broker refuses it", "KAFKA_BOOTSTRAP_SERVERS", False),
    ],
)  # fmt: skip
def test_an_error_of_the_client_is_said_in_words(
    error: Exception, words: str, hint: str, permanent: bool
) -> None:
    found = kafka_error("callback_topic", error, "the topic cannot be read")
    assert words in found.message
    assert hint in found.hint
    assert found.permanent is permanent
    assert type(error).__name__ not in found.message + found.hint
