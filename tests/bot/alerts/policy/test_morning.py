"""While you slept: once a morning one message on the night, none when it was quiet."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.policy.morning import Morning, morning_digest
from bot.alerts.poster import Poster
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.domain.alert import Alert, AlertState
from bot.ports import Sources
from bot.service.kept import morning_of
from bot.settings import BotSettings, load_settings
from bot.slack.blocks.alert import render
from bot.slack.blocks.limits import violations
from tests.support.fakes.alerts import Clock, ScriptedDetector, clear, condition
from tests.support.fakes.messenger import FakeMessenger

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MORNING = Morning(time(8), STOCKHOLM)
EIGHT = datetime(2025, 11, 19, 7, tzinfo=UTC)
YESTERDAY = EIGHT - timedelta(days=1)


def alert(number: int, hours: float, *, detector: str = "stuck_queue", lasts: float = 0) -> Alert:
    """Return an alert that opened so many hours before eight, and ended after `lasts` hours."""
    at = EIGHT - timedelta(hours=hours)
    found = replace(condition(str(number)), since=at, headline=f"Headline {number}")
    made = Alert(f"{detector}/np/{number}", detector, "np", str(number), AlertState.FIRING,
                 found.severity, found, at, at, at, number=number, opens=(at,))  # fmt: skip
    if not lasts:
        return made
    return replace(made, state=AlertState.RESOLVED, resolved_at=at + timedelta(hours=lasts))


def told(*alerts: Alert) -> str:
    """Return the headline of the morning after, "" when there is no message."""
    message, until = morning_digest(alerts, [], YESTERDAY, EIGHT, MORNING)
    assert until == EIGHT
    return str(message.alert.condition.headline) if message else ""


def test_it_says_what_opened_resolved_stayed_open_and_which_batches_failed() -> None:
    lost = alert(4, 3, detector="batch_failed")
    assert told(alert(1, 5, lasts=1), alert(2, 20), alert(3, 2), lost) == (
        "While you slept: 1 batch failed, 3 opened, 1 resolved, 3 still open"
    )


def test_a_quiet_night_is_no_message() -> None:
    before = alert(1, 20, lasts=2)
    pending = replace(alert(2, 3), state=AlertState.PENDING, opens=())
    never_told = replace(alert(3, 3, lasts=1), opens=(EIGHT - timedelta(days=2),))
    assert told() == told(before, pending, never_told) == ""


def test_it_is_due_at_that_time_of_the_zone_also_where_clocks_change() -> None:
    before = Morning(time(8), STOCKHOLM).before
    assert before(datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 28, 7, tzinfo=UTC)
    assert before(datetime(2026, 3, 29, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert before(EIGHT) == EIGHT
    assert before(EIGHT - timedelta(seconds=1)) == YESTERDAY


def test_the_first_morning_is_the_next_one_and_off_tells_nothing() -> None:
    known = [alert(1, 2)]
    assert morning_digest(known, [], None, EIGHT + timedelta(hours=3), MORNING) == (None, EIGHT)
    assert morning_digest(known, [], YESTERDAY, EIGHT, None) == (None, None)


def test_a_bad_night_fits_one_message_and_shows_its_first_lines() -> None:
    many = [alert(n, 2, lasts=(n % 2) * 0.5) for n in range(100)]
    message, _ = morning_digest(many, [], YESTERDAY, EIGHT, MORNING)
    assert message is not None
    shown = render(message)
    assert violations(shown["blocks"], shown["text"]) == []
    assert shown["text"] == "🌅 While you slept: 100 opened, 50 resolved, 50 still open"
    assert "Still open #2: Headline 2" in str(shown["blocks"][1])


def test_the_setting_takes_a_time_of_day_and_nothing_else() -> None:
    def at(value: str) -> time | None:
        return BotSettings.model_validate({"MORNING_DIGEST": value}).morning_digest

    assert (at("08:00"), at("7:30"), at(""), at("off")) == (time(8), time(7, 30), None, None)
    for wrong in ("8", "25:00", "08:60", "morning", "08:00:00"):
        with pytest.raises(ValueError, match="time of day such as 08:00"):
            at(wrong)


def test_it_is_off_unless_set_and_meant_in_the_zone_of_the_logs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert morning_of(load_settings()) is None
    monkeypatch.setenv("MORNING_DIGEST", "08:00")
    monkeypatch.setenv("LOG_TIMEZONE", "Europe/Stockholm")
    assert morning_of(load_settings()) == MORNING


@pytest.fixture
async def stores(database_url: str) -> AsyncIterator[tuple[Store, Store]]:
    """Return two replicas' memories on one database."""
    found = Store(database_url, "np"), Store(database_url, "np")
    for one in found:
        await one.open()
    yield found
    for one in found:
        await one.close()


async def test_two_replicas_and_a_restart_tell_it_once(stores: tuple[Store, Store]) -> None:
    clock, slack = Clock(), FakeMessenger()
    clock.now = EIGHT - timedelta(hours=2)

    def tick_of(store: Store) -> Tick:
        watcher = LiveWatcher(Sources(), wants=lambda _: True)
        detector = ScriptedDetector(clear(condition()))
        return Tick(store, [detector], watcher, environment="np", now=clock, morning=MORNING)

    ticks = [tick_of(store) for store in stores]
    for quarter in range(24):
        for tick in ticks:
            await tick.run()
        if quarter == 12:
            await stores[0].close()
            await stores[0].open()
            ticks = [tick_of(store) for store in reversed(stores)]
        now = clock()
        await Poster(stores[1], slack, "C1", now=clock, sleep=clock.sleep).drain()
        clock.now = now + timedelta(minutes=15)
    heads = [one for one in slack.heads() if one.message.alert.detector == "morning"]
    assert [str(one.message.alert.condition.headline) for one in heads] == [
        "While you slept: 1 opened, 1 still open"
    ]
