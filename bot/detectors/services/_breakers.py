"""Which circuit breakers before a model are open, from the log lines that tell of them; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.domain.alert import Sample
from bot.domain.log import LogEvent
from bot.domain.service_state import circuit_turn


def breakers_in(events: Iterable[LogEvent]) -> dict[str, bool]:
    """Return whether each breaker before a model was open by the last line that names it."""
    found: dict[str, bool] = {}
    for turn in filter(None, map(circuit_turn, events)):
        if turn.is_brokers:
            continue
        if not turn.is_open:
            found.pop("", None)
        found[turn.name] = turn.is_open
    return found


def without_closed(known: Sequence[Sample]) -> list[Sample]:
    """Return the samples with the breakers that each saw open and no later line saw closed."""
    closed: set[str] = set()
    found: list[Sample] = []
    for one in reversed(known):
        turns: Mapping[str, bool] | None = one.data.get("breakers")
        if not turns:
            found.append(one)
            continue
        # A line that names no breaker means one of those that are named elsewhere.
        lines = sum(is_open and not (name in closed or (closed and not name))
                    for name, is_open in turns.items())  # fmt: skip
        found.append(replace(one, data={**one.data, "circuit_lines": lines}))
        closed |= {name for name, is_open in turns.items() if not is_open}
    return found[::-1]
