"""Why a question may not be answered by a command, and which commands come nearest; pure."""

import re
from collections.abc import Set as AbstractSet

from bot.requests.questions.matters import SERVERS, server_asked
from bot.requests.questions.question import PlainQuestion
from bot.requests.questions.reading import BUTTONS, ORDERS, Reading, unread_as
from bot.requests.questions.words.orders import AGAIN
from bot.requests.questions.words.services import SEARCHES
from bot.requests.questions.words.text import Kind, Named
from bot.requests.questions.words.vocabulary import ELSEWHERE, LOOKED_AT, Topic, topic_of, words_in
from bot.text.redaction import echoed

CHANGES = {
    "mute": "/alerts mute <pattern> 2h",
    "unmute": "/alerts unmute <pattern>",
    "ack": "/alerts ack <number>",
    "acknowledge": "/alerts ack <number>",
    "snooze": "/alerts snooze <number> 2h",
}
OF_ALERTS = frozenset(CHANGES) | words_in(
    "unack unsnooze silence maintenance kvittera kvitterar tysta tystar avvisa larm"
)
_COMMAND_INSIDE = re.compile(r"\S\s+/(?:batch|trace|queue|logs|alerts|runner|help)\b")
_TAKEN_BACK = re.compile(r"\b(no wait|i mean|scratch that|do not|nej vänta|again from)\b")
_LINK = re.compile(r"\bhttps?://\S")
_BELOW_ZERO = re.compile(r"(?<!\S)[-−]\d+\b(?! ?-)")
_WHO = re.compile(r"^(?:who|vem)\b|\bby whom\b|\bav vem\b")
# Of one batch: its rows hold no person.
_BEGUN = re.compile(
    r"\b(?:ran|runs?|started|made|created|submitted|sent|owns?|did|paid"
    r"|körde|kör|startade|skapade|skickade|äger|gjorde|betalade)\b"
)
_MODEL = re.compile(r"\b(?:models?|modell(?:en|er)?)\b")
_UP = re.compile(
    r"\b(?:up|down|alive|reachable|ok(?:ay|ej)?|fine|healthy|well|uppe|nere|igång|lever|mår|dead)\b"
)
_SERVICE = re.compile(
    r"\b(?:provider\w*|cj|llm|lps|anthropic|claude|gpt\w*|openai|services?|tjänsten|worker)\b"
)
# A word with letters and digits that is no id, such as the name of an essay; no `2pm`, no `24h`.
_NAME = re.compile(r"(?=.*\d)(?=.*[^\W\d])(?!\d+(?:am|pm|h|m|min|s|d|w|x|st|nd|rd|th)$)[\w-]{3,40}")


def refused(asked: PlainQuestion) -> Reading | None:
    """Return why nothing may be run: the question acts, forbids, or is about something else."""
    fold = asked.text.casefold()
    if not asked.words:
        return of_a_time(asked) if asked.time.since else unread_as("which command")
    if unread := _of_signs(asked):
        return unread
    if asked.about(Topic.NEVER) or _TAKEN_BACK.search(fold) or _COMMAND_INSIDE.search(fold):
        return unread_as("whether to run something", nearest(asked))
    of_one = len(asked.ids) == 1 and _BEGUN.search(fold)
    if (asked.was_done or of_one) and _WHO.search(fold) and not asked.about(*LOOKED_AT):
        return unread_as(
            "Who did something is recorded nowhere that I read. What came of it is.",
            _around(asked),
        )
    if asked.about(Topic.ACT) or (AGAIN.search(fold) and not asked.considers):
        return unread_as(
            ORDERS,
            nearest(asked),
            _to_type(asked),
        )
    if asked.about(Topic.MEASURE):
        return unread_as("what is asked about it", nearest(asked))
    if asked.about(Topic.OTHER):
        return unread_as("anything but batches, comparisons, the queue, logs and alerts")
    elsewhere = ELSEWHERE & {word.casefold() for word in asked.words}
    is_searched = bool(SEARCHES.search(asked.text) or server_asked(asked))
    is_searched = is_searched or asked.about(*LOOKED_AT)
    if elsewhere and not asked.ids and not is_searched:
        return _elsewhere(asked, elsewhere)
    if any(one.kind is Kind.TOO_SHORT for one in asked.ids):
        return unread_as("an id of fewer than 6 characters")
    return None


def _of_signs(asked: PlainQuestion) -> Reading | None:
    """Return what is said of signs that are no words: a link, a number below zero."""
    if _LINK.search(asked.text) and not asked.ids:
        return unread_as("I open no link: paste the message's own text, or the id that it names.")
    return unread_as("a number below zero") if _BELOW_ZERO.search(asked.text) else None


