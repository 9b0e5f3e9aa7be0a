"""Each error of the Kafka client is said in words, with what to do and whether it passes."""

import ssl
from pathlib import Path
from typing import Any

import pytest
from aiokafka import errors

from bot.errors import SourceError
from bot.sources.kafka.callback_topic import KafkaCallbacks
from bot.sources.kafka.security import KafkaSecurity, kafka_error
from tests.support.servers.sasl_broker import sasl_broker


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


def test_the_usual_settings_become_the_clients_arguments() -> None:
    security = KafkaSecurity("SASL_SSL", "SCRAM-SHA-256", "me", "s3cr3t")
    found = security.options("callback_topic")
    assert isinstance(found["ssl_context"], ssl.SSLContext)
    assert found["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert (found["sasl_mechanism"], found["sasl_plain_username"]) == ("SCRAM-SHA-256", "me")
    assert KafkaSecurity().options("callback_topic") == {"security_protocol": "PLAINTEXT"}


def test_a_ca_file_that_is_not_there_is_named() -> None:
    security = KafkaSecurity("SSL", ca_file=Path("/nope.pem"))
    with pytest.raises(SourceError, match=r"KAFKA_SSL_CAFILE=/nope\.pem"):
        security.options("callback_topic")


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
@pytest.mark.parametrize(
    ("broker", "words", "hint"),
    [
        ({}, "the broker refuses the login", "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"),
        ({"mechanisms": ("GSSAPI",)}, "by that mechanism", "KAFKA_SASL_MECHANISM"),
        ({"handshake": 33}, "by that mechanism", "KAFKA_SASL_MECHANISM"),
        ({"handshake": 34}, "by that mechanism", "KAFKA_SECURITY_PROTOCOL without SASL"),
        ({"speaks_sasl": False}, "by that mechanism", "KAFKA_SECURITY_PROTOCOL without SASL"),
    ],
)
async def test_what_a_broker_says_of_a_login_reaches_who_asks(
    broker: dict[str, Any], words: str, hint: str, mechanism: str
) -> None:
    offered = {"mechanisms": (mechanism,), **broker}
    async with sasl_broker(**offered) as address:
        security = KafkaSecurity("SASL_PLAINTEXT", mechanism, "me", "s3cr3t")
        topic = KafkaCallbacks(address, timeout_seconds=5, security=security)
        try:
            with pytest.raises(SourceError) as caught:
                await topic.check()
        finally:
            await topic.close()
    told = f"{caught.value.message} {caught.value.hint}"
    assert words in caught.value.message
    assert hint in caught.value.hint
    assert "s3cr3t" not in told
    assert "Error" not in told
