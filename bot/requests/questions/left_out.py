"""Says what of a question the command that it was read as does not answer; pure."""

import re
from datetime import datetime

from bot.requests.questions.listed import unknown_words
from bot.requests.questions.over_time import changes_line, list_line
from bot.requests.questions.question import PlainQuestion
from bot.requests.questions.words.counts import names_several
from bot.requests.questions.words.vocabulary import ELSEWHERE, known_word, words_in
from bot.text.wording import many

# What looks at all services alike: a service's name in the question takes nothing from it.
_OF_ALL_SERVICES = ("/batch", "/trace", "/help", "/queue", "/runner")
# What narrows a list of batches, and what no list is chosen by.
_MODELS = words_in("haiku sonnet opus claude gpt anthropic openai google openrouter mistral")
_MODES = words_in("per_request serial_bundle provider_batch_api serial bundled bundles")
_NARROWING = (
    ELSEWHERE
    | _MODELS
    | _MODES
    | words_in(
        "mock real connection connections timeout timeouts timed overload overloaded credit "
        "credits quota budget key keys rate throttled content essay essays uppsats uppsatser "
        "assignment assignments orphaned orphan föräldralös föräldralösa cancelled canceled "
        "avbrutna forced scoring finalised finalisation finished completed klara färdiga healthy "
        "friska slow slowest långsamma dyra expensive duplicate duplicates dubbla krediter nyckel "
        "nycklar anslutning"
    )
)
# What a command tells, so that the word narrows nothing that it answers.
_TOLD = {
    "trends": words_in(
        "real timeout timeouts timed overload overloaded credit credits krediter quota budget key "
        "keys rate throttled connection connections content finished completed klara färdiga "
        "healthy friska slow slowest långsamma dyra expensive"
    ),
    "/changes": _MODELS | _MODES | words_in("mock real"),
    "/queue": words_in("mock real redis orphaned orphan föräldralös föräldralösa"),
}
_NARROWED = ("/batch list", "/batch trends", "/changes", "/alerts list", "/queue")
_HAPPENED = words_in("happened happening hände hänt händer")
_WHICH = re.compile(r"\b(?:which|what|vilka|list|lista|show|visa)\b")


def left_out(asked: PlainQuestion, line: str, local: datetime) -> str:
    """Return what narrows a question and is left out by a line; "" for nothing.

    It is a time, a code, a service, or what would part the batches of a list. Only words that
    were read as such are returned: those of a person's own are counted.
    """
    words = line.split()
    parts = (
        _time(asked, words, local),
        *(one for one in asked.codes if one not in words and "investigate" not in words),
        _service(asked, words),
        *_narrowed(asked, words),
        _others(asked, line, local),
    )
    return ", ".join(part for part in parts if part)


def _time(asked: PlainQuestion, words: list[str], local: datetime) -> str:
    time = asked.time
    if not time.said:
        return ""
    is_used = time.since in words if time.since else "--until" in words
    if not is_used:
        return f"“{time.said}”"
    is_told = "--until" in words or not time.is_over(local)
    return "" if is_told else f"the end of “{time.said}”"


def _service(asked: PlainQuestion, words: list[str]) -> str:
    is_of_all = words[0] in _OF_ALL_SERVICES and words[1:2] not in (["list"], ["trends"])
    if not asked.service or is_of_all or asked.service in words:
        return ""
    return f"“{asked.service}”"


def _narrowed(asked: PlainQuestion, words: list[str]) -> list[str]:
    """Return the words that would part what a command shows, and that it is not chosen by."""
    if not " ".join(words).startswith(_NARROWED):
        return []
    answered = _TOLD.get(words[0], _TOLD.get(words[1], frozenset()) if words[1:] else frozenset())
    folds = dict.fromkeys(word.casefold() for word in asked.words)
    known = [fold for fold in folds if fold in _NARROWING]
    told = [f"“{one}”" for one in known if one not in answered | {asked.service.casefold()}]
    others = unknown_words(asked) - set(known) if words[:2] == ["/batch", "list"] else ()
    return [*told, many(len(others), "unknown word")] if others else told


def _others(asked: PlainQuestion, line: str, local: datetime) -> str:
    """Return what a question asks for beside what is counted or listed, and the command for it."""
    fold = asked.text.casefold()
    happened = _HAPPENED & {known_word(word.casefold()) for word in asked.words}
    if line.startswith("/batch list") and happened:
        return f"what else happened, which {changes_line(asked, local)} tells"
    if line.startswith("/batch trends") and names_several(fold) and _WHICH.match(fold):
        return f"which batches they are, which {list_line(asked, local)} tells"
    return ""
