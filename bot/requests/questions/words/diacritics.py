"""Gives Swedish words back the dots and rings that a keyboard without them leaves out; pure."""

import re
import unicodedata

from bot.requests.questions.words.vocabulary import WORDS

# What times and set phrases are made of, beside the words of the topics.
_OTHERS = (
    "igår ikväll kväll kvällen måndag lördag söndag förmiddag förmiddagen förmiddags öppna läget "
    "väntar väntat pågår hållit månad månaden tjänsten händelser"
)
# English as they stand.
_ENGLISH = frozenset({"over", "tom"})
_WORD = re.compile(r"(?<![\w-])[a-z]{2,}(?![\w-])", re.IGNORECASE)


def _bare(word: str) -> str:
    parts = unicodedata.normalize("NFD", word)
    return "".join(char for char in parts if not unicodedata.combining(char))


_KNOWN = frozenset(" ".join(WORDS.values()).split())
_DOTTED = {
    bare: word
    for word in (*sorted(_KNOWN), *_OTHERS.split())
    if (bare := _bare(word)) != word and bare not in _KNOWN | _ENGLISH
}


def with_diacritics(text: str) -> str:
    """Return a text in which `varfor` reads `varför`, where no other known word is written so."""
    return _WORD.sub(lambda found: _DOTTED.get(found[0].casefold(), found[0]), text)
