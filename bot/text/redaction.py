"""The border as every room uses it: one piece of text as one line that may be shown.

`redact` is for what came from outside: an allow-list decides. `presented` is for a sentence that
may be ours or theirs: outside text passes the border, our own words stay but for what has the
shape of a key or of personal data. `noted` is for what a person wrote on purpose: prose stays.
"""

from collections.abc import Sequence

from bot.border.decode import visible, without_escapes
from bot.border.keys import KeyKind, kind_of
from bot.border.outside import Outside
from bot.border.passing import ELLIPSIS, TEXT_CHARS, clip, let_out
from bot.border.phrases import MARK
from bot.border.secret.by_shape import HIDDEN, without_opaque_words, without_secrets
from bot.border.shapes import UUID
from bot.deferred import Pattern
from bot.domain.ids import uuid_prefix
from bot.text.notes import noted

_PLAIN_WORD = Pattern(r"#?[^\W_][\w.:-]{0,23}")
# The commands whose words are ids, and how long a beginning without hyphens may be to be one.
_TAKE_IDS = ("trace", "batch", "queue")
MOST_BARE_HEX = 12
MAX_TEXT_CHARS = TEXT_CHARS
MAX_READ_CHARS = 16_384
# To judge a message costs as much as it is long; of so much a line is filled nearly always.
MOST_JUDGED = 1_200

__all__ = [
    "ELLIPSIS",
    "HIDDEN",
    "UUID",
    "clip",
    "echoed",
    "echoed_id",
    "head_of",
    "noted",
    "plain",
    "presented",
    "redact",
    "repeated",
    "without_escapes",
]


def redact(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Return text from outside as one line of at most `limit` characters that may be shown."""
    return let_out(text, limit).text


def head_of(text: str) -> str:
    """Return what is judged of a message, of which no more is shown; a cut word goes as a whole."""
    return text if len(text) <= MOST_JUDGED else text[:MOST_JUDGED].rpartition(" ")[0] or MARK


def echoed(line: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Return a command line that a person typed, as everybody may read it.

    What stands where a command takes an id, and has the shape of one, is read back as it was typed.
    """
    command, _, rest = line.partition(" ")
    if not command.startswith("/"):
        return redact(line, limit)
    words = rest.split()
    begun = _begun_ids(words) if command.rpartition("-")[2].lstrip("/") in _TAKE_IDS else 0
    told = (*words[:begun], redact(" ".join(words[begun:]), limit))
    return clip(" ".join((presented(command), *told)).rstrip(), limit)


def echoed_id(word: str) -> str:
    """Return what was given as an id, as everybody may read it; one by its shape stays as typed."""
    return word if _begins_id(word) else redact(word)


def _begins_id(word: str) -> bool:
    bare = word.removeprefix("#")
    return uuid_prefix(bare) is not None and len(bare.partition("-")[0]) <= MOST_BARE_HEX


def _begun_ids(words: Sequence[str]) -> int:
    """Return how many words a line begins with that are verbs and ids, up to the last id."""
    last = 0
    for place, word in enumerate(words, 1):
        if _begins_id(word):
            last = place
        elif kind_of(word) is not KeyKind.KNOWN or redact(word) != word:
            break
    return last


def repeated(word: str) -> str:
    """Return a word that a person typed, to be repeated to that person alone.

    A short plain word comes back, so that a slip of the pen is seen; of another one what everybody
    may read.
    """
    is_plain = _PLAIN_WORD.fullmatch(word) is not None and presented(word) == word
    return word if is_plain else redact(word)


def presented(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """Return one line as it may leave the bot; text of ours keeps its words."""
    if isinstance(text, Outside):
        return let_out(text, limit).text
    clean = without_opaque_words(without_secrets(_plain_head(text)))
    return clip(" ".join(clean.split()), limit)


def plain(text: str) -> str:
    """Return `text` as one line without terminal codes, invisible marks and control characters."""
    return visible(str(text)).replace("\n", " ")


def _plain_head(text: str) -> str:
    """Return plain `text`, at most of its first `MAX_READ_CHARS` characters, in whole words."""
    if len(text) <= MAX_READ_CHARS:
        return plain(text)
    head = plain(text[:MAX_READ_CHARS])
    # A secret cut in two no longer looks like one: the word at the cut goes as a whole. It is
    # sought after cleaning, because a terminal code within a word may hold spaces.
    words = head.rsplit(None, 1)
    return words[0] if len(words) > 1 else ""
