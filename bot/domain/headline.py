"""The headline of an answer: one breath, which is also the notification's text; pure."""

from bot.deferred import Pattern
from bot.domain.ids import short_id
from bot.domain.words import Id, Part, Text, Time, Words, parts_of, words

MOST_CHARS = 100
# Where a text that is too long may end, the best first.
_ENDS = (Pattern(r"[.;](?= )"), Pattern(r"[,:](?= )| (?=\()"), Pattern(r" "))
_LOOSE = " ,;:(.-"


def one_breath(text: Text, room: int = MOST_CHARS) -> Words:
    """Return a text as a headline of at most `room` characters as a notification says it.

    Times are left out with what leads to them: nothing there shows one in its reader's zone.
    What is too long ends with a sentence, else with a part of one, else between two words.
    """
    kept: list[Part] = []
    left = room
    for part in parts_of(text):
        if isinstance(part, Time):
            continue
        length = len(_shown(part))
        if length > left:
            kept += [_ended(part, left)] if isinstance(part, str) else []
            break
        kept.append(part)
        left -= length
    if kept and isinstance(kept[-1], str):
        last = str(kept.pop()).rstrip()
        kept.append(last.removesuffix(".") if last.count(". ") == 0 else last)
    return words(*kept)


def _shown(part: Part) -> str:
    return short_id(part.value) if isinstance(part, Id) else str(words(part))


def _ended(text: str, room: int) -> str:
    """Return the most of a text that fits and does not end within a word."""
    head = str(text)[: room + 1]
    for end in _ENDS:
        places = [match.start() for match in end.finditer(head) if match.start() <= room]
        if places and places[-1] >= room // 3:
            return head[: places[-1]].rstrip(_LOOSE)
    return head[:room]
