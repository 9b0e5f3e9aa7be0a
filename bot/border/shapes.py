"""Words that may be shown for their shape alone: ids, numbers, times, versions, addresses."""

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network

from bot.border.language.vocabulary import is_known, key_words, pieces
from bot.deferred import Pattern

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_OUR_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
UUID = Pattern(rf"(?<![0-9a-fA-F])({_UUID})(?![0-9a-fA-F])")
OUR_UUID = Pattern(rf"(?<![0-9a-fA-F])({_OUR_UUID})(?![0-9a-fA-F])")
_ID = Pattern(
    rf"(?:urn:uuid:)?{_OUR_UUID}"
    r"|(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,16}"
    r"|ANCHOR_(?:[A-Za-z]{0,3}[+-]?(?:[0-9-]|[0-9a-f]{8}(?![0-9a-f])){0,8})"
    r"(?:_[A-Za-z]{0,3}\d{0,8})?_[0-9a-f]{8}"
    r"|[0-9a-f]{16}-[A-Z]{3}"
    r"|00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]"
    r"|https?://sqlalche\.me/e/\w{2}/\w{4}"
)
# An id that a provider made up: its tail is random, so that no name stands in it.
_MADE_UP = Pattern(
    r"(?:req|msg|resp|batch|evt|run|cmpl|chatcmpl|toolu|call|asst|thread|msgbatch|gen)[_-]"
    r"(?=[\w-]*\d)(?:\d{10}-)?(\w{8,48})"
)
_ANTHROPIC = Pattern(r"01(?!\w*[a-z]{7})[A-Za-z0-9]{20,26}")
_HEX_TAIL = Pattern("[0-9a-f_]+")
_RUNS = Pattern(r"[0-9]+|[A-Z]+|[a-z]+|[+/_=-]+")
# Of a random word's characters so many are of another kind than the one before.
CHANGES = 0.3
# A trace id, a sha or a digest, or else a key: what stands before it decides. So it does for a
# uuid in capitals, which no service of HuleEdu writes.
LONG_HEX = Pattern(
    rf"[0-9a-fA-F]{{32}}|(?:sha(?:1|256|512):)?(?:[0-9a-f]{{40}}|[0-9a-f]{{64}})|{_UUID}"
)
_NUMBER = Pattern(
    r"[+-]?(?:\d{1,7}|[1-9]\d{7,8}(?=[.,a-zA-Z%]))(?:[.,]\d{1,9}){0,6}(?:[eE][+-]?\d{1,3})?"
    r"(?:%|x|(?:n|u|µ|m)?s|sec|min|h|d|(?:[kKMGT]i?)?[bB]|k|M|px|st|nd|rd|th)?"
    r"|[1-9]\d{0,8}/[1-9]\d{0,8}"
    r"|P(?:\d{1,4}D)?(?:T(?:\d{1,4}H)?(?:\d{1,4}M)?(?:\d{1,6}(?:\.\d{1,6})?S)?)?(?<=[DHMS])"
)
# A time in seconds, an offset, a size in bytes: shown where a word of ours leads to it.
_LONG_NUMBER = Pattern(r"[1-9]\d{7,19}(?:\.\d{1,9})?")
_TIME = Pattern(
    r"\d{4}-\d{2}-\d{2}(?:[T_ ]?\d{2}:?\d{2}(?::?\d{2}(?:[.,]\d{1,9})?)?)?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|\d{8}[_T-]\d{4,6}Z?"
    r"|\d{2}/[A-Z][a-z]{2}/20\d{2}:\d{2}:\d{2}:\d{2}"
)
_VERSION = Pattern(
    r"[vV]?\d{1,5}(?:\.\d{1,6}){1,4}"
    r"(?:[-+.]?(?:a|b|rc|dev|post|alpha|beta|final)\.?\d{0,8}){0,2}(?:[-+.]g?[0-9a-f]{6,12})?"
    r"(?:\+(?:build\.)?\d{1,8})?"
)
_PACKAGE = Pattern(
    r"(?:@?[a-z0-9][a-z0-9_-]{0,40}/)?[a-z0-9][a-z0-9_-]{0,60}"
    r"@(?!\d{1,3}(?:\.\d{1,3}){3}(?![\d.]))v?\d{1,5}(?:\.\d{1,5}){1,3}"
    r"(?:[-+.][a-z]{0,5}\.?\d{0,4})?"
)
_ADDRESS = Pattern(
    r"(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5})?(?:/\d{1,2})?"
    r"|(?:f[cd][0-9a-f]{2}|fe80):(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{0,4}"
)

