"""Reads a question about what a rule or an alert means, however its name is typed; pure."""

import re
from collections.abc import Iterable, Sequence

from bot.catalogue import entries
from bot.requests.questions.words.vocabulary import words_in

_MEANS = re.compile(
    r"\b(?:means?|meaning|meant|betyder|betydelsen|innebär|menas|explain|explanation|definition"
    r"|förklara|förklaring)\b"
)
# Only before a whole name: `what is stuck` asks for batches.
_WHAT_IS = re.compile(
    r"(?:what(?: is|'?s| are)|vad är)(?: an?| the| en| ett)? (?P<name>[\w-]+(?:[ _-][\w-]+)+)\W*"
)
_WHY = re.compile(r"\b(?:why|varför)\b")
_WORD = re.compile(r"[^\W\d_]+")
_PLURAL = re.compile(r"(?<=[^s])s$")
_SWEDISH = {"föräldralös": "orphaned", "föräldralöst": "orphaned", "föräldralösa": "orphaned"}
# What stands around a name, and is none.
_AROUND = words_in(
    "what whats does do is are the a an it that this when by of to me in and mean means meaning "
    "meant explain explanation definition rule alert finding word please can you could says say "
    "vad betyder betydelsen innebär menas förklara förklaring är en ett det den med av för regeln "
    "larmet ordet objekt snälla kan du"
)
SHORTEST = 4


def asks_meaning(fold: str) -> bool:
    """Say whether a folded text asks what something means, and not why it came about."""
    return bool(_MEANS.search(fold)) and not _WHY.search(fold)


def meant_rule(fold: str) -> str:
    """Return the rule or alert whose meaning a folded text asks for; "" for none that is known.

    A name may be typed with spaces, in the plural, or by a part that no other name has.
    """
    if found := _WHAT_IS.fullmatch(fold):
        return _named(_words(found["name"]), whole=True)
    if not asks_meaning(fold):
        return ""
    told = _words(" ".join(word for word in _WORD.findall(fold) if word not in _AROUND))
    return _named(told, whole=True) or _named(told, whole=False)


def _named(told: Sequence[str], *, whole: bool) -> str:
    """Return the one name that the words are, or begin each word of; rules before alerts."""
    for names in (entries(), _alerts()):
        parts = {name: _words(name) for name in names}
        found = [name for name, own in parts.items() if _is_meant(own, told, whole=whole)]
        if len(found) == 1:
            return found[0]
    return ""


def _is_meant(own: Sequence[str], told: Sequence[str], *, whole: bool) -> bool:
    if whole:
        return list(told) == list(own)
    each = all(any(word.startswith(said) for word in own) for said in told)
    return bool(told) and each and all(len(said) >= SHORTEST for said in told)


def _words(text: str) -> list[str]:
    return [_PLURAL.sub("", _SWEDISH.get(word, word)) for word in _WORD.findall(text)]


def _alerts() -> Iterable[str]:
    return dict.fromkeys(name for one in entries().values() for name in one.alerts)
