"""Which words may be shown where they stand: what comes before a word can make it data."""

from collections.abc import Sequence
from itertools import pairwise

from bot.border.keys import KeyKind, counts, is_known_key, kind_of
from bot.border.language.vocabulary import key_words, pieces
from bot.border.shapes import UUID, is_id, is_long_number, is_measure
from bot.border.words import NAMES, ONLY_NAMES, is_long_hex, may_be_called, may_show
from bot.deferred import Pattern

_SECRET_BEFORE = key_words("before_a_secret")
_TRACE_BEFORE = key_words("before_a_trace")
_SECRET_ITSELF = key_words("a_secret_itself")
_KEYS = frozenset({"key", "token"})
_COUNTED = key_words("counted")
_ENTERS = key_words("before_a_login") | key_words("enters_with_a_secret")
_WITH = frozenset({"with", "using", "by", "med"})
_PEOPLE = key_words("before_a_name")
_CALLED = key_words("called_by_a_name")
_NUMBER_BEFORE = key_words("before_a_long_number")
_TO_SOMEBODY = key_words("to_a_person")
_DONE_BY_PEOPLE = key_words("done_by_people")
_TOLD = key_words("before_a_secret_word")
_LOGINS = key_words("logins")
_PATHS_OF_PEOPLE = key_words("paths_of_people")
_PATHS_OF_SECRETS = key_words("paths_of_secrets")
_SCHEMES = frozenset({"auth", "credentials", "login"})
LOGIN_FLAGS = frozenset({"-u", "-U", "--user", "--proxy-user"})
_LETTER_FLAG = Pattern("-[A-Za-z]")
MOST_FLAG_DIGITS = 4
# What Oracle's clients take for name, password and server.
_ORACLE_LOGIN = Pattern(r"[\w-]+/[^/@]+@(?!sha\d|v?\d)[\w.:/-]+")
_PARTS = Pattern("[/:]+")
_POINTER = Pattern("0x[0-9a-fA-F]{1,16}")
# An id in a command's place was typed there by mistake: a secret as well as anything.
_NEVER_AN_ID = frozenset({"command", "args", "arguments"})
_IS = frozenset({"is", "was", "be", "är", "var", "blir"})
LEAST_PIN = 4
_NAME = frozenset({"name", "namn", "namnet"})
_POINTS = frozenset({"at", "address", "byte"})


def may_stand(word: str, before: Sequence[str]) -> bool:
    """Say whether a word may be shown behind the words `before` it."""
    if is_data(word, before):
        return False
    return is_long_hex(word) or is_long_number(word) or is_pointer(word) or may_show(word)


def is_data(word: str, before: Sequence[str]) -> bool:
    """Say whether what stands before a word makes it data, whatever its shape."""
    near = {piece for one in before[-3:] for piece in pieces(one)}
    if _holds_a_pin(word) or is_named_secret(word):
        return True
    if is_pointer(word):
        return not before or before[-1].lower() not in _POINTS
    account = word.partition("@")[0]
    if "@" in word and (is_id(account) or may_be_called(account)) and not is_id(word):
        return True
    if before and _is_led_to(word, before):
        return True
    if before and before[-1].lower() in _NEVER_AN_ID and is_id(word):
        return True
    if is_long_hex(word):
        return not near & _TRACE_BEFORE or bool(near & _SECRET_BEFORE)
    if is_long_number(word):
        return not near & _NUMBER_BEFORE or bool(near & (_SECRET_BEFORE | _PEOPLE))
    if "/" in word or ":" in word:
        parts = _PARTS.split(word)
        named = any(_is_somebody(*pair) for pair in pairwise(parts))
        if named or _is_login(word) or _is_entry(parts) or _is_told(word):
            return True
    digits = any(c.isdigit() for c in word) and not word.isdigit()
    return digits and bool(
        near & _SECRET_ITSELF or (near & _SECRET_BEFORE and not UUID.search(word))
    )


def _holds_a_pin(word: str) -> bool:
    """Say whether a word is a short option and its number, or a secret's name and its number."""
    if word.startswith("-") and sum(map(str.isdigit, word)) >= MOST_FLAG_DIGITS:
        return True
    both = pairwise(pieces(word))
    return any(one in _SECRET_ITSELF and _is_pin(number) for one, number in both)


def is_named_secret(word: str) -> bool:
    """Say whether a word is made of parts that name a secret and a number: `backup-key-2026`.

    So are passwords that people make up, and no names of classes and counts.
    """
    parts = [one.lower() for one in word.split("-")]
    return (
        len(parts) > 1
        and any(map(str.isdigit, parts[-1]))
        and (
            not _SECRET_ITSELF.isdisjoint(parts[:-1])
            or (not _KEYS.isdisjoint(parts[:-1]) and _COUNTED.isdisjoint(parts))
        )
    )


def _is_made_up(word: str) -> bool:
    """Say whether letters and digits are no method's name, which is in capitals, and no number."""
    mixed = any(map(str.isdigit, word)) and any(map(str.islower, word))
    return mixed and not is_measure(word)


def _is_pin(piece: str) -> bool:
    return piece.isdigit() and len(piece) >= LEAST_PIN


