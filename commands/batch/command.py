"""`/batch`: can a batch's result be trusted, and if not, why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.deferred import Pattern
from bot.domain.ids import kind_of
from bot.errors import Blank, UsageError
from bot.ports import Request
from bot.registry import SlashCommand
from commands._choices import recent
from commands._moments import check_since
from commands._words import choose, lacking, misuse, shown, split_options, tokens, usage_lines
from commands.batch.compared_words import check_compared
from commands.batch.listed_words import check_listed
from commands.batch.trend_words import check_trends
from commands.batch.usages import USAGES

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.ports import CommandContext

# For each verb the least and the most words after it, and what they are.
WORDS = {
    "status": (1, 1, "one id"),
    "investigate": (1, 1, "one id"),
    "bundle": (1, 1, "one id"),
    "compare": (2, 2, "two ids, or two modes"),
    "list": (0, 2, "at most one state and one number"),
    "trends": (0, 0, "no words, but --since and --by"),
    "watch": (1, 2, "one id, list, or stop and an id"),
    "alias": (2, 2, "a label and an id"),
    "help": (0, 9, "nothing"),
}
VERBS = tuple(WORDS)
BATCH = Blank("batch", "batch")
BLANKS = {
    "status": (BATCH,),
    "investigate": (BATCH,),
    "bundle": (BATCH,),
    "watch": (BATCH,),
    "compare": (Blank("first batch or mode", "batch"), Blank("second batch or mode", "batch")),
    "alias": (Blank("run label"), BATCH),
}
_RULE = Pattern(r"[a-z]+(?:-[a-z]+)*")
ONE_BATCH = ("status", "investigate", "bundle")
BEFORE_ID, POLITE = ("batch", "batchen", "nr"), ("please", "pls", "plz", "tack")
COMPARED, MOST_OFFERED = 2, 2


def parse(text: str) -> Request:
    """Take a verb and its words; a bare id means status. Raises UsageError."""
    words, options = split_options(
        tokens(text),
        valued=("since", "until", "about", "by"),
        flags=("export",),
        usage=usage_lines("batch", USAGES),
    )
    if not words:
        return Request("batch", "help", (), options)
    verb = choose(words[0], VERBS)
    if verb is None and len(words) == 1 and _is_bare_id(words[0]):
        return Request("batch", "status", (words[0].removeprefix("#"),), options)
    if verb is None:
        message = f"{shown(words[0])} is nothing /batch can do."
        raise misuse(message, "batch", USAGES, word=words[0], choices=VERBS)
    rest = tuple(word.removeprefix("#") for word in words[1:])
    if verb in ONE_BATCH and len(rest) > 1:
        rest = _without_polite(rest)
    _check(verb, rest)
    if verb != "investigate" and "about" in options:
        raise misuse("Only /batch investigate takes --about.", "batch", USAGES)
    if not _RULE.fullmatch(options.get("about", "a-rule")):
        raise misuse("--about takes an alert's rule, such as lost-callbacks.", "batch", USAGES)
    if verb == "investigate":
        check_since(options, usage_lines("batch", USAGES))
    check_trends(verb, options, USAGES)
    check_compared(verb, rest, options, USAGES)
    check_listed(verb, rest, options, USAGES)
    return Request("batch", verb, rest, options)


async def run(request: Request, context: CommandContext) -> Report:
    """Run one verb."""
    from commands.batch.answers import answer

    return await answer(request, context)


def _may_be_kept(label: str) -> bool:
    """Say whether a label may be stored, to be shown to everybody later."""
    from bot.text.redaction import echoed_id, repeated

    return label in (echoed_id(label), repeated(label))


def _is_bare_id(word: str) -> bool:
    return kind_of(word.removeprefix("#")) is not None and any(char.isdigit() for char in word)


def _without_polite(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return an id without `batch` before it and `please` behind it, as people type them."""
    first = words[words[0].casefold() in BEFORE_ID :]
    return first[: len(first) - (len(first) > 1 and first[-1].casefold() in POLITE)]


def _several(verb: str, words: tuple[str, ...]) -> UsageError:
    """Return what is wrong where one batch is asked for and more words are given."""
    ids = [word for word in words if _is_bare_id(word)]
    offers = [f"/batch {verb} {word}" for word in dict.fromkeys(ids)][:MOST_OFFERED]
    if len(words) == len(ids) == COMPARED:
        offers.append(f"/batch compare {' '.join(ids)}")
    told = ", ".join(offers[:-1]) + (" or " if offers[:-1] else "") + "".join(offers[-1:])
    return UsageError(
        f"/batch {verb} takes one id, not {len(words)} words.",
        usage=[line for line in usage_lines("batch", USAGES) if line.startswith(f"/batch {verb}")],
        hint=f"Ask {told}." if told else "",
        offers=offers,
    )


def _check(verb: str, words: tuple[str, ...]) -> None:
    least, most, needs = WORDS[verb]
    if verb in ONE_BATCH and len(words) > most:
        raise _several(verb, words)
    if len(words) < least:
        blanks = BLANKS[verb][len(words) :]
        raise lacking(f"/batch {verb} takes {needs}.", "batch", USAGES, *blanks)
    if not least <= len(words) <= most:
        raise misuse(f"/batch {verb} takes {needs}.", "batch", USAGES)
    if verb == "alias" and not _may_be_kept(words[0]):
        problem = "That label may hold data, and would be shown to everybody."
        raise misuse(f"{problem} Take a short plain word, such as night-2.", "batch", USAGES)
    if verb in ONE_BATCH and kind_of(words[0]) is None:
        raise misuse(f"{shown(words[0])} is no id.", "batch", USAGES)


COMMAND = SlashCommand(
    "batch",
    "Can this batch's result be trusted?",
    USAGES,
    parse,
    run,
    operator_verbs=frozenset({"alias"}),
    changes=frozenset({"alias"}),
    memory_verbs=frozenset({"alias", "watch"}),
    choices=recent,
)
