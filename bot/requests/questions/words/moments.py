"""Times in a question: since when, how far back, or at which moment; pure."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bot.requests.questions.words.counts import COUNT_WORDS, as_number

_CLOCK = r"(?:kl\.? ?|klockan )?(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?(?: ?(?P<half>am|pm))?\b"
_SINCE = re.compile(rf"\b(?:since|after|from|sedan|efter|från)\b(?: about)? {_CLOCK}(?![:.]?\d)")
_AT = re.compile(rf"\b(?:at|around|about|near|vid|runt|kring|kl\.?|klockan) {_CLOCK}(?![:.]?\d)")
_BACK = re.compile(
    r"\b(?:(?:last|past|senaste|sista|since) )(?P<count>\d{1,3} ?)?"
    r"(?P<unit>h|hours?|m|min|mins|minutes?|minuterna?|d|days?|dagar(?:na)?|timm(?:en|ar|arna)"
    r"|weeks?|veckan|veckor(?:na)?|dygnet)\b"
)
_PART = re.compile(
    r"\b(?:last|past|senaste|sista) (?:(?P<half>half(?: an)?[ -]hour|halvtimmen)"
    r"|(?P<quarter>quarter(?: of an)?(?: hour)?|kvarten))\b"
)
_PARTS = {"half": "30m", "quarter": "15m"}
_AGO = re.compile(
    r"\b(?P<count>\d{1,3}|an?|en|ett) ?"
    r"(?P<unit>hours?|h|min|mins|minutes?|minut(?:er)?|days?|dag(?:ar)?|timm(?:e|ar)|weeks?"
    r"|veck(?:a|or)) (?:ago|sedan)\b"
)
_MEAL = re.compile(r"\b(?:since|after|sedan|efter) (lunch\w*|noon|midday|mid ?night|midnatt)\b")
_BETWEEN = re.compile(rf"\b(?:between|mellan|from|från) {_CLOCK}(?= ?(?:and|och|to|till|-|–))")
_YESTERDAY = re.compile(r"\b(?:yesterday|i ?går)\b")
_NIGHT = re.compile(r"\b(?:last night|yesterday evening|i ?natt|i ?går ?kväll|overnight)\b")
_MORNING = re.compile(r"\b(?:this morning|i ?morse)\b")
_TODAY = re.compile(r"\b(?:today|i ?dag)\b")
_DAY_BEGINS, _EVENING = "05:00", time(18)
# What people say of a length in minutes, and not in hours.
LAST_MINUTES = 120
DAYS_AGO = {"today": 0, "yesterday": 1}
WEEKS = {"m": 1 / 10_080, "h": 1 / 168, "d": 1 / 7, "w": 1}
MOST_WEEKS = 500
_UNITS = {"h": "h", "t": "h", "m": "m", "d": "d", "w": "w", "v": "w"}


_COUNTED = re.compile(
    rf"\b({'|'.join(COUNT_WORDS)}) "
    r"(hours?|min(?:ute)?s?|minuter(?:na)?|days?|dagar(?:na)?|timmar(?:na)?|weeks?|veckor(?:na)?)\b"
)


@dataclass(frozen=True, slots=True)
class AskedSince:
    """Since when a question asks, as a command takes it; `is_odd` where it names no time."""

    word: str = ""
    is_odd: bool = False


def since_of(fold: str, local: datetime) -> AskedSince:
    """Return since when a folded text asks; nothing where it says nothing of it.

    `local` is now, on the clock of whoever asks.
    """
    fold = _with_digits(fold)
    if found := _AGO.search(fold):
        return _back(found)
    if found := _PART.search(fold):
        return AskedSince(next(_PARTS[name] for name, word in found.groupdict().items() if word))
    if found := _MEAL.search(fold):
        return AskedSince("00:00" if found[1].endswith(("night", "natt")) else "12:00")
    if found := _BETWEEN.search(fold) or _SINCE.search(fold):
        clock = _clock(found)
        return AskedSince(clock, not clock)
    if found := _BACK.search(fold):
        return _back(found)
    if _NIGHT.search(fold):
        return AskedSince(_span(local - _evening_before(local)))
    for shape, word in ((_MORNING, _DAY_BEGINS), (_TODAY, "today"), (_YESTERDAY, "yesterday")):
        if shape.search(fold):
            return AskedSince(word)
    return AskedSince()


def _back(found: re.Match[str]) -> AskedSince:
    told = (found["count"] or "").strip()
    count = int(told) if told.isdecimal() else 1
    unit = _UNITS[found["unit"][0]]
    is_odd = not 0 < count * WEEKS[unit] <= MOST_WEEKS
    return AskedSince("" if is_odd else f"{count}{unit}", is_odd)


def _with_digits(fold: str) -> str:
    """Return a text whose counted lengths stand in digits: `the last two hours`."""
    return _COUNTED.sub(lambda found: f"{as_number(found[1])} {found[2]}", fold)


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
    """Return a length as a command takes it: minutes up to two hours, then hours, up."""
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes <= LAST_MINUTES and minutes % 60:
        return f"{minutes}m"
    return f"{-(-minutes // 60)}h"


def span_since(word: str, local: datetime) -> str:
    """Return how far back a word of since_of begins, as a span; "" for none."""
    if ":" in word:
        hour, minute = (int(part) for part in word.split(":"))
        begin = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return _span(local - (begin if begin < local else begin - timedelta(days=1)))
    if word in DAYS_AGO:
        day = local.date() - timedelta(days=DAYS_AGO[word])
        return _span(local - datetime.combine(day, time(), tzinfo=local.tzinfo))
    return word
