"""Whether a text says one of a thing in the singular, with a verb that agrees; pure."""

import re
from collections.abc import Iterator

_NUMBER = r"(?<![\w.,:/×+-])(?<!\d )1"
# Words that end with an s and are no plural, and units.
_NO_PLURAL = r"(?!(?:s|ms|is|was|has|waits|this|less|across|belongs|as|its|versus|does|days?)\b)"
_KIND = r"(?:(?:log|real|distinct|pending|error|published|rejected|completion|valid|other) )?"
_SEVERAL = re.compile(rf"{_NUMBER} {_KIND}{_NO_PLURAL}[a-z]+s\b")
_OF_SEVERAL = re.compile(rf"\bof 1 {_NO_PLURAL}[a-z]+s\b")
_VERBS = r"(?:wait|are|were|have|do|belong|lack|match|fail|need|come|stand|carry|hold|agree)"
_NOUNS = (
    r"(?:answer|batch|bundle|callback|comparison|container|essay|event|failure|item|line|log|"
    r"message|pair|request|row|run|runner|sample|service|session|worker)"
)
_VERB = re.compile(rf"{_NUMBER} {_NOUNS} (?:that [A-Za-z ]{{1,30}} )?{_VERBS}\b")
_VERB_OF = re.compile(rf"{_NUMBER} of \d+ {_NOUNS}e?s? {_VERBS}\b")


def disagreements(text: str) -> Iterator[str]:
    """Yield each place in which a text says one of a thing as if it were several."""
    for pattern in (_SEVERAL, _OF_SEVERAL, _VERB, _VERB_OF):
        yield from (match[0] for match in pattern.finditer(text))
