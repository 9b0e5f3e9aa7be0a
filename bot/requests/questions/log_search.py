"""Reads a question that searches logs: in which service, for what, since when, how bad."""

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo

from bot.domain.log import Service
from bot.text.log_words import services_named

_WORD = re.compile(r"[\w-]+")
_SINCE = re.compile(r"\bsince (\d{1,2})(?:[:.](\d\d))?\b", re.IGNORECASE)
_LAST = re.compile(
    r"\b(?:last|past|senaste)(?: (\d{1,3}))? ?(h|hours?|min|minutes?|d|days?|timmar?|minuter)\b",
    re.IGNORECASE,
)
_NIGHT = re.compile(r"\b(last night|yesterday evening|i går kväll|i natt)\b", re.IGNORECASE)
_DAYS = (
    (re.compile(r"\b(yesterday|i går)\b", re.IGNORECASE), 1, time(0)),
    (re.compile(r"\b(this morning|i morse)\b", re.IGNORECASE), 0, time(5)),
    (re.compile(r"\b(today|idag)\b", re.IGNORECASE), 0, time(0)),
)
_LEVEL = re.compile(r"\b(?:only|just|bara) (errors?|warnings?|fel)\b", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]{2,80})"')
_LOOKED_FOR = re.compile(
    r"\b(?:grep|search for|look(?:ing)? for|find|logs? for|sök efter)(?: for)? (\S+)", re.IGNORECASE
)
_SPECIAL = re.compile(r"\b([A-Za-z]+(?:Error|Exception|Warning|Timeout))\b")
SEARCHES = re.compile(r"\b(logs?|grep|search|loggar(?:na)?|loggen|sök|look(?:ing)? for)\b", re.I)
EVENING = time(18)


def is_log_search(text: str, services: Iterable[Service]) -> bool:
    """Say whether a cleaned text asks for lines: it says so, or names an error of a service."""
    return bool(SEARCHES.search(text) or (_SPECIAL.search(text) and _service(text, services)))


def log_line(text: str, services: Iterable[Service], now: datetime, zone: tzinfo) -> str | None:
    """Return the /logs command that a cleaned text asks for; None when something lacks."""
    service = _service(text, services)
    wanted = _wanted(text, service)
    if not service or not wanted:
        return None
    since = _since(text, now, zone)
    level = _LEVEL.search(text)
    severity = "warning" if level and level[1].lower().startswith("warn") else "error"
    options = (f" --since {since}" if since else "") + (f" --level {severity}" if level else "")
    return f"/logs {service} {wanted}{options}"


def _service(text: str, services: Iterable[Service]) -> str:
    """Return the word that names a service: an exact name or role, no part of a word."""
    known = tuple(services)
    for word in _WORD.findall(text):
        names = services_named(word, known) if len(word) > 1 else None
        if names and (len(word) > 3 or word.casefold() in ("cj", "lps", "llm")):
            return str(word)
    return ""


def _wanted(text: str, service: str) -> str:
    if quoted := _QUOTED.search(text):
        return quoted[1].strip()
    if special := _SPECIAL.search(text):
        return special[1]
    asked = _LOOKED_FOR.search(text)
    word = asked[1].strip(".,:;?!") if asked else ""
    return "" if word.casefold() in ("the", "in", "errors", service.casefold()) else word


def _since(text: str, now: datetime, zone: tzinfo) -> str:
    local = now.astimezone(zone)
    if found := _SINCE.search(text):
        return _back_to(local, time(int(found[1]) % 24, int(found[2] or 0)))
    if found := _LAST.search(text):
        return f"{found[1] or 1}{_unit(found[2])}"
    if _NIGHT.search(text):
        return _span(local - _at(local - timedelta(days=1), EVENING))
    for shape, days, hour in _DAYS:
        if shape.search(text):
            return _span(local - _at(local - timedelta(days=days), hour))
    return ""


def _back_to(local: datetime, hour: time) -> str:
    then = _at(local, hour)
    return _span(local - (then if then < local else then - timedelta(days=1)))


def _at(local: datetime, hour: time) -> datetime:
    return datetime.combine(local.date(), hour, tzinfo=local.tzinfo)


def _span(length: timedelta) -> str:
    minutes = max(1, round(length.total_seconds() / 60))
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def _unit(word: str) -> str:
    first = str(word[0]).lower()
    return "h" if first in "ht" else first
