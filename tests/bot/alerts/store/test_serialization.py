import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.alerts.store.serialization import (
    alert_from_json,
    alert_json,
    message_from_json,
    message_json,
    text_column,
    text_of_column,
)
from bot.domain.alert import Alert, Reason
from bot.domain.routing.message import AlertMessage
from bot.domain.words import Command, Id, Span, Time, Words, words
from tests.support.example_alert import ALERT as FIRING

ALERT = replace(FIRING, muted_while_firing=True)


@pytest.mark.parametrize("alert", [ALERT, replace(ALERT, muted_while_firing=False)])
def test_an_alert_is_read_as_it_was_written(alert: Alert) -> None:
    assert alert_from_json(alert_json(alert)) == alert


@pytest.mark.parametrize("is_parent", [True, False])
def test_a_message_is_read_as_it_was_written(is_parent: bool) -> None:
    message = AlertMessage(ALERT, Reason.OPEN, is_parent, "note", plain=True)
    assert message_from_json(message_json(message)) == message


TITLE = words("stuck", Time(ALERT.opened_at, " since "), ": ", Id("x"), Command("/queue"),
              Span(timedelta(minutes=6)))  # fmt: skip


def test_typed_text_is_read_as_it_was_written_and_a_plain_string_too() -> None:
    typed = replace(ALERT, closing=TITLE, condition=replace(ALERT.condition, title=TITLE))
    assert alert_from_json(alert_json(typed)) == typed
    for text in (TITLE, "since 23:48 UTC", "", '{"parts":[', Words()):
        assert text_of_column(text_column(text)) == text


def test_the_names_in_running_databases_stay() -> None:
    stored = json.loads(message_json(AlertMessage(ALERT, Reason.OPEN, is_parent=True)))
    assert (stored["head"], stored["alert"]["hushed"]) == (True, True)
    assert json.loads(alert_json(ALERT))["hushed"] is True


def test_a_body_without_the_newest_fields_is_read() -> None:
    stored = json.loads(message_json(AlertMessage(ALERT, Reason.OPEN, is_parent=True)))
    del stored["plain"], stored["alert"]["hushed"]
    message = message_from_json(json.dumps(stored))
    assert (message.plain, message.alert.muted_while_firing) == (False, False)
