"""`/trace`: one id through every service, from the pair's creation to its score."""

from collections.abc import Sequence
from uuid import UUID

from bot.diagnosis.evidence.read import read
from bot.diagnosis.trace.collect import collect
from bot.diagnosis.trace.prefix import begun_by
from bot.diagnosis.trace.references import ambiguous, several, unnamed, untold
from bot.diagnosis.trace.report import diagnose
from bot.domain.batch import BatchMatch
from bot.domain.evidence import DATABASE, Missing
from bot.domain.ids import IdKind, kind_of, parse_uuid
from bot.domain.report import Report
from bot.errors import Blank
from bot.ports import CommandContext, Request
from bot.registry import SlashCommand, Usage
from commands._choices import recent
from commands._ids import meant
from commands._words import lacking, misuse, shown, split_options, tokens, usage_lines

USAGES = (
    Usage(
        "<uuid>",
        "one comparison or batch through every service, and where its trail ends",
        "/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9",
    ),
    Usage("<batch number, uuid prefix or run label>", "the same for a whole batch", "/trace 34"),
)
_VERBS = {
    IdKind.UUID: "id",
    IdKind.NUMBER: "batch",
    IdKind.PREFIX: "name",
    IdKind.LABEL: "name",
}


def parse(text: str) -> Request:
    """Take one id; a pasted `in <permalink>` after it is ignored. Raises UsageError."""
    words, options = split_options(tokens(text), usage=usage_lines("trace", USAGES))
    if len(words) > 1 and words[1].casefold() == "in":
        words = words[:1]
    if not words:
        raise lacking("/trace needs an id.", "trace", USAGES, Blank("batch or comparison", "batch"))
    if len(words) > 1:
        raise misuse(f"/trace takes one id, not {len(words)} words.", "trace", USAGES)
    word = words[0].removeprefix("#")
    kind = kind_of(word)
    if kind is None:
        raise misuse(f"{shown(word)} is no id.", "trace", USAGES)
    id = parse_uuid(word)
    return Request("trace", _VERBS[kind], (str(id) if id else word,), options)


async def run(request: Request, context: CommandContext) -> Report:
    """Find what the id is, then collect and judge."""
    word, now = request.words[0], context.now()
    id = parse_uuid(word) or await _named(word, context)
    if isinstance(id, Report):
        return id
    evidence = await collect(context.sources, id, now, deadline=context.deadline)
    return diagnose(evidence, now)


async def _named(word: str, context: CommandContext) -> UUID | Report:
    """Return the BOS id of the batch that a number, label or prefix names, or why not."""
    ref = await meant(word, context)
    if (id := parse_uuid(ref)) is not None:
        return id
    matches = await read(
        DATABASE,
        context.sources.database,
        lambda source: source.find(ref),
        context.deadline.next_timeout(),
    )
    if isinstance(matches, Missing):
        found = await _begun_by(ref, word, (), context) if kind_of(ref) is IdKind.PREFIX else None
        return found if isinstance(found, UUID) else untold(shown(word), matches)
    if len(matches) > 1:
        return ambiguous(shown(word), matches)
    if kind_of(ref) is IdKind.PREFIX:
        return await _begun_by(ref, word, matches, context)
    return (parse_uuid(matches[0].bos_batch_id) if matches else None) or unnamed(shown(word))


async def _begun_by(
    prefix: str, word: str, matches: Sequence[BatchMatch], context: CommandContext
) -> UUID | Report:
    """Return the one uuid that begins with a prefix, among what rows and logs hold."""
    found = await begun_by(context.sources, prefix.casefold(), matches, deadline=context.deadline)
    if len(found) > 1:
        return several(shown(word), found)
    return found[0] if found else unnamed(shown(word))


COMMAND = SlashCommand(
    "trace",
    "Where did one comparison get to?",
    USAGES,
    parse,
    run,
    choices=recent,
)
