"""When a message of a time of day was due last; pure."""

from datetime import UTC, datetime, time, timedelta, tzinfo

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


def last_due(now: datetime, at: time, zone: tzinfo, *, weekday: int | None = None) -> datetime:
    """Return the newest such moment that is not after `now`, in UTC: of a day, or of a weekday."""
    day = now.astimezone(zone).date()
    every = DAY if weekday is None else WEEK
    if weekday is not None:
        day -= DAY * ((day.weekday() - weekday) % 7)
    due = datetime.combine(day, at, zone).astimezone(UTC)
    return due if due <= now else datetime.combine(day - every, at, zone).astimezone(UTC)
