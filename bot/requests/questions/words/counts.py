"""How many batches a question asks for; pure."""

import re

_NAMES = (
    ("two", "två"), ("three", "tre"), ("four", "fyra"), ("five", "fem"), ("six", "sex"),
    ("seven", "sju"), ("eight", "åtta"), ("nine", "nio"), ("ten", "tio"), ("eleven", "elva"),
    ("twelve", "tolv"),
)  # fmt: skip
COUNT_WORDS = {word: str(number) for number, words in enumerate(_NAMES, 2) for word in words}
_NUMBER = rf"\d{{1,6}}|{'|'.join(COUNT_WORDS)}"
_NEWEST = r"last|latest|newest|recent|past|top|first|senaste|sista|nyaste"
SEVERAL = r"(?:batches|batchar(?:na)?|batcher(?:na)?|runs|körningar(?:na)?)"
_COUNTED = re.compile(
    rf"\b(?:(?:{_NEWEST}) (?P<after>{_NUMBER})|(?P<before>{_NUMBER}) (?:{_NEWEST}))"
    rf" (?:[^\W\d]+ )?{SEVERAL}\b"
)
# `senaste 5`, and nothing else.
_ALONE = re.compile(
    rf"(?:(?:show|list|visa|the|de) )*(?:{_NEWEST}) (?P<after>{_NUMBER})(?P<before>)\W*"
)
_SEVERAL = re.compile(rf"\b{SEVERAL}\b")


def names_several(fold: str) -> bool:
    """Say whether a folded text speaks of batches, and not of one."""
    return bool(_SEVERAL.search(fold))


def count_in(fold: str) -> str:
    """Return the number that says how many batches are asked for; "" for none."""
    found = _COUNTED.search(fold) or _ALONE.fullmatch(fold)
    return (found["after"] or found["before"]) if found else ""


def as_number(word: str) -> int:
    """Return the number that a word of COUNT_WORDS, or a decimal, stands for."""
    return int(COUNT_WORDS.get(word, word))
