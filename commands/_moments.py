"""Moments as people type them: `30m`, `tomorrow`, `22:00..23:30`, `yesterday`; pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.deferred import Pattern
from bot.errors import UsageError
from commands._words import shown, span

TOMORROW = "tomorrow"
MORNING = time(8)
DAYS_AGO = {"today": 0, "yesterday": 1}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
            "måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag")  # fmt: skip
LONGEST = timedelta(days=90)
_HOUR = Pattern(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_DAY = Pattern(r"\d{4}-\d\d-\d\d(?:[tT ]\d\d:\d\d(?::\d\d)?(?:[zZ]|[+-]\d\d:\d\d)?)?", re.ASCII)
PAST_EXAMPLES = "Write 2h, 3d, 23:10, yesterday, monday or 2025-11-20."
EXAMPLES = "Write 30m, 2h, tomorrow, 22:30 or 2025-11-20T22:30."


def is_moment(word: str) -> bool:
    """Say whether a word means a time: a span from now, an hour, a day, now or tomorrow."""
    shape = _HOUR.fullmatch(word) or _DAY.fullmatch(word)
    return word.casefold() in (TOMORROW, "now") or bool(shape) or span(word) is not None


def until(word: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the moment after `now` that a word means; `tomorrow` is the next 08:00 in `zone`.

    Raises UsageError for no moment, for one that is past, and for one beyond LONGEST.
    """
    moment = _after(word, now, zone).astimezone(UTC)
    if moment <= now:
        raise UsageError(f"{shown(word)} is in the past.", hint=EXAMPLES)
    if moment - now > LONGEST:
        raise UsageError(f"{shown(word)} is more than {LONGEST.days} days away.", hint=EXAMPLES)
    return moment


def window(word: str, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return beginning and end of `22:00..23:30`, `now..2h`, `2025-11-20T22:00..2h`.

    An hour without a day is the next one; a span after the dots counts from the beginning.
    Raises UsageError.
    """
    first, dots, last = word.partition("..")
    if not dots:
        raise UsageError(f"{shown(word)} is no window.", hint="Write it like 22:00..23:30.")
    begin = now if first.casefold() in ("", "now") else _after(first, now, zone)
    end = _after(last, begin, zone)
    if end <= begin:
        raise UsageError("A window ends after it begins.", hint="Write it like 22:00..23:30.")
    return begin.astimezone(UTC), until(end.isoformat(), now, zone)


def is_past_moment(word: str) -> bool:
    """Say whether a word means a time before now: a span, an hour, a date, or a day by its name."""
    shape = _HOUR.fullmatch(word) or _DAY.fullmatch(word)
    return word.casefold() in (*DAYS_AGO, *WEEKDAYS) or bool(shape) or span(word) is not None


def check_since(options: Mapping[str, str], usage: Sequence[str]) -> None:
    """Check what --since and --until were given. Raises UsageError for no moment."""
    for word in (options[name] for name in ("since", "until") if name in options):
        if not is_past_moment(word):
            raise UsageError(f"{shown(word)} is no moment. {PAST_EXAMPLES}", usage=usage)


def past(word: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the moment before `now` that a word means: `2h` ago, the last 23:10, a day's begin.

    The name of a weekday is the newest day that is called so.

    Raises UsageError for no moment and for one that is to come.
    """
    length, local = span(word), now.astimezone(zone)
    if length is not None:
        return now - length
    days = _days_ago(word.casefold(), local.date())
    if days is not None:
        day = local.date() - timedelta(days=days)
        return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    if hour := _HOUR.fullmatch(word):
        at = datetime.combine(local.date(), time(int(hour[1]), int(hour[2])), tzinfo=zone)
        return (at if at <= now else at - timedelta(days=1)).astimezone(UTC)
    moment = _after(word, now, zone).astimezone(UTC)
    if moment > now:
        raise UsageError(f"{shown(word)} is to come.", hint=PAST_EXAMPLES)
    return moment


def asked_time(
    options: Mapping[str, str], now: datetime, zone: tzinfo
) -> tuple[datetime | None, datetime | None]:
    """Return what checked --since and --until mean; None where the time is open.

    An hour of today that is still to come ends nothing. Raises UsageError for a begin that is to
    come, and for an end that is not behind its begin.
    """
    begin, end = (
        past(options[name], now, zone) if name in options else None for name in ("since", "until")
    )
    if begin is None or end is None or end > begin:
        return begin, end
    # At 8:59 the 9:00 behind a begin of this morning is no end of yesterday.
    is_to_come = _HOUR.fullmatch(options["until"]) and begin.astimezone(zone).date() == (
        now.astimezone(zone).date()
    )
    if is_to_come and end.astimezone(zone).date() < now.astimezone(zone).date():
        return begin, None
    raise UsageError("--until is a time after --since.", hint=PAST_EXAMPLES)


def _days_ago(fold: str, today: date) -> int | None:
    if fold in WEEKDAYS:
        return (today.weekday() - WEEKDAYS.index(fold)) % 7
    return DAYS_AGO.get(fold)


def stretch(word: str, now: datetime, zone: tzinfo) -> tuple[datetime, datetime | None]:
    """Return when what a word means begins and, for a day that is over, ends. Raises UsageError."""
    begin = past(word, now, zone)
    if DAYS_AGO.get(word.casefold(), 0) == 0:
        return begin, None
    day = begin.astimezone(zone).date() + timedelta(days=1)
    return begin, datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _after(word: str, start: datetime, zone: tzinfo) -> datetime:
    length = span(word)
    if length is not None:
        return start + length
    local = start.astimezone(zone)
    if word.casefold() == TOMORROW:
        return _next(MORNING, local)
    if hour := _HOUR.fullmatch(word):
        return _next(time(int(hour[1]), int(hour[2])), local)
    try:
        moment = datetime.fromisoformat(word.upper())
    except ValueError:
        raise UsageError(f"{shown(word)} is no time.", hint=EXAMPLES) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(start.tzinfo)


def _next(hour: time, local: datetime) -> datetime:
    """Return the next time that clocks in `local`'s zone show `hour`, also over summer time."""
    day: date = local.date()
    for ahead in range(3):
        moment = datetime.combine(day + timedelta(days=ahead), hour, tzinfo=local.tzinfo)
        if moment.timestamp() > local.timestamp():
            return moment
    raise AssertionError("every day has that hour")
