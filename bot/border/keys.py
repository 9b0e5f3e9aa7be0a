"""What a key says of its value: hidden whatever it is, shown only as an id or number, or read."""

from collections.abc import Sequence
from enum import Enum, auto
from functools import lru_cache

from bot.border.language.vocabulary import is_known, key_words, known_classes, pieces
from bot.deferred import Pattern


class KeyKind(Enum):
    """How the value behind a key is judged."""

    SECRET = auto()
    PERSONAL = auto()
    FREE_TEXT = auto()
    UNKNOWN = auto()
    KNOWN = auto()


HIDDEN_KINDS = (KeyKind.SECRET, KeyKind.PERSONAL, KeyKind.FREE_TEXT)
_SECRET = key_words("secret")
# Behind these stand numbers, or else the words of a text that were counted.
_OF_NUMBERS = frozenset({"count", "counts", "tokens", "logprob", "logprobs"})
_SECRET_LAST = key_words("secret_unless_counted")
# Counts and sizes of tokens, and keys that are names.
_NOT_SECRET = key_words("counted")
_NUMBERED = key_words("numbered")
# So many numbers and letters more than words make a key an index, more of them an address.
MOST_NUMBERED = 3
MOST_KEY_CHARS = 80
_KEY_WORDS = (
    _SECRET
    | _SECRET_LAST
    | _NOT_SECRET
    | _NUMBERED
    | key_words("person")
    | key_words("free_text")
    | key_words("named")
)
_IDS = key_words("ids")
_IN_ONE_WORD = ("password", "passwd", "passphrase", "secret", "credential", "apikey")
_ANNOUNCE = key_words("announces_a_text")
_LEVELS = key_words("a_level")
MOST_ANNOUNCING = 2
_TEXTS = frozenset({"essay", "essays", "a", "b", "uppsats", "anchor"})
_VALUES = frozenset({"value", "values", "val", "v", "data", "raw", "string", "str"})
_DIGESTS = frozenset({"sha", "hash", "md"})
# Letters of other scripts in a key only look like ours.
_FOREIGN = Pattern(r"[^\W\d_a-zA-ZåäöÅÄÖéÉüÜ]")
_LETTER = Pattern("[A-Za-z]")
# What stands behind an exception's class is what it says, whatever its name speaks of.
_EXCEPTION = Pattern(r"(?:[\w]{1,60}\.){0,8}[A-Z][A-Za-z]{0,60}[a-z](?:Error|Exception|Warning)")
# As Java writes one whole: an owner's domain turned round, packages, and what failed.
_QUALIFIED = Pattern(
    r"(?:org|com|io|net|dev|javax?|jakarta|jdk|sun|kotlinx?|scala|akka|reactor)"
    r"(?:\.[a-z][a-z0-9_]{0,30}){1,8}\.(?:[A-Z][A-Za-z0-9]{0,60}\$)?"
    r"[A-Z][A-Za-z0-9]{0,60}(?:Exception|Error)"
)
_OPENS = key_words("before_a_secret_key")
_PERSON = key_words("person")
_FREE_TEXT = key_words("free_text")
_NAMED = key_words("named")
_WORDING = frozenset({"text", "body", "description", "detail", "details"})
_FAILED = frozenset({"error", "errors", "exception", "failure"})
_ASKED = key_words("free_text") - _WORDING
_DONE_BY_PEOPLE = key_words("done_by_people")
# `created_by`, `assigned_to`: whoever it was.
_WHO = frozenset({"by", "to"})


