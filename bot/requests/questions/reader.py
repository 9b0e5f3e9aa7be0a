"""Decides which command a plain question means; pure, and the same words mean the same line."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from bot.domain.log import Service
from bot.requests.questions.log_search import SEARCHES, is_log_search, log_line
from bot.requests.questions.question import WHATS_UP, PlainQuestion, taken_apart
from bot.requests.questions.text import Kind, Named
from bot.requests.questions.vocabulary import ELSEWHERE, Topic, topic_of, words_in
from bot.text.redaction import echoed

BUTTONS = ("/batch list", "/queue", "/help")
CHANGES = {
    "mute": "/alerts mute <pattern> 2h",
    "unmute": "/alerts unmute <pattern>",
    "ack": "/alerts ack <number>",
    "acknowledge": "/alerts ack <number>",
    "snooze": "/alerts snooze <number> 2h",
}
_COMMAND_INSIDE = re.compile(r"\S\s+/(?:batch|trace|queue|logs|alerts|runner|help)\b")
_TAKEN_BACK = re.compile(r"\b(no wait|i mean|scratch that|do not|nej vänta|ta bort|again from)\b")
_AGAIN = re.compile(r"\b(run|kör|try) (it )?(again|om)\b")
_CAN_DO = re.compile(r"\b(what can (you|i)|how do (you|i) (work|use)|vad kan du)\b")
_LENGTH = re.compile(r"\b(\d{1,4}) ?([mhdw])(?:in|ins|inutes?|ours?|rs?|ays?|eeks?)?\b")
_A_DAY = re.compile(r"\b(today|idag|yesterday|igår|last night|inatt)\b")
# How batches did over a time, which is no question about one of them.
_TRENDS = re.compile(
    r"\btrends?\b|\bhow many\b.*\b(?:week|month|days)\b"
    r"|\bhow (?:did|do|are|have|were) (?:the |our )?(?:batches|we|things)\b"
    r".*\b(?:week|month|days?)\b"
    r"|\bhur (?:gick|går) (?:det för )?batcherna\b.*\b(?:vecka|veckan|månad|månaden)\b"
)
# Whoever wants to be told follows a batch.
_WATCH = re.compile(
    r"\b(?:watch|keep an eye on|(?:tell|ping|notify) me when|let me know when)\b"
    r"|\b(?:säg till när|bevaka)\b"
)
_BARE = re.compile(r"#?\d{1,7} ?\?+")
# What one word is enough to ask for, in the order in which they are looked for.
_LOOKED_AT = {Topic.QUEUE: "/queue", Topic.ALERTS: "/alerts list", Topic.RUNNER: "/runner"}
# What is asked of the whole, whatever it is that is wrong.
_OF_ALL = re.compile(
    r"\b(everything|anything|any news|allt|något|någonstans|what(?: is|'?s) wrong|vad är fel)\b"
)
_ALL_WELL = re.compile(
    r"^(?:(?:is )?all (?:well|good|fine|ok)|(?:is )?any(?:thing)? open"
    r"|are we (?:all )?(?:well|good|fine|ok(?:ay)?|healthy))\b"
)
# What is said of a batch, and of no comparison.
_OF_BATCHES = words_in("done finished finish complete completed klar klart färdig grades")
RUNNING = words_in("running active ongoing igång")
# They open a question, and what follows says what is asked.
OPENERS = words_in("how hows how's hur when när did go goes going still")
PICKED = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question means: a command line, or why it could not be read and what to offer.

    `to_type` is a command that acts: it is shown to be typed, and offered by no button.
    """

    line: str = ""
    problem: str = ""
    offers: tuple[str, ...] = BUTTONS
    to_type: str = ""


