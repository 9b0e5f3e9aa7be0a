"""What may stand in a headline, which is also the notification's text: people's words alone."""

import html
import re
from collections.abc import Iterator

from bot.domain.headline import MOST_CHARS
from tests.support.slack.clocks import CLOCK

_MENTIONS = re.compile(r"^(?:<[!@][^>]*> )+")
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I)
# Columns and enum values are written with underscores, rule ids with hyphens between small letters.
_COLUMN = re.compile(r"\b(?:[a-z]+_[a-z_]+|[A-Z]+_[A-Z_]+)\b")
# Enum values of one word, as CJ writes the states of a batch.
_STATE = re.compile(r"\b(?:PENDING|INITIALIZING|SCORING|COMPLETED|FAILED|CANCELLED)\b")
# What is told of a state that is not well.
_NOT_WELL = re.compile(
    r"^✅ (?!Resolved).*\b(?:do not (?:use|trust)|failed|stuck|rejected|lost|early)\b"
)
_ONE_OF_MANY = re.compile(r"\b1 [a-z]+(?: [a-z]+)?s (?:are|were|wait|fail|belong)\b")


def faults_of(text: str, rules: frozenset[str]) -> Iterator[str]:
    """Yield what is wrong with a headline, as it stands in a notification."""
    line = html.unescape(_MENTIONS.sub("", text))
    if len(line) > MOST_CHARS:
        yield f"a headline of {len(line)} characters: {line!r}"
    if _UUID.search(line):
        yield f"a headline with a whole id: {line!r}"
    if found := rules & set(re.findall(r"[a-z]+(?:-[a-z]+)+", line)):
        yield f"a headline with a rule id, {', '.join(sorted(found))}: {line!r}"
    if CLOCK.search(line):
        yield f"a headline with a time of day: {line!r}"
    if names := _COLUMN.findall(line) + _STATE.findall(line):
        yield f"a headline with a name of the code's, {', '.join(names)}: {line!r}"
    if _NOT_WELL.search(line):
        yield f"a headline whose mark says that all is well: {line!r}"
    if _ONE_OF_MANY.search(line):
        yield f"a headline that counts one as many: {line!r}"
