"""What people call services and levels of logs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.log import Service

MAX_CONTEXT = 20
LEVELS = ("debug", "info", "warning", "error", "critical")
EVERYWHERE = "all"
# The roles by their values.
ROLE_WORDS = {
    "cj": "cj",
    "llm": "llm_provider",
    "lps": "llm_provider",
    "llm_provider": "llm_provider",
    "provider": "llm_provider",
    "runner": "runner",
    "eng5": "runner",
}


def levels_from(word: str) -> tuple[str, ...] | None:
    """Return the named level and the worse ones, or None when there is no such level."""
    fold = {"warn": "warning", "err": "error", "fatal": "critical"}.get(word.casefold(), word)
    fold = fold.casefold()
    return LEVELS[LEVELS.index(fold) :] if fold in LEVELS else None


def services_named(word: str, known: Iterable[Service]) -> tuple[str, ...] | None:
    """Return the service names that a word means: a role, a name or a part of one; None if none.

    An empty tuple means every service.
    """
    services = tuple(known)
    fold = word.casefold().replace("-", "_")
    if fold == EVERYWHERE:
        return ()
    role = ROLE_WORDS.get(fold)
    for fits in (
        [s.name for s in services if s.name.casefold() == fold],
        [s.name for s in services if role is not None and s.role == role],
        [s.name for s in services if len(fold) > 2 and fold in s.name.casefold()],
    ):
        if fits:
            return tuple(dict.fromkeys(fits))
    return None


def service_words(known: Iterable[Service]) -> tuple[str, ...]:
    """Return the words that name a service here."""
    services = tuple(known)
    roles = {service.role for service in services}
    short = (word for word, role in ROLE_WORDS.items() if role in roles)
    return tuple(dict.fromkeys((*(s.name for s in services), *short, EVERYWHERE)))
