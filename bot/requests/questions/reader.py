"""Decides which command a plain question means; pure, and the same words mean the same line."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from bot.domain.log import Service
from bot.requests.questions.left_out import left_out
from bot.requests.questions.listed import RUNNING, listed
from bot.requests.questions.log_search import assignment_line, is_log_search, log_line
from bot.requests.questions.matters import of_a_matter, server_asked
from bot.requests.questions.over_time import changes_line, list_line, over_time
from bot.requests.questions.question import WHATS_UP, PlainQuestion, taken_apart
from bot.requests.questions.reading import BUTTONS, Reading, unread_as
from bot.requests.questions.refused import (
    at_a_loss,
    considered_line,
    nearest,
    of_a_moment,
    of_a_time,
    refused,
)
from bot.requests.questions.set_phrases import set_phrase
from bot.requests.questions.several import PICKED, compared, is_a_batch, of_several
from bot.requests.questions.understood import understood
from bot.requests.questions.words.counts import names_several
from bot.requests.questions.words.orders import asks_what_to_do
from bot.requests.questions.words.stems import asks, speaks_of_batches
from bot.requests.questions.words.text import Kind, Named
from bot.requests.questions.words.vocabulary import LOOKED_AT, Topic, known_word, topic_of, words_in

_CAN_DO = re.compile(r"\b(what can (you|i)|how do (you|i) (work|use)|vad kan du)\b")
_HAPPENED = re.compile(r"\b(?:happen\w*|history|hände|hänt|historik|when|när)\b")

# Whoever wants to be told follows a batch.
_WATCH = re.compile(
    r"\b(?:watch|keep an eye on|(?:tell|ping|notify) me when|let me know when"
    r"|let me know if\b.{0,80} (?:fail|finish|end|break)\w*)\b"
    r"|\b(?:säg till när|bevaka)\b"
)
_BARE = re.compile(r"#?\d{1,7} ?\?+")
# What is asked of the whole, whatever it is that is wrong.
_OF_ALL = re.compile(
    r"\b(everything|anything|any news|allt|något|nåt|någonstans|what(?: is|'?s) wrong|vad är fel)\b"
)
_ALL_WELL = re.compile(
    r"^(?:(?:is )?all (?:well|good|fine|ok)|(?:is )?any(?:thing)? open"
    r"|are we (?:all )?(?:well|good|fine|ok(?:ay)?|healthy))\b"
)
# What is said of a batch, and of no comparison.
_HOW_IT_WENT = re.compile(
    r"\b(?:how did (?:it|things) go|how was it|what happened|hur (?:gick|har) det|hur ser det ut"
    r"|vad hände|vad har hänt)\b"
)
# `essays in 17 that never took part` asks without a word that asks.
_OF_ITS = re.compile(
    r"\b(?:in|of|for|from|on|i|av|för|från|på) (?:batch(?:en)? )?#?\d{1,7} (?:that|which|som)\b"
)
_OF_BATCHES = words_in("done finished finish complete completed klar klart färdig grades")
# They open a question, and what follows says what is asked.
OPENERS = words_in("how hows how's hur when när did go goes going still")
# What is restarted, stopped and deployed, and is no batch.
SERVICES = words_in(
    "provider providern llm cj worker service services tjänsten tjänsterna container containers "
    "idag igår"
)


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
    local = now.astimezone(zone)
    asked = taken_apart(text, subject, known, local)
    read = _read(asked, known, local)
    if read.line:
        return replace(read, left_out=left_out(asked, read.line, local))
    return replace(read, understood=understood(asked))


def _read(asked: PlainQuestion, known: tuple[Service, ...], local: datetime) -> Reading:
    if (phrase := set_phrase(asked)) is not None:
        return phrase
    if refusal := refused(asked):
        return refusal
    if (lines := _of_lines(asked, known, local)) is not None:
        return lines
    if len(asked.ids) == 1 and is_a_batch(asked.ids[0]) and _WATCH.search(asked.text.casefold()):
        return Reading(f"/batch watch {asked.ids[0].word}")
    if asked.about(Topic.COMPARE) and len(asked.ids) <= PICKED:
        return compared(asked, local)
    if len(asked.ids) > 1:
        return of_several(asked, local)
    if asked.ids:
        return _of_one(asked, asked.ids[0])
    return _of_none(asked, local, known)


def _of_lines(asked: PlainQuestion, known: tuple[Service, ...], local: datetime) -> Reading | None:
    """Return the search that a question asks for, or what lacks for one; None for no search."""
    if line := assignment_line(asked, local):
        return Reading(line)
    if not is_log_search(asked):
        return None
    if line := log_line(asked, known, local):
        return Reading(line)
    if asked.ids:
        return None
    return unread_as("which service, and what to look for", ("/logs", *BUTTONS[:2]))


def needs_subject(text: str, services: Iterable[Service], now: datetime) -> bool:
    """Say whether the thread's subject could matter: a question that names less than it needs."""
    asked = taken_apart(text, "", tuple(services), now)
    return len(asked.ids) < PICKED and refused(asked) is None


