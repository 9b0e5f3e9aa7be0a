"""A day that a question names by its date, and whose number is no batch's; pure."""

import re
from datetime import date, datetime, timedelta

# English and Swedish, in order; `may` is left out, which is a verb far more often.
_MONTHS = (
    "jan(?:uary|uari)?", "feb(?:ruary|ruari)?", "mar(?:ch|s)?", "apr(?:il)?", "maj", "jun[ei]?",
    "jul[iy]?", "aug(?:ust|usti)?", "sept?(?:ember)?", "o[ck]t(?:ober)?", "nov(?:ember)?",
    "dec(?:ember)?",
)  # fmt: skip
_MONTH = "|".join(_MONTHS)
_NUMBERS = {shape[:3]: number for number, shape in enumerate(_MONTHS, 1)} | {"oct": 10, "okt": 10}
_BEFORE = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th|:e)?\.?(?: of)? ({_MONTH})\b")
_AFTER = re.compile(rf"\b({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.]\d)")
_ISO = re.compile(r"\b(\d{4}-\d\d-\d\d)\b")


def day_numbers(fold: str) -> frozenset[str]:
    """Return the numbers of a folded text that are days beside a month."""
    before = {found[1] for found in _BEFORE.finditer(fold)}
    return frozenset(before | {found[2] for found in _AFTER.finditer(fold)})


def day_named(fold: str, local: datetime) -> date | None:
    """Return the day that a folded text names; None for none that there is.

    Without a year it is the last one of that date. `local` is now, where whoever asks is.
    """
    today = local.date()
    if found := _ISO.search(fold):
        return _day(*map(int, found[1].split("-")))
    if found := _BEFORE.search(fold):
        number, name = found[1], found[2]
    elif found := _AFTER.search(fold):
        number, name = found[2], found[1]
    else:
        return None
    month = _NUMBERS[name[:3]]
    day = _day(today.year, month, int(number))
    if day and day > today + timedelta(days=1):
        day = _day(today.year - 1, month, int(number))
    return day


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