@lru_cache(maxsize=4096)
def kind_of(key: str) -> KeyKind:
    """Return how the value behind `key` is judged; unknown words in a key hide its value."""
    words = pieces(key)
    found = {word for word in words if not word.isdigit()}
    if not found:
        return KeyKind.UNKNOWN
    flat = "".join(words)
    if flat == "key" or _EXCEPTION.fullmatch(key) or is_qualified(key):
        return KeyKind.KNOWN
    if found & _SECRET or flat in _SECRET or any(word in flat for word in _IN_ONE_WORD):
        return KeyKind.SECRET
    if _FOREIGN.search(key) and _LETTER.search(key):
        return KeyKind.SECRET
    if words and (found & _SECRET_LAST) and not found & _NOT_SECRET:
        return KeyKind.SECRET
    if found & _PERSON or (words[-1] in _WHO and words[-2:-1] and words[-2] in _DONE_BY_PEOPLE):
        return KeyKind.PERSONAL
    if found == {"name"} or ("name" in found and not found & _NAMED):
        return KeyKind.PERSONAL
    if (found & _FREE_TEXT or found <= _TEXTS) and not (found & _DIGESTS or _says_what(words)):
        return KeyKind.FREE_TEXT
    known = all(is_known(word) or len(word) == 1 for word in found) and len(flat) > 1
    return KeyKind.KNOWN if known else KeyKind.UNKNOWN


def is_secret_key(key: str, before: Sequence[str]) -> bool:
    """Say whether a key of two words is one that opens something: `api key: …`."""
    return key.lower() == "key" and bool(before) and before[-1].lower() in _OPENS


def is_exception(word: str) -> bool:
    """Say whether a word has the form of an exception's class."""
    return _EXCEPTION.fullmatch(word) is not None or word.rpartition(".")[2] in known_classes()


def is_qualified(word: str) -> bool:
    """Say whether a word is an error's class with its packages, which is no name of a person."""
    return _QUALIFIED.fullmatch(word) is not None


def announces(words: Sequence[str]) -> bool:
    """Say whether the last words before a sign announce what somebody wrote: `Judge 2`."""
    said = [word.lower() for word in words if not word.isdigit() and word.lower() not in _LEVELS]
    return 0 < len(said) <= MOST_ANNOUNCING and said[-1] in _ANNOUNCE


def _says_what(words: Sequence[str]) -> bool:
    """Say whether a key tells of what type a text is, or how something failed: `error_text`."""
    if words[-1] == "type":
        return True
    return words[-1] in _WORDING and not _FAILED.isdisjoint(words) and _ASKED.isdisjoint(words)


@lru_cache(maxsize=4096)
def names_an_id(key: str) -> bool:
    """Say whether a key is one of an id, such as `foo_id`; a letter alone is none."""
    words = [word for word in pieces(key) if not word.isdigit()]
    return bool(words) and words[-1] in _IDS


@lru_cache(maxsize=4096)
def says_value(key: str) -> bool:
    """Say whether a key is a list's of keys and values, and stands before the value."""
    words = pieces(key)
    return (bool(words) and words[-1] in _VALUES) or kind_of(key) is KeyKind.FREE_TEXT


@lru_cache(maxsize=4096)
def counts(key: str) -> bool:
    """Say whether a number behind `key` counts or measures something."""
    return not _NUMBERED.isdisjoint(pieces(key))


@lru_cache(maxsize=4096)
def holds_numbers(key: str) -> bool:
    """Say whether what stands behind a key are numbers alone; a word there is some text's own."""
    words = [word for word in pieces(key) if not word.isdigit()]
    return bool(words) and words[-1] in _OF_NUMBERS


@lru_cache(maxsize=4096)
def is_known_key(key: str) -> bool:
    """Say whether a key is made of known words, and may be shown for itself."""
    words = pieces(key)
    said = sum(map(_is_word, words))
    if len(key) > MOST_KEY_CHARS or len(words) - 2 * said > MOST_NUMBERED:
        return False
    return all(
        _is_word(word) or (len(word) == 1 and word.isascii()) or (word.isdigit() and len(word) < 5)
        for word in words
    )


def _is_word(word: str) -> bool:
    return word in _KEY_WORDS or (len(word) > 1 and is_known(word))


def ends_with_hidden_key(line: str) -> bool:
    """Say whether a line ends with a key whose value is hidden: that stands on the next line."""
    end = line[-MOST_KEY_CHARS:].rstrip().rstrip("\"'").rstrip()
    if not end.endswith(("=", ":")):
        return False
    words = end.rstrip("=: \"'").split()
    return bool(words) and kind_of(words[-1]) in HIDDEN_KINDS
