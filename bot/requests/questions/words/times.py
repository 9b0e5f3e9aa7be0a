"""Times in a question: taken out of it first, so that no number of theirs is anybody's id; pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from bot.requests.questions.words.asked_time import AskedTime
from bot.requests.questions.words.calendar import DAY, SHAPES, Stretch
from bot.requests.questions.words.counts import COUNT_WORDS, as_number
from bot.requests.questions.words.hours import hours_in_digits

_SINCE = "since|after|from|sedan|sen|efter|från"
_BEFORE = "before|until|till|före|innan"
_KL = r"kl\.?|klockan"
# Of a bounded number: a line of nothing else is read once, and not from each of its words.
_LEADS = (
    rf"(?P<leads>(?:\b(?:{_SINCE}|{_BEFORE}|between|mellan|and|och|at|on|around|about|near|in|over"
    rf"|during|the|vid|runt|kring|den|i|under|på|{_KL}) ){{0,4}})"
)
_COUNT = rf"\d{{1,3}}|{'|'.join(COUNT_WORDS)}|an?|one|en|ett|couple(?: of)?"
_UNIT = (
    r"h|hours?|hrs?|m|mins?|minutes?|minut(?:er(?:na)?)?|timm(?:e|en|ar|arna)|d|days?|dag(?:en|ar"
    r"|arna)?|dygn(?:et|en)?|w|weeks?|veck(?:a|an|or|orna)|months?|månad(?:en|er|erna)?"
)


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(_LEADS + pattern, re.IGNORECASE)


_LENGTHS = (
    _shape(r"(?:last|past|senaste|sista) (?P<half>half(?: an)?[ -]hour|halvtimmen)\b"),
    _shape(r"(?:last|past|senaste|sista) (?P<quarter>quarter(?: of an)?(?: hour)?|kvarten)\b"),
    _shape(r"(?:this|den här|denna) (?P<unit>week|vecka|veckan|month|månad|månaden)\b"),
    _shape(rf"(?:last|past|senaste|sista) (?:(?P<count>{_COUNT}) ?)?(?P<unit>{_UNIT})\b"),
    _shape(rf"\b(?P<count>{_COUNT}) ?(?P<unit>{_UNIT}) (?:ago|sedan|sen)\b"),
    re.compile(rf"\b(?P<leads>since|sedan|för) (?P<count>{_COUNT}) ?(?P<unit>{_UNIT})\b", re.I),
)  # fmt: skip
_DAYS = tuple((_shape(pattern), read) for pattern, read in SHAPES)
_NIGHTS = (
    (_shape(r"(?:last night|i ?natt|natten|overnight|(?<=the )night)\b"), 1),
    (_shape(r"(?:tonight|this evening|i ?kväll)\b"), 0),
)
_PARTS = {
    "morning": (5, 12), "morse": (5, 12), "morgon": (5, 12), "morgonen": (5, 12),
    "förmiddag": (8, 12), "förmiddagen": (8, 12), "förmiddags": (8, 12),
    "afternoon": (12, 18), "eftermiddag": (12, 18), "eftermiddagen": (12, 18),
    "eftermiddags": (12, 18), "evening": (18, 24), "kväll": (18, 24), "kvällen": (18, 24),
    "night": (18, 30), "natt": (18, 30),
}  # fmt: skip
# Of today only behind `this` or `i`: `good morning` names no time.
_TODAYS = _shape(r"(?:this |i ?)(?P<part>morning|afternoon|morse|förmiddags?|eftermiddags?)\b")
_PART = _shape(rf"(?P<part>{'|'.join(_PARTS)})\b")
_EVENING, _MORNING = 18, 6
_MEAL = re.compile(
    rf"\b(?P<leads>{_SINCE}|around|about|at|vid|runt)"
    r" (?:(?P<noon>lunch(?:time|en)?|noon|midday)|mid ?night|midnatt)\b",
    re.IGNORECASE,
)
_H = r"\d{1,2}(?:[:.]\d\d)?(?: ?[ap]m)?"
_CLOCKS = (
    re.compile(
        rf"(?P<leads>\b(?:{_KL}) |(?<![\w:/.-])(?=\d{{1,2}}[:.]\d\d ?[-–] ?\d{{1,2}}[:.]\d\d))"
        rf"(?P<first>{_H}) ?[-–] ?(?P<second>{_H})\b(?![:./-]?\d)",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?P<leads>between|mellan|from|från) (?:(?:{_KL}) )?(?P<first>{_H}) ?"
        rf"(?:and|och|to|till|-|–) ?(?:(?:{_KL}) )?(?P<second>{_H})\b(?![:./]?\d)",
        re.IGNORECASE,
    ),
    _shape(r"(?<![\d.:/-])(?P<first>\d{1,2}[:.]\d\d(?: ?[ap]m)?|\d{1,2} ?[ap]m)\b(?![:.]?\d)"),
    re.compile(
        rf"\b(?P<leads>(?:{_SINCE}|{_BEFORE}|(?<!look )(?<!looking )at|vid)"
        rf" (?:(?:about|around|the|{_KL}) )?|(?:{_KL}) )"
        r"(?P<first>\d{1,2})\b(?![:./]?\d| ?%)",
        re.IGNORECASE,
    ),
)
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d))?(?: ?(?P<half>[ap])m)?", re.I)
# Two numbers are hours beside a minute or a day, and batches beside what compares.
_SURE = re.compile(rf"\d[:.]\d|\d ?[ap]m|\b(?:{_KL})", re.IGNORECASE)
_COMPARES = re.compile(r"\b(?:differ\w*|diff|compar\w*|skil\w*|jämför\w*)\b", re.IGNORECASE)
_HOURS_OF = {"m": 1 / 60, "h": 1, "d": 24}
MOST_HOURS = 500 * 168
# What people say of a length in minutes and in hours, and not in days.
LAST_MINUTES, LAST_HOURS = 120, 72


@dataclass(slots=True)
class _Taken:
    """What was taken out of a text so far."""

    text: str
    now: datetime
    said: list[str] = field(default_factory=list)
    leads: str = ""
    length: str = ""
    days: list[Stretch] = field(default_factory=list)
    hours: tuple[int, int] | None = None
    clocks: list[str] = field(default_factory=list)
    is_odd: bool = False

    def take(self, shape: re.Pattern[str], most: int = 1) -> Iterator[re.Match[str]]:
        """Take what has a shape out of the text, at most so often."""
        for _ in range(most):
            found = shape.search(self.text)
            if found is None:
                return
            self.leads += f" {found['leads']}"
            self.said.append(found[0].strip())
            self.text = f"{self.text[: found.start()]} {self.text[found.end() :]}"
            yield found


def time_in(text: str, local: datetime) -> tuple[AskedTime, str]:
    """Return the time that a cleaned text names, and the text without it.

    `local` is now, on the clock of whoever asks.
    """
    taken = _Taken(hours_in_digits(text), local)
    for take in (_take_days, _take_parts, _take_length, _take_clocks):
        take(taken)
    if not taken.said:
        return AskedTime(), text
    said = " ".join(taken.said)
    made = None if taken.is_odd else _made(taken, said)
    return made or AskedTime(is_odd=taken.is_odd, said=said), " ".join(taken.text.split())


def _take_days(taken: _Taken) -> None:
    for shape, read in _DAYS:
        for found in taken.take(shape, 2):
            days = read(found, taken.now.date())
            taken.days += [days] if days else []
            taken.is_odd |= days is None
    taken.days.sort()


def _take_parts(taken: _Taken) -> None:
    for found in taken.take(_TODAYS):
        taken.hours = _PARTS[found["part"].casefold()]
    if taken.days and taken.hours is None:
        for found in taken.take(_PART):
            taken.hours = _PARTS[found["part"].casefold()]
    for found in taken.take(_MEAL):
        if re.fullmatch(_SINCE, found["leads"], re.IGNORECASE):
            taken.clocks.append("12:00" if found["noon"] else "00:00")
    for shape, back in () if taken.days or taken.hours else _NIGHTS:
        for _ in taken.take(shape):
            begin = taken.now.date() - DAY * (back or taken.now.hour < _MORNING)
            taken.days, taken.hours = [(begin, begin + DAY)], (_EVENING, 30)


def _take_length(taken: _Taken) -> None:
    for shape in _LENGTHS:
        for found in taken.take(shape):
            taken.length = _length(found.groupdict())
            count = int(taken.length[:-1])
            taken.is_odd |= not 0 < count * _HOURS_OF[taken.length[-1]] <= MOST_HOURS


def _length(found: dict[str, str | None]) -> str:
    if found.get("half") or found.get("quarter"):
        return "30m" if found.get("half") else "15m"
    told, unit = (found.get("count") or "1").casefold(), (found["unit"] or "").casefold()
    known = told.isdecimal() or told in COUNT_WORDS
    count = as_number(told) if known else 2 if told.startswith("couple") else 1
    if unit.startswith(("mon", "mån")):
        return f"{30 * count}d"
    if unit[0] in "wv":
        return f"{7 * count}d"
    return f"{count}{'h' if unit[0] == 't' else unit[0]}"


def _take_clocks(taken: _Taken) -> None:
    compares = _COMPARES.search(taken.text)
    for shape in _CLOCKS:
        found = shape.search(taken.text)
        if found is None or (compares and not _SURE.search(found[0])):
            continue
        for found in taken.take(shape):
            told = [found["first"], *filter(None, (found.groupdict().get("second"),))]
            clocks = [_clock(one) for one in told]
            taken.is_odd |= not all(clocks)
            taken.clocks += clocks


def _clock(word: str) -> str:
    """Return an hour as `10:15`; "" for none that a clock shows."""
    found = _CLOCK.fullmatch(word)
    if found is None:
        return ""
    hour, minute, half = int(found["hour"]), found["minute"] or "00", found["half"]
    if half and not 1 <= hour <= 12:
        return ""
    hour = hour % 12 + 12 * (half.casefold() == "p") if half else hour
    shown = f"{hour:02}" if half else found["hour"]
    return f"{shown}:{minute}" if hour < 24 and int(minute) < 60 else ""


def _made(taken: _Taken, said: str) -> AskedTime | None:
    """Return the time that what was taken makes; None for one that only ends, or is to come."""
    now, clocks, leads = taken.now, taken.clocks, taken.leads.casefold()
    if taken.length and not taken.days:
        hours = int(taken.length[:-1]) * _HOURS_OF[taken.length[-1]]
        return AskedTime(taken.length, now - timedelta(hours=hours), said=said)
    is_one = len(taken.days) < 2 > len(clocks)
    is_open = is_one and bool(re.search(rf"\b(?:{_SINCE})\b", leads))
    only_ends = is_one and not is_open and re.search(rf"\b(?:{_BEFORE})\b", leads)
    if not (taken.days or clocks or taken.hours):
        return None
    begin, end = _stretch(taken)
    if only_ends:
        return AskedTime(end=begin, said=said) if begin <= now else None
    if begin > now:
        return None
    is_vague = bool(taken.hours and not clocks)
    since = clocks[0] if clocks and not taken.days else _word(begin, now, is_vague=is_vague)
    is_moment = len(clocks) == 1 and not is_open
    return AskedTime(since, begin, None if is_open or is_moment else end, is_moment, said=said)


def _stretch(taken: _Taken) -> tuple[datetime, datetime]:
    """Return when what was taken begins and ends; an hour without a day is the last one of it."""
    now, clocks = taken.now, taken.clocks
    first = taken.days[0][0] if taken.days else now.date()
    last = taken.days[-1][1] - DAY if taken.days else first
    if clocks:
        begin, end = (_at(first, _time_of(clocks[0]), now), _at(last, _time_of(clocks[-1]), now))
        back = DAY if begin > now and not taken.days else timedelta()
        return begin - back, end - back
    from_hour, to_hour = taken.hours or (0, 24)
    midnight, last_midnight = _at(first, time(), now), _at(last, time(), now)
    return midnight + timedelta(hours=from_hour), last_midnight + timedelta(hours=to_hour)


def _at(day: date, clock: time, now: datetime) -> datetime:
    return datetime.combine(day, clock, tzinfo=now.tzinfo)


def _time_of(clock: str) -> time:
    hour, minute = clock.split(":")
    return time(int(hour), int(minute))


def _word(begin: datetime, now: datetime, *, is_vague: bool) -> str:
    """Return a begin as commands take it: a word, a length back for a part of a day, or a date."""
    if begin.time() == time() and not is_vague:
        days = (now.date() - begin.date()).days
        return ("today", "yesterday")[days] if days < 2 else begin.date().isoformat()
    if is_vague and begin.date() == now.date():
        return begin.time().isoformat("minutes")
    if is_vague and now - begin < timedelta(hours=LAST_HOURS):
        return _span(now - begin)
    return begin.replace(tzinfo=None).isoformat(timespec="minutes")


def _span(length: timedelta) -> str:
    """Return a length as a command takes it, rounded up: minutes, hours or days."""
    minutes = max(1, round(length.total_seconds() / 60))
    if minutes <= LAST_MINUTES and minutes % 60:
        return f"{minutes}m"
    hours = -(-minutes // 60)
    return f"{hours}h" if hours < LAST_HOURS else f"{-(-hours // 24)}d"
