"""What is written of one cause."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CauseEntry:
    """One rule: what it means, how it is proved, what it cannot see, what to do, since when.

    `alerts` names the detectors that open an alert of this rule, where any does. `since` tells at
    which revisions of HuleEdu the fault occurs, or since which version the bot tells it.
    """

    rule: str
    means: str
    proved: str
    unseen: str
    do: str
    since: str
    alerts: tuple[str, ...] = ()
    made_up: str = ""


@dataclass(frozen=True, slots=True)
class CauseExample:
    """What the bot said of a case: `case` names it, the others are the finding's own words."""

    case: str
    severity: str
    what: str
    why: str
    next: str
