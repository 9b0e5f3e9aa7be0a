"""Fills the arguments of a logged template in."""

import re
from collections.abc import Mapping, Sequence

# A template may name one long argument many times.
MAX_FILLED_CHARS, MAX_WIDTH = 256 * 1024, 99
_WIDE_FORMAT = re.compile(r"%[^a-zA-Z%]*(?:\d{3,}|\*)")
_PLACE = re.compile(r"%[-+ #0-9.]*[srdifge]")


def filled(template: str, arguments: object) -> str:
    """Return a `%`-template with its arguments filled in, as far as they fit."""
    if isinstance(arguments, str) or not isinstance(arguments, Sequence | Mapping):
        return template
    if not arguments or "%" not in template or _WIDE_FORMAT.search(template):
        return template
    values = arguments if isinstance(arguments, Mapping) else tuple(arguments)
    longest = max(
        len(str(item))
        for item in (arguments.values() if isinstance(arguments, Mapping) else values)
    )
    if template.count("%") * (longest + MAX_WIDTH) > MAX_FILLED_CHARS:
        return template
    try:
        return str(template % values)
    except (TypeError, ValueError, KeyError, OverflowError):
        return _filled_in_order(template, values)


def _filled_in_order(template: str, values: object) -> str:
    rest = iter(values) if isinstance(values, tuple) else iter(())
    return _PLACE.sub(lambda found: str(next(rest, found.group())), template)
