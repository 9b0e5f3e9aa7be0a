"""Numbers of persons' accounts and codes that let somebody in, by the words of their line.

`students [42817, 42818]`, `Key (user_id)=(42817)`, `konto 1234 56 78901`, `use 483921 to sign in`.
"""

from bot.border.language.tokens import Token
from bot.border.language.vocabulary import key_words, pieces
from bot.border.shapes import UUID
from bot.deferred import Pattern

_PEOPLE = key_words("person_of_a_number")
_BANKS = key_words("bank_account")
_BETWEEN = key_words("between_a_person_and_numbers")
_ENTERS = key_words("lets_somebody_in")
_ENTERS_WITH_CODE = key_words("lets_in_with_a_code")
_CODES = frozenset({"code", "kod", "koden", "codes", "pin"})
_SIGN = frozenset({"sign", "log"})
# What is counted or measured, or says of what the number is one.
_COUNTED = key_words("counted_behind_a_number")
_OF_SERVICES = key_words("numbered_by_services")
_NUMBER = Pattern(r"#?\d{4,12}")
_CODE = Pattern(r"\d{4,8}")
_PLAIN_CODE = Pattern(r"\d{6}")
_GROUP = Pattern(r"[A-Z]{0,2}\d{1,12}(?:-\d{1,12}){0,3}")
_ENTRY = Pattern(
    r"(?:.{0,2000}/)?(?:verify|verification|confirm|activate|reset|login|signin|otp|invite|r)/"
    r"\d{4,8}(?:[/?#].{0,2000})?",
)
# So many words before or behind its word a code stands in one sentence with it.
NEAR = 8


def without_account_numbers(tokens: list[Token], mark: str) -> tuple[list[Token], int]:
    """Return the tokens with such numbers replaced by `mark`, and how many were."""
    found: list[Token] = []
    count = start = 0
    for end in range(len(tokens) + 1):
        if end == len(tokens) or tokens[end].kind == "line":
            shown, hidden = _of_line(tokens[start : end + 1], mark)
            found, count, start = found + shown, count + hidden, end + 1
    return found, count


def _of_line(line: list[Token], mark: str) -> tuple[list[Token], int]:
    hidden = _behind_people(line) | _codes(line)
    hidden |= {place for place, one in enumerate(line) if _is_entry(one)}
    if not hidden:
        return line, 0
    shown = [Token("other", mark) if place in hidden else one for place, one in enumerate(line)]
    return shown, len(hidden)


def _is_entry(token: Token) -> bool:
    return token.kind == "word" and "/" in token.text and _ENTRY.fullmatch(token.text) is not None


def _behind_people(line: list[Token]) -> set[int]:
    """Return where numbers and ids stand that a person's or a bank account's word leads to."""
    found: set[int] = set()
    is_led = in_bank = False
    is_key = any(token.text == "Key" for token in line)
    for place, token in enumerate(line):
        if token.kind not in ("word", "flag"):
            continue
        is_theirs = _NUMBER.fullmatch(token.text) or UUID.fullmatch(token.text)
        if (is_led and is_theirs) or (in_bank and _GROUP.fullmatch(token.text)):
            found.add(place)
            continue
        words = pieces(token.text)
        if words and _BETWEEN.issuperset(words):
            continue
        # PostgreSQL names all columns of a key before their values.
        if token.text.isdigit() or (is_led and is_key and words[-1:] == ["id"]):
            continue
        kind = [word for word in words if word not in _BETWEEN]
        is_led = bool(kind) and (kind[-1] in _PEOPLE or "".join(kind) in _PEOPLE)
        in_bank = bool(kind) and kind[-1] in _BANKS
    return found


def _codes(line: list[Token]) -> set[int]:
    """Return where codes stand that let somebody in, by the words of their line."""
    places = [place for place, one in enumerate(line) if one.kind in ("word", "flag")]
    numbers = [at for at, place in enumerate(places) if _CODE.fullmatch(line[place].text)]
    if not numbers:
        return set()
    words = [[*pieces(one := line[place].text), one.lower()] for place in places]
    entries = [at for at in range(len(words)) if _lets_in(words, at)]
    found = set()
    for at in numbers:
        near = any(abs(at - other) <= NEAR for other in entries)
        if (near or _is_plain_code(line, places, words, at)) and not _is_counted(words, at):
            found.add(places[at])
    return found


def _lets_in(words: list[list[str]], at: int) -> bool:
    here = words[at]
    if not _ENTERS.isdisjoint(here):
        return True
    behind = words[at + 1] if at + 1 < len(words) else []
    if here[-1:] and here[-1] in _SIGN and behind[:1] == ["in"]:
        return True
    with_code = not _ENTERS_WITH_CODE.isdisjoint(here)
    return with_code and any(not _CODES.isdisjoint(one) for one in words)


def _is_plain_code(line: list[Token], places: list[int], words: list[list[str]], at: int) -> bool:
    """Say whether a number of six digits is the value of `code` alone: no status has so many."""
    if not at or words[at - 1][-1] not in ("code", "kod") or places[at] - places[at - 1] != 2:
        return False
    is_value = line[places[at] - 1].kind in ("equals", "colon")
    return is_value and _PLAIN_CODE.fullmatch(line[places[at]].text) is not None


def _is_counted(words: list[list[str]], at: int) -> bool:
    behind = words[at + 1] if at + 1 < len(words) else []
    before = words[at - 1] if at else []
    return not _COUNTED.isdisjoint(behind) or not _OF_SERVICES.isdisjoint(before)