def read_question(
    text: str,
    *,
    subject: str = "",
    services: Iterable[Service] = (),
    now: datetime,
    zone: tzinfo = UTC,
) -> Reading:
    """Return what a question means.

    `subject` is what the thread is about: `batch 34`, `queue`, `trace <uuid>`, or nothing.
    """
    known = tuple(services)
    asked = taken_apart(text, subject, known)
    if refusal := _refused(asked):
        return refusal
    if is_log_search(asked.text, known):
        line = log_line(asked.text, known, now, zone)
        if line is not None:
            return Reading(line)
        if not asked.ids:
            return _unread("which service, and what to look for", ("/logs", *BUTTONS[:2]))
    watched = _WATCH.search(asked.text.casefold()) and len(asked.ids) == 1
    if watched and _is_batch(asked.ids[0]):
        return Reading(f"/batch watch {asked.ids[0].word}")
    if asked.about(Topic.COMPARE):
        return _compared(asked)
    if len(asked.ids) > 1:
        return _several(asked)
    return _of_one(asked, asked.ids[0]) if asked.ids else _of_none(asked)


def needs_subject(text: str, services: Iterable[Service] = ()) -> bool:
    """Say whether the thread's subject could matter: a question that names less than it needs."""
    asked = taken_apart(text, "", tuple(services))
    return len(asked.ids) < PICKED and _refused(asked) is None


def _unread(problem: str, offers: tuple[str, ...] = BUTTONS, to_type: str = "") -> Reading:
    # A word of the question may be anything, and everybody reads the buttons.
    found = [one for one in offers if echoed(one, len(one)) == one]
    more = (one for one in BUTTONS if one not in found)
    return Reading(problem=problem, offers=(*found, *more)[:3], to_type=to_type)


def _refused(asked: PlainQuestion) -> Reading | None:
    """Return why nothing may be run: the question acts, forbids, or is about something else."""
    fold = asked.text.casefold()
    if not asked.words:
        return _unread("which command")
    if asked.about(Topic.NEVER) or _TAKEN_BACK.search(fold) or _COMMAND_INSIDE.search(fold):
        return _unread("whether to run something", _offers(asked))
    if asked.about(Topic.ACT) or _AGAIN.search(fold):
        return _unread(
            "I change nothing on a plain question: a change is typed as a command, by an operator.",
            _offers(asked),
            _to_type(asked),
        )
    if asked.about(Topic.MEASURE):
        return _unread("what is asked about it", _offers(asked))
    if asked.about(Topic.OTHER):
        return _unread("anything but batches, comparisons, the queue, logs and alerts")
    elsewhere = ELSEWHERE & {word.casefold() for word in asked.words}
    if elsewhere and not asked.ids and not SEARCHES.search(asked.text):
        return _unread("anything but batches, comparisons, the queue, logs and alerts")
    if any(one.kind is Kind.TOO_SHORT for one in asked.ids):
        return _unread("an id of fewer than 6 characters")
    return None


def _to_type(asked: PlainQuestion) -> str:
    """Return how a change that people ask for is typed, where there is a command for it."""
    folds = {word.casefold() for word in asked.words}
    if asked.about(Topic.RUNNER):
        return "/runner stop <id>"
    return next((line for verb, line in CHANGES.items() if verb in folds), "")


def _offers(asked: PlainQuestion) -> tuple[str, ...]:
    """Return what can safely be looked at instead."""
    found = [f"/batch status {one.word}" for one in asked.ids if one.kind is not Kind.TOO_SHORT]
    return (*found[:2], *BUTTONS)[:3]


def _compared(asked: PlainQuestion) -> Reading:
    words = [one.word for one in asked.ids]
    topic, _, id = asked.subject.partition(" ")
    if len(words) == 1 and topic == "batch" and id != words[0]:
        words = [id, *words]
    if len(words) != PICKED:
        return _unread("which two batches to compare", _offers(asked))
    return Reading(f"/batch compare {words[0]} {words[1]}")


def _several(asked: PlainQuestion) -> Reading:
    lines = [_looked_up(one) for one in asked.ids[:2]]
    return _unread("which of the ids is meant", (*lines, "/help"))


def _looked_up(id: Named) -> str:
    return f"/batch status {id.word}" if _is_batch(id) else f"/trace {id.word}"


def _is_batch(id: Named) -> bool:
    return id.is_batch or id.kind in (Kind.NUMBER, Kind.LABEL)


