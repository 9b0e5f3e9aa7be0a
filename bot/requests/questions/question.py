"""A plain question taken apart: its words, its ids, and the topics that they are of; pure."""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.log import Service
from bot.requests.questions.words.asked_time import AskedTime
from bot.requests.questions.words.codes import codes_in
from bot.requests.questions.words.counts import count_in
from bot.requests.questions.words.diacritics import with_diacritics
from bot.requests.questions.words.orders import forbids, is_considered, is_past
from bot.requests.questions.words.services import service_in
from bot.requests.questions.words.text import Named, clean, ids_of, words_of
from bot.requests.questions.words.times import time_in
from bot.requests.questions.words.vocabulary import Topic, topic_of, words_in

WHATS_UP = re.compile(
    r"\b(what'?s up|going on|hur kommer det sig|what\b.* wait(?:s|ing) for|vad väntar\b.* på"
    r"|no (?:new )?(?:answers?|callbacks?|results?|progress))\b"
)
_DID_CHANGE = re.compile(r"^(?:did|has|have|what|any\w*|some\w*|was|were)\b.*\bchange\b")
_TOOK_AWAY = re.compile(r"\b(?:tog|togs|tagit|tagits) bort\b")
# `fast` alone is quick, in English.
STUCK_FAST = re.compile(r"\b(?:sitter|satt|suttit|är|vara|varit|blev|blivit|sitta|kört) fast\b")
# `how tall is` asks for a measure, and not how it goes.
_MEASURE = re.compile(r"\bhow (\w+) (?:is|are|was|were)\b")
# What the queue's answer tells by its size, its age and its movement.
_QUEUE_MEASURES = words_in("full empty deep crowded busy loaded packed backed high heavy")
# Words that belong together; a single one in quotes is a word as any other.
_QUOTED = re.compile(r'"([^"]{1,60} [^"]{1,60})"')
_ALERT = re.compile(r"\b(?:alert|alarm|larm(?:et)?) (?:no\.? |nr\.? )?#?(\d{1,6})\b")
_OF_A_PERSON = re.compile(r"\b(?!batch)\w+'s (?:essay|grade|score|text|result)s?\b")


@dataclass(frozen=True, slots=True)
class PlainQuestion:
    """A question taken apart: `text` is without its time and what it quotes."""

    text: str
    words: tuple[str, ...]
    ids: tuple[Named, ...]
    topics: frozenset[Topic]
    subject: str = ""
    # Whether it asks about something that was done, or whether something should be.
    was_done: bool = False
    considers: bool = False
    # The answers of a model's provider that it names, such as 529: numbers, and no batches.
    codes: tuple[str, ...] = ()
    time: AskedTime = field(default_factory=AskedTime)
    quoted: str = ""
    # The service that it names, as /logs takes it.
    service: str = ""
    # The number of the alert that it names.
    alert: str = ""

    def about(self, *topics: Topic) -> bool:
        """Say whether a word of one of these topics stands in it."""
        return not self.topics.isdisjoint(topics)


def taken_apart(
    text: str, subject: str, services: tuple[Service, ...], local: datetime
) -> PlainQuestion:
    """Return a question with its ids, its time, and the topics of its words.

    `local` is now, on the clock of whoever asks.
    """
    whole = clean(text)
    quoted = _QUOTED.search(whole)
    own = with_diacritics(whole.replace(quoted[0], " ") if quoted else whole)
    time, plain = time_in(own, local)
    words = words_of(plain)
    count = count_in(plain.casefold())
    fold = plain.casefold()
    named = ids_of(words, (service.name for service in services))
    service = service_in(words, services)
    alert = _ALERT.search(fold)
    numbers = [one.word for one in named if not one.is_batch]
    codes = codes_in(fold, numbers, of_a_service=bool(service))
    ids = [one for one in named if one.word not in (count, *codes, alert and alert[1])]
    acts = _acts(words)
    topics = _topics(words, fold, acts, has_ids=bool(ids))
    was_done, considers = is_past(fold, acts), is_considered(fold, acts)
    if was_done or considers:
        topics -= {Topic.ACT}
    return PlainQuestion(
        plain,
        tuple(words),
        tuple(ids),
        frozenset(topics),
        subject,
        was_done or bool(_TOOK_AWAY.search(fold)),
        considers and not was_done,
        codes,
        time,
        quoted[1].strip() if quoted else "",
        service,
        alert[1] if alert else "",
    )


def _topics(words: Sequence[str], fold: str, acts: Set[str], *, has_ids: bool) -> set[Topic]:
    """Return what the words are about, as they stand together."""
    topics = {topic for word in words if (topic := topic_of(word.casefold())) is not None}
    if WHATS_UP.search(fold) or STUCK_FAST.search(fold):
        topics.add(Topic.WHY)
    if _OF_A_PERSON.search(fold):
        topics.add(Topic.OTHER)
    known = _QUEUE_MEASURES if Topic.QUEUE in topics and not has_ids else ()
    unknown = (one for one in _MEASURE.findall(fold) if one not in known)
    if any(topic_of(one) is None and not one[0].isdecimal() for one in unknown):
        topics = _without_how(words, topics)
    if _DID_CHANGE.search(fold) and acts == {"change"}:
        topics = (topics - {Topic.ACT}) | {Topic.CHANGES}
    forbidding = {w.casefold() for w in words if topic_of(w.casefold()) is Topic.NEVER}
    if forbidding and not forbids(fold, forbidding):
        topics -= {Topic.NEVER}
    return topics


def _without_how(words: Iterable[str], topics: set[Topic]) -> set[Topic]:
    """Return topics where only `how` asks for the state, and it asks for something else."""
    others = {topic_of(fold) for word in words if (fold := word.casefold()) != "how"}
    is_asked = not others.isdisjoint({Topic.STATUS, Topic.WHY, Topic.TRACE})
    return topics if is_asked else (topics - {Topic.STATUS}) | {Topic.MEASURE}


def _acts(words: Iterable[str]) -> set[str]:
    """Return the words that ask for a change."""
    return {fold for word in words if topic_of(fold := word.casefold()) is Topic.ACT}
