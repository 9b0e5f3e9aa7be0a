"""Which single words of outside text may be shown."""

import re
from functools import lru_cache

from bot.border.shapes import LONG_HEX, UUID, is_id, is_measure
from bot.border.vocabulary import is_known, pieces

LONGEST_WORD = 160
_MODEL = re.compile(
    r"(?:[a-z]{2,20}/)?"
    r"(?:claude|gpt|gemini|llama|mistral|mixtral|qwen|deepseek|grok|nova|gemma|phi|command|o\d)"
    r"(?:[-.:]?(?:\d{1,8}(?:\.\d{1,3}){0,2}|[a-z]{1,12}\d{0,2}|\d{1,3}[a-z]{1,3})){0,8}"
)
_IMAGE_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}\Z")
_DAY = re.compile(r"20[2-3]\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")
_SPLIT = re.compile(r"[^\w]+|_")
_DIGITS = re.compile(r"\d+")
SINGLE_LETTERS = 2


@lru_cache(maxsize=16384)
def may_show(word: str) -> bool:
    """Say whether a word may be shown for itself, whatever stands around it."""
    if len(word) > LONGEST_WORD:
        return False
    return is_measure(word) or is_id(word) or is_name(word)


@lru_cache(maxsize=16384)
def is_name(word: str) -> bool:
    """Say whether a word is a name made of known words: a class, logger, topic, model, path."""
    if len(word) > LONGEST_WORD:
        return False
    if _MODEL.fullmatch(word):
        return True
    singles = 0
    rest = _IMAGE_DIGEST.sub("", UUID.sub("-", word))
    parts = [part for part in _SPLIT.split(rest) if part]
    for part in parts:
        if is_id(part) or is_measure(part):
            continue
        for piece in pieces(part):
            if piece.isdigit():
                if len(piece) > 6 and not _DAY.fullmatch(piece):
                    return False
            elif len(piece) == 1:
                singles += 1
            elif not is_known(piece):
                return False
    return bool(parts or rest != word) and singles <= SINGLE_LETTERS


def is_long_hex(word: str) -> bool:
    """Say whether a word may be a trace id or a digest, or a key: what stands before decides."""
    return LONG_HEX.fullmatch(word) is not None
