"""What an access right turned out to be when it was tried."""

from dataclasses import dataclass
from enum import StrEnum


class TriedState(StrEnum):
    """How an attempt at something that should be refused ended."""

    REFUSED = "refused"
    ALLOWED = "allowed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class TriedRight:
    """One attempt: `what` in words, such as "read an essay"."""

    what: str
    state: TriedState
    detail: str = ""
