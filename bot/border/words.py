"""Which single words of outside text may be shown."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from bot.border.keys import is_qualified
from bot.border.language.vocabulary import everyday, is_known, key_words, known_classes, pieces
from bot.border.shapes import (
    LONG_HEX,
    OUR_UUID,
    UUID,
    is_address_of_somebody,
    is_early_date,
    is_id,
    is_measure,
)
from bot.deferred import Pattern

LONGEST_WORD = 160
_MODEL = Pattern(
    r"(?:[a-z]{2,20}/)?"
    r"(?:claude|gpt|gemini|llama|mistral|mixtral|qwen|deepseek|grok|nova|gemma|phi|command|o\d)"
    r"(?:[-.:]?(?:\d{1,8}(?:\.\d{1,3}){0,2}|[a-z]{1,12}\d{0,2}|\d{1,3}[a-z]{1,3})){0,8}"
)
# What follows a model's family is one of these, so that a password "claude-something" is none.
_MODEL_PART = Pattern(
    r"\d[\d.]*|[a-z]\d{0,2}|\d{1,3}[a-z]{1,2}|a\d{1,3}b|"
    r"(?:haiku|sonnet|opus|instant|claude|gpt|gemini|llama|mistral|mixtral|qwen|deepseek|grok|nova"
    r"|gemma|phi|command|flash|lite|pro|ultra|nano|micro|mini|small|medium|large|xl|turbo|instruct"
    r"|chat|preview|latest|exp|experimental|thinking|vision|audio|realtime|code|coder|codex|fast"
    r"|reasoner|reasoning|distill|versatile|it|hf|scout|maverick|embed|embedding|text|research"
    r"|deep|search|beta|max|plus|next|omni|oss|image|transcribe|moe|nemo|r|premier|lightning|base"
    r"|anthropic|openai|google|meta|mistralai|mock|generic|air|think|high|low)\d{0,2}"
)
_MODEL_JOINTS = Pattern("[-.:/]")
_IMAGE_DIGEST = Pattern(r"@sha256:[0-9a-f]{64}\Z")
# What Kubernetes makes of a pod's name has no vowels, so that it spells nothing.
# https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go
_POD_TAIL = Pattern(r"(?<=[a-z])(?:-[b-df-hj-np-tv-xz24-9]{8,10})?-[b-df-hj-np-tv-xz24-9]{5}\Z")
_DAY = Pattern(r"20[2-3]\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")
_HOST_PORT = Pattern(r"[a-z][\w.-]*:\d{2,5}")
_ERROR = Pattern(r"[A-Z][A-Za-z]{2,60}[a-z](?:Error|Exception)")
_SPLIT = Pattern(r"[^\w]+|_")
# A run of so many words is a person's when fewer than so many, and fewer than one in so many, are
# words of services; one of fewer words when none is.
LONG, LEAST_OF_SERVICES, ONE_IN = 5, 2, 5
SHORT, SHORTEST = 4, 3
# Of so many words two of a judge's or a prompt's make a sentence of theirs.
_OF_TEXTS = key_words("of_a_text")
LEAST_OF_TEXTS = 2
_VERDICTS = key_words("verdicts_of_systems")
# With one of a person's own words in it a shorter one is, if no word is a service's.
LEAST_OF_A_PERSON = 2
_PERSON = key_words("of_a_person")
# What a judge of essays says, alone or in a run, and who is told of, however many words of services
# stand beside it.
_JUDGE = key_words("of_a_judge")
_JUDGE_RUNS = tuple(f".{run}." for run in sorted(key_words("runs_of_a_judge")))
_TELLS = key_words("tells_of_people")
_ASPECTS = key_words("an_aspect_of_a_text")
_FOUND = key_words("found_of_a_text")
# What the system says of a message that is none, in a judge's words.
_EBADMSG = frozenset({"bad", "message"})
_SUBJECTS = key_words("subjects")
_SAID_OF_SUBJECTS = key_words("said_of_subjects")
# What only systems have: a run that names one in so many words is told by one.
_SYSTEMS = key_words("of_a_system")
WORDS_OF_A_SYSTEM = 12
COUNT = "count"
_TIMED = Pattern(r"\d+(?:\.\d+)?(?:ms|s|[kKMGT]i?B)")
SINGLE_LETTERS = 2
MOST_DIGITS = 6
LEAST_GROUPED = 5
NAMES = key_words("also_a_name")
ONLY_NAMES = key_words("only_a_name")
PERSON_IN_ID = key_words("paths_of_people")


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
    if _is_model(word) or is_qualified(word):
        return True
    if _is_of_somebody(word) or is_early_date(word) or is_address_of_somebody(word):
        return False
    if _is_called(word):
        return False
    singles = 0
    rest = _POD_TAIL.sub("", _IMAGE_DIGEST.sub("", OUR_UUID.sub("-", word)))
    parts = [part for part in _SPLIT.split(rest) if part]
    for part in parts:
        if part in known_classes() or is_id(part) or is_measure(part):
            continue
        for piece in pieces(part):
            if not _is_part(piece):
                return False
            singles += len(piece) == 1 and not piece.isdigit()
    return bool(parts or rest != word) and singles <= SINGLE_LETTERS


def _is_called(word: str) -> bool:
    """Say whether a word of several pieces is a name of names, or a person's sentence."""
    parts = [piece for piece in pieces(word) if not piece.isdigit() and len(piece) > 1]
    if word.endswith(("Error", "Exception")):
        parts.pop()
    if len(parts) > 1 and NAMES.issuperset(parts) and not ONLY_NAMES.isdisjoint(parts):
        return True
    return len(parts) >= LONG and is_prose(one.title() if one in NAMES else one for one in parts)


