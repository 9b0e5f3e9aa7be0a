"""The words that services, drivers and databases write of themselves; no others are shown.

The list was read out of the log and error texts of the services (THEN and NOW) and of the drivers
they use, and lacks what essays and names would share with them.
"""

import sys
import tomllib
from array import array
from functools import cache
from pathlib import Path

from bot.deferred import Pattern

_PIECE = Pattern(r"[A-ZÅÄÖ]+(?![a-zåäöéü])|[A-ZÅÄÖ]?[a-zåäöéü]+|[^\W\d_A-Za-zÅÄÖåäöéü]+|\d+")
# Stands in a known text for an id, a number or a part's name.
ANY = "#"


@cache
def vocabulary() -> frozenset[str]:
    """Return the known words, in lower case."""
    return frozenset(_beside("vocabulary.txt").split())


def key_words(kind: str) -> frozenset[str]:
    """Return the words that make a key one of `kind`, a name in key_words.toml."""
    return _words_of_keys()[kind]


@cache
def everyday() -> frozenset[str]:
    """Return the words, nearly all known ones, that everybody's sentences are full of."""
    return frozenset(_beside("everyday.txt").split())


@cache
def known_texts() -> bytes:
    """Return what software writes word for word, line by line and sorted, as it stands in its file.

    Tokens in lower case, a blank between each two; ANY stands for a shape that is filled in. It is
    searched as it is: to cut it into its lines takes longer than all that is asked of it.
    `tests/attack/harvest.py` wrote the file.
    """
    return Path(__file__).with_name("known_texts.txt").read_bytes()


@cache
def known_classes() -> frozenset[str]:
    """Return the names of errors' classes whose form or words would not tell that they are some."""
    return frozenset(_beside("known_classes.txt").split())


@cache
def known_runs() -> "array[int]":
    """Return the checksums, sorted, of three words in a row that software writes."""
    found = array("I")
    found.frombytes((Path(__file__).parent / "known_runs.bin").read_bytes())
    if sys.byteorder == "big":
        found.byteswap()
    return found


@cache
def _words_of_keys() -> dict[str, frozenset[str]]:
    words = tomllib.loads(_beside("key_words.toml"))
    return {kind: frozenset(text.split()) for kind, text in words.items()}


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def pieces(word: str) -> list[str]:
    """Return the words and numbers that an identifier is made of, in lower case."""
    return [piece.lower() for piece in _PIECE.findall(word)]


def is_known(word: str) -> bool:
    """Say whether a word is one that services write; plural and tense are not guessed."""
    return word in vocabulary()
