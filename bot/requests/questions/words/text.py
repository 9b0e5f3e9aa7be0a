"""Cleans what people type and paste, and finds the ids that it names."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.ids import IdKind, kind_of
from bot.requests.questions.words.vocabulary import topic_of, words_in

_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>|(?<!\w)@batchbot\b", re.IGNORECASE)
_LINK = re.compile(r"<(?:[^<>|]*\|)?([^<>|]*)>")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"',
                         "\u00a0": " ", "\u2026": " ", "\u200b": " "})  # fmt: skip
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_WORD = re.compile(rf"{_UUID}|#?[\w][\w.:/@+'-]*", re.UNICODE)
_EMOJI = re.compile(r":[a-z][a-z0-9_+-]*:")
_MARKS = re.compile(r"[*`~]")
_EDGES = ".,:;!?'-/"
# A number and a word typed without the space between them: `34:stuck`, `stuck:34`.
_RUN_ON = re.compile(r"(#?(?:batch)?[#-]?\d{1,7}|[^\W\d_]+)[:/-]([^\W\d_]+|#?\d{1,7})")
# `batch 46's ranking`, `batch 46:s resultat`.
_GENITIVE = re.compile(r"(?=[^':]{0,80}\d)([^':]{1,80})[':]s", re.IGNORECASE)
_NAMED = re.compile(r"(?:(?:cj_)?batch(?:en|_id)?|run|körning)[#=-]?(\d{1,10})|b[#-]?(\d{1,4})")
_LABEL = re.compile(r"(?=.*\d)(?=.*[a-zA-Z])[A-Za-z0-9]+(?:[-_][A-Za-z0-9.]+){2,}")
_HEX = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{3,31}")
_UNITS = words_in(
    "of h hour hours min mins minute minutes s sec seconds day days week weeks "
    "comparisons items pairs jobs times percent % timmar minuter dagar jämförelser av"
)
_BEFORE_TIME = words_in("last past senaste the")
_BEFORE_COUNT = words_in("all alla first top")
_NAMES = words_in("batch batches batchen run runs körning batch_id cj_batch_id #")
# Of two batches: `a copy of 29`, `the same as 29`.
ALIKE = words_in("same samma identical identisk copy kopia duplicate dubblett")
_ALIKE_TO = words_in("as of to av som till med")
# What they name is an assignment's, and no batch's.
_OF_AN_ASSIGNMENT = words_in("assignment assignments assignment_id uppgift uppgiften")
# What may stand between a batch and its number.
_NUMBERED = words_in("no nr number nummer id")


class Kind(StrEnum):
    """What an id names by its shape, and by the word before it."""

    NUMBER = "number"
    UUID = "uuid"
    PREFIX = "prefix"
    LABEL = "label"
    TOO_SHORT = "too short"


@dataclass(frozen=True, slots=True)
class Named:
    """An id in a question; `is_batch` says that it was called a batch."""

    word: str
    kind: Kind
    is_batch: bool = False


def clean(text: str) -> str:
    """Return a text without what chat clients add: mentions, marks, links, entities, breaks."""
    plain = html.unescape(_MENTION.sub(" ", text)).translate(_QUOTES)
    plain = _EMOJI.sub(" ", _LINK.sub(r"\1", plain))
    lines = plain.strip().splitlines()
    own = [line for line in lines if not line.lstrip().startswith(">")]
    if own and len(own) < len(lines):
        return _with_quoted(_plain(own), _plain(line for line in lines if line not in own))
    return _plain(lines)


def _plain(lines: Iterable[str]) -> str:
    return " ".join(_MARKS.sub(" ", " ".join(line.lstrip("> \t") for line in lines)).split())


def _with_quoted(own: str, quoted: str) -> str:
    """Return a person's own words, with the ids of what they quote where they name none.

    What is quoted is another's: its other words ask for nothing.
    """
    if ids_of(words_of(own)):
        return own
    ids = ids_of(words_of(quoted))
    return " ".join([own, *(f"batch {id.word}" if id.is_batch else id.word for id in ids)])


def words_of(text: str) -> list[str]:
    """Return the words of a cleaned text, as typed, without the marks at their ends."""
    whole = (raw.strip(_EDGES) for raw in _WORD.findall(text))
    return [part for word in whole if word for part in _apart(word)]


def _apart(word: str) -> tuple[str, ...]:
    """Return a number and a known word that were typed as one, or an id without its genitive."""
    if owner := _GENITIVE.fullmatch(word):
        return (owner[1],)
    found = _RUN_ON.fullmatch(word)
    if found is None or found[1][-1].isdecimal() == found[2][-1].isdecimal():
        return (word,)
    known = next(part for part in found.groups() if not part[-1].isdecimal())
    return found.groups() if topic_of(known.casefold()) is not None else (word,)


def ids_of(words: list[str], services: Iterable[str] = ()) -> list[Named]:
    """Return the ids that words name, each once; counts, times and ratios are none.

    Once a number is called a batch, bare numbers beside it are counts.
    """
    known = {service.casefold() for service in services}
    found = dict.fromkeys(_ids(words, known))
    by_word: dict[str, Named] = {}
    for one in found:
        if one.word not in by_word or one.is_batch:
            by_word[one.word] = one
    named = list(by_word.values())
    if any(one.kind is Kind.NUMBER and one.is_batch for one in named):
        listed = _listed(words, {one.word for one in named if one.is_batch})
        named = [one for one in named if one.kind is not Kind.NUMBER or one.word in listed]
    return named


def _ids(words: list[str], services: set[str]) -> Iterator[Named]:
    for place, word in enumerate(words):
        before = words[place - 1].casefold() if place else ""
        if before in _NUMBERED and place > 1:
            before = words[place - 2].casefold()
        after = words[place + 1].casefold() if place + 1 < len(words) else ""
        found = _id(word, before, after, services)
        if found is not None:
            yield found


def _id(word: str, before: str, after: str, services: set[str]) -> Named | None:
    fold = word.casefold()
    is_batch = before in _NAMES
    if fold in services or before in _OF_AN_ASSIGNMENT:
        return None
    if joined := _NAMED.fullmatch(fold):
        return Named(joined[1] or joined[2], Kind.NUMBER, True)
    if "=" in word or "/" in word or ":" in word:
        return None
    kind = kind_of(word)
    if kind is IdKind.UUID:
        return Named(fold, Kind.UUID, is_batch)
    bare = fold.removeprefix("#")
    if bare.isascii() and bare.isdecimal() and len(bare) < 8:
        is_batch = is_batch or word.startswith("#")
        return (
            None if not is_batch and _counts(before, after) else Named(bare, Kind.NUMBER, is_batch)
        )
    if _HEX.fullmatch(fold):
        return Named(fold, Kind.PREFIX if len(fold) >= 6 else Kind.TOO_SHORT, is_batch)
    if kind is IdKind.LABEL and _LABEL.fullmatch(word):
        return Named(word, Kind.LABEL, is_batch)
    return None


def _counts(before: str, after: str) -> bool:
    """Say whether a bare number between two words is a count or a time."""
    return after in _UNITS or before in _BEFORE_COUNT or (before in _BEFORE_TIME)


def _listed(words: list[str], named: set[str]) -> set[str]:
    """Return named numbers with those joined to them: `batch 33 and 34`, `33, 34`."""
    found = set(named)
    joins = {"and", "an", "or", "vs", "versus", "och", "med", "with", "from", "mot", "&"}
    for place, word in enumerate(words):
        number = word.removeprefix("#")
        if not number.isdecimal() or place == 0:
            continue
        near = [one.removeprefix("#") for one in words[max(0, place - 2) : place]]
        join, first = near[-1].casefold(), near[0]
        is_alike = join in _ALIKE_TO and first.casefold() in ALIKE
        if near[-1] in found or (join in joins and first in found) or is_alike:
            found.add(number)
    return found
