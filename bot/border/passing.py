"""What may be shown of a piece of outside text, and how much of it had to be replaced."""

from dataclasses import dataclass
from functools import lru_cache

from bot.border.decode import readable
from bot.border.judge import judged
from bot.border.phrases import MARK
from bot.border.secret.by_shape import HIDDEN, without_secrets
from bot.border.shapes import OUR_UUID
from bot.border.words import is_name, may_show

TEXT_CHARS = 200
# Short texts recur: states, ids, the messages of a loop.
SHORT_CHARS = 200
# Each round hides more than the one before; nobody writes a text by chance that needs as many.
MOST_ROUNDS = 8
ELLIPSIS = "…"
_NO_NAME_CHARS = frozenset("=?&<>\"'{}()[],;|")
NO_NAME = "(not a name)"
# Stands for what a key's shape gave away, until it is known whether the judge shows its place.
_KEY_SHAPE = "\ue000"


@dataclass(frozen=True, slots=True)
class Passed:
    """Text that passed the border: one line, and how many pieces of it were replaced."""

    text: str
    replaced: int = 0


def let_out(raw: str, limit: int = TEXT_CHARS) -> Passed:
    """Return what may be shown of a log's, row's, queue's or person's text, in one line.

    Words that services write of themselves, ids and numbers stay; quoted texts, values behind
    unknown keys, whatever is not known goes. At most `limit` characters, cut at a word's end.
    """
    raw = str.__str__(raw)
    passed = _short(raw) if len(raw) <= SHORT_CHARS else _whole(raw)
    return Passed(clip(passed.text, limit), passed.replaced)


def name(raw: str, limit: int = 80) -> str:
    """Return a class, logger, model, provider, topic or event type, or NO_NAME.

    A name is one word made of known words; whatever else stands in its place is dropped.
    """
    return _name(str.__str__(raw)) if len(raw) <= limit else NO_NAME


@lru_cache(maxsize=16_384)
def _name(raw: str) -> str:
    text = readable(raw).strip()
    if not text:
        return ""
    # An address or a path of a site may name anybody, and is no name.
    is_place = "//" in text or text.startswith("/")
    one_word = not is_place and not any(char.isspace() or char in _NO_NAME_CHARS for char in text)
    if one_word and (is_name(text) or may_show(text)) and without_secrets(text) == text:
        return text
    return NO_NAME


@lru_cache(maxsize=16_384)
def _short(raw: str) -> Passed:
    return _whole(raw)


def _whole(raw: str) -> Passed:
    """Judge a text until what is shown of it would be shown again, so that no reader hides more.

    A mark in a word's place, or a line that another joined, can make the next word somebody's. An
    id of the services stays, and is most of what is judged alone.
    """
    if OUR_UUID.fullmatch(raw):
        return Passed(raw)
    passed = _judged(raw)
    if passed.text == raw:
        return passed
    for _ in range(MOST_ROUNDS):
        again = _judged(passed.text)
        if again.text == passed.text:
            return passed
        passed = Passed(again.text, max(passed.replaced, again.replaced))
    return Passed(MARK, max(passed.replaced, 1))


def _judged(raw: str) -> Passed:
    """Judge a text once by both lines, and count what either of them hid."""
    text = readable(raw).replace(_KEY_SHAPE, " ")
    stars = text.count(HIDDEN)
    keyless = without_secrets(text)
    by_shape = keyless.count(HIDDEN) > stars
    shown, replaced = judged(keyless.replace(HIDDEN, _KEY_SHAPE if by_shape else MARK))
    if by_shape:
        replaced += shown.count(_KEY_SHAPE)
        shown = shown.replace(_KEY_SHAPE, MARK)
    line = " ".join(shown.split())
    for marks in (f"{MARK} {MARK}", MARK + MARK):
        while marks in line:
            line = line.replace(marks, MARK)
    return Passed(line, replaced)


def clip(text: str, limit: int = TEXT_CHARS) -> str:
    """Return `text` in at most `limit` characters, cut between words and marked."""
    if len(text) <= limit:
        return text
    if limit <= 0:
        return ""
    cut = text[: limit - 1]
    if not text[limit - 1 : limit].isspace():
        head, blank, _ = cut.rpartition(" ")
        cut = head if blank and len(head) >= limit // 2 else cut
    return cut.rstrip() + ELLIPSIS
