"""Reads a question that searches logs: in which service, for what, since when, how bad."""

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo

from bot.domain.log import Service
from bot.requests.questions.words.moments import since_of, span_since
from bot.text.log_words import services_named

_WORD = re.compile(r"[\w-]+")
_LEVEL = re.compile(r"\b(?:only|just|bara) (errors?|warnings?|fel)\b", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]{2,80})"')
_LOOKED_FOR = re.compile(
    r"\b(?:grep|search for|look(?:ing)? for|find|logs? for|sök efter)(?: for)? (\S+)", re.IGNORECASE
)
_SPECIAL = re.compile(r"\b([A-Za-z]+(?:Error|Exception|Warning|Timeout))\b")
SEARCHES = re.compile(r"\b(logs?|grep|search|loggar(?:na)?|loggen|sök|look(?:ing)? for)\b", re.I)


def is_log_search(text: str, services: Iterable[Service]) -> bool:
    """Say whether a cleaned text asks for lines: it says so, or names an error of a service."""
    return bool(SEARCHES.search(text) or (_SPECIAL.search(text) and _service(text, services)))


def log_line(text: str, services: Iterable[Service], now: datetime, zone: tzinfo) -> str | None:
    """Return the /logs command that a cleaned text asks for; None when something lacks."""
    service = _service(text, services)
    wanted = _wanted(text, service)
    if not service or not wanted:
        return None
    local = now.astimezone(zone)
    since = span_since(since_of(text.casefold(), local).word, local)
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
