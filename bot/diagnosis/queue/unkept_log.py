"""A provider that works while its log brings no line: CJ's lines show it; pure.

Who takes or answers a request writes lines about it: such a silence is the log's, not the worker's.
"""

import re
from collections.abc import Collection, Iterable
from datetime import datetime

from bot.diagnosis.queue.timeline import CLOCK_SKEW
from bot.domain.log import LogEvent, Role
from bot.text.redaction import UUID

# CJ's lines on a request that the provider accepted, and on an answer that CJ took.
ACCEPTED = "Request queued for processing"
TAKEN = "Processing LLM comparison callback"
TEXTS = (ACCEPTED, TAKEN)
_TAKEN = re.compile(rf"{TAKEN} for request ({UUID.pattern})", re.IGNORECASE)


def shows_work(event: LogEvent) -> bool:
    """Say whether a line is one by which CJ may show the provider at work."""
    return event.role is Role.CJ and any(text in event.event for text in TEXTS)


def taken_request(event: LogEvent) -> str:
    """Return the queue id of the request whose answer CJ took by this line; empty for another."""
    found = _TAKEN.search(event.event) if event.role is Role.CJ and TAKEN in event.event else None
    return found[1].lower() if found else ""


def worked_at(events: Iterable[LogEvent], unanswered: Collection[str] = ()) -> datetime | None:
    """Return when CJ's lines last show the provider at work.

    An answer may be taken long after it was given: it counts where the provider's lines leave its
    request `unanswered`.
    """
    times = (
        event.at
        for event in events
        if shows_work(event) and (ACCEPTED in event.event or taken_request(event) in unanswered)
    )
    return max(filter(None, times), default=None)


def is_unkept(worked: datetime | None, last_line: datetime | None) -> bool:
    """Say whether it worked after its last line, by more than clocks differ."""
    return worked is not None and last_line is not None and worked - last_line > CLOCK_SKEW
