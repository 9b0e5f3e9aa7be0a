"""`/batch`: can a batch's result be trusted, and if not, why."""

import re
from dataclasses import replace

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.collect import collect as collect_batch
from bot.diagnosis.batch.collect import find as find_batches
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.refused import refused_request
from bot.diagnosis.batch.without_database import without_rows
from bot.diagnosis.evidence.read import read, reading
from bot.diagnosis.investigate.about import about
from bot.domain.evidence import MEMORY, Missing
from bot.domain.ids import kind_of
from bot.domain.report import Report, Table
from bot.errors import Blank
from bot.ports import CommandContext, Request
from bot.registry import SlashCommand, Usage
from bot.text.redaction import redact
from bot.text.wording import sentence
from commands._choices import alive, newest, recent
from commands._ids import meant
from commands._words import choose, lacking, misuse, shown, split_options, tokens, usage_lines
from commands.batch.compare import check_compared, compare
from commands.batch.investigate import bundled, exported, investigation
from commands.batch.listing import newest_batches
from commands.batch.unmatched import nothing, several
from commands.batch.watch import LIST, STOP, begin_watching, list_watched, stop_watching

USAGES = (
    Usage(
        "status <id>",
        "what a batch's rows, logs and queue say, and what is wrong",
        "/batch status 34",
    ),
    Usage(
        "investigate <id> [--export]",
        "the whole story: funnel, causes in order, hypotheses, timeline; --export as a page, "
        "--about begins with an alert's rule",
        "/batch investigate 34",
    ),
    Usage(
        "bundle <id>",
        "its evidence as a zip for a bug report, with a folder for batchbot replay",
        "/batch bundle 34",
    ),
    Usage(
        "compare <id> <id>",
        "two batches side by side: the first step where they part, errors, latency and cost",
        "/batch compare 33 34",
    ),
    Usage(
        "compare mode:<mode> mode:<mode> --since 7d",
        "the same for all batches of two batching modes; an unknown mode is counted as unknown",
        "/batch compare mode:per_request mode:serial_bundle --since 7d",
    ),
    Usage(
        "watch <id>",
        "one message that follows it to its end; `watch list`, `watch stop <id>`",
        "/batch watch 34",
    ),
    Usage(
        "list [state]", "the newest batches, with a mark for those that need a look", "/batch list"
    ),
    Usage(
        "alias <label> <id>",
        "remember which batch a run label stands for",
        "/batch alias serial-bundle-20251119-0018 33",
    ),
)
# For each verb the least and the most words after it, and what they are.
WORDS = {
    "status": (1, 1, "one id"),
    "investigate": (1, 1, "one id"),
    "bundle": (1, 1, "one id"),
    "compare": (2, 2, "two ids, or two modes"),
    "list": (0, 1, "at most one state"),
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
_RULE = re.compile(r"[a-z]+(?:-[a-z]+)*")
ONE_BATCH = ("status", "investigate", "bundle")


def parse(text: str) -> Request:
    """Take a verb and its words; a bare id means status. Raises UsageError."""
    words, options = split_options(
        tokens(text),
        valued=("since", "about"),
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
    _check(verb, rest)
    if verb != "investigate" and "about" in options:
        raise misuse("Only /batch investigate takes --about.", "batch", USAGES)
    if not _RULE.fullmatch(options.get("about", "a-rule")):
        raise misuse("--about takes an alert's rule, such as lost-callbacks.", "batch", USAGES)
    check_compared(verb, rest, options, USAGES)
    return Request("batch", verb, rest, options)


async def run(request: Request, context: CommandContext) -> Report:
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
            return await newest_batches(request.words[0] if request.words else None, context)
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
    return exported(report, context) if "export" in request.options else report


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
        return await without_rows(context.sources, shown(ref), matches, deadline=context.deadline)
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
    return await nothing(shown(word), context) if evidence is None else evidence


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
    said, meant_id = redact(label), redact(ref)
    return Report(
        command="batch alias",
        title="Alias",
        facts={"label": said, "id": meant_id},
        sources=(reading(MEMORY, saved),),
        summary=f"{shown(said)} now stands for {shown(meant_id)}.",
        actions=(f"/batch status {label}",) if said == label else (),
    )


def _is_bare_id(word: str) -> bool:
    return kind_of(word.removeprefix("#")) is not None and any(char.isdigit() for char in word)


def _check(verb: str, words: tuple[str, ...]) -> None:
    least, most, needs = WORDS[verb]
    if len(words) < least:
        blanks = BLANKS[verb][len(words) :]
        raise lacking(f"/batch {verb} takes {needs}.", "batch", USAGES, *blanks)
    if not least <= len(words) <= most:
        raise misuse(f"/batch {verb} takes {needs}.", "batch", USAGES)
    if verb in ONE_BATCH and kind_of(words[0]) is None:
        raise misuse(f"{shown(words[0])} is no id.", "batch", USAGES)


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
