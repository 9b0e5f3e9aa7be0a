"""Once a week one message on how batches did: due on Mondays, in the zone that is set."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.alerts.policy.weekly import MondayAt, ToldWeek, due, week_message
from bot.domain.evidence import EvidenceLine
from bot.slack.blocks.alert import render
from bot.slack.blocks.limits import violations

MONDAY = MondayAt(time(8), ZoneInfo("Europe/Stockholm"))
EIGHT = datetime(2025, 11, 24, 7, tzinfo=UTC)
WEEK = timedelta(days=7)


def test_it_is_due_on_monday_at_that_time_also_where_clocks_change() -> None:
    assert MONDAY.before(EIGHT) == EIGHT
    assert MONDAY.before(EIGHT - timedelta(seconds=1)) == EIGHT - WEEK
    assert MONDAY.before(EIGHT + timedelta(days=6)) == EIGHT
    assert MONDAY.before(datetime(2026, 3, 30, 7, tzinfo=UTC)) == datetime(
        2026, 3, 30, 6, tzinfo=UTC
    )


def test_the_first_week_is_the_next_one_and_one_that_was_missed_is_told_once() -> None:
    later = EIGHT + timedelta(hours=3)
    assert due(None, later, MONDAY) == (False, EIGHT)
    assert due(EIGHT - WEEK, later, MONDAY) == (True, EIGHT)
    assert due(EIGHT, later, MONDAY) == (False, EIGHT)


def test_the_message_is_one_that_slack_takes() -> None:
    lines = tuple(EvidenceLine(f"Line {n}", None, "12 of 14") for n in range(10))
    told = ToldWeek("Last week: 12 of 14 batches ended well", lines)
    shown = render(week_message(told, EIGHT - WEEK, EIGHT, "np"))
    assert violations(shown["blocks"], shown["text"]) == []
    assert shown["text"] == "📈 Last week: 12 of 14 batches ended well"
    assert "12 of 14" in str(shown["blocks"])