def _is_of_somebody(word: str) -> bool:
    """Say whether a word is a person's id, or digits in groups, which may be anybody's number."""
    if PERSON_IN_ID & set(pieces(word)) and (
        UUID.search(word) or any(is_id(part) for part in _SPLIT.split(word))
    ):
        return True
    digits = sum(map(str.isdigit, word))
    is_range = all(map(is_measure, word.split("..")))
    return digits >= LEAST_GROUPED and not any(map(str.isalpha, word)) and not is_range


def _is_part(piece: str) -> bool:
    """Say whether a name may hold a piece: a known word, a letter, a short number or a day."""
    if piece.isdigit():
        return len(piece) <= MOST_DIGITS or _DAY.fullmatch(piece) is not None
    return len(piece) == 1 or is_known(piece)


def _is_model(word: str) -> bool:
    parts = _MODEL_JOINTS.split(word) if _MODEL.fullmatch(word) else ()
    return bool(parts) and all(_MODEL_PART.fullmatch(part) for part in parts if part)


def is_long_hex(word: str) -> bool:
    """Say whether a word may be a trace id or a digest, or a key: what stands before decides."""
    return LONG_HEX.fullmatch(word) is not None and not is_id(word)


@lru_cache(maxsize=4_096)
def may_be_called(word: str) -> bool:
    """Say whether a word is made of words that are names of persons, too, and of no others."""
    parts = pieces(word)
    return bool(parts) and NAMES.issuperset(parts) and not word.isupper()


