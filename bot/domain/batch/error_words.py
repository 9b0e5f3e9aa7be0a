"""The words that name what went wrong; nothing else of another service's error message is read.

A message of a model's provider or of a relay may quote what was sent. So of rows' messages only
these words leave the database, here as in deploy/readonly_role.sql. The patterns mean the same to
Python and to PostgreSQL, in any case; none holds a group that captures.
"""

from typing import NamedTuple


class ProviderWords(NamedTuple):
    """A reason, what stands for its words once they were found, and the pattern of its words."""

    reason: str
    said: str
    pattern: str


# The first that matches wins.
OF_PROVIDER = (
    ProviderWords(
        "credit_used_up",
        "credit balance",
        "credit balance|insufficient[_ ]quota|exceeded your current quota|billing",
    ),
    ProviderWords(
        "content_too_long",
        "prompt is too long",
        "prompt is too long|context[_ ]length|maximum context|request_too_large",
    ),
    ProviderWords(
        "key_refused",
        "authentication",
        "invalid x-api-key|authentication|permission_error|invalid api key|api key not configured",
    ),
    ProviderWords(
        "model_unknown", "unknown model", "not_found_error|model[_ ]not[_ ]found|unknown model"
    ),
    ProviderWords("rate_limit", "rate limit", "rate[_ ]limit|too many requests"),
    ProviderWords("overloaded", "overloaded", "overloaded"),
    ProviderWords("timeout", "timeout", "time(?:d)?[- ]?out(?! of)"),
    ProviderWords(
        "host_unknown",
        "name or service not known",
        "name or service not known|no address associated with|name resolution|connectordnserror|"
        "nodename nor servname",
    ),
    ProviderWords(
        "certificate_refused",
        "certificate verify failed",
        "certificate[_ ]verify[_ ]failed|sslcertverification|connectorcertificateerror",
    ),
    ProviderWords(
        "connection_lost",
        "connection reset",
        "connection_error|disconnected|connection reset|cannot connect|broken pipe|"
        "connection refused|clientconnect|clientoserror",
    ),
    ProviderWords("answer_truncated", "truncated response", "max_tokens limit|truncated response"),
    ProviderWords(
        "answer_unusable",
        "invalid_response",
        "no tool use|no choices in|invalid_response|failed to parse",
    ),
    ProviderWords(
        "server_error",
        "server_error",
        "server_error|api_error|internal server error|bad gateway",
    ),
)


class FinerWords(NamedTuple):
    """A reason within another one, which it `narrows`, and the pattern of its words in lines."""

    reason: str
    narrows: str
    pattern: str


# OpenSSL's, the resolver's and the provider's own words; rows hold a class of such an error alone.
FINER = (
    FinerWords("certificate_expired", "certificate_refused", "certificate has expired"),
    FinerWords("certificate_early", "certificate_refused", "certificate is not yet valid"),
    FinerWords(
        "certificate_issuer",
        "certificate_refused",
        "self[- ]signed certificate|unable to get (?:local )?issuer certificate",
    ),
    FinerWords("certificate_name", "certificate_refused", "hostname mismatch|ip address mismatch"),
    FinerWords("permission_denied", "key_refused", "permission_error|not have permission"),
    FinerWords("host_lookup", "host_unknown", "temporary failure in name resolution"),
)
_CLASS = (
    "kafka|broker|brokers|producer|topic|unknown|or|partition|leader|not|for|message|record|batch|"
    "size|too|large|connection|refused|reset|aborted|timeout|timed|out|request|node|ready|no|"
    "available|circuit|breaker|open|redis|serialization|value|type|key|os|runtime|schema|"
    "validation|huleedu|authorization|failed|cancelled|client|server|disconnected|http|attribute|"
    "unicode|encode|decode|json"
)
# What a relay met that could not publish an event: its class, its code, then its words.
OF_RELAY = (
    f"(?<![a-z])(?:{_CLASS}){{1,6}}(?:error|exception)(?![a-z])",
    "kafka_(?:publish|connection|timeout|serialization)_error|external_service_error|"
    "serialization_error|circuit_breaker_open",
    "time(?:d)?[- ]?out(?! of)",
    "unable to bootstrap|no brokers? available|not available|node not ready",
    "connection (?:refused|reset|closed|aborted|lost)|disconnected|broken pipe",
    "too large|larger than the maximum|unknown[_ ]topic[_ ]or[_ ]part(?:ition)?",
    "not leader for partition|not enough replicas",
    "authori[sz]ation failed|authentication failed",
    "circuit breaker is open|not (?:json )?serializable|name or service not known",
)
