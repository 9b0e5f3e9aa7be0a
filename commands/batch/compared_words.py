"""The words of `/batch compare`: two ids, or two modes such as mode:serial_bundle."""

from collections.abc import Mapping, Sequence

from bot.domain.batch.modes import BATCHING_MODES, UNKNOWN, known_mode
from bot.domain.ids import kind_of
from bot.errors import UsageError
from bot.registry import Usage
from commands._moments import check_since
from commands._words import misuse, shown, usage_lines

PREFIX = "mode:"
# What takes --since and --until besides a comparison of modes.
TIMED = ("investigate", "trends", "list")


def check_compared(
    verb: str, words: Sequence[str], options: Mapping[str, str], usages: Sequence[Usage]
) -> None:
    """Check the words of a comparison, and that only one over a time has --since or --until.

    Raises UsageError.
    """
    modes = [word for word in words if word.casefold().startswith(PREFIX)]
    timed = verb in TIMED or (verb == "compare" and bool(modes))
    given = next((name for name in ("since", "until") if name in options), "")
    if given and not timed:
        raise UsageError(
            f"--{given} goes with /batch trends, /batch list, /batch investigate and "
            "/batch compare mode:… mode:….",
            usage=usage_lines("batch", usages),
        )
    if verb != "compare":
        return
    if modes and len(modes) != len(words):
        raise misuse("Compare two batches or two modes, not one of each.", "batch", usages)
    for word in words:
        _check_side(word, usages)
    if modes and _is_one_mode(modes):
        raise misuse("Compare a mode with another one; both are the same.", "batch", usages)
    check_since(options, usage_lines("batch", usages))


def _is_one_mode(words: Sequence[str]) -> bool:
    from bot.domain.batch.modes import known_mode

    return len({known_mode(word[len(PREFIX) :]) for word in words}) == 1


def _check_side(word: str, usages: Sequence[Usage]) -> None:
    if not word.casefold().startswith(PREFIX):
        if kind_of(word) is None:
            raise misuse(f"{shown(word)} is no id.", "batch", usages)
        return
    name = word[len(PREFIX) :]
    if known_mode(name) is None:
        raise misuse(
            f"{shown(name)} is no mode; there are {', '.join(BATCHING_MODES)} and {UNKNOWN}.",
            "batch",
            usages,
            word=name,
            choices=BATCHING_MODES,
        )
