"""Which batches are of one request, and which of these has its result, by the lines of CJ.

Kafka gives a request again where CJ ended before it had committed it: another batch takes the
place of the one that was begun, on which CJ's monitor gives up later.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.border.outside import raw
from bot.diagnosis.batch.finalisation_lines import FINALISED, batch_of, is_finalised
from bot.domain.log import LogEvent, Role
from bot.text.redaction import UUID

REPEATED = "requests"
CREATED = "Created internal CJ batch"
NEEDLES = (CREATED, *FINALISED)
MOST_KEPT = 200
_CREATED = re.compile(rf"{CREATED} (\d{{1,9}})\b")


def tells_of_requests(event: LogEvent) -> bool:
    """Say whether a line tells of which request a batch is, or that one has its result."""
    return _created(event) is not None or (event.role is Role.CJ and is_finalised(event))


class RepeatedRequests:
    """Remembers the newest batches with their requests, and which of them have a result."""

    def __init__(self) -> None:
        self._requests: dict[str, str] = {}
        self._done: dict[str, None] = {}

    def note(self, events: Iterable[LogEvent]) -> None:
        """Take in one tick's lines."""
        for event in events:
            if made := _created(event):
                self._requests[made[0]] = made[1]
            elif event.role is Role.CJ and is_finalised(event):
                self._done[batch_of(event)] = None
        self._requests = dict([*self._requests.items()][-MOST_KEPT:])
        self._done = {batch: None for batch in self._done if batch in self._requests}

    def stand_in(self, batch: str) -> str:
        """Return the later batch that has the result of a batch's request; empty without one."""
        request = self._requests.get(batch)
        later = (
            one
            for one, its in self._requests.items()
            if its == request and one in self._done and int(one) > int(batch)
        )
        return next(later, "") if request else ""

    def to_json(self) -> dict[str, list[Any]]:
        """Return what `resume` takes, as JSON values: of each batch its request, and if done."""
        return {batch: [its, batch in self._done] for batch, its in self._requests.items()}

    def resume(self, value: Any) -> None:
        """Go on from what was kept; what has another shape is left out."""
        for batch, kept in value.items() if isinstance(value, Mapping) else ():
            if isinstance(kept, list) and len(kept) == 2 and str(batch).isdecimal():
                self._requests[str(batch)] = str(kept[0])
                if kept[1]:
                    self._done[str(batch)] = None


def _created(event: LogEvent) -> tuple[str, str] | None:
    """Return the batch that CJ made by this line, and the request's id; None for another line."""
    request = event.fields.get("bos_batch_id")
    if event.role is not Role.CJ or not isinstance(request, str):
        return None
    match, own = _CREATED.match(raw(event.event)), UUID.fullmatch(raw(request))
    return (match[1], own[0]) if match and own else None
