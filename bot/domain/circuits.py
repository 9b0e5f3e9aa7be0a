"""Circuit breakers of the LLM provider, as its lines and gauges name them; pure.

It has one for Kafka beside those for the models. That Kafka's is open says nothing of a model:
answers are made and wait in the provider's memory.
"""

import re
from dataclasses import dataclass

from bot.domain.log import LogEvent, Role

CIRCUIT_TEXTS = ("Circuit breaker open", "transitioned to OPEN", "transitioned to CLOSED")
_BROKER = "kafka"
_TURNED = re.compile(r"Circuit breaker (?:'([^']*)' )?transitioned to (OPEN|CLOSED)\b")


@dataclass(frozen=True, slots=True)
class CircuitTurn:
    """A breaker that opened or closed; `name` is empty where the line names none."""

    name: str
    is_open: bool

    @property
    def is_brokers(self) -> bool:
        """Whether it stands before Kafka, and not before a model."""
        return is_brokers(self.name)


def is_brokers(name: str) -> bool:
    """Say whether a circuit breaker of that name stands before Kafka, and not before a model."""
    return _BROKER in name.casefold()


def circuit_turn(event: LogEvent) -> CircuitTurn | None:
    """Return which breaker a line of the LLM provider says to be open or closed, else None."""
    if event.role is not Role.LLM_PROVIDER:
        return None
    turned = _TURNED.search(event.event)
    if turned is None:
        return CircuitTurn("", True) if CIRCUIT_TEXTS[0] in event.event else None
    return CircuitTurn(turned[1] or "", turned[2] == "OPEN")
