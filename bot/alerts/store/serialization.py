"""Turns alerts and messages into JSON for the bot's memory, and back."""

import json
from typing import Any

from pydantic import TypeAdapter

from bot.domain.alert import Alert, AlertMessage, Sample
from bot.domain.mute import Mute

_ALERT: TypeAdapter[Alert] = TypeAdapter(Alert)
_MESSAGE: TypeAdapter[AlertMessage] = TypeAdapter(AlertMessage)
_MUTE: TypeAdapter[Mute] = TypeAdapter(Mute)


def alert_json(alert: Alert) -> str:
    """Return an alert as JSON text."""
    return _ALERT.dump_json(alert).decode()


def alert_from_json(text: str) -> Alert:
    """Return the alert that `alert_json` wrote."""
    return _ALERT.validate_json(text)


def message_json(message: AlertMessage) -> str:
    """Return a message as JSON text."""
    return _MESSAGE.dump_json(message).decode()


def message_from_json(text: str) -> AlertMessage:
    """Return the message that `message_json` wrote."""
    return _MESSAGE.validate_json(text)


def mute_json(mute: Mute) -> str:
    """Return a silence as JSON text, as it stands inside an alert."""
    return _MUTE.dump_json(mute).decode()


def sample_of_row(row: Any) -> Sample:
    """Return the sample of a row with its `at`, `data` and `unreadable`."""
    return Sample(row["at"], json.loads(row["data"]), row["unreadable"])
