"""SQL statements without data: what SQLAlchemy and PostgreSQL quote of the one that failed.

With its values apart (`$1`, `%(id_1)s`) a statement holds words of SQL and names of tables and
columns. One that holds anything else, a quoted text or a long number, is not shown.
"""

from bot.border.language.vocabulary import key_words
from bot.border.words import is_name
from bot.deferred import Pattern

_KEYS = frozenset({"sql", "statement", "query"})
_WORDS = key_words("of_sql") | key_words("columns_of_cj")
_FIRST = frozenset({"select", "insert", "update", "delete", "with"})
_SIGNS = Pattern(r"[\w\s.,()=<>*+:$%!|\[\]-]+")
_WORD = Pattern(r"(?<![\w$])\w+")
# What SQLAlchemy makes of a name for a parameter or for one more of its kind.
_NUMBERED = Pattern(r"([a-z_]+?)_\d{1,3}")
MOST_DIGITS = 4


def is_key_of_statement(key: str) -> bool:
    """Say whether a statement may stand behind a key."""
    return key.lower() in _KEYS


def is_statement(key: str, text: str) -> bool:
    """Say whether the text behind a key is a statement of SQL without any data."""
    words = _WORD.findall(text) if is_key_of_statement(key) else []
    if not words or words[0].lower() not in _FIRST:
        return False
    return _SIGNS.fullmatch(text) is not None and all(map(_is_of_statements, words))


def _is_of_statements(word: str) -> bool:
    if word.isdigit():
        return len(word) <= MOST_DIGITS
    if word.lower() in _WORDS:
        return True
    numbered = _NUMBERED.fullmatch(word)
    if numbered is not None:
        return _is_of_statements(numbered[1])
    return "_" in word and word.islower() and is_name(word)
