"""Reads a question that searches logs: in which service, for what, since when, how bad."""

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo

from bot.domain.log import Service
from bot.requests.questions.words.moments import since_of, span_since
from bot.requests.questions.words.vocabulary import topic_of
from bot.text.log_words import services_named

_WORD = re.compile(r"[\w-]+")
_LEVEL = re.compile(r"\b(?:only|just|bara) (errors?|warnings?|fel)\b", re.IGNORECASE)
_QUOTED = re.compile(r'"([^"]{2,80})"')
_LOOKED_FOR = re.compile(
    r"\b(?:grep|search for|look(?:ing)? for|find|logs? for|sök efter)(?: for)? (\S+)", re.IGNORECASE
)
_SPECIAL = re.compile(r"\b([A-Za-z]+(?:Error|Exception|Warning|Timeout))\b")
# Lines of a service that say something: `errors of cj about 529`, `rader från cj om timeout`.
_LINES = re.compile(
    r"\b(?:errors?|warnings?|exceptions?|tracebacks?|lines?|messages?|fel(?:en|rader(?:na)?)?"
    r"|rad(?:er)?(?:na)?|varning(?:ar)?(?:na)?|meddelanden?(?:a)?)\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:about|on|mention(?:s|ing)?|contain(?:s|ing)?|say(?:s|ing)?|regarding|with|om|med|nämner"
    r"|innehåller|säger)(?: (?:the|an?|any|http|status|code|ordet|koden?))* (\S+)",
    re.IGNORECASE,
)
_EDGES = ".,:;?!"
_NO_TEXT = ("the", "in", "errors")
_CODE = re.compile(r"[45]\d\d")
SEARCHES = re.compile(r"\b(logs?|grep|search|loggar(?:na)?|loggen|sök|look(?:ing)? for)\b", re.I)


def is_log_search(text: str, services: Iterable[Service]) -> bool:
    """Say whether a cleaned text asks for lines: it says so, or names an error of a service."""
    if SEARCHES.search(text):
        return True
    service = _service(text, services)
    told = _SPECIAL.search(text) or (_LINES.search(text) and _said(text, service))
    return bool(service and told)


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
    word = asked[1].strip(_EDGES) if asked else ""
    word = "" if word.casefold() in _NO_TEXT else word
    word = word or _said(text, service)
    return "" if word.casefold() in (*_NO_TEXT, service.casefold()) else word


def _said(text: str, service: str) -> str:
    """Return what lines are to say: a word of their own, or a code; no service, no batch."""
    for found in _ABOUT.findall(text):
        word = found.strip(_EDGES)
        own = not word[:1].isdecimal() and topic_of(word.casefold()) is None
        if word != service and (own or _CODE.fullmatch(word)):
            return str(word)
    return ""
