"""Why a callback came more than once, as far as lines show it; pure."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from bot.diagnosis.comparison.causes import DUPLICATE_CALLBACKS
from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step

# CJ's line on an answer to a comparison that has one.
REPEATED = "already has result"


class Repeat(StrEnum):
    """Who gave a callback twice."""

    BUNDLE = "bundle"
    PROVIDER = "provider"
    KAFKA = "kafka"
    REPLICAS = "replicas"
    RESENT = "resent"
    UNKNOWN = "unknown"


WHY = {
    Repeat.BUNDLE: DUPLICATE_CALLBACKS.why,
    Repeat.PROVIDER: "The provider published an answer more than once. The first answer stands.",
    Repeat.KAFKA: "The provider published it once, and Kafka gave it to CJ again, as it does after "
    "a restart. The first answer stands.",
    Repeat.REPLICAS: "Several replicas of the provider worked on the same requests, and each asked "
    "the model. The first answer stands.",
    Repeat.RESENT: "CJ handed it over again, though the provider had queued it before: the model "
    "answered each. The first answer stands.",
    Repeat.UNKNOWN: "Whether the provider or Kafka repeated it is not known: its publish was not "
    "found in the logs. The first answer stands.",
}


def publishes(clues: Iterable[LogClue]) -> Counter[str]:
    """Count how often the lines say that the callback of each request was published."""
    return Counter(
        clue.queue_id
        for clue in clues
        if clue.step is Step.PUBLISHED and clue.outcome is Outcome.DONE and clue.queue_id
    )


def requests_of(clues: Iterable[LogClue]) -> dict[str, set[str]]:
    """Return the requests that the provider made of each comparison, by its correlation id."""
    found: dict[str, set[str]] = {}
    for clue in clues:
        if clue.queue_id and clue.correlation_id and clue.step is Step.PUBLISHED:
            found.setdefault(clue.correlation_id, set()).add(clue.queue_id)
    return found


def publishers(clues: Iterable[LogClue]) -> dict[str, set[str]]:
    """Return which containers say that they published the callback of each request."""
    found: dict[str, set[str]] = {}
    for clue in clues:
        if clue.step is Step.PUBLISHED and clue.outcome is Outcome.DONE and clue.queue_id:
            found.setdefault(clue.queue_id, set()).add(clue.event.container)
    return found


def repeat_of(
    published: int, *, bundled: bool, replicas: bool = False, resent: bool = False
) -> Repeat:
    """Return who repeated a callback that was published so often by its lines.

    `bundled` says that bundles were dispatched, `replicas` that several containers published it,
    `resent` that its comparison was queued as more than one request.
    """
    if resent:
        return Repeat.RESENT
    if not published:
        return Repeat.UNKNOWN
    if replicas:
        return Repeat.REPLICAS
    if published == 1:
        return Repeat.KAFKA
    return Repeat.BUNDLE if bundled else Repeat.PROVIDER
