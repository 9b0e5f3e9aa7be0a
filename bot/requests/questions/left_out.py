"""Says what of a question the command that it was read as does not answer; pure."""

from datetime import datetime

from bot.requests.questions.listed import unknown_words
from bot.requests.questions.question import PlainQuestion
from bot.requests.questions.words.vocabulary import ELSEWHERE, words_in
from bot.text.wording import many

# What looks at all services alike: a service's name in the question takes nothing from it.
_OF_ALL_SERVICES = ("/batch", "/trace", "/help", "/queue", "/runner")
# What narrows a list of batches, and what no list is chosen by.
_NARROWING = ELSEWHERE | words_in(
    "haiku sonnet opus claude gpt anthropic openai google openrouter mock real "
    "per_request serial_bundle provider_batch_api bundled bundles"
)


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
    )
    return ", ".join(part for part in parts if part)


def _time(asked: PlainQuestion, words: list[str], local: datetime) -> str:
    time = asked.time
    if not time.said:
        return ""
    if not {time.since, time.span(local)} - {""} & set(words):
        return f"“{time.said}”"
    is_told = "--until" in words or not time.is_over(local)
    return "" if is_told else f"the end of “{time.said}”"


def _service(asked: PlainQuestion, words: list[str]) -> str:
    is_of_all = words[0] in _OF_ALL_SERVICES and words[1:2] not in (["list"], ["trends"])
    if not asked.service or is_of_all or asked.service in words:
        return ""
    return f"“{asked.service}”"


def _narrowed(asked: PlainQuestion, words: list[str]) -> list[str]:
    """Return the words that would part the batches of a list, and that no list is chosen by."""
    if words[:2] != ["/batch", "list"]:
        return []
    folds = dict.fromkeys(word.casefold() for word in asked.words)
    known = [fold for fold in folds if fold in _NARROWING]
    others = unknown_words(asked) - set(known)
    told = [f"“{fold}”" for fold in known if fold != asked.service.casefold()]
    return [*told, many(len(others), "unknown word")] if others else told
