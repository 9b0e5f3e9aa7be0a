"""Hours that a question spells out, put into digits: `klockan sju`, `since half past 7`; pure."""

import re

from bot.requests.questions.words.counts import COUNT_WORDS

_HOURS = {"one": 1, "ett": 1} | {word: int(number) for word, number in COUNT_WORDS.items()}
_WORD = "|".join(_HOURS)
_KL = r"kl\.?|klockan"
# What an hour follows, and what follows one: `since two batches failed` counts batches.
_LEADS = (
    "since|after|from|before|until|between|at|around|about"
    "|sedan|sen|efter|från|till|före|innan|mellan|vid|runt"
)
_BEHIND = r"(?=(?: o'clock)?(?: (?:and|och|to|till|today|i ?dag|this morning|i morse)\b|[ ?.,!]*$))"
_TOLD = re.compile(
    rf"\b(?P<before>(?:{_KL})|(?:{_LEADS})(?: (?:{_KL}))?) (?P<half>halv |half (?:past )?)?"
    rf"(?P<hour>{_WORD})\b{_BEHIND}(?: o'clock)?",
    re.IGNORECASE,
)
# The second of two hours.
_SECOND = re.compile(
    rf"(?P<before>\b(?:between|mellan|from|från) (?:(?:{_KL}) )?\d{{1,2}}(?:[:.]\d\d)?"
    rf" (?:and|och|to|till)(?: (?:{_KL}))?) (?P<half>halv |half (?:past )?)?(?P<hour>{_WORD})\b"
    rf"{_BEHIND}",
    re.IGNORECASE,
)


def hours_in_digits(text: str) -> str:
    """Return a text with the hours that it spells out in digits."""
    return _SECOND.sub(_in_digits, _TOLD.sub(_in_digits, text))


def _in_digits(told: re.Match[str]) -> str:
    """Return an hour in digits; a Swedish half goes before its hour, an English one after."""
    hour, half = _HOURS[told["hour"].casefold()], (told["half"] or "").casefold()
    if half.startswith("halv"):
        hour = hour - 1 or 12
    return f"{told['before']} {hour}{':30' if half else ''}"
