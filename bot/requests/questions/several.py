"""Reads questions that name two ids or more: which two to compare, or which to look at; pure."""

from datetime import datetime

from bot.domain.batch.modes import BATCHING_MODES
from bot.requests.questions.question import PlainQuestion
from bot.requests.questions.reading import Reading, unread_as
from bot.requests.questions.refused import nearest
from bot.requests.questions.words.stems import asks
from bot.requests.questions.words.text import ALIKE, Kind, Named
from bot.requests.questions.words.vocabulary import Topic, words_in

PICKED = 2
MOST_LISTED = 50
# Whoever says `or` has not decided.
_OR = words_in("or eller")
_ALIKE = ALIKE | words_in("lika alike twice duplicates")


def is_a_batch(id: Named) -> bool:
    """Say whether an id is a batch's, by its shape or because it was called one."""
    return id.is_batch or id.kind in (Kind.NUMBER, Kind.LABEL)


def compared(asked: PlainQuestion, local: datetime) -> Reading:
    """Return the comparison that is asked for; one batch may be the thread's."""
    words = [one.word for one in asked.ids]
    modes = [f"mode:{word}" for word in asked.words if word in BATCHING_MODES]
    if len(set(modes)) == PICKED and not words:
        return Reading(" ".join(("/batch compare", *modes, asked.time.window(local))).rstrip())
    topic, _, id = asked.subject.partition(" ")
    if len(words) == 1 and topic == "batch" and id != words[0]:
        words = [id, *words]
    if len(words) != PICKED:
        return unread_as("which two batches to compare", nearest(asked))
    return Reading(f"/batch compare {words[0]} {words[1]}")


def of_several(asked: PlainQuestion, local: datetime) -> Reading:
    """Return what a question about several ids means: two batches are compared."""
    folds = {word.casefold() for word in asked.words}
    batches = [one for one in asked.ids if is_a_batch(one)]
    told = asked.about(Topic.WHY, Topic.BATCH, Topic.LIST) or asks(asked.text.casefold())
    are_two = len(batches) == PICKED == len(asked.ids) or (
        len(asked.ids) == PICKED and _ALIKE & folds
    )
    if are_two and told and not _OR & folds:
        return compared(asked, local)
    if asked.about(Topic.COMPARE):
        return unread_as("which two batches to compare", nearest(asked))
    if len(batches) == len(asked.ids) > PICKED and asked.about(Topic.WHY) and not _OR & folds:
        return Reading(f"/batch list faulty {MOST_LISTED}")
    return unread_as("which of them is meant", nearest(asked))
