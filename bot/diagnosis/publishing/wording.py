"""How reports and alerts word what did not reach Kafka, in one place."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from bot.diagnosis.publishing.memory import Fate
from bot.text.wording import many

# The provider tries again each half minute, and drops a message after five failures.
RECOVERED_WITHIN = timedelta(minutes=5)
NO_RESTART = "Do not restart the LLM provider: what waits in its memory would be lost."
NO_CJ_RESTART = "Do not restart CJ: what waits in its memory would be lost."
PUBLISH_AGAIN = "Have CJ publish the result again: who waits for it got nothing."
KEPT_BACK_WHY = (
    "While Kafka's breaker is open CJ's publisher keeps what it is given, and its relay takes that "
    "for published."
)
NEW_REQUEST = "Once Kafka answers, start any new batch: a new publish lets the breaker close."
SHORTER = "Have the model write less, or its callbacks hold as much as the provider accepts."
ASK_AGAIN = "Ask for the batch again: these answers do not come back."
_LOST = {
    Fate.RESTARTED: "The LLM provider was restarted while Kafka had not taken them: its memory is "
    "empty.",
    Fate.DROPPED: "Kafka refused them five times more, and the provider's publisher dropped them.",
    Fate.GIVEN_UP: "The service could not publish them and removed their requests all the same.",
    Fate.INVALID: "The provider accepts longer answers than its callbacks may hold: Kafka is not "
    "to blame.",
}


FATES = {
    Fate.REFUSED: "Kafka refused it, the provider tries again",
    Fate.BLOCKED: "it waits behind Kafka's open breaker",
    Fate.RESTARTED: "lost with the provider's restart",
    Fate.DROPPED: "dropped after five refusals",
    Fate.GIVEN_UP: "not published, and its request removed",
    Fate.INVALID: "not valid by the provider's own schema, and its request removed",
    Fate.DELIVERED: "published late",
}
_GONE = {
    Fate.RESTARTED: "lost with the LLM provider's restart",
    Fate.DROPPED: "dropped: Kafka refused {} each time",
    Fate.GIVEN_UP: "lost: {} could not be published to Kafka",
    Fate.INVALID: "lost: {} did not fit the provider's own schema of callbacks",
}


def what(fates: Mapping[Fate, int], *, blocked: bool) -> str:
    """Return how many answers wait or are lost, and where, as a sentence."""
    parts = [
        f"{many(count, 'answer', ('was', 'were'))} {_gone(fate, count)}"
        for fate in _GONE
        if (count := fates.get(fate, 0))
    ]
    waiting = fates.get(Fate.REFUSED, 0) + fates.get(Fate.BLOCKED, 0)
    if waiting:
        parts.append(_waits(waiting, blocked=blocked))
    return f"{'; '.join(parts)}."


def _gone(fate: Fate, count: int) -> str:
    them = "it" if count == 1 else "they"
    return _GONE[fate].format("them" if fate is Fate.DROPPED and count > 1 else them)


def _waits(count: int, *, blocked: bool) -> str:
    verb = "waits" if count == 1 else "wait"
    if blocked:
        where = "in the LLM provider's memory behind Kafka's open breaker"
        return f"{many(count, 'answer')} {verb} {where}"
    return f"{many(count, 'answer')} that Kafka refused {verb} in the LLM provider's memory"


def lost_why(fates: Collection[Fate]) -> str:
    """Return why answers that Kafka did not take are lost for good."""
    return next((text for fate, text in _LOST.items() if fate in fates), _LOST[Fate.GIVEN_UP])


def lost_steps(fates: Collection[Fate]) -> tuple[str, ...]:
    """Return what to do about answers that are lost for good."""
    return (SHORTER, ASK_AGAIN) if Fate.INVALID in fates else (ASK_AGAIN,)


def waiting_why(*, blocked: bool) -> str:
    """Return why answers that Kafka did not take are not lost yet."""
    if blocked:
        return (
            "Kafka refused ten messages and its breaker opened: only a new publish tries it again."
        )
    return "Kafka refused them; the provider's publisher tries again each half minute."
