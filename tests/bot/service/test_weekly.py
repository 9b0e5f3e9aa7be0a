"""The weekly message is off unless it is set, and meant in the zone of the logs."""

import pytest

from bot.ports import Sources
from bot.service.weekly import weekly_of
from bot.settings import load_settings


def test_it_is_off_unless_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert weekly_of(load_settings(), Sources()) is None
    monkeypatch.setenv("WEEKLY_TRENDS", "08:00")
    assert weekly_of(load_settings(), Sources()) is not None


def test_the_setting_takes_a_time_of_day_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEEKLY_TRENDS", "monday")
    with pytest.raises(Exception, match="time of day such as 08:00"):
        load_settings()
