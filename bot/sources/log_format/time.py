"""Reads the times that log lines carry; each becomes aware UTC or nothing."""

import re
from datetime import UTC, datetime, tzinfo

STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?"
    r"\s?(Z|z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d(?=\Z))?"
)
# The engine's own prefix: RFC 3339 with a fixed number of fraction digits, then one space.
ENGINE_STAMP = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))(?: |\Z)"
)
# Seconds of the year 2200; what is larger counts smaller parts of a second.
LARGEST_SECONDS = 7_258_118_400
_EPOCH_TEXT = re.compile(r"\d{9,19}(?:\.\d{1,9})?|\d(?:\.\d{1,18})?[eE]\+?\d{1,2}")
# Year 1 is Go's zero, 1970 that of Unix, 9999 a "never": a writer of one had no time.
YEARS = range(2000, 2200)
FIRST_YEAR, LAST_YEAR = YEARS[0], YEARS[-1]
# The length of what structlog writes: a date, T, a time with microseconds, Z.
WHOLE = 27
LEAST_STAMP = 19
# When a carrier took a line: a time, or how it wrote it, which is read when it is asked for.
Stamp = datetime | str | None


def utc(value: object, zone: tzinfo) -> datetime | None:
    """Return `value` as aware UTC: ISO text, or the time since 1970; a naive one is in `zone`.

    A number is of seconds, milli-, micro- or nanoseconds, by its size, as a number or as text. A
    time out of YEARS is none.
    """
    if type(value) is str and len(value) == WHOLE and value[10] == "T" and value[26] == "Z":
        at = _whole(value) or _read(value, zone)
    else:
        at = _read(value, zone)
    return at if at is not None and FIRST_YEAR <= at.year <= LAST_YEAR else None


def later(value: object, zone: tzinfo) -> Stamp:
    """Return a carrier's time unread where it is written as the Engine does: most are not asked."""
    if type(value) is str and len(value) > LEAST_STAMP and value[-1] == "Z" and value[10] == "T":
        return value
    return utc(value, zone)


def stamped(stamp: Stamp, zone: tzinfo) -> datetime | None:
    """Return the time that a carrier gave a line."""
    return utc(stamp, zone) if isinstance(stamp, str) else stamp


def _read(value: object, zone: tzinfo) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _since_1970(value)
    if not isinstance(value, str):
        return None
    if _EPOCH_TEXT.fullmatch(value):
        return _since_1970(float(value) if "." in value or "e" in value.lower() else int(value))
    found = STAMP.match(value.strip())
    return _aware(found, zone) if found else None


def _whole(value: str) -> datetime | None:
    """Read what structlog writes; a week's day has a date's length, and is no time of ours."""
    try:
        if value[5] == "W" or value[19] != ".":
            return None
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _since_1970(value: float) -> datetime | None:
    for unit in (1, 1_000, 1_000_000, 1_000_000_000):
        if 0 < value / unit < LARGEST_SECONDS:
            seconds, rest = divmod(value, unit)
            try:
                at = datetime.fromtimestamp(seconds if unit > 1 else value, UTC)
            except (ValueError, OverflowError, OSError):
                return None
            return at.replace(microsecond=int(rest * 1_000_000 // unit)) if unit > 1 else at
    return None


def _offset(written: str) -> str:
    return "Z" if written in ("UTC", "GMT") else written.upper()


def _aware(found: re.Match[str], zone: tzinfo) -> datetime | None:
    day, clock, fraction, offset = found.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{micros}{_offset(offset or '')}")
        return (moment if offset else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
