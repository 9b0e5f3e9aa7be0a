"""The usual settings are taken as a client takes them, and a refused login is said in words."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from bot.errors import SourceError
from bot.sources.kafka.callback_topic import KafkaCallbacks
from bot.sources.kafka.security import KafkaSecurity
from tests.support.servers.kafka import kafka_broker
from tests.support.servers.kafka_listener import Listener, kafka_listener
from tests.support.servers.sasl_broker import sasl_broker


def test_the_usual_settings_become_the_clients_arguments() -> None:
    security = KafkaSecurity("SASL_SSL", "SCRAM-SHA-256", "me", "s3cr3t")
    found = security.options("callback_topic")
    assert isinstance(found["ssl_context"], ssl.SSLContext)
    assert found["ssl_context"].verify_mode is ssl.CERT_REQUIRED
    assert (found["sasl_mechanism"], found["sasl_plain_username"]) == ("SCRAM-SHA-256", "me")
    assert KafkaSecurity().options("callback_topic") == {"security_protocol": "PLAINTEXT"}


def test_a_ca_file_that_is_not_there_is_named() -> None:
    security = KafkaSecurity("SSL", ca_file=Path("/nope.pem"))
    with pytest.raises(SourceError, match=r"KAFKA_SSL_CAFILE, /nope\.pem"):
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
    assert caught.value.permanent
    assert hint in caught.value.hint
    assert "s3cr3t" not in told
    assert "Error" not in told


async def test_a_refusal_in_scrams_own_words_ends_no_reader() -> None:
    security = KafkaSecurity("SASL_PLAINTEXT", "SCRAM-SHA-256", "me", "s3cr3t")
    asks = Listener(users={"me": "another"}, scram_says="e=invalid-proof")
    with kafka_broker() as broker:
        async with kafka_listener(broker, asks) as address:
            topic = KafkaCallbacks(address, timeout_seconds=5, security=security)
            try:
                with pytest.raises(SourceError, match="the broker refuses the login"):
                    await topic.check()
            finally:
                await topic.close()


def test_each_login_is_with_the_password_of_now() -> None:
    passwords = ["old", "new"]
    security = KafkaSecurity("SASL_PLAINTEXT", "PLAIN", "bot", lambda: passwords.pop(0))
    assert [security.options("t")["sasl_plain_password"] for _ in range(2)] == ["old", "new"]
    assert "s3cr3t" not in repr(KafkaSecurity(password="s3cr3t"))