def _follows_secret(before: Sequence[str]) -> bool:
    """Say whether the word before is a secret's, or is one's "is": `pin 4711`, `otp is 4711`."""
    near = [word.lower() for word in before[-2:]]
    return bool(near) and (
        near[-1] in _SECRET_ITSELF or (near[-1] in _IS and near[0] in _SECRET_ITSELF)
    )


def is_pointer(word: str) -> bool:
    """Say whether a word is an address in memory, or anybody's number."""
    return _POINTER.fullmatch(word) is not None


def _is_led_to(word: str, before: Sequence[str]) -> bool:
    """Say whether the word right before makes this one a person's, a secret or a login."""
    last = before[-1]
    if word.isdigit() and len(word) >= LEAST_PIN and _follows_secret(before):
        return True
    if (last in LOGIN_FLAGS or last.lower() in _SCHEMES) and ":" in word:
        return True
    if (_LETTER_FLAG.fullmatch(last) and is_id(word)) or (last == "-p" and not is_measure(word)):
        return True
    if last == "-a" and before[-2:-1] and before[-2].lower().startswith("redis"):
        return True
    if word.lower() in ONLY_NAMES and last.lower() in NAMES:
        return True
    if last.lower() in _WITH and before[-2:-1] and before[-2].lower() in _ENTERS:
        return _is_made_up(word)
    if _is_surname(word, before) or is_called(word, before):
        return True
    return _says_who(word) and _leads_to_data(last)


def _is_somebody(part: str, item: str) -> bool:
    """Say whether a path's part is one of persons, such as `users/17`."""
    is_named = any(char.isdigit() for char in item) or may_be_called(item)
    return part.lower() in _PATHS_OF_PEOPLE and is_named


def _is_entry(parts: Sequence[str]) -> bool:
    """Say whether an id in a path or key lets whoever has it in: `/reset/…`, `refresh_token:…`.

    So does what stands in a short link: `/s/5f4dcc3b`.
    """
    leads, before = False, ""
    for part in parts:
        is_short_link = len(before) == 1 and before.isalpha()
        if (leads or is_short_link) and (UUID.search(part) or is_id(part)):
            return True
        leads = leads or not _PATHS_OF_SECRETS.isdisjoint(pieces(part)[-1:])
        before = part
    return False


def _is_told(word: str) -> bool:
    """Say whether a part of a word is a secret's name and the next its text: `token:worker-1`."""
    parts = word.split(":")
    return any(
        not _TOLD.isdisjoint(pieces(one)[-1:]) and not is_measure(other)
        for one, other in pairwise(parts)
    )


def _is_login(word: str) -> bool:
    """Say whether a word is an account of everybody's and its password: `admin:start`."""
    if _ORACLE_LOGIN.fullmatch(word):
        return True
    name, colon, password = word.partition(":")
    if not colon:
        parts = word.lower().split("/")
        return all(part.rstrip("0123456789") in _LOGINS for part in parts)
    return name.lower() in _LOGINS and not password[:1].isdigit()


def _says_who(word: str) -> bool:
    """Say whether a word behind a person's mark or a secret's may be theirs: no plain word."""
    return word[:1].isupper() or any(char.isdigit() for char in word)


def _is_surname(word: str, before: Sequence[str]) -> bool:
    """Say whether a word follows a first name: `teacher Grant Page`."""
    return (
        len(before) > 1
        and word.istitle()
        and before[-1].istitle()
        and before[-2].lower() in _PEOPLE
    )


def is_called(word: str, before: Sequence[str]) -> bool:
    """Say whether a known word is a person's name where it stands: `created by Grant Page`."""
    if not may_be_called(word):
        return False
    led = list(before)
    while led and may_be_called(led[-1]):
        led.pop()
    last = led[-1].lower() if led else ""
    if last in _PEOPLE or (last in _CALLED and word.istitle()):
        return True
    if last in _IS and led[-2:-1] and led[-2].lower() in _NAME and word[:1].isupper():
        return True
    if last in _TO_SOMEBODY and led[-2:-1] and led[-2].lower() in _DONE_BY_PEOPLE:
        return True
    capital = word[:1].isupper() and all(one[:1].isupper() for one in before[len(led) :])
    return capital and (last in _TO_SOMEBODY or len(led) < len(before))


def leads_to_people(word: str) -> bool:
    """Say whether a word before a colon may lead to a person: `Assigned to: Grant`."""
    return word.lower() in _TO_SOMEBODY


def _leads_to_data(word: str) -> bool:
    """Say whether what stands behind a word is a person's, or a secret."""
    said = kind_of(word) if is_known_key(word) and not counts(word) else KeyKind.UNKNOWN
    return word.lower() in _PEOPLE or said in (KeyKind.SECRET, KeyKind.PERSONAL)


def is_sign(char: str) -> bool:
    """Say whether a character carries no text: punctuation, or a picture."""
    return char in "!?—–-…+*/\\^~#%$@.\ue000" or is_picture(char)


def is_picture(char: str) -> bool:
    """Say whether a token is a picture."""
    return "\u2600" <= char <= "\u27bf" or "\U0001f300" <= char <= "\U0001faff"


def is_shape(text: str) -> bool:
    """Say whether a text is one id, number, time, version or address."""
    return is_id(text) or is_measure(text)
