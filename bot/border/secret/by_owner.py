"""What belongs to one person: the number behind their role, their device, where it is reached."""

import re
from ipaddress import AddressValueError, IPv6Address

from bot.deferred import Pattern

_ROLE = (
    r"employees?|staff|personnel|payroll|(?:an)?ställd(?:es?)?|anst(?:ällnings?)?\.?|anstallnings"
    r"|personals?|elevs?|elevens|lärar(?:e|ens)?|medlems?|kund(?:ens)?|students?|pupils?|teachers?"
    r"|members?|customers?|badge"
)
_CALLED = r"numbers?|num|no|nr|nummer|numret|#"
# A broker's member has an id, too, that a diagnosis needs.
_OWN_ID = r"(?:employees?|staff|personnel|payroll)[ _-]{0,2}id"
_NUMBER = Pattern(
    rf"(?<![^\W\d_])((?:(?:{_ROLE})['’]?s?[ ._-]{{0,2}}(?:{_CALLED})|{_OWN_ID}|employees?|anställd)"
    r"(?![^\W\d_])\.?[\"'’]?[ ]?(?:(?:is|was|är|var|of|[:=#(\[])[ ]?){0,2}[\"'’]?)"
    r"((?=[\w./-]{0,24}\d)(?!\d{1,2}(?![\w./-]))[\w./-]{2,40})",
    re.I,
)
_ID = Pattern(
    r"(?<![^\W\d_])((?:students?|pupils?|teachers?|members?|customers?|elev|kund)[ _-]{0,2}id"
    r"[\"'’]?[ ]?(?:(?:is|är|[:=#(\[])[ ]?){0,2}[\"'’]?)(?:[a-z]{1,3}-?\d{3,9}|\d{5,9})(?![\w-])",
    re.I,
)
# Six pairs with signs between them; without a letter in it dashes make a time.
_DEVICE = Pattern(
    r"(?<![\w:-])(?:[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}"
    r"|(?=[0-9-]{0,16}[a-fA-F])[0-9a-fA-F]{2}(?:-[0-9a-fA-F]{2}){5})(?![\w:-])"
)
# The addresses of the internet all begin so: https://www.iana.org/assignments/ipv6-unicast-address-assignments
_ADDRESS = Pattern(
    r"(?<![\w:.])[23][0-9a-fA-F]{3}:(?:[0-9a-fA-F]{0,4}:){1,6}[0-9a-fA-F]{0,4}(?![\w:])"
)
_DIGIT = Pattern(r"\d")


def without_owned(text: str, mark: str) -> str:
    """Return `text` without persons' numbers, devices and public addresses of IP's sixth version.

    A private address, a local one and one of a link stay, as those of the fourth do.
    """
    if not _DIGIT.search(text):
        return text
    if ":" in text or "-" in text:
        text = _DEVICE.sub(mark, text)
        text = _ADDRESS.sub(lambda found: mark if _is_address(found[0]) else found[0], text)
    return _ID.sub(rf"\1{mark}", _NUMBER.sub(rf"\1{mark}", text))


def _is_address(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True
