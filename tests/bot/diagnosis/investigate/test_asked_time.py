"""A batch that is asked about with a day is told with how it lies to that day."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.diagnosis.investigate.asked_time import of_a_time
from bot.domain.report import Report
from commands._moments import stretch

NOW = datetime(2026, 3, 4, 14, 20, tzinfo=UTC)


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("made", "last", "since", "told"),
    [
        (_at(3, 9), _at(3, 11), "yesterday", "in the time that was asked for."),
        (_at(2, 9), _at(3, 11), "yesterday", "before the time"),
        (_at(2, 9), _at(2, 11), "yesterday", "last activity was before"),
        (_at(4, 9), _at(4, 11), "yesterday", "made later"),
        (_at(4, 9), None, "today", "in the time that was asked for."),
        (_at(3, 9), None, "2h", "last activity was before"),
    ],
)
def test_it_says_whether_the_batch_lies_in_it(
    made: datetime, last: datetime | None, since: str, told: str
) -> None:
    report = Report(
        command="batch investigate",
        title="",
        facts={"created_at": made, "last_activity_at": last},
        summary="The batch failed.",
    )
    asked = of_a_time(report, *stretch(since, NOW, ZoneInfo("UTC")))
    assert told in str(asked.summary)
    assert str(asked.summary).endswith("The batch failed.")
    assert asked.facts["asked_since"] <= NOW


def test_a_day_ends_where_it_is_asked_about() -> None:
    begin, end = stretch("yesterday", NOW, ZoneInfo("Europe/Stockholm"))
    assert begin == datetime(2026, 3, 2, 23, tzinfo=UTC)
    assert end == datetime(2026, 3, 3, 23, tzinfo=UTC)
