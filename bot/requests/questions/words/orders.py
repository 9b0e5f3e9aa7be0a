"""Says whether the words that act in a question ask for a change, or ask about one; pure."""

import re
from collections.abc import Collection

from bot.requests.questions.words.text import words_of

# What was done already is asked about, and not asked for.
_WAS_DONE = re.compile(
    r"^(?:who|why|when|what|which|was|were|did|has|have|is|are"
    r"|vem|varför|när|vad|vilken|vilka|blev|har|hade|är)\b"
)
_PAST = re.compile(r"\w+(?:ed|ades?|at|ats)|avbröts?|avbruten|avbruts|lost")
# Behind these a verb stands as an order does, up to the end of its clause: `has anyone put`.
_HAPPENED = re.compile(
    r"^(?:(?:why|when|how|where|who|what|which|varför|när|hur|var|vad|vilk\w+)(?: \w+){0,3} )?"
    r"(?:did|had|har|hade|who|vem|ha(?:s|ve) (?:i|we|you|they|it|there|\d+|batch|any\w*|some\w*))\b"
)
# Whether one should do something, may, or what would come of it.
_CONSIDERED = re.compile(
    r"^(?:(?:so|but|and|ok|okay|hey|hi|men|och|så|då|hej|nu|now|if so),? )*(?:"
    r"(?:do|does|did|should|shall|must|may|can|could|might|need|would|will|why should|when can"
    r"|what if|why do|when should|which \w+ (?:should|do|must|can)) (?:i|we|one|it|they|that)\b"
    r"|is it (?:safe|ok|okay|fine|worth|possible|necessary|time|needed|enough|better)\b"
    r"|is there (?:any|a|no) (?:need|point|reason|way|risk)\b"
    r"|what (?:happens|would happen|will happen|should|do i|do we|can i|can we|must)\b"
    r"|(?:ska|skall|bör|borde|måste|behöver|får|kan|kunde|skulle) (?:jag|vi|man|det|den)\b"
    r"|går det att|är det (?:säkert|okej?|lönt|idé|dags|värt|bra|nödvändigt|bäst)\b"
    r"|vad (?:händer|ska|bör|borde|måste|kan|gör|skulle)\b|lönar det sig|finns det\b"
    r"|vilka (?:ska|bör|måste) (?:jag|vi|man)\b)"
)
_WHAT_TO_DO = re.compile(
    r"^(?:what (?:do|should|can|must|shall) (?:i|we|one)|what to (?:do|tell|say)"
    r"|how (?:long|late|come)|hur (?:länge|kommer det)"
    r"|vad (?:ska|bör|borde|måste|kan|gör|säger) (?:jag|vi|man))\b"
)
_OPENS = re.compile(
    r"^(?:(?:so|but|and|och|men|så) )?(?:why|how|what|which|who|when|where|did|has|have|had|was"
    r"|were|is|are|does|do (?:i|we)|varför|hur|vad|vilk\w+|vem|när|var|har|hade|blev|är|finns)\b"
)
_THAT_NEVER = re.compile(r"\b(?:that|which|who|som) (?:ha(?:s|ve|d|r) )?never\b")
_HOW_TO = re.compile(
    r"^(?:how (?:do|can|should|would|could) (?:i|we|one|you)|how to"
    r"|hur (?:gör|ska|kan|bör|\w+r) (?:jag|vi|man|du))\b"
)
AGAIN = re.compile(r"\b(?:run|kör|köra|kört|try) (?:\w+ )?(?:again|om)\b|\bta bort\b")
# `is the queue empty` asks of a state by a word that acts elsewhere.
_STATE = re.compile(
    r"^(?:when|is|are|was|were|will|how|why|has|have|did|does|what|which|är|när|blir|var|har|varför"
    r"|vilk\w+)\b.*?\b(?:is|are|was|were|be|been|get|gets|getting|become|är|blir|bli|var|vara)"
    r"(?: (?!to\b|att\b)\w+){0,3} (?P<state>empty|clear|set|open|drained)"
    r"(?: (?:now|yet|again|today|already|nu|än|igen|idag))*\W*$"
    r"|^(?:is|are|was|were) (?!it ok|ok)(?:(?!to\b)\w+ ){1,3}(?P<is>empty|clear|set|open)"
    r"(?: (?:now|yet|again|today|already))*\W*$"
)
# Whoever asks first and orders then, orders.
_CLAUSE = re.compile(r"[.!?;,]|\b(?:and|then|or just|och|sen|sedan|annars|otherwise|but|men)\b")


def forbids(fold: str, words: Collection[str]) -> bool:
    """Say whether words that forbid do: in a question `never` says what did not happen."""
    told = _OPENS.search(fold) or _THAT_NEVER.search(fold)
    return bool(set(words) - {"never"}) or not told


def asks_how_to(fold: str) -> bool:
    """Say whether a folded text asks how something is done."""
    return bool(_HOW_TO.search(fold))


def asks_what_to_do(fold: str) -> bool:
    """Say whether a folded text asks what to do or say, or for how long something has been so."""
    return bool(_WHAT_TO_DO.search(fold))


def is_considered(fold: str, acts: Collection[str]) -> bool:
    """Say whether what acts in a folded text is only thought about: `should i restart it`."""
    opens = _CONSIDERED.search(fold) or _HOW_TO.search(fold)
    acts_at_all = bool(acts or AGAIN.search(fold))
    return bool(opens) and acts_at_all and _in_first_clause(fold, acts)


def is_past(fold: str, acts: Collection[str]) -> bool:
    """Say whether all that acts in a question was done already: it asks, and does not order."""
    if not acts:
        return False
    if state := _STATE.search(fold):
        return set(acts) == {state["state"] or state["is"]}
    if _HAPPENED.search(fold) and _in_first_clause(fold, acts):
        return True
    first = fold.split(" ", 1)[0]
    opens = _WAS_DONE.search(fold) or (first in acts and not first.endswith("ed"))
    return bool(opens) and all(_PAST.fullmatch(one) for one in acts)


def _in_first_clause(fold: str, acts: Collection[str]) -> bool:
    first, *later = _CLAUSE.split(fold)
    told = {word for part in later for word in words_of(part)}
    return set(acts) <= set(words_of(first)) and told.isdisjoint(acts)
