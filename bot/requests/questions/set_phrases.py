"""Reads what is asked in a set phrase: a greeting, a rule's meaning, a batch as a page; pure."""

import re

from bot.requests.questions.meaning import meant_rule
from bot.requests.questions.question import PlainQuestion
from bot.requests.questions.reading import Reading
from bot.requests.questions.refused import OF_ALERTS
from bot.requests.questions.several import is_a_batch
from bot.requests.questions.words.orders import asks_how_to
from bot.requests.questions.words.vocabulary import Topic, words_in

_GREETS = re.compile(
    r"(?:hi|hello|hey|hej|hejsan|hallå|tjena|god morgon|good (?:morning|afternoon|evening)|ping)"
    r"(?: there| bot| batchbot| alla| all)?\W*"
)
_ALL_WELL = re.compile(
    r"(?:(?:hur|vad) (?:är|e) )?läget(?: nu| idag)?\W*|(?:är |e )?allt (?:lugnt|bra|ok)\W*"
)
_THANKS = words_in("thanks thank thx ty tack tackar cheers tackade")
# What stands beside thanks, and asks for nothing.
_BESIDE_THANKS = words_in(
    "you so much very a lot that this it helped works worked now great good perfect nice job ok "
    "okay for the your help all bot batchbot så mycket det hjälpte funkar nu bra perfekt toppen "
    "super fint jobbat för hjälpen ska du ha dig skall alla is was fixed solved löst fixat igen"
)
_HELP_OF = {
    Topic.ALERTS: "alerts", Topic.RUNNER: "runner", Topic.QUEUE: "queue", Topic.LOGS: "logs",
    Topic.TRACE: "trace", Topic.CHANGES: "changes", Topic.BUNDLE: "batch", Topic.BATCH: "batch",
}  # fmt: skip
# What is explained by the help of the command that looks at it.
_WHAT_IS_A = re.compile(
    r"(?:what(?: is|'?s| are)|vad är|vad betyder) (?:(?:an?|en|ett) )?"
    r"(?P<kind>batch(?:es|ar)?|comparisons?|jämförelse[rn]?|callbacks?|bundles?|runners?|alerts?|larm)"
    r"(?: here)?\W*"
)
_HELP_OF_KIND = {"c": "trace", "j": "trace", "r": "runner", "a": "alerts", "l": "alerts"}
# The whole story as a file, which sends nothing anywhere.
_PAGE = re.compile(
    r"(?:(?:please|pls|can you|could you|kan du|snälla) )*"
    r"(?:send|give|get|make|export|skicka|ge|gör|exportera|hämta)(?: me| us| mig| oss)?"
    r"(?: a page (?:of|for)| en sida (?:om|för))?(?: the| batch(?:en)?)* #?[\w-]+"
    r"(?: as an? (?:page|file|html|html page|report)| som (?:en )?(?:sida|fil|html))?"
    r"(?: please| pls| plz| tack)*\W*"
)
_AS_PAGE = re.compile(r"\b(?:page|file|html|report|sida|fil|export\w*)\b")


def set_phrase(asked: PlainQuestion) -> Reading | None:
    """Return what a set phrase means; None for any other question."""
    fold = asked.text.casefold()
    if _GREETS.fullmatch(fold):
        return Reading("/help")
    if _only_thanks(asked):
        return Reading(problem="You are welcome.")
    if not asked.ids and (rule := meant_rule(fold)):
        return Reading(f"/help {rule}")
    if kind := _WHAT_IS_A.fullmatch(fold):
        return Reading(f"/help {_HELP_OF_KIND.get(kind['kind'][0], 'batch')}")
    if not (asked.subject or asked.time.since) and _ALL_WELL.fullmatch(fold):
        return Reading("/alerts list")
    if not asked.ids and asks_how_to(fold):
        return _help_of(asked)
    is_one = len(asked.ids) == 1 and is_a_batch(asked.ids[0])
    if is_one and _PAGE.fullmatch(fold) and _AS_PAGE.search(fold):
        return Reading(f"/batch investigate {asked.ids[0].word} --export")
    return None


def _only_thanks(asked: PlainQuestion) -> bool:
    folds = {word.casefold() for word in asked.words}
    return bool(folds & _THANKS) and folds <= _THANKS | _BESIDE_THANKS and "?" not in asked.text


def _help_of(asked: PlainQuestion) -> Reading | None:
    """Return the help that says how something is done; None where it is of no command."""
    folds = {word.casefold() for word in asked.words}
    if folds & OF_ALERTS:
        return Reading("/help alerts")
    if "requeue" in folds:
        return Reading("/help queue")
    named = next((name for topic, name in _HELP_OF.items() if asked.about(topic)), "")
    return Reading(f"/help {named}") if named else None
