"""The words of a Slack payload as its reader sees them, and times of day in a zone of ours."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

CLOCK = re.compile(r"(?<![\d:.])(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?![\d:])")
# A time was left out of a place that cannot show one, and the words that led to it were not.
LOOSE_LEAD = re.compile(r"\b(?:since|until|between) *(?:[,.;:)]|$)")
_TOKEN = re.compile(r"<!date\^[^<>]*>")
_CODE = re.compile(r"`[^`]*`")
# A line of help that begins with what to type may show a time to type.
_TYPED = re.compile(r"^/.*$", re.MULTILINE)
# What no reader sees: our own keys, commands and ids, and what stands in for a date.
_UNSEEN = frozenset(
    {"format", "value", "action_id", "block_id", "private_metadata", "type", "fallback"}
)


def clocks_in(shown: Any) -> Iterator[str]:
    """Yield each text that says a time of day outside date tokens, dates and code.

    Code holds what was quoted: log lines as they stood in the log.
    """
    yield from (said for said in words_in(shown) if CLOCK.search(said))


def words_in(shown: Any) -> Iterator[str]:
    """Yield each text that a reader sees, without date tokens, code and what is to be typed."""
    if isinstance(shown, Mapping):
        if _is_code(shown.get("style")):
            return
        for key, inner in shown.items():
            if key not in _UNSEEN:
                yield from words_in(inner)
    elif isinstance(shown, list | tuple):
        for inner in shown:
            yield from words_in(inner)
    elif isinstance(shown, str):
        yield _TYPED.sub("", _CODE.sub("", _TOKEN.sub("", shown)))


def _is_code(style: Any) -> bool:
    return isinstance(style, Mapping) and bool(style.get("code"))
