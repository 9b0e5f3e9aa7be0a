"""Answers `/logs`: one search, of a known run label also for its batch."""

from dataclasses import replace
from datetime import timedelta

from bot.diagnosis.batch.collect import find
from bot.diagnosis.evidence.run_labels import remembered
from bot.diagnosis.logs import LogAsk, diagnose, named_logs, newest_hit, search, with_older
from bot.domain.evidence import Missing
from bot.domain.ids import IdKind, kind_of, parse_uuid
from bot.domain.log import LogSearch
from bot.domain.report import Report
from bot.ports import CommandContext, Request
from bot.text.log_words import levels_from
from commands._moments import asked_time

DEFAULT_SINCE = timedelta(hours=24)


async def found(request: Request, names: tuple[str, ...], context: CommandContext) -> Report:
    """Search the logs of the services `names`; where nothing matched, look for older lines too."""
    ask = await _with_batch(_ask(request, request.words[1], names, context), request, context)
    now = context.now()
    answer = await search(context.sources, ask, now, deadline=context.deadline)
    there: tuple[str, ...] = ()
    if isinstance(answer, LogSearch) and not answer.coverage:
        there = await named_logs(context.sources, deadline=context.deadline)
    report = diagnose(ask, answer, there)
    if report.found or ask.since is None:
        return report
    whole = replace(ask, since=None, context=0)
    earlier = await search(context.sources, whole, ask.since, deadline=context.deadline)
    newest = newest_hit(whole, earlier)
    if newest is None:
        return report
    back = None if ask.until else now - ask.since
    return with_older(report, back, now - newest, _again(request, now - newest))


def _again(request: Request, age: timedelta) -> str:
    """Return the same command as far back as a line of that age."""
    kept = {name: value for name, value in request.options.items() if name != "until"}
    options = {**kept, "since": f"{age // timedelta(days=1) + 1}d"}
    told = "".join(f" --{name} {value}" for name, value in options.items())
    return f"/logs {' '.join(request.words)}{told}"


def _ask(request: Request, text: str, names: tuple[str, ...], context: CommandContext) -> LogAsk:
    options = request.options
    id, now = parse_uuid(text), context.now()
    begin, end = asked_time(options, now, context.options.zone)
    since = begin or (None if id else (end or now) - DEFAULT_SINCE)
    return LogAsk(
        text=str(id) if id else text,
        services=names,
        since=since,
        until=end,
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
