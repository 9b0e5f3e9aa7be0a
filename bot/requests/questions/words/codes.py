"""Finds the HTTP codes that a question names, which are numbers and no batches; pure."""

import re
from collections.abc import Iterable

from bot.requests.questions.words.counts import names_several
from bot.requests.questions.words.services import LINES, SEARCHES, SPEAKS

_CODE = re.compile(r"[45]\d\d")
_BEFORE = (
    r"because of|due to|på grund av|pga|http|status code|codes?|kod|felkod|errors?|fel|get|got"
    r"|getting|gets|fick|får|any|some|every|each|all|några|alla|varje|many|många|an?|en|ett|with|med|answered|returned|svarade"
)
_AFTER = r"(?:s|or|:or)\b|s? ?(?:errors?|fel|responses?|answers?|svar|from|från|rates?|overload)\b"
_TOLD_BEFORE = re.compile(rf"\b(?:{_BEFORE}) (?:an? )?([45]\d\d)\b")
_TOLD_AFTER = re.compile(rf"\b([45]\d\d) ?(?:{_AFTER})")
_NUMBER = re.compile(r"\d+")
# `429s` is no number to a reader of ids.
_MARKED = re.compile(r"\b([45]\d\d)(?:s|:or|or)\b")
# `batches 503 and 529` are batches all the same.
_LISTED = re.compile(
    r"\b(?:batches|batcher(?:na)?|batchar(?:na)?)[ :#]+\d[\d ,&#]*(?:(?:and|och) #?\d+)?"
)


def codes_in(fold: str, numbers: Iterable[str], *, of_a_service: bool) -> tuple[str, ...]:
    """Return which of the numbers in a folded text are codes: its words around them say so.

    In a question about several batches, or about what a service wrote, a code needs no such word.
    """
    several = names_several(fold)
    speaks = SEARCHES.search(fold) or LINES.search(fold) or SPEAKS.search(fold)
    is_plain = several or (of_a_service and bool(speaks))
    listed = _LISTED.search(fold)
    batches = _NUMBER.findall(listed[0]) if listed else []
    behind = _TOLD_AFTER.findall(fold)
    told = {*_TOLD_BEFORE.findall(fold), *behind}
    return tuple(
        one
        for one in dict.fromkeys((*numbers, *_MARKED.findall(fold), *behind))
        if _CODE.fullmatch(one) and one not in batches and (is_plain or one in told)
    )