def _of_one(asked: PlainQuestion, id: Named) -> Reading:
    folds = {word.casefold() for word in asked.words}
    is_batch = _is_batch(id) or bool(_OF_BATCHES & folds and not asked.about(Topic.TRACE))
    if not is_batch:
        return Reading(f"/trace {id.word}")
    if asked.about(Topic.BUNDLE):
        return Reading(f"/batch bundle {id.word}")
    if asked.about(Topic.WHY) and not _only_goes(asked):
        return Reading(f"/batch investigate {id.word}")
    if _asks_how_it_is(asked, id):
        return Reading(f"/batch status {id.word}")
    return _unread(
        f"what to do with {id.word}",
        (f"/batch status {id.word}", f"/batch investigate {id.word}", "/help"),
    )


def _asks_how_it_is(asked: PlainQuestion, id: Named) -> bool:
    """Say whether a question about one batch asks how it is.

    A word that asks for it does; so does its name beside words that are all known, where `what
    color is batch 34` is not guessed.
    """
    words = (word.casefold() for word in asked.words)
    others = [fold for fold in words if not fold.isdecimal() and id.word.casefold() not in fold]
    told = {fold for fold in others if topic_of(fold) in (Topic.STATUS, Topic.TRACE)}
    if told - OPENERS:
        return True
    named = (id.is_batch or id.kind is Kind.LABEL) and len(asked.words) > 1
    follows = asked.subject.startswith("batch ") or _BARE.fullmatch(asked.text)
    return bool(told or named or follows) and all(topic_of(fold) is not None for fold in others)


def _only_goes(asked: PlainQuestion) -> bool:
    """Say whether the only word that asks why is a plain `going`, as in `how is it going`."""
    asks = {w.casefold() for w in asked.words if topic_of(w.casefold()) is Topic.WHY}
    return asks == {"going"} and not WHATS_UP.search(asked.text.casefold())


def _of_none(asked: PlainQuestion) -> Reading:
    fold = asked.text.casefold()
    if line := next((line for topic, line in _LOOKED_AT.items() if asked.about(topic)), ""):
        return Reading(line)
    if asked.about(Topic.CHANGES):
        return Reading(_changes_line(fold))
    if asked.about(Topic.HELP) or _CAN_DO.search(fold):
        return Reading("/help")
    if _TRENDS.search(fold):
        return Reading(_trends_line(fold))
    if "batches" in fold or "batcharna" in fold or "batcher" in fold:
        return Reading("/batch list")
    if asked.subject and _follows(asked):
        return _of_subject(asked)
    asks = asked.about(Topic.STATUS, Topic.WHY) and _OF_ALL.search(fold)
    if not asked.subject and (asks or _ALL_WELL.search(fold)):
        return Reading("/alerts list")
    if asked.about(Topic.LIST) and RUNNING & {word.casefold() for word in asked.words}:
        return Reading("/batch list")
    if asked.about(Topic.LIST) and asked.about(Topic.WHY):
        return Reading("/queue" if "stuck" in fold else "/batch list")
    return _unread("which batch, comparison or queue is meant")


def _changes_line(fold: str) -> str:
    """Return the command for what changed, as far back as the question says."""
    if length := _LENGTH.search(fold):
        return f"/changes {length[1]}{length[2]}"
    if day := _A_DAY.search(fold):
        return f"/changes {'today' if day[0] in ('today', 'idag') else 'yesterday'}"
    return "/changes"


def _trends_line(fold: str) -> str:
    """Return the command for how batches did, as far back as the question says."""
    if length := _LENGTH.search(fold):
        return f"/batch trends --since {length[1]}{length[2]}"
    if "month" in fold or "månad" in fold:
        return "/batch trends --since 30d"
    return "/batch trends --since 7d"


def _follows(asked: PlainQuestion) -> bool:
    """Say whether every word is known: a follow-up is short and names nothing new."""
    known = [topic_of(word.casefold()) for word in asked.words]
    return all(topic is not None for topic in known) and not asked.about(Topic.LOGS)


def _of_subject(asked: PlainQuestion) -> Reading:
    topic, _, id = asked.subject.partition(" ")
    if topic == "batch" and asked.about(Topic.TRACE):
        return Reading(f"/trace {id}")
    if topic != "batch":
        return Reading(f"/{topic} {id}".strip())
    verb = "investigate" if asked.about(Topic.WHY) else "status"
    return Reading(f"/batch {verb} {id}")