def _of_one(asked: PlainQuestion, id: Named) -> Reading:
    folds = {word.casefold() for word in asked.words}
    is_batch = is_a_batch(id) or bool(_OF_BATCHES & folds and not asked.about(Topic.TRACE))
    if not is_batch:
        return Reading(f"/trace {id.word}")
    if asked.about(Topic.BUNDLE):
        return Reading(f"/batch bundle {id.word}")
    story = Reading(f"/batch investigate {id.word}{_day_of(asked)}")
    if asked.codes or (asked.about(Topic.WHY) and not _only_goes(asked)):
        return story
    if asked.about(Topic.ALERTS) and asks(asked.text.casefold()):
        return Reading("/alerts list")
    thinks = asked.considers or asks_what_to_do(asked.text.casefold())
    if thinks and not asked.about(*LOOKED_AT):
        return story
    if asked.was_done:
        return Reading(f"/batch status {id.word}")
    if _asks_how_it_is(asked, id):
        return Reading(f"/batch status {id.word}")
    if _asks_of_the_field(asked, id):
        return story
    return unread_as("what is asked about it", nearest(asked))


def _day_of(asked: PlainQuestion) -> str:
    """Return the day that a question about one batch names, as an option."""
    word = asked.time.since
    return f" --since {word}" if word in ("today", "yesterday") else ""


def _asks_of_the_field(asked: PlainQuestion, id: Named) -> bool:
    """Say whether a question about one batch asks anything of what batches are and undergo."""
    folds = {word.casefold() for word in asked.words} - {id.word.casefold(), f"#{id.word}"}
    others = {fold for fold in folds if not fold[0].isdecimal()}
    known = bool(others) and all(topic_of(fold) is not None for fold in others)
    asks_of_it = asks(asked.text.casefold()) or _OF_ITS.search(asked.text.casefold())
    return bool(asks_of_it) and (known or speaks_of_batches(others))


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


def _of_none(asked: PlainQuestion, local: datetime, services: tuple[Service, ...]) -> Reading:
    fold = asked.text.casefold()
    if asked.considers and (line := considered_line(asked)):
        return Reading(line)
    follows = bool(asked.subject) and _follows(asked)
    if (plain := _of_a_topic(asked, local)) is not None:
        return plain
    several = names_several(fold)
    if not (several or follows) and server_asked(asked):
        return of_a_matter(asked, services, local) or at_a_loss(asked)
    if (not follows or several) and (found := listed(asked, local)) is not None:
        return found if found.line else of_a_matter(asked, services, local) or found
    if not follows and (matter := of_a_matter(asked, services, local)) is not None:
        return matter
    if "batches" in fold or "batcharna" in fold or "batcher" in fold:
        return Reading(list_line(asked, local))
    if follows:
        return _of_subject(asked)
    return _of_the_whole(asked, local)


def _of_a_topic(asked: PlainQuestion, local: datetime) -> Reading | None:
    """Return the command of the topic that a question is about, whatever else it says."""
    fold = asked.text.casefold()
    if asked.alert:
        history = f"/alerts history {asked.alert}"
        return Reading(history if _HAPPENED.search(fold) else "/alerts list")
    if line := next((line for topic, line in LOOKED_AT.items() if asked.about(topic)), ""):
        return _of_now(asked, line, local)
    if asked.about(Topic.CHANGES):
        return Reading(changes_line(asked, local))
    if asked.about(Topic.HELP) or _CAN_DO.search(fold):
        return Reading("/help")
    return over_time(asked, local)


def _of_now(asked: PlainQuestion, line: str, local: datetime) -> Reading:
    """Return what is looked at as it is now; of a time that is over the alerts keep a record."""
    if not (asked.time.since and asked.time.is_over(local)):
        return Reading(line)
    if asked.about(Topic.ALERTS):
        return Reading("/alerts history")
    return of_a_time(asked)


def _of_the_whole(asked: PlainQuestion, local: datetime) -> Reading:
    """Return what a question means that names no batch and follows none."""
    fold = asked.text.casefold()
    folds = {word.casefold() for word in asked.words}
    is_running = bool(RUNNING & (folds | {known_word(one) for one in folds}))
    if is_running and (asked.about(Topic.LIST) or _OF_ALL.search(fold)):
        return Reading("/batch list open")
    if asked.time.since and not asked.time.is_moment and _HOW_IT_WENT.search(fold):
        return Reading(list_line(asked, local))
    of_all = asked.about(Topic.STATUS, Topic.WHY) and _OF_ALL.search(fold)
    if not asked.subject and (of_all or _ALL_WELL.search(fold)):
        # Alerts tell of now.
        return Reading(list_line(asked, local) if asked.time.since else "/alerts list")
    if asked.was_done and (line := _done_line(asked, local)):
        return Reading(line)
    if (moment := of_a_moment(asked)) is not None:
        return moment
    if asked.about(Topic.LIST) and asked.about(Topic.WHY):
        return Reading(list_line(asked, local))
    return at_a_loss(asked)


def _done_line(asked: PlainQuestion, local: datetime) -> str:
    """Return the command for whether something was done to a service; "" for anything else."""
    words = [word.casefold() for word in asked.words]
    named = any(word in SERVICES for word in words)
    others = [one for one in words if one not in SERVICES and not one[0].isdecimal()]
    known = all(topic_of(one) is not None for one in others)
    return changes_line(asked, local) if named and known else ""


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
