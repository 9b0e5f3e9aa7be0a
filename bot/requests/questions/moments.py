"""Times in a question: since when, how far back, or at which moment; pure."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

_CLOCK = r"(?:kl\.? ?|klockan )?(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?(?: ?(?P<half>am|pm))?\b"
_SINCE = re.compile(rf"\b(?:since|after|from|sedan|efter|från)\b(?: about)? {_CLOCK}(?![:.]?\d)")
_AT = re.compile(rf"\b(?:at|around|about|near|vid|runt|kring|kl\.?|klockan) {_CLOCK}(?![:.]?\d)")
_BACK = re.compile(
    r"\b(?:(?:last|past|senaste|sista|since) )(?P<count>\d{1,3} ?)?"
    r"(?P<unit>h|hours?|m|min|mins|minutes?|minuterna?|d|days?|dagar(?:na)?|timm(?:en|ar|arna)"
    r"|weeks?|veckan|veckor(?:na)?|dygnet)\b"
)
_YESTERDAY = re.compile(r"\b(?:yesterday|i ?går)\b")
_NIGHT = re.compile(r"\b(?:last night|yesterday evening|i ?natt|i ?går ?kväll|overnight)\b")
_MORNING = re.compile(r"\b(?:this morning|i ?morse)\b")
_TODAY = re.compile(r"\b(?:today|i ?dag)\b")
_DAY_BEGINS, _EVENING = "05:00", time(18)
_UNITS = {"h": "h", "t": "h", "m": "m", "d": "d", "w": "w", "v": "w"}


@dataclass(frozen=True, slots=True)
class AskedSince:
    """Since when a question asks, as a command takes it; `is_odd` where it names no time."""

    word: str = ""
    is_odd: bool = False


def since_of(fold: str, local: datetime) -> AskedSince:
    """Return since when a folded text asks; nothing where it says nothing of it.

    `local` is now, on the clock of whoever asks.
    """
    if found := _SINCE.search(fold):
        clock = _clock(found)
        return AskedSince(clock, not clock)
    if found := _BACK.search(fold):
        return AskedSince(f"{(found['count'] or '1').strip()}{_UNITS[found['unit'][0]]}")
    if _NIGHT.search(fold):
        return AskedSince(_span(local - _evening_before(local)))
    for shape, word in ((_MORNING, _DAY_BEGINS), (_TODAY, "today"), (_YESTERDAY, "yesterday")):
        if shape.search(fold):
            return AskedSince(word)
    return AskedSince()


def moment_of(fold: str) -> str:
    """Return the one moment that a folded text names, as a command takes it; "" for none."""
    found = _AT.search(fold)
    return _clock(found) if found else ""


def _clock(found: re.Match[str]) -> str:
    """Return an hour as `10:15`; "" for none that a clock shows."""
    hour, minute = int(found["hour"]), found["minute"] or "00"
    if found["half"]:
        if not 1 <= hour <= 12:
            return ""
        hour = hour % 12 + (12 if found["half"] == "pm" else 0)
        shown = f"{hour:02}"
    else:
        shown = found["hour"]
    return f"{shown}:{minute}" if hour < 24 and int(minute) < 60 else ""


def _evening_before(local: datetime) -> datetime:
    return datetime.combine(local.date() - timedelta(days=1), _EVENING, tzinfo=local.tzinfo)


def _span(length: timedelta) -> str:
    minutes = max(1, round(length.total_seconds() / 60))
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