_PERSONAL = Pattern(
    r"(?<!\d)(?<!\d\.)((?:19|20)?)(\d{2})([-. ]?)(\d{2})\3(\d{2})"
    r"(\s?[-+._/*]?\s?)(\d{4}|[TtRrXx]\d{3})(?![\d.]*\d)"
)
_PHONE = Pattern(
    r"(?:(?:(?<![\w.-])|(?<=[^\W\d][._:-]))\+|(?:(?<![\w.:-])|(?<=[^\W\d]\.))00)"
    r"\d{1,3}(?:[ ()./+-]{0,3}\d){6,13}(?!\w)"
    r"|(?:(?<![A-Za-z0-9-])|(?<=[A-Za-z]-))(?<!\d[:.])(?!00-[0-9a-f]{32}-[0-9a-f]{16}-)"
    r"\(?0\d{1,3}\)?[ /.+-]{1,3}\d{2,3}(?:[ .+-]?\d{2,3}){1,3}(?!\d)"
    r"|(?<!\w)\(\d{3}\) ?\d{3}[- .]\d{4}(?!\d)"
    r"|(?<!\d)(?<!\d\.)(?:0|\+?46|0046)[ ()./-]{0,3}7[02369](?:[ ./-]{0,2}[\dOo]){7}(?![\dOo])"
)
# A blank, bracket, dash or slash between digits as quoted-printable writes it.
_QUOTED_PRINTABLE = Pattern(r"(?<=\d)=(2[089BDEF])(?=[\d=])", re.I)
# A dash of another kind or a hard blank makes no other number.
_SEPARATORS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u00a0\u2007\u202f", " ")
)
_ORGANISATION = Pattern(r"(?:(?<![\d.-])|(?<=[A-Za-z]-))\d{6}[-–]\d{4}(?![\d-])")
# Finland's: day, month, year, a sign of the century, a number and a check letter.
_HETU = Pattern(
    r"(?<!\w)(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[-+A-FU-Y]\d{3}[A-FHJ-NPR-Y](?!\w)"
)
# A card's number as it is printed; the check digit decides.
_CARD = Pattern(r"(?<![\d.-])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5})(?![\d-])")
# A Swedish postal code before its town.
_POSTAL = Pattern(r"(?<![\d.,:+-])(?<!\d )[1-9]\d{2} \d{2}(?= [A-ZÅÄÖ][a-zåäö])")
# A name right before a number: `x-user-0980/319 225`, or a host's.
_GLUED = Pattern(r"([A-Za-z]{1,20})-\Z")
MOST_GLUED = 21
_PEOPLE = key_words("person") | key_words("before_a_name")
_EMAIL = Pattern(
    r"[^\s@<>()\[\]{}\"',;:=|]{1,64}(?:@|\(at\)|\[at\])[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}"
)
_HOST = Pattern(r"((?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3})(?::(\d{1,5})|/\d{1,2})?")
# Addresses that stand for no person's machine: private, local, shared by carriers, none, groups.
_OURS = Pattern(
    r"(?:0|10|127|22[4-9]|23\d|24\d|25\d)\..*|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\..*"
    r"|169\.254\..*|172\.(?:1[6-9]|2\d|3[01])\..*|192\.168\..*"
)
MOST_OCTET = 255
_UNIQUE_LOCAL = IPv6Network("fc00::/7")
# Up to where an address of IPv6 leaves zeros out, or from there.
_HALF = Pattern(r"(?!f[cd]|fe80)(?=[\d:]{0,30}[a-fA-F])(?:[0-9a-fA-F]{1,4}:){2,6}[0-9a-fA-F]{1,4}")
_DEVICE = Pattern(r"(?:[0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}|(?:[0-9a-fA-F]{2}-){5}[0-9a-fA-F]{2}")
# https://datatracker.ietf.org/doc/html/rfc6335#section-6
FIRST_CLIENT_PORT = 49152
# Looked for first: most texts hold none, and this is quicker than the patterns that need one.
_AT = ("@", "(at)", "[at]")
_DIGIT = Pattern(r"\d")
# A personal number can stand as six digits before a point and four behind it.
LEAST_PERSONAL = 10**4
# Twelve digits of a later year are a time.
FIRST_BIRTH, LATEST_BIRTH = 1900, 2020
_DAY = Pattern(
    r"((?:19|20)\d\d)(?:[-./]\d{1,2}[-./]\d{1,2}|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?=\D|\Z)"
)
# As a personal number begins for who is at school; no number that is counted begins with 0.
_SIX_DIGITS = Pattern(r"0\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_DAY_FIRST = Pattern(r"\d{1,2}[-./]\d{1,2}[-./]((?:19|20)\d\d)")
# A personal number as a spreadsheet writes numbers, an account's, a phone's in America, a place.
_THOUSANDS = Pattern(r"(?<![\d.,])\d{1,3}(?:,\d{3}){3}(?![\d.,])")
_ACCOUNT = Pattern(r"(?<![\d-])\d{4}(?:-\d,?|,) ?\d{1,3}(?: \d{3}){1,3}(?:-\d)?(?![\d-])")
_DASHED = Pattern(r"(?<![\w.-])\d{3}-\d{3}-\d{4}(?![\w-])")
_PLACE = Pattern(
    r"(?<![\d.])(?:3[4-9]|[4-6]\d|7[01])\.\d{4,}°?[ NS]{0,3}[,;/ ] ?-?\d{1,3}\.\d{4,}(?![\d.])"
)
_PACKAGE_TAIL = Pattern(r"@(?!\d{1,3}(?:\.\d{1,3}){3}(?![\d.]))v?\d")


def is_id(word: str) -> bool:
    """Say whether a word has the shape of an id that diagnoses need; never of a person's."""
    if _ID.fullmatch(word) is not None or is_package(word):
        return True
    made_up = _MADE_UP.fullmatch(word)
    if made_up is None:
        return False
    tail = made_up[1]
    by_shape = _HEX_TAIL.fullmatch(tail) is not None or _ANTHROPIC.fullmatch(tail) is not None
    return by_shape or changes_often(tail)


def changes_often(word: str) -> bool:
    """Say whether letters, capitals and digits change as in random words, not as in names."""
    return len(kinds_of(word)) - 1 >= CHANGES * len(word)


def kinds_of(word: str) -> list[str]:
    """Return the first character of each run of one kind in a word."""
    return [run[0] for run in _RUNS.findall(word)]


def is_package(word: str) -> bool:
    """Say whether a word is a package with its version, such as `redis@1.2.3`; a person has none.

    Its name, and not its owner's, is made of known words and of names of packages.
    """
    if _PACKAGE.fullmatch(word) is None:
        return False
    name = word.rpartition("@")[0].rpartition("/")[2]
    packages = key_words("packages")
    parts = (one for one in pieces(name) if one not in packages)
    return all(is_known(one) or len(one) == 1 or one.isdigit() for one in parts)


def is_measure(word: str) -> bool:
    """Say whether a word is a number with or without unit, a time, a version or an address."""
    if is_early_date(word) or is_address_of_somebody(word):
        return False
    patterns = (_NUMBER, _TIME, _VERSION, _ADDRESS)
    return any(pattern.fullmatch(word) is not None for pattern in patterns)


@lru_cache(maxsize=4_096)
def is_address_of_somebody(word: str) -> bool:
    """Say whether a word is an address of the internet, from which a person may have come.

    One with a port of servers is a server's. So are a device's own and one of IPv6.
    """
    if word.count(":") > 1 or word.count("-") > 1:
        return any(one.fullmatch(word) for one in (_DEVICE, _HALF)) or _is_public_v6(word)
    found = _HOST.fullmatch(word)
    if found is None or max(map(int, found[1].split("."))) > MOST_OCTET:
        return False
    if found[2] is not None and int(found[2]) < FIRST_CLIENT_PORT:
        return False
    return _OURS.fullmatch(found[1]) is None


def _is_public_v6(word: str) -> bool:
    try:
        address = IPv6Address(word)
    except ValueError:
        return False
    ours = address.is_link_local or address.is_loopback or address.is_unspecified
    return not (ours or address.is_site_local or address.is_multicast or address in _UNIQUE_LOCAL)


def is_early_date(word: str) -> bool:
    """Say whether a word is or begins with a day on which a person may be born: no log's day."""
    if _SIX_DIGITS.fullmatch(word):
        return True
    found = _DAY.match(word) or _DAY_FIRST.fullmatch(word)
    return found is not None and FIRST_BIRTH <= int(found[1]) <= LATEST_BIRTH


def is_long_number(word: str) -> bool:
    """Say whether a word is a long number: a time in seconds, or a password."""
    return _LONG_NUMBER.fullmatch(word) is not None


def is_number(word: str) -> bool:
    """Say whether a word is a number that is too short to be a person's, with or without unit."""
    return len(word) <= 9 and _NUMBER.fullmatch(word) is not None and not is_early_date(word)


def without_people(text: str, mark: str) -> str:
    """Return `text` with personal numbers, phone numbers and e-mail addresses replaced.

    `x=2012` says either a number or a blank and a number, so it is decoded only where that
    makes a person's number.
    """
    decoded = _QUOTED_PRINTABLE.sub(lambda found: chr(int(found[1], 16)), text)
    if decoded != text and (passed := _without_people(decoded, mark)) != decoded:
        return passed
    return _without_people(text, mark)


def _without_people(text: str, mark: str) -> str:
    if any(sign in text for sign in _AT):
        text = _EMAIL.sub(lambda m: m.group() if _PACKAGE_TAIL.search(m.group()) else mark, text)
    if not _DIGIT.search(text):
        return text
    # The digits of an id may be anybody's number by chance.
    parts, end = [], 0
    for found in UUID.finditer(text):
        parts += [_without_numbers(text[end : found.start()], mark), found.group()]
        end = found.end()
    return "".join((*parts, _without_numbers(text[end:], mark)))


def _without_numbers(text: str, mark: str) -> str:
    text = _without(_PERSONAL, text, mark, _is_personal)
    text = _THOUSANDS.sub(
        lambda m: mark if is_personal(m.group().replace(",", "")) else m.group(), text
    )
    for pattern in (_ORGANISATION, _ACCOUNT, _DASHED, _PLACE):
        text = pattern.sub(mark, text)
    text = _without(_CARD, text, mark, _is_card)
    text = _HETU.sub(mark, _POSTAL.sub(mark, text))
    return _without(_PHONE, text, mark, _is_phone)


def is_personal(digits: str) -> bool:
    """Say whether digits alone are a personal or phone number."""
    return without_people(digits, "") != digits


def _without(
    pattern: re.Pattern[str], text: str, mark: str, hides: Callable[[re.Match[str]], bool]
) -> str:
    parts, end, at = [], 0, 0
    plain = text.translate(_SEPARATORS)
    while (match := pattern.search(plain, at)) is not None:
        if hides(match):
            parts += [text[end : match.start()], mark]
            end = at = match.end()
        else:
            at = match.start() + 1
    return "".join((*parts, text[end:]))


def _is_phone(match: re.Match[str]) -> bool:
    """Say whether digits are a phone number; glued to a name they are one behind a person's."""
    before = match.string[max(0, match.start() - MOST_GLUED) : match.start()]
    glued = _GLUED.search(before)
    if glued is not None and match.group()[0] != "+" and glued[1].lower() not in _PEOPLE:
        return False
    return not _is_date(match.group())


def _is_date(text: str) -> bool:
    return _TIME.fullmatch(text.strip()) is not None


def _is_personal(match: re.Match[str]) -> bool:
    """Swedish personal and coordination numbers (Skatteverket, SKV 704 and 707).

    Without a separator ten digits may be a time in seconds: there the check digit decides.
    """
    century, year, _, month, day, separator, last = match.groups()
    if not (0 < int(month) <= 12 and (0 < int(day) <= 31 or 40 < int(day) <= 91)):
        return False
    if century and int(century + year) > LATEST_BIRTH:
        return False
    if separator or not last.isdigit():
        return True
    return bool(century) or _luhn(f"{year}{month}{day}{last}")


def _is_card(match: re.Match[str]) -> bool:
    return _luhn("".join(filter(str.isdigit, match.group())))


def _luhn(digits: str) -> bool:
    total = 0
    for index, digit in enumerate(digits):
        value = int(digit) * (2 if index % 2 == len(digits) % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
