"""The formats of answers, and what the exit codes mean."""

from enum import IntEnum, StrEnum


class Format(StrEnum):
    """How an answer is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    BLOCKS = "blocks"


class EventFormat(StrEnum):
    """How alert events are printed."""

    TEXT = "text"
    JSON = "json"


class Exit(IntEnum):
    """What the exit code means to a script; this is the one place where they are written.

    USAGE is also a wrong setting. AWAY is of `run` alone: what it cannot start without is away
    and may come back, so that a supervisor may start it again; it is sysexits' EX_UNAVAILABLE.
    BROKEN is an unexpected error, a bug: EX_SOFTWARE.
    """

    FINE = 0
    ERROR = 1
    USAGE = 2
    UNKNOWN = 3
    AWAY = 69
    BROKEN = 70
    INTERRUPTED = 130
