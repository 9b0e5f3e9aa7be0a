"""Finds the code's own names in texts for people: columns, enum values and rule ids."""

import re

from tests.population.registry import rule_ids

_NAME = re.compile(
    r"\b(?:[a-z]+(?:_[a-z0-9]+)+|[A-Z]+(?:_[A-Z0-9]+)+|[a-z]+(?:-[a-z]+)+"
    r"|SCORING|COMPLETED?|FAILED|CANCELLED|PENDING|PROCESSING|INITIALIZING)\b"
)
# What an operator types or looks for is called as it is: settings, services, containers.
_OWN_NAME = re.compile(
    r"[A-Z][A-Z0-9_]*_[A-Z0-9_]*|max_tokens|huleedu_[a-z_]+|[a-z_]+_(?:service|runner)"
)
# Whoever gives a right has to know on what.
_RIGHTS = re.compile(r"permission denied for \w+ \w+")
# Whoever brings code and schema together has to know what is lacking.
_SCHEMA = re.compile(r"has no (?:column|table) [\w.]+(?: of table \w+)?")
_RULES = rule_ids()


def code_names(text: str) -> list[str]:
    """Return the columns, enum values and rule ids in a text for people."""
    found = dict.fromkeys(_NAME.findall(_RIGHTS.sub("", _SCHEMA.sub("", text))))
    return [
        one for one in found if not _OWN_NAME.fullmatch(one) and ("-" not in one or one in _RULES)
    ]
