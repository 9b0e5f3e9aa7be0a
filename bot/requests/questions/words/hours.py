"""Hours that a question spells out, put into digits: `klockan sju`, `since half past 7`; pure."""

import re

from bot.requests.questions.words.counts import COUNT_WORDS

_HOURS = {"one": 1, "ett": 1} | {word: int(number) for word, number in COUNT_WORDS.items()}
_WORD = "|".join(_HOURS)
_PART = r"halv |half (?:past )?|quarter past |quarter to |kvart över |kvart i "
_KL = r"kl\.?|klockan"
_MINUTES = {
    "quarter past": ":15", "kvart över": ":15", "quarter to": ":45", "kvart i": ":45",
}  # fmt: skip
# What an hour follows, and what follows one: `since two batches failed` counts batches.
_LEADS = (
    "since|after|from|before|until|between|at|around|about"
    "|sedan|sen|efter|från|till|före|innan|mellan|vid|runt"
)
_BEHIND = r"(?=(?: o'clock)?(?: (?:and|och|to|till|today|i ?dag|this morning|i morse)\b|[ ?.,!]*$))"
_TOLD = re.compile(
    rf"\b(?P<before>(?:{_KL})|(?:{_LEADS})(?: (?:{_KL}))?)"
    rf" (?:(?P<half>{_PART})(?P<digits>\d{{1,2}}\b)?)?"
    rf"(?P<hour>(?(digits)|(?:{_WORD})\b)){_BEHIND}(?: o'clock)?",
    re.IGNORECASE,
)
# The second of two hours.
_SECOND = re.compile(
    rf"(?P<before>\b(?:between|mellan|from|från) (?:(?:{_KL}) )?\d{{1,2}}(?:[:.]\d\d)?"
    rf" (?:and|och|to|till)(?: (?:{_KL}))?)"
    rf" (?:(?P<half>{_PART})(?P<digits>\d{{1,2}}\b)?)?(?P<hour>(?(digits)|(?:{_WORD})\b)){_BEHIND}",
    re.IGNORECASE,
)


def hours_in_digits(text: str) -> str:
    """Return a text with the hours that it spells out in digits."""
    return _SECOND.sub(_in_digits, _TOLD.sub(_in_digits, text))


def _in_digits(told: re.Match[str]) -> str:
    """Return an hour in digits; a Swedish half goes before its hour, an English one after."""
    half = (told["half"] or "").casefold().strip()
    hour = int(told["digits"]) if told["digits"] else _HOURS[told["hour"].casefold()]
    if half in ("halv", "quarter to", "kvart i"):
        hour = hour - 1 if hour > 1 else 12 if hour else 23
    return f"{told['before']} {hour}{_MINUTES.get(half, ':30') if half else ''}"
