"""`/logs`: lines of a service that hold a text or an id."""

from dataclasses import replace
from datetime import timedelta

from bot.diagnosis.batch.collect import find
from bot.diagnosis.evidence.run_labels import remembered
from bot.diagnosis.logs import (
    LEVELS,
    MAX_CONTEXT,
    LogAsk,
    diagnose,
    levels_from,
    search,
    service_words,
    services_named,
)
from bot.domain.evidence import Missing
from bot.domain.ids import IdKind, kind_of, parse_uuid
from bot.domain.report import Report
from bot.errors import Blank, UsageError
from bot.ports import CommandContext, Request
from bot.registry import SlashCommand, Usage
from commands._choices import recent
from commands._words import lacking, misuse, shown, span, split_options, tokens, usage_lines

USAGES = (
    Usage(
        "<service> <text or id>",
        "lines that hold it, newest kept; an id or a known run label is looked for in all the log, "
        "a text in 24 h",
        "/logs cj IntegrityError",
    ),
    Usage(
        "<service> <text> --since 2h --context 10 --level error",
        "how far back, lines around each match, the least level",
        "/logs llm_provider serial_bundle --since 2h --context 3",
    ),
    Usage("all <text or id>", "over all services", "/logs all 8f3a11d7"),
)
VALUED = ("since", "context", "level")
SERVICE, TEXT = Blank("service", "service"), Blank("text or id")
DEFAULT_SINCE = timedelta(hours=24)


def parse(text: str) -> Request:
    """Take a service, then a text; options stand anywhere. Raises UsageError."""
    words, options = split_options(tokens(text), valued=VALUED, usage=usage_lines("logs", USAGES))
    if not words:
        raise lacking("/logs needs a service and a text.", "logs", USAGES, SERVICE, TEXT)
    if len(words) == 1 and "level" not in options:
        raise lacking(f"What to look for in {shown(words[0])}?", "logs", USAGES, TEXT)
    _check_options(options)
    return Request("logs", "search", (words[0], " ".join(words[1:])), options)


async def run(request: Request, context: CommandContext) -> Report:
    """Search once. Raises UsageError for a service that does not exist here."""
    word, text = request.words
    known = context.options.services
    names = services_named(word, known)
    if names is None:
        words = service_words(known)
        raise misuse(
            f"No service is called {shown(word)}; there are {', '.join(words)}.",
            "logs",
            USAGES,
            word=word,
            choices=words,
        )
    ask = await _with_batch(_ask(request, text, names, context), request, context)
    answer = await search(context.sources, ask, context.now(), deadline=context.deadline)
    return diagnose(ask, answer)


def _ask(request: Request, text: str, names: tuple[str, ...], context: CommandContext) -> LogAsk:
    options = request.options
    back = span(options["since"]) if "since" in options else None
    if back is None and parse_uuid(text) is None:
        back = DEFAULT_SINCE
    id = parse_uuid(text)
    return LogAsk(
        text=str(id) if id else text,
        services=names,
        since=context.now() - back if back else None,
        context=int(options.get("context", "0")),
        levels=levels_from(options["level"]) or () if "level" in options else (),
    )


async def _with_batch(ask: LogAsk, request: Request, context: CommandContext) -> LogAsk:
    """Where the text is a run label that the bot knows, look for its batch as well.

    It is an id then, so all the log is looked through unless --since says otherwise.
    """
    if kind_of(ask.text) not in (IdKind.LABEL, IdKind.PREFIX):
        return ask
    known = await remembered(context.sources, ask.text, deadline=context.deadline)
    if not known:
        return ask
    uuids = [id for ref in known for id in await _batch_uuids(ref, context)]
    since = ask.since if "since" in request.options else None
    return replace(ask, also=tuple(dict.fromkeys(uuids)), since=since)


async def _batch_uuids(ref: str, context: CommandContext) -> tuple[str, ...]:
    """The BOS batch ids that a label's id means: itself, or those of the batches it finds."""
    if parse_uuid(ref):
        return (ref,)
    found = await find(context.sources, ref, context.deadline)
    return () if isinstance(found, Missing) else tuple(one.bos_batch_id for one in found)


def _check_options(options: dict[str, str]) -> None:
    lines = usage_lines("logs", USAGES)
    if "since" in options and span(options["since"]) is None:
        raise UsageError("--since takes a span such as 30m, 2h or 3d.", usage=lines)
    count = options.get("context", "0")
    if not (count.isascii() and count.isdigit() and int(count[:4]) <= MAX_CONTEXT):
        raise UsageError(f"--context takes a number up to {MAX_CONTEXT}.", usage=lines)
    if "level" in options and levels_from(options["level"]) is None:
        raise UsageError(f"--level takes one of {', '.join(LEVELS)}.", usage=lines)


COMMAND = SlashCommand(
    "logs", "Which lines of a service hold a text or an id?", USAGES, parse, run, choices=recent
)
