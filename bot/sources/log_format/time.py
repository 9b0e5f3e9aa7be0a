"""Reads the times that log lines carry; each becomes aware UTC or nothing."""

import re
from datetime import UTC, datetime, tzinfo

STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?\s?(Z|z|[+-]\d\d:?\d\d)?"
)
# The engine's own prefix: RFC 3339 with a fixed number of fraction digits, then one space.
ENGINE_STAMP = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))(?: |\Z)"
)
MAX_EPOCH = 253_402_300_799
# Year 1 is Go's zero, 1970 that of Unix, 9999 a "never": a writer of one had no time.
YEARS = range(2000, 2200)


def utc(value: object, zone: tzinfo) -> datetime | None:
    """Return `value` (ISO text or epoch seconds) as aware UTC; a naive one is read in `zone`.

    A time out of YEARS is none.
    """
    at = _read(value, zone)
    return at if at is not None and at.year in YEARS else None


def _read(value: object, zone: tzinfo) -> datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC) if 0 < value < MAX_EPOCH else None
    if not isinstance(value, str):
        return None
    found = STAMP.match(value.strip())
    return _aware(found, zone) if found else None


def _aware(found: re.Match[str], zone: tzinfo) -> datetime | None:
    day, clock, fraction, offset = found.groups()
    micros = (fraction or "0")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{micros}{(offset or '').upper()}")
        return (moment if offset else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
