"""Days, weeks and months in a question, English and Swedish, each a stretch of whole days; pure."""

import re
from collections.abc import Callable
from datetime import date, timedelta

Stretch = tuple[date, date]
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# In order; `may` is left out, which is a verb far more often.
_MONTHS = (
    "jan(?:uary|uari)?", "feb(?:ruary|ruari)?", "mar(?:ch|s)?", "apr(?:il)?", "maj", "jun[ei]?",
    "jul[iy]?", "aug(?:ust|usti)?", "sept?(?:ember)?", "o[ck]t(?:ober)?", "nov(?:ember)?",
    "dec(?:ember)?",
)  # fmt: skip
_WEEKDAYS = ("monday|måndag", "tuesday|tisdag", "wednesday|onsdag", "thursday|torsdag",
             "friday|fredag", "saturday|lördag", "sunday|söndag")  # fmt: skip
_MONTH = "|".join(_MONTHS)
_N = r"\d{1,2}(?:st|nd|rd|th|:[ae])?\.?"
_FIRST = "first|första"
_TO = r" ?(?:and|och|to|till|until|-|–) ?(?:den )?"
# Short for a weekday only behind what a time follows: `sat` and `sun` are words too.
_BEHIND = "(?:(?<=since )|(?<=sedan )|(?<=on )|(?<=last )|(?<=from )|(?<=den ))"
_SHORT = rf"{_BEHIND}(?:mon|tues?|wed|thu(?:rs)?|fri|sat|sun)"


def _date(found: re.Match[str], today: date) -> Stretch | None:
    """Return the day of a date; without a year the last one of that date."""
    number, name = found["day"], found["month"]
    day = _number(number)
    month = _month_of(name)
    made = _made(int(found["year"]) if found["year"] else today.year, month, day)
    if made and not found["year"] and made > today + DAY:
        made = _made(today.year - 1, month, day)
    return (made, made + DAY) if made else None


def _dates(found: re.Match[str], today: date) -> Stretch | None:
    """Return the days of `28 to 30 November`."""
    month = _month_of(found["month"])
    last = _made(today.year, month, _number(found["last"]))
    if last and last > today + DAY:
        last = _made(today.year - 1, month, _number(found["last"]))
    first = last and _made(last.year, month, _number(found["day"]))
    return (first, last + DAY) if first and last and first <= last else None


def _numbers(found: re.Match[str], today: date) -> Stretch | None:
    year, month, day = (int(part) for part in found["iso"].split("-"))
    made = _made(year, month, day)
    return (made, made + DAY) if made else None


def _slashed(found: re.Match[str], today: date) -> Stretch | None:
    """Return the day of `28/11`, as Europe writes it."""
    day, month = (int(part) for part in found["slash"].split("/"))
    made = _made(today.year, month, day)
    if made and made > today + DAY:
        made = _made(today.year - 1, month, day)
    return (made, made + DAY) if made else None


def _weekday(found: re.Match[str], today: date) -> Stretch:
    """Return the newest day of that name; `last friday` and `i fredags` are before today."""
    name = found["weekday"].casefold()
    place = next(n for n, names in enumerate(_WEEKDAYS)
                 if any(one.startswith(name[:3]) for one in names.split("|")))  # fmt: skip
    back = (today.weekday() - place) % 7
    is_past = bool(found["last"]) or name.endswith("ags")
    day = today - timedelta(days=back or (7 if is_past else 0))
    return day, day + DAY


def _near(found: re.Match[str], today: date) -> Stretch:
    name = found["near"].casefold().replace(" ", "")
    back = 0 if name in ("today", "idag") else 1 if name in ("yesterday", "igår", "igar") else 2
    day = today - timedelta(days=back)
    return day, day + DAY


def _period(found: re.Match[str], today: date) -> Stretch:
    """Return the week or the month before this one, or the newest weekend."""
    if found["week"]:
        monday = today - timedelta(days=today.weekday())
        return monday - WEEK, monday
    if found["month"]:
        first = today.replace(day=1)
        return (first - DAY).replace(day=1), first
    saturday = today - timedelta(days=(today.weekday() - 5) % 7)
    return saturday, saturday + 2 * DAY


def _whole_month(found: re.Match[str], today: date) -> Stretch:
    """Return the newest month of that name."""
    month = _month_of(found["whole"])
    first = date(today.year - (month > today.month), month, 1)
    return first, (first + 31 * DAY).replace(day=1)


def _number(word: str) -> int:
    digits = re.match(r"\d+", word)
    return int(digits[0]) if digits else 1


def _month_of(name: str) -> int:
    return next(n for n, shape in enumerate(_MONTHS, 1) if re.fullmatch(shape, name, re.I))


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_NAME = rf"(?:{'|'.join(_WEEKDAYS)})(?:s|en)?|{_SHORT}"
_YEAR = r"(?:,? (?P<year>20\d\d)\b)?"
# What days are typed like, and how they are read, the longer first.
SHAPES: tuple[tuple[str, Callable[[re.Match[str], date], Stretch | None]], ...] = (
    (r"(?P<iso>\b\d{4}-\d\d-\d\d)(?:t(?=\d))?", _numbers),
    (rf"(?:between|mellan|from|från)? ?(?:the |den )?\b(?P<day>{_N}){_TO}(?P<last>{_N})"
     rf" (?P<month>{_MONTH})\b", _dates),
    (rf"\b(?P<day>{_N}|{_FIRST})(?: of)? (?P<month>{_MONTH})\b{_YEAR}", _date),
    (rf"\b(?P<month>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:.]\d){_YEAR}", _date),
    (_BEHIND + r"(?P<slash>\d{1,2}/\d{1,2})\b", _slashed),
    (rf"(?:(?P<last>last |förra )|this |i )?\b(?P<weekday>{_NAME})\b", _weekday),
    (r"\b(?P<near>(?:the )?day before yesterday|(?:i ?)?förrgår|yesterday|i ?g[åa]r|today"
     r"|i ?dag)\b", _near),
    (r"\b(?:(?P<week>(?<!the )last week|förra veckan)|(?P<month>(?<!the )last month|förra månaden)"
     r"|(?:this |last |the )?weekend|helgen)s?\b", _period),
    (rf"(?:(?<=in )|(?<=i )|(?<=during )|(?<=under )|(?<=since )|(?<=sedan ))(?P<whole>{_MONTH})\b",
     _whole_month),
)  # fmt: skip
