"""Reads a question that searches logs: in which service, for what, since when, how bad; pure."""

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile

from bot.domain.log import Service
from bot.requests.questions.question import PlainQuestion
from bot.requests.questions.words.services import LINES, SEARCHES, SPEAKS
from bot.requests.questions.words.text import Kind, words_of
from bot.requests.questions.words.vocabulary import Topic, topic_of, words_in
from bot.text.log_words import EVERYWHERE, services_named

_LEVEL = re.compile(r"\b(?:only|just|bara) (errors?|warnings?|fel|varningar)\b", re.IGNORECASE)
# `errors in cj today`: a level, a service or a time, and nothing else to look for.
_LEVELS = re.compile(
    r"\b(errors?|exceptions?|tracebacks?|warnings?|fel(?:en|rader)?|varning(?:ar)?)\b",
    re.IGNORECASE,
)
# `vad gick fel` asks for no line.
_NO_LINES = words_in("with med gick går gått är e")
_LOOKED_FOR = re.compile(
    r"\b(?:grep|search for|look(?:ing)? for|find|logs? for|sök efter|sök)(?: for)? (\S+)",
    re.IGNORECASE,
)
_SPECIAL = re.compile(r"\b([A-Za-z]+(?:Error|Exception|Warning|Timeout)|[A-Z]{2,}(?:_[A-Z]+)+)\b")
_ABOUT = re.compile(
    r"\b(?:about|on|mention(?:s|ing)?|contain(?:s|ing)?|say(?:s|ing)?(?! (?:about|on|om))|regarding"
    r"|with|any|om|med|nämner|innehåller|säger)"
    r"(?: (?:the|an?|any|http|status|code|ordet|koden?))* (\S+(?: \S+){0,2})",
    re.IGNORECASE,
)
# An assignment is known by the lines that name it: a request of an unknown one makes no batch.
_ASSIGNMENT = re.compile(
    r"\b(?:assignments?|assignment_id|uppgift(?:en)?)(?: (?:id|called|named))? "
    r"([\w-]*\d[\w-]*)(?!\w)",
    re.IGNORECASE,
)
# `logs cj timeout`, and behind it a time.
_TYPED = re.compile(r"logs (\S+) (.+)", re.IGNORECASE)
_EDGES = ".,:;?!"
_NO_TEXT = words_in("the in errors log logs loggen loggarna lines rader")


def is_log_search(asked: PlainQuestion) -> bool:
    """Say whether a question asks for lines: it says so, or names a service and what it wrote."""
    if SEARCHES.search(asked.text):
        return True
    told: object = _SPECIAL.search(asked.text) or asked.codes or asked.quoted
    told = told or ((LINES.search(asked.text) or SPEAKS.search(asked.text)) and _said(asked))
    return bool((asked.service and told) or _level_of(asked))


def assignment_line(asked: PlainQuestion, local: datetime) -> str:
    """Return the search for the assignment that a question without ids names; "" for none."""
    named = None if asked.ids else _ASSIGNMENT.search(asked.text)
    return f"/logs cj {named[1]} {asked.time.window(local)}".rstrip() if named else ""


def log_line(asked: PlainQuestion, services: Iterable[Service], local: datetime) -> str:
    """Return the /logs command that a question asks for; "" when something lacks."""
    known = tuple(services)
    wanted = _wanted(asked, known)
    only = _LEVEL.search(asked.text)
    level = _severity(only[1]) if only else "" if wanted else _level_of(asked)
    if not (wanted or level) or (wanted and not _is_whole(asked)):
        return ""
    words = ("/logs", asked.service or EVERYWHERE, wanted, asked.time.window(local),
             f"--level {level}" if level else "")  # fmt: skip
    return " ".join(filter(None, words))


def _is_whole(asked: PlainQuestion) -> bool:
    """Say whether it is clear where to look: in a service, or for what is rare in all of them."""
    return bool(asked.service or asked.quoted or asked.ids or _SPECIAL.search(asked.text))


def _level_of(asked: PlainQuestion) -> str:
    """Return the level that is all that a question names beside a service or a time; "" for none.

    Whoever asks what a service says at a time, and not of what, asks for all of it.
    """
    if asked.ids or not (asked.service or asked.time.is_said):
        return ""
    named = _LEVELS.search(asked.text)
    speaks = asked.service and asked.time.is_said and SPEAKS.search(asked.text)
    shape = _LEVELS if named else SPEAKS
    rest = [word.casefold() for word in words_of(shape.sub(" ", asked.text))]
    others = [word for word in rest if word != asked.service.casefold()]
    if not (named or speaks) or any(
        one in _NO_LINES or topic_of(one) not in (Topic.FILLER, Topic.LIST, Topic.LOGS)
        for one in others
    ):
        return ""
    return _severity(named[1]) if named else "info"


def _severity(word: str) -> str:
    return "warning" if word.casefold().startswith(("warn", "var")) else "error"


def _wanted(asked: PlainQuestion, services: tuple[Service, ...]) -> str:
    if asked.quoted:
        return asked.quoted
    if special := _SPECIAL.search(asked.text):
        return special[1]
    found = _LOOKED_FOR.search(asked.text)
    word = found[1].strip(_EDGES) if found else ""
    if not word or word.casefold() in _NO_TEXT or services_named(word, services) is not None:
        word = _said(asked)
    if not word and (typed := _TYPED.match(asked.text)) and typed[1] == asked.service:
        word = typed[2].strip(_EDGES)
    ids = _long_ids(asked)
    is_batch = any(one.word in word for one in asked.ids) and not ids
    return "" if is_batch else word or next(iter((*asked.codes, *ids)), "")


def _is_own(word: str, asked: PlainQuestion) -> bool:
    """Say whether lines may be searched for a word: it is none of the question's own."""
    named = word in asked.codes or word in _long_ids(asked)
    is_plain = word[:1].isalpha() and topic_of(word.casefold()) is None
    return named or (is_plain and word != asked.service and not LINES.fullmatch(word))


def _long_ids(asked: PlainQuestion) -> list[str]:
    """Return the ids that lines hold: a batch's number stands in too many of them."""
    return [one.word for one in asked.ids if one.kind in (Kind.UUID, Kind.PREFIX, Kind.LABEL)]


def _said(asked: PlainQuestion) -> str:
    """Return what lines are to say: a word of their own, or a code; no service, no batch."""
    for found in _ABOUT.findall(asked.text):
        words = [word.strip(_EDGES) for word in found.split()]
        told = list(takewhile(lambda word: _is_own(word, asked), words))
        if told:
            return " ".join(told)
    return asked.codes[0] if asked.codes else ""
