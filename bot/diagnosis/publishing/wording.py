"""How reports and alerts word what did not reach Kafka, in one place."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from bot.diagnosis.publishing.memory import Fate

# The provider tries again each half minute, and drops a message after five failures.
RECOVERED_WITHIN = timedelta(minutes=5)
NO_RESTART = "Do not restart the LLM provider: what waits in its memory would be lost."
NEW_REQUEST = "Once Kafka answers, start any new batch: a new publish lets the breaker close."
ASK_AGAIN = "Ask for the batch again: these answers do not come back."
_LOST = {
    Fate.RESTARTED: "The LLM provider was restarted while Kafka had not taken them: its memory is "
    "empty.",
    Fate.DROPPED: "Kafka refused them five times more, and the provider's publisher dropped them.",
    Fate.GIVEN_UP: "The service could not publish them and removed their requests all the same.",
}


FATES = {
    Fate.REFUSED: "Kafka refused it, the provider tries again",
    Fate.BLOCKED: "it waits behind Kafka's open breaker",
    Fate.RESTARTED: "lost with the provider's restart",
    Fate.DROPPED: "dropped after five refusals",
    Fate.GIVEN_UP: "not published, and its request removed",
    Fate.DELIVERED: "published late",
}
# The log text that each is read by.
READS = {
    Fate.REFUSED: "Kafka publish failed for topic '",
    Fate.BLOCKED: "queuing message for topic '",
    Fate.RESTARTED: "Queued message for retry: topic='",
    Fate.DROPPED: "Dropping message after ",
    Fate.GIVEN_UP: "Failed to publish callback event for request",
    Fate.DELIVERED: "Successfully published queued message: topic='",
}
_WAITS = {
    True: "wait in the LLM provider's memory behind Kafka's open breaker",
    False: "that Kafka refused wait in the LLM provider's memory",
}
_GONE = {
    Fate.RESTARTED: "were lost with the LLM provider's restart",
    Fate.DROPPED: "were dropped: Kafka refused them each time",
    Fate.GIVEN_UP: "were lost: they could not be published to Kafka",
}


def what(fates: Mapping[Fate, int], *, blocked: bool) -> str:
    """Return how many answers wait or are lost, and where, as a sentence."""
    waiting = fates.get(Fate.REFUSED, 0) + fates.get(Fate.BLOCKED, 0)
    parts = [f"{fates[fate]} answers {words}" for fate, words in _GONE.items() if fates.get(fate)]
    parts += [f"{waiting} answers {_WAITS[blocked]}"] if waiting else []
    return f"{'; '.join(parts)}."


def lost_why(fates: Collection[Fate]) -> str:
    """Return why answers that Kafka did not take are lost for good."""
    return next((text for fate, text in _LOST.items() if fate in fates), _LOST[Fate.GIVEN_UP])


def waiting_why(*, blocked: bool) -> str:
    """Return why answers that Kafka did not take are not lost yet."""
    if blocked:
        return (
            "Kafka refused ten messages and its breaker opened: only a new publish tries it again."
        )
    return "Kafka refused them; the provider's publisher tries again each half minute."
