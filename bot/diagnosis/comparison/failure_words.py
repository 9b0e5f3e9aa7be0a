"""The closed list of what goes wrong at the model's provider, and what people read of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FailureReason(StrEnum):
    """What went wrong at the model's provider."""

    OVERLOADED = "overloaded"
    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    CONNECTION = "connection_lost"
    HOST = "host_unknown"
    LOOKUP = "host_lookup"
    CERTIFICATE = "certificate_refused"
    EXPIRED = "certificate_expired"
    EARLY = "certificate_early"
    ISSUER = "certificate_issuer"
    OTHER_NAME = "certificate_name"
    TOO_LONG = "content_too_long"
    CREDIT = "credit_used_up"
    KEY = "key_refused"
    PERMISSION = "permission_denied"
    MODEL = "model_unknown"
    TRUNCATED = "answer_truncated"
    ANSWER = "answer_unusable"
    SERVER = "server_error"
    REFUSED = "request_refused"
    UNKNOWN = "not_recorded"


# What every call meets alike, whichever comparison it asks for.
OF_EVERY_CALL = frozenset(
    {FailureReason.CREDIT, FailureReason.KEY, FailureReason.PERMISSION, FailureReason.MODEL}
)


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """What people read of a reason: what happened, also in short, what it means, what to do."""

    what: str
    short: str
    why: str
    do: str


WORDS: Mapping[FailureReason, ReasonWords] = {
    FailureReason.OVERLOADED: ReasonWords(
        "model provider overloaded",
        "overloaded",
        "The model's provider had no capacity left.",
        "Wait until the provider has capacity, then ask for the failed comparisons again.",
    ),
    FailureReason.RATE_LIMIT: ReasonWords(
        "rate limit of the provider",
        "rate limit",
        "More was asked of the model's provider at once than its rate limit allows.",
        "Wait a minute, then send fewer at once or in smaller bundles.",
    ),
    FailureReason.TIMEOUT: ReasonWords(
        "the model provider timed out",
        "timed out",
        "The model's provider did not answer within the time-out.",
        "Send fewer at once or smaller bundles, and ask for the failed comparisons again.",
    ),
    FailureReason.CONNECTION: ReasonWords(
        "connection to the model provider lost",
        "connection lost",
        "Connections to the model's provider broke off before an answer came.",
        "Check the network to the model's provider, then ask for the failed ones again.",
    ),
    FailureReason.HOST: ReasonWords(
        "the model provider's host has no address",
        "host unknown",
        "No connection came about: the name in the LLM provider service's settings has no address.",
        "Look at the BASE_URL in the LLM provider service's settings, and at its DNS.",
    ),
    FailureReason.LOOKUP: ReasonWords(
        "no DNS server answered for the model provider's host",
        "DNS failed",
        "No connection came about: the name could not be looked up, whether it is right or not.",
        "Look at the DNS of the LLM provider service's host, then ask for the failed ones again.",
    ),
    FailureReason.CERTIFICATE: ReasonWords(
        "the model provider's certificate was refused",
        "certificate refused",
        "No connection came about: the LLM provider service did not accept that certificate.",
        "Look at the BASE_URL, at a proxy before it, and at the certificates trusted there.",
    ),
    FailureReason.EXPIRED: ReasonWords(
        "the model provider's certificate has expired",
        "certificate expired",
        "No connection came about: by the LLM provider service's clock that certificate is over.",
        "Have the certificate at the BASE_URL renewed; look at that host's clock.",
    ),
    FailureReason.EARLY: ReasonWords(
        "the model provider's certificate is not yet valid",
        "certificate not yet valid",
        "No connection came about: that certificate begins after the LLM provider service's time.",
        "Set the clock of the LLM provider service's host, or have the certificate replaced.",
    ),
    FailureReason.ISSUER: ReasonWords(
        "the model provider's certificate is by an unknown issuer",
        "certificate not trusted",
        "No connection came about: it is self-signed, or its issuer is none that is trusted there.",
        "Look whether a proxy stands before the BASE_URL; have its issuer trusted, or pass it by.",
    ),
    FailureReason.OTHER_NAME: ReasonWords(
        "the model provider's certificate is for another host",
        "wrong host in the certificate",
        "No connection came about: that certificate names another host than the BASE_URL does.",
        "Correct the BASE_URL in the LLM provider service's settings, or have the name added.",
    ),
    FailureReason.TOO_LONG: ReasonWords(
        "an essay is too long for the model",
        "essay too long",
        "The prompt is longer than what the model takes.",
        "Shorten the essay or take it out, then run the batch again.",
    ),
    FailureReason.CREDIT: ReasonWords(
        "the provider's credit is used up",
        "credit used up",
        "The account at the model's provider has no credit, and refuses every request.",
        "Top up the account at the model's provider, then run the batch again.",
    ),
    FailureReason.KEY: ReasonWords(
        # Rows and an older service's lines say the same of a key that is not there at all.
        "no API key that the provider accepts",
        "no valid key",
        "The LLM provider service has no key, or one that the model's provider does not accept.",
        "Give the LLM provider service a valid API key, then run the batch again.",
    ),
    FailureReason.PERMISSION: ReasonWords(
        "the API key has no permission for what is asked",
        "no permission",
        "The model's provider does not permit with this API key what the request asks for.",
        "Give the API key access to the model, or set another key; then run the batch again.",
    ),
    FailureReason.MODEL: ReasonWords(
        "model unknown to the provider",
        "model unknown",
        "The request names a model that the provider does not have.",
        "Correct the model's name in the override or the settings, then run the batch again.",
    ),
    FailureReason.TRUNCATED: ReasonWords(
        "the model's answer was cut off at max_tokens",
        "answer cut off",
        "The answer is longer than the tokens that the request allows.",
        "Raise max_tokens in the override or the settings, then run the batch again.",
    ),
    FailureReason.ANSWER: ReasonWords(
        "the model's answer was unusable",
        "answer unusable",
        "The model answered, but not in the form that was asked for.",
        "Look at the request that fails each time; ask for the others of its bundle again.",
    ),
    FailureReason.SERVER: ReasonWords(
        "server error of the model provider",
        "server error",
        "The model's provider had an error of its own.",
        "Wait until the provider is well, then ask for the failed comparisons again.",
    ),
    FailureReason.REFUSED: ReasonWords(
        "the provider refused the request",
        "request refused",
        "The model's provider called the request invalid.",
        "Correct what the provider calls invalid before asking for it again.",
    ),
    FailureReason.UNKNOWN: ReasonWords(
        "no cause recorded",
        "no cause recorded",
        "",
        "Ask for the failed comparisons again, and see what is answered.",
    ),
}
