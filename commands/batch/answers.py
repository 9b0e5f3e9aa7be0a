"""Answers `/batch`, a verb at a time."""

from dataclasses import replace
from datetime import datetime

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.collect import collect as collect_batch
from bot.diagnosis.batch.collect import find as find_batches
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.refused import refused_request
from bot.diagnosis.batch.without_database import without_rows
from bot.diagnosis.evidence.read import read, reading
from bot.diagnosis.investigate.about import about
from bot.diagnosis.investigate.asked_time import of_a_time
from bot.domain.evidence import MEMORY, Missing
from bot.domain.report import Report, Table
from bot.ports import CommandContext, Request
from bot.text.redaction import echoed_id
from bot.text.wording import sentence
from commands._ids import meant
from commands._moments import asked_time, stretch
from commands._recent import alive, newest
from commands._words import misuse, shown
from commands.batch.compare import compare
from commands.batch.investigate import bundled, exported, investigation
from commands.batch.listing import listed
from commands.batch.trends import trends
from commands.batch.unmatched import nothing, several
from commands.batch.usages import USAGES
from commands.batch.watch import LIST, STOP, begin_watching, list_watched, stop_watching


async def answer(request: Request, context: CommandContext) -> Report:
    """Run one verb."""
    match request.verb:
        case "status":
            return await _status(request.words[0], context)
        case "investigate" | "bundle":
            return await _whole(request, context)
        case "compare":
            return await compare(request, context, lambda word: _number(word, context))
        case "watch":
            return await _watch(request.words, context)
        case "list":
            return await listed(request, context)
        case "trends":
            return await trends(request, context)
        case "alias":
            return await _alias(request.words[0], request.words[1], context)
        case _:
            return await _help(context)


async def _status(word: str, context: CommandContext) -> Report:
    evidence = await _evidence(word, context)
    return (
        evidence if isinstance(evidence, Report) else batch_report.diagnose(evidence, context.now())
    )


async def _whole(request: Request, context: CommandContext) -> Report:
    word, command = request.words[0], f"batch {request.verb}"
    number = await _number(word, context)
    if isinstance(number, Report):
        return replace(number, command=command)
    work = bundled if request.verb == "bundle" else investigation
    report = await work(number, word, context)
    if report is not None and "about" in request.options:
        report = about(report, request.options["about"])
    if report is None:
        return replace(await nothing(shown(word), context), command=command)
    if begin_and_end := _time(request, context):
        report = of_a_time(report, *begin_and_end)
    return exported(report, context) if "export" in request.options else report


def _time(
    request: Request, context: CommandContext
) -> tuple[datetime | None, datetime | None] | None:
    """Return the time that an investigation is asked of; None for none. Raises UsageError."""
    now, zone, options = context.now(), context.options.zone, request.options
    if "until" in options:
        return asked_time(options, now, zone)
    return stretch(options["since"], now, zone) if "since" in options else None


async def _watch(given: tuple[str, ...], context: CommandContext) -> Report:
    if given == (LIST,):
        return await list_watched(context)
    if len(given) > 1:
        if given[0] != STOP:
            raise misuse("/batch watch takes one id.", "batch", USAGES)
        return await stop_watching(given[1], context)
    number = await _number(given[0], context)
    return number if isinstance(number, Report) else await begin_watching(number, context)


async def _number(word: str, context: CommandContext) -> int | Report:
    """Return the CJ id of the batch that a word means, or the answer when there is no one."""
    ref = await meant(word, context)
    matches = await find_batches(context.sources, ref, context.deadline)
    if isinstance(matches, Missing):
        return await without_rows(
            context.sources, shown(ref), matches, context.now(), deadline=context.deadline
        )
    if not matches:
        refused = await refused_request(
            context.sources, ref, "batch status", deadline=context.deadline
        )
        return refused or await nothing(shown(word), context)
    return several(shown(word), matches) if len(matches) > 1 else matches[0].batch_id


async def _evidence(word: str, context: CommandContext) -> BatchEvidence | Report:
    """Return what is known of the batch that a word means, or the answer when there is no one."""
    number = await _number(word, context)
    if isinstance(number, Report):
        return number
    now = context.now()
    evidence = await collect_batch(context.sources, number, now, deadline=context.deadline)
    if isinstance(evidence, Missing):
        return batch_report.unreadable(shown(word), evidence)
    if evidence is None:
        return await nothing(shown(word), context)
    return evidence.opening_after(context.options.opens_after)


async def _alias(label: str, ref: str, context: CommandContext) -> Report:
    who = context.asker.user
    saved = await read(
        MEMORY,
        context.sources.memory,
        lambda memory: memory.set_alias(label, ref, by=who),
        context.deadline.next_timeout(),
    )
    if isinstance(saved, Missing):
        return Report(
            command="batch alias",
            title="Alias",
            sources=(reading(MEMORY, saved),),
            unreadable_need=True,
            summary=f"The alias was not kept: {sentence(saved.reason)}",
        )
    said, meant_id = echoed_id(label), echoed_id(ref)
    return Report(
        command="batch alias",
        title="Alias",
        facts={"label": said, "id": meant_id},
        sources=(reading(MEMORY, saved),),
        summary=f"{shown(said)} now stands for {shown(meant_id)}.",
        actions=(f"/batch status {label}",) if said == label else (),
    )


async def _help(context: CommandContext) -> Report:
    """Return what /batch can do, with examples that can be typed as they are."""
    known = await newest(context)
    rows = tuple((alive(usage.example, known), usage.summary) for usage in USAGES)
    actions = tuple(f"/batch status {one.header.batch_id}" for one in known[:2])
    words = "" if known else " The examples are not of this database: no batch could be read."
    return Report(
        command="batch help",
        title="/batch",
        tables=(Table(("type", "and read"), rows),),
        summary=f"/batch says whether a batch's result can be trusted.{words}",
        actions=("/batch list", *actions, "/batch status"),
    )
