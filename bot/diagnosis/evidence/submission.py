"""Comparisons that CJ could not hand to the LLM provider: what its failing line says; pure.

The row is written before the request is sent. The failing line names the two essays and no
correlation id, so it is joined to its pair by them. While Kafka is away the provider takes the
request and does not queue it, because it publishes first: CJ's call times out after a minute.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.log import LogEvent, Role

SUBMISSION_FAILED = "Unexpected error processing task"
# CJ begins, before its consumer; a wave that it was sending before is not taken up again.
SERVICE_STARTED = "CJ Assessment Service started successfully"
BROKEN_OFF = "not submitted: CJ ended while it sent"
BROKEN_OFF_WHY = (
    "Its row says sent, and no line of CJ or of the LLM provider does; CJ started again and sends "
    "it no more."
)
REQUEST_TAKEN = "Processing comparison request with correlation_id"
# aiokafka's lines carry no time: they stand behind the line before them.
_UNREACHED = (
    "Unable connect to node with id",
    "Unable to update metadata from",
    "Timeout publishing message by",
)
# CJ's call times out a minute after Kafka was needed.
KAFKA_WITHIN = timedelta(minutes=3)
# A publish that failed, to whichever topic.
_UNPUBLISHED = ("Kafka publish failed for topic '", "Failed to publish event to topic ")
KAFKA_AWAY = (*_UNREACHED, *_UNPUBLISHED)
# Of a publish that failed only these say that Kafka is away: it may refuse one topic alone.
_NOT_REACHED = re.compile(
    r"KafkaConnectionError|KafkaTimeoutError|KafkaUnavailableError|NodeNotReadyError|"
    r"RequestTimedOutError|NoBrokersAvailable|Connect call failed|Connection refused"
)
_ESSAY = r"(?:ANCHOR_\S+?_[0-9a-f]{8}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[^\s-]+)"
_FAILED = re.compile(
    rf"{SUBMISSION_FAILED} (?P<a>{_ESSAY})-(?P<b>{_ESSAY}): (?P<error>.*)", re.DOTALL
)
UNREACHABLE = ("Cannot connect to host", "Connect call failed", "Connection refused",
                "Name or service not known")  # fmt: skip
_BROKEN = re.compile(
    "Server disconnected|Connection reset|Connection closed|Cannot write to closing"
)
# As CJ tells an answer after its last try, and one that it does not ask for again.
_ANSWERED = re.compile(r"^\s*([45]\d\d), message=")
_CODED = re.compile(r"^\[([A-Z_]{1,40})\] LLM Provider Service error:")
_SILENT = re.compile(r"(?:Provider Service:|^)\s*$|timed? ?out", re.IGNORECASE)


class SubmissionFault(StrEnum):
    """Why CJ could not hand a comparison over, as far as lines show it."""

    KAFKA = "kafka"
    PROVIDER = "provider"
    TIMED_OUT = "timed_out"
    GATEWAY = "gateway"
    SERVER = "server"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"
    BUSY = "busy"
    REFUSED = "refused"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class LostSubmission:
    """One comparison that was not handed over: its essays, and why by its own line alone.

    `reached` is one of which the provider had the call, so that it may have queued it.
    """

    at: datetime
    essay_a: str
    essay_b: str
    fault: SubmissionFault
    event: LogEvent
    reached: bool = False


def lost_submission(event: LogEvent) -> LostSubmission | None:
    """Read a failing line of CJ; None for another line."""
    if event.at is None or event.role is not Role.CJ:
        return None
    match = _FAILED.match(event.event)
    if match is None:
        return None
    error = match["error"]
    answered = _ANSWERED.match(error)
    reached = _BROKEN.search(error) is not None or bool(answered and answered[1] >= "500")
    return LostSubmission(event.at, match["a"], match["b"], _fault(error), event, reached)


def says_kafka_away(event: LogEvent) -> bool:
    """Say whether a service writes beside this line that it cannot reach Kafka."""
    if event.event.startswith(_UNPUBLISHED):
        return _NOT_REACHED.search(event.event) is not None
    return any(text in event.text for text in _UNREACHED)


def kafka_away_beside(
    events: Iterable[LogEvent], lost: Iterable[LostSubmission]
) -> tuple[LogEvent, ...]:
    """Return the lines that say that Kafka is away, from about when a comparison was lost."""
    times = [one.at for one in lost]
    away = (one for one in events if one.at and says_kafka_away(one))
    return tuple(one for one in away if any(_is_near(one.at, at) for at in times))


def _is_near(at: datetime | None, other: datetime) -> bool:
    return at is not None and abs(at - other) <= KAFKA_WITHIN


def fault_of(lost: Iterable[LostSubmission], *, kafka_away: bool) -> SubmissionFault:
    """Return the plainest fault that lines show; a time-out is Kafka's while that is away."""
    faults = {one.fault for one in lost}
    found = next((one for one in _PLAINEST if one in faults), SubmissionFault.OTHER)
    silent = found is SubmissionFault.TIMED_OUT
    return SubmissionFault.KAFKA if silent and kafka_away else found


