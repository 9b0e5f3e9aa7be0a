"""What the Kafka client's errors mean in words, with what to do and whether it passes."""

import re
from dataclasses import dataclass

from bot.border.outside import Outside
from bot.drivers.network import Trouble, network_trouble
from bot.errors import SourceError
from bot.sources.kafka.security import CA

HINT = "Check KAFKA_BOOTSTRAP_SERVERS, and that the broker's advertised address is reachable."
PROTOCOL = "KAFKA_SECURITY_PROTOCOL says how it is spoken to."
# What a client raises beside its own errors; by LookupError it stumbles over a login that is
# refused in SCRAM's own words ("e=…").
_CODEC = re.compile(r"for (snappy|lz4|zstd|gzip) compression")
_CLASS = re.compile(r"\b\w+Error\b:?")
RAISED = (OSError, ValueError, LookupError)


@dataclass(frozen=True, slots=True)
class _Row:
    """An error by a pattern of its words or of the client's name for it."""

    pattern: str
    ours: str
    hint: str
    permanent: bool = True


_ROWS = (
    _Row(
        "UnsupportedSaslMechanism|enabled mechanisms|HandshakeError|IllegalSaslState|SaslHandShake",
        "the broker does not let us log in by that mechanism",
        "Set KAFKA_SASL_MECHANISM to one that is enabled, or KAFKA_SECURITY_PROTOCOL without SASL.",
    ),
    _Row(
        "SaslAuthentication|AuthenticationFailed|AuthenticationMethod|invalid credentials"
        "|KeyError 'v'",
        "the broker refuses the login",
        "Correct KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.",
    ),
    _Row(
        "TopicAuthorization",
        "the user may not read the topic",
        "Give it READ and DESCRIBE on the topics (kafka-acls).",
    ),
    _Row("GroupAuthorization", "the user may not ask for the consumer group",
         "Give it DESCRIBE on the group (kafka-acls)."),
    _Row("ClusterAuthorization", "the user may not ask that of the cluster",
         "Give it DESCRIBE on the cluster (kafka-acls)."),
    _Row(
        "UnsupportedCodec|compression codec|UnsupportedCompression|UNSUPPORTED_COMPRESSION",
        "the messages are compressed by a codec that is not installed",
        "pip install cramjam beside batchbot (snappy, lz4, zstd).",
    ),
    _Row("UnknownTopic|UNKNOWN_TOPIC", "there is no such topic", HINT),
    _Row("UnrecognizedBrokerVersion|UnsupportedVersion", "the broker's version cannot be learnt: "
         "does its port speak TLS?", "Set KAFKA_SECURITY_PROTOCOL to SSL or SASL_SSL.", False),
    _Row("cluster metadata|NodeNotReady",
         "no broker can be reached where it sends clients to (advertised.listeners)",
         f"{HINT} A name there has to be known here, too.", False),
    _Row("Unable to bootstrap|KafkaConnection|ConnectionError|not connected",
         "the broker cannot be reached, or hung up: does its port speak TLS or SASL",
         f"{HINT} {PROTOCOL}", False),
)  # fmt: skip


def kafka_error(source: str, error: BaseException, doing: str) -> SourceError:
    """Return what an error of the client means; `doing` is what was asked of the broker."""
    trouble = network_trouble(error, "the broker", ca=CA)
    if isinstance(trouble, Trouble):
        return SourceError(
            source,
            f"{doing}: {trouble.message}",
            hint=trouble.hint or HINT,
            permanent=trouble.permanent,
            timed_out=trouble.timed_out,
        )
    text = f"{type(error).__name__} {error}"
    codec = _CODEC.search(text)
    for row in _ROWS:
        if re.search(row.pattern, text):
            which = f" ({codec.group(1)})" if codec else ""
            return SourceError(
                source, f"{doing}: {row.ours}{which}", hint=row.hint, permanent=row.permanent
            )
    said = _CLASS.sub("", str(error)).strip()
    return SourceError(source, f"{doing}: the broker refuses it: {Outside(said)}", hint=HINT)
