"""Log lines in which a consumer rejects a callback: its id and the field it lacks; pure."""

import re
from collections.abc import Iterable
from uuid import UUID

from bot.border.outside import raw
from bot.domain.log import LogEvent

FIELDS = {"missing essay identifiers": "essay_a_id", "missing prompt hash": "prompt_sha256"}
# What people call the fields that a callback can lack.
CALLED = {
    "essay_a_id": "the essays' ids",
    "essay_b_id": "the essays' ids",
    "prompt_sha256": "the prompt's hash",
    "request_id": "the request's id",
    "correlation_id": "a comparison that is known",
}
TEXTS = (*FIELDS, "Cannot find comparison pair")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def rejected_ids(event: LogEvent) -> tuple[UUID, ...]:
    """Return the correlation ids of a rejection, none for another event."""
    said = _said(event)
    if not any(text in said for text in TEXTS):
        return ()
    return tuple(UUID(id) for id in _UUID.findall(said.lower())[:1])


def lost_field(event: LogEvent) -> str:
    """Return the field that a rejection names as missing; empty for another event."""
    said = _said(event)
    return next((name for text, name in FIELDS.items() if text in said), "")


def called(fields: Iterable[str]) -> str:
    """Return in words what callbacks lack; a field that is not known stands as it is."""
    return " and ".join(sorted({CALLED.get(one, one) for one in fields}))


def _said(event: LogEvent) -> str:
    """The event with its error's message, to be searched and never shown."""
    return f"{raw(event.event)} {raw(event.error.message)}" if event.error else raw(event.event)