def _fault(error: str) -> SubmissionFault:
    if any(text in error for text in UNREACHABLE):
        return SubmissionFault.PROVIDER
    if said := _ANSWERED.match(error):
        return _BY_STATUS.get(said[1], SubmissionFault.REFUSED)
    if said := _CODED.match(error):
        return _BY_CODE.get(said[1], SubmissionFault.REFUSED)
    if _BROKEN.search(error):
        return SubmissionFault.BROKEN
    return SubmissionFault.TIMED_OUT if _SILENT.search(error) else SubmissionFault.OTHER


# By itself an answer does not say whether the provider's own code failed, or what stands before it.
_BY_STATUS = {
    **dict.fromkeys(("502", "504"), SubmissionFault.GATEWAY),
    "500": SubmissionFault.SERVER,
    "503": SubmissionFault.UNAVAILABLE,
    "429": SubmissionFault.BUSY,
}
_BY_CODE = {
    "SERVICE_UNAVAILABLE": SubmissionFault.UNAVAILABLE,
    "RATE_LIMIT": SubmissionFault.BUSY,
    "TIMEOUT": SubmissionFault.TIMED_OUT,
}
_PLAINEST = (
    *(SubmissionFault.PROVIDER, SubmissionFault.GATEWAY, SubmissionFault.TIMED_OUT),
    *(SubmissionFault.UNAVAILABLE, SubmissionFault.SERVER, SubmissionFault.BROKEN),
    *(SubmissionFault.BUSY, SubmissionFault.REFUSED),
)


_WHAT = {
    SubmissionFault.KAFKA: "the LLM provider did not answer while it could not publish to Kafka",
    SubmissionFault.PROVIDER: "CJ could not connect to the LLM provider",
    SubmissionFault.TIMED_OUT: "the LLM provider did not answer CJ in time",
    SubmissionFault.GATEWAY: "a proxy said that it cannot reach the LLM provider (502, 504)",
    SubmissionFault.SERVER: "the LLM provider answered CJ with HTTP 500",
    SubmissionFault.UNAVAILABLE: "CJ was answered HTTP 503 (unavailable)",
    SubmissionFault.BROKEN: "the connection broke before the LLM provider answered",
    SubmissionFault.BUSY: "CJ was answered HTTP 429 (too many requests)",
    SubmissionFault.REFUSED: "its request was refused",
    SubmissionFault.OTHER: "CJ could not hand them to the LLM provider",
}
_NOT_AGAIN = "CJ writes its rows before it sends, and does not send again."
_WHY = {
    SubmissionFault.KAFKA: "The provider publishes before it queues; without Kafka CJ's call "
    "times out after a minute.",
    SubmissionFault.TIMED_OUT: "CJ writes its rows before it sends; Kafka or the provider may be "
    "slow or away.",
}
_NEXT = {
    SubmissionFault.KAFKA: "Look whether Kafka answers: docker ps --filter name=huleedu_kafka",
    SubmissionFault.PROVIDER: "Look whether it runs: docker ps --filter name=llm_provider_service",
    SubmissionFault.TIMED_OUT: "Look whether Kafka and the LLM provider answer in time.",
    SubmissionFault.GATEWAY: "Look whether it runs behind that proxy: docker ps --filter "
    "name=llm_provider_service",
    SubmissionFault.SERVER: "Read the LLM provider's log of that time, and that of what "
    "stands before it.",
    SubmissionFault.UNAVAILABLE: "Look whether the LLM provider runs, and what stands before it: "
    "docker ps --filter name=llm_provider_service",
    SubmissionFault.BROKEN: "Look whether the LLM provider, or what stands before it, was "
    "restarted then: /changes",
    SubmissionFault.BUSY: "Look at the rate limit of what stands before the LLM provider, then "
    "send fewer at once.",
    SubmissionFault.REFUSED: "Read CJ's lines in the evidence, and the LLM provider's log of that "
    "time: they say what it refused.",
    SubmissionFault.OTHER: "Mend what CJ's lines say; they stand in the evidence.",
}
ASK_AGAIN = "Ask for the batch again once that works: these get no answer."


def submission_words(fault: SubmissionFault) -> tuple[str, str, str]:
    """Return what happened, why that loses them, and the next step."""
    return _WHAT[fault], _WHY.get(fault, _NOT_AGAIN), _NEXT[fault]


def started_after(events: Iterable[LogEvent], moment: datetime) -> LogEvent | None:
    """Return CJ's first line on its start after a moment."""
    starts = (one for one in events if one.role is Role.CJ and SERVICE_STARTED in one.event)
    return next((one for one in starts if one.at and one.at > moment), None)
