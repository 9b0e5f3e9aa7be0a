"""A row of the outbox as a poster gets it: the message with what people did about it meanwhile."""

from dataclasses import replace
from typing import Any

from bot.alerts.policy.messages import Kind, Posting
from bot.alerts.store.serialization import message_from_json
from bot.alerts.store.silences import presented


def posting_of_row(row: Any) -> Posting:
    """Return the posting that a claimed row is. Raises ValueError for a body of another kind."""
    message = message_from_json(row["body"])
    alert = presented(message.alert, row["present"])
    placed = replace(alert, channel=row["head_channel"], thread_ts=row["head_ts"])
    return Posting(
        id=row["id"],
        thread=row["thread"],
        kind=Kind(row["kind"]),
        token=row["token"],
        message=replace(message, alert=placed),
        attempts=row["attempts"],
        created_at=row["created_at"],
        channel=row["head_channel"],
        thread_ts=row["head_ts"],
        look_first=row["look_first"],
        plain=row["plain"],
    )