def is_prose(words: Iterable[str]) -> bool:
    """Say whether words, ids and numbers among them, are a person's sentence, if all are known.

    Services name their parts and what they did; people need the words in between. Of the log and
    error texts of the services none has as few of its own words as this takes for a sentence. What
    a person writes in the services' own words is not seen.
    """
    said = [word.rstrip(".-") for word in words]
    counted = {word for word in said if not (is_measure(word) or is_id(word))}
    counted = {word for word in counted if any(map(str.isalpha, word))}
    size = len({word.lower() for word in counted})
    if size >= SHORTEST and _tells_of_people(said):
        return True
    if finds_of_a_text(said):
        return True
    if size <= WORDS_OF_A_SYSTEM and _names_a_system(said):
        return False
    usual = len({word.lower() for word in counted if _is_everyday(word)})
    if usual == size >= LEAST_OF_A_PERSON and not _PERSON.isdisjoint(map(str.lower, counted)):
        return True
    if (
        size >= SHORT
        and len({word.lower() for word in counted if _is_of_texts(word)}) >= LEAST_OF_TEXTS
    ):
        return True
    services = size - usual
    if size >= LONG:
        return services < LEAST_OF_SERVICES or services * ONE_IN < size
    if size == SHORTEST and (len(counted) < len(said) or _VERDICTS & set(map(str.lower, said))):
        return False
    return SHORTEST <= size <= SHORT and not services


def _tells_of_people(words: Sequence[str]) -> bool:
    """Say whether words speak of essays or people as those who judge or write them do."""
    small = [word.lower() for word in words]
    if not _TELLS.isdisjoint(small):
        return True
    if not _JUDGE.isdisjoint(small) and not _names_a_system(words):
        return True
    is_said = (one in _SUBJECTS and other in _SAID_OF_SUBJECTS for one, other in pairwise(small))
    if len(set(small)) >= SHORT and any(is_said):
        return True
    told = ".".join(word if word in ("A", "B") else word.lower() for word in words)
    return any(run in f".{told}." for run in _JUDGE_RUNS)


def finds_of_a_text(words: Sequence[str]) -> bool:
    """Say whether few words are a judge's on an essay: `No clear message`, `Argument saknas`."""
    small = {word.lower() for word in words}
    if small >= _EBADMSG:
        return False
    is_short = len(words) <= LONG and not _names_a_system(words)
    return is_short and not (_ASPECTS.isdisjoint(small) or _FOUND.isdisjoint(small - _ASPECTS))


def names_a_system(words: Sequence[str]) -> bool:
    """Say whether words name what systems alone have, an error's class among it."""
    return _names_a_system(words) or any(is_error(word) for word in words)


def _names_a_system(words: Sequence[str]) -> bool:
    """Say whether words, none of a person's own among them, name what systems alone have."""
    small = [word.lower() for word in words]
    if any(one == COUNT and other.isdigit() for one, other in pairwise(small)):
        return True
    return _PERSON.isdisjoint(small) and (
        not _SYSTEMS.isdisjoint(small)
        or any(_TIMED.fullmatch(word) or is_part(word) or _is_setting(word) for word in words)
    )


def _is_setting(word: str) -> bool:
    """Say whether a word is an identifier of few words, not all of which everybody says."""
    parts = pieces(word) if "_" in word else []
    return 1 < len(parts) <= SHORT and not everyday().issuperset(parts)


def _is_of_texts(word: str) -> bool:
    return word in ("A", "B") or word.lower() in _OF_TEXTS


def _is_everyday(word: str) -> bool:
    return word.lower() in everyday() or (word[:1].isupper() and may_be_called(word))


@lru_cache(maxsize=4_096)
def is_part(word: str) -> bool:
    """Say whether a known word is the name of a part: `cj_assessment_service`, `redis:6379`.

    Its pieces are joined as no sentence's words are, and most of them are services' words.
    """
    parts = [piece for piece in pieces(word) if len(piece) > 1 and not piece.isdigit()]
    is_joined = len(parts) > 1 and ("_" in word or "." in word)
    if not (is_joined or _HOST_PORT.fullmatch(word)):
        return False
    return 2 * sum(piece in everyday() for piece in parts) < len(parts)


@lru_cache(maxsize=4_096)
def is_error(word: str) -> bool:
    """Say whether a known word is an error's class, which no sentence holds: `IntegrityError`."""
    name = word.rpartition(".")[2]
    return (
        is_qualified(word)
        or name in known_classes()
        or (_ERROR.fullmatch(name) is not None and len(pieces(name)) > 1)
    )
