"""Converts alerts and messages to JSON for the bot's memory, and its rows back."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot.alerts.policy.messages import MessageKind, Posting
from bot.domain.alert import Alert, AlertEvent, Reason, Sample
from bot.domain.changes.change import Change
from bot.domain.mute import Mute, MuteKind
from bot.domain.report import Severity
from bot.domain.routing.message import AlertMessage
from bot.domain.words import Text, Words

T = TypeVar("T")
log = logging.getLogger(__name__)
# Names that stand in the databases of bots that run, and the fields that they are read into.
STORED_NAMES = {"muted_while_firing": "hushed", "is_parent": "head"}
FIELD_NAMES = {stored: field for field, stored in STORED_NAMES.items()}

_VALUES: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_ALERT: TypeAdapter[Alert] = TypeAdapter(Alert)
_MESSAGE: TypeAdapter[AlertMessage] = TypeAdapter(AlertMessage)
_CHANGE: TypeAdapter[Change] = TypeAdapter(Change)
_TEXT: TypeAdapter[Words] = TypeAdapter(Words)
# How typed text begins in a column of plain text.
TYPED = '{"parts":['
_MUTE: TypeAdapter[Mute] = TypeAdapter(Mute)


def alert_json(alert: Alert) -> str:
    """Return an alert as JSON text."""
    return json.dumps(_renamed(json.loads(_ALERT.dump_json(alert)), STORED_NAMES))


def alert_from_json(text: str) -> Alert:
    """Return the alert that `alert_json` wrote. Raises ValueError for anything else."""
    return _ALERT.validate_python(_renamed(_VALUES.validate_json(text), FIELD_NAMES))


def message_json(message: AlertMessage) -> str:
    """Return a message as JSON text."""
    values = _renamed(json.loads(_MESSAGE.dump_json(message)), STORED_NAMES)
    return json.dumps({**values, "alert": _renamed(values["alert"], STORED_NAMES)})


def message_from_json(text: str) -> AlertMessage:
    """Return the message that `message_json` wrote. Raises ValueError for anything else."""
    values = _renamed(_VALUES.validate_json(text), FIELD_NAMES)
    alert = _VALUES.validate_python(values.get("alert"))
    return _MESSAGE.validate_python({**values, "alert": _renamed(alert, FIELD_NAMES)})


def change_json(change: Change) -> str:
    """Return a change as JSON text."""
    return _CHANGE.dump_json(change).decode()


def change_of_row(row: Any) -> Change:
    """Return the change of a row. Raises ValueError for a kind that a newer version has written."""
    return _CHANGE.validate_json(row["body"])


def mute_json(mute: Mute) -> str:
    """Return a silence as JSON text, as it stands inside an alert."""
    return _MUTE.dump_json(mute).decode()


def text_column(text: Text) -> str:
    """Return a text for a column of plain text; typed text is kept as JSON."""
    return _TEXT.dump_json(text).decode() if isinstance(text, Words) else text


def text_of_column(value: str) -> Text:
    """Return the text that `text_column` wrote; anything else is a plain string."""
    try:
        return _TEXT.validate_json(value) if value.startswith(TYPED) else value
    except ValueError:
        return value


def readable(rows: Iterable[Any], read: Callable[[Any], T], what: str) -> list[T]:
    """Return what `read` makes of each row; one that it cannot read is skipped with a word.

    A newer version may have written it, or a hand: neither may keep the bot from starting.
    """
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except ValueError as error:
            log.warning("a stored %s cannot be read and is skipped: %s", what, type(error).__name__)
    return found


def mute_of_row(row: Any) -> Mute:
    """Return the silence of a row. Raises ValueError for one of an unknown kind."""
    kind = MuteKind(row["kind"])
    return Mute(row["pattern"], row["until"], row["reason"], row["by"], row["since"], kind)


def sample_of_row(row: Any) -> Sample:
    """Return the sample of a row. Raises ValueError for data that are no JSON object."""
    return Sample(row["at"], values_of(row["data"]), row["unreadable"])


def values_of(text: str) -> dict[str, Any]:
    """Return the JSON object that a text is. Raises ValueError for anything else."""
    return _VALUES.validate_json(text)


def alert_of_row(row: Any) -> Alert:
    """Return the alert of a row: its body, and the columns that people and the poster write."""
    return replace(
        alert_from_json(row["body"]),
        number=row["number"],
        channel=row["channel"],
        thread_ts=row["thread_ts"],
        acknowledged_by=row["acknowledged_by"],
        acknowledged_at=row["acknowledged_at"],
    )


def event_of_row(row: Any) -> AlertEvent:
    """Return what a row says happened. Raises ValueError for a reason of another version."""
    return AlertEvent(
        *(row["at"], row["key"], Reason(row["reason"]), Severity(row["severity"])),
        *(text_of_column(row["title"]), text_of_column(row["note"]), row["by"]),
    )


def posting_of_row(row: Any) -> Posting:
    """Return the posting that a claimed row is. Raises ValueError for a body of another kind."""
    message = message_from_json(row["body"])
    alert = _presented(message.alert, row["present"])
    placed = replace(alert, channel=row["parent_channel"], thread_ts=row["parent_ts"])
    return Posting(
        id=row["id"],
        thread=row["thread"],
        kind=MessageKind(row["kind"]),
        token=row["token"],
        message=replace(message, alert=placed),
        attempts=row["attempts"],
        created_at=row["created_at"],
        channel=row["parent_channel"],
        thread_ts=row["parent_ts"],
        look_first=row["look_first"],
        plain=row["plain"],
    )


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in values.items()}


def _presented(alert: Alert, present: str | None) -> Alert:
    """Return an alert as it stands now: its number, and who looks after it."""
    if present is None:
        return alert
    values = json.loads(present)
    at = values["acknowledged_at"]
    return replace(
        alert,
        number=values["number"],
        acknowledged_by=values["acknowledged_by"],
        acknowledged_at=datetime.fromisoformat(at) if at else None,
    )