def _elsewhere(asked: PlainQuestion, named: AbstractSet[str]) -> Reading:
    """Return what comes nearest to a question about a server that batches stand on, or another."""
    servers = sorted(named & SERVERS.keys())
    if not servers:
        return unread_as(
            "anything but batches, comparisons, the queue, logs and alerts", _around(asked)
        )
    where, text = SERVERS[servers[0]]
    if moment := asked.time.moment:
        return unread_as(
            f"I read no single moment; these begin at {moment}, or tell what is wrong now.",
            (f"/changes {moment}", f"/batch list --since {moment}", "/alerts list"),
        )
    return unread_as(
        "I ask no server whether it is up: the alerts and the errors in the logs show it.",
        ("/alerts list", f"/logs {where} {text} --level error"),
    )


def _to_type(asked: PlainQuestion) -> str:
    """Return how a change that people ask for is typed, where there is a command for it."""
    folds = {word.casefold() for word in asked.words}
    if asked.about(Topic.RUNNER):
        return "/runner stop <id>"
    line = next((line for verb, line in CHANGES.items() if verb in folds), "")
    return line.replace("<number>", asked.alert or "<number>")


def nearest(asked: PlainQuestion) -> tuple[str, ...]:
    """Return what can safely be looked at instead, the nearest first."""
    named = [one for one in asked.ids if one.kind is not Kind.TOO_SHORT][:3]
    looks = [_looked_at(one) for one in named[:2]]
    if len(named) == 1:
        looks += [f"/batch status {named[0].word}"]
    elif len(asked.ids) == 2 and all("/batch" in one for one in looks):
        looks = [f"/batch compare {named[0].word} {named[1].word}", *looks]
    return (*looks, *BUTTONS)[:3]


def _looked_at(id: Named) -> str:
    is_batch = id.is_batch or id.kind in (Kind.NUMBER, Kind.LABEL)
    return f"/batch investigate {id.word}" if is_batch else f"/trace {id.word}"


def considered_line(asked: PlainQuestion) -> str:
    """Return what shows whether to do what a question only thinks about."""
    return "/alerts list" if OF_ALERTS & {word.casefold() for word in asked.words} else ""


def at_a_loss(asked: PlainQuestion) -> Reading:
    """Return what is said of a question without an id that nothing was read of."""
    return (
        of_a_moment(asked)
        or _of_a_service(asked)
        or (of_a_time(asked) if asked.time.since else None)
        or unread_as("which batch, comparison or queue is meant")
    )


def of_a_moment(asked: PlainQuestion) -> Reading | None:
    """Return what to look at where a question is about one moment, or a name that is no id."""
    if asked.time.is_moment:
        return of_a_time(asked)
    names = [word for word in asked.words if _NAME.fullmatch(word) and topic_of(word) is None]
    if not names or asked.ids:
        return None
    named = names[0] if echoed(names[0]) == names[0] else "that name"
    return unread_as(
        f"I know nothing called {named}: a batch has a number, a uuid or a run label, "
        "a comparison a uuid or its first 6 characters."
    )


def of_a_time(asked: PlainQuestion) -> Reading:
    """Return what to look at where no command answers for the time that a question names."""
    what = "no single moment" if asked.time.is_moment else "nothing but a time in it"
    begin = asked.time.since
    if ":" not in begin and "-" not in begin and asked.time.begin:
        begin = asked.time.begin.replace(tzinfo=None).isoformat(" ", "minutes")
    told = f"I read {what}; these begin at {begin}, or show the queue of now."
    return unread_as(told, _around(asked))


def _of_a_service(asked: PlainQuestion) -> Reading | None:
    fold = asked.text.casefold()
    if _MODEL.search(fold):
        return unread_as(
            "which batch is meant", ("/batch trends --since 7d --by model", "/batch list")
        )
    if _UP.search(fold) and _SERVICE.search(fold):
        return unread_as(
            "I ask no service whether it is up: the queue and the alerts show whether it answers.",
            ("/queue", "/alerts list"),
        )
    return None


def _around(asked: PlainQuestion) -> tuple[str, ...]:
    """Return what shows the moment, or the batch, that a question names."""
    if asked.ids:
        return nearest(asked)
    if since := asked.time.since:
        return (f"/changes {since}", f"/batch list --since {since}", "/queue")
    return ("/changes", *BUTTONS[:2])
