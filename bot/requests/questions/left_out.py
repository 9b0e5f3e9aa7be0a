"""Says what of a question the command that it was read as does not answer; pure."""

from datetime import datetime

from bot.requests.questions.question import PlainQuestion

# What looks at all services alike: a service's name in the question takes nothing from it.
_OF_ALL_SERVICES = ("/batch", "/trace", "/help", "/queue", "/runner")


def left_out(asked: PlainQuestion, line: str, local: datetime) -> str:
    """Return the time, the code and the service of a question that a line leaves out; "" for none.

    Only words that were read as such are returned: none is of a person's own.
    """
    words = line.split()
    parts = (
        _time(asked, words, local),
        *(one for one in asked.codes if one not in words and "investigate" not in words),
        _service(asked, words),
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
