"""What `/help` answers: every command, one of them, what a rule or an alert means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.catalogue import CauseEntry, CauseExample, entries, examples
from bot.domain.report import Report, Table
from bot.domain.words import Command, words
from bot.ports import CommandContext, Request
from bot.registry import SlashCommand, Usage, commands, detectors
from commands._recent import alive, newest

if TYPE_CHECKING:
    from bot.domain.batch import BatchSummary

ITSELF = "The bot watches itself"


# What people come for, in the words that may be typed to the bot.
IDS = "Ids may be a CJ number, a uuid or its first 6 characters, or a run label."
INTENTS = (
    "Is a batch well? Ask \u201cis 33 ok?\u201d, or look at all batches.",
    "Why is it stuck? Ask \u201cwhy is batch 34 stuck?\u201d, or look at the queue.",
    "What is wrong now? See the open alerts.",
    "Where is one comparison? Trace it by its id, or its first 6 characters.",
    "When will it be done? Ask \u201cwatch 34\u201d: one message follows it to its end.",
)


async def answer(request: Request, context: CommandContext) -> Report:
    """Answer from the registry, with the newest batches in its examples where they are known."""
    if request.verb == "cause":
        return cause(entries()[request.words[0]], examples()[request.words[0]])
    if request.verb == "alert":
        name = request.words[0]
        return alert(name, str(known.summary) if (known := detectors().get(name)) else ITSELF)
    found, batches = commands(), await newest(context)
    if request.verb == "one":
        return one(found[request.words[0]], batches)
    return every(found, batches)


def every(known: Mapping[str, SlashCommand], batches: Sequence[BatchSummary] = ()) -> Report:
    """Return the list of all commands."""
    rows = tuple(
        (alive(usage.example, batches), usage.summary)
        for command in known.values()
        for usage in command.usages
    )
    return Report(
        command="help",
        title="What batchbot can tell",
        facts={"commands": {command.name: command.summary for command in known.values()}},
        headline="Ask in words, or by a command",
        lines=(*INTENTS, IDS),
        folded=(Table(("type this", "to see"), rows, "All commands"),),
        actions=("/batch list", "/queue", "/alerts list", "/trace", *_newest_status(batches)),
    )


def _newest_status(batches: Sequence[BatchSummary]) -> tuple[str, ...]:
    return tuple(f"/batch status {one.header.batch_id}" for one in batches[:1])


def one(command: SlashCommand, batches: Sequence[BatchSummary] = ()) -> Report:
    """Return all ways to call one command; operators' verbs are marked."""
    rows = tuple(
        (
            f"/{command.name} {usage.words}".rstrip(),
            _summary(command, usage),
            alive(usage.example, batches),
        )
        for usage in command.usages
    )
    return Report(
        command="help",
        title=f"/{command.name}",
        summary=command.summary,
        facts={
            "command": command.name,
            "usages": [
                {"words": usage.words, "summary": usage.summary, "example": usage.example}
                for usage in command.usages
            ],
            "operator_verbs": sorted(command.operator_verbs),
        },
        tables=(Table(("usage", "what it does", "example"), rows),),
    )


def cause(known: CauseEntry, example: CauseExample) -> Report:
    """Return what a rule means: how it is proved, what it cannot see, what to do, an example."""
    said = (("it said", example.what), ("why", example.why), ("to do", example.next))
    lines = (
        ("Proved by", known.proved),
        ("Cannot see", known.unseen),
        ("Do", known.do),
        ("Since", known.since),
        ("Alert", ", ".join(known.alerts).replace("_", " ")),
        ("Example made up", known.made_up),
    )
    rows = tuple(row for row in said if row[1])
    return Report(
        command=f"help {known.rule}",
        title=f"What {known.rule} means",
        facts={"rule": known.rule, "catalogue": [asdict(known) | {"example": asdict(example)}]},
        headline=known.means.rstrip("."),
        lines=tuple(f"{name}: {text}" for name, text in lines if text),
        folded=(Table(("example", example.severity), rows, f"Example: {example.case}"),),
        actions=("/help", "/alerts list" if known.alerts else "/batch list"),
    )


def alert(name: str, summary: str) -> Report:
    """Return what an alert opens on, and which causes it can tell."""
    told = [one for one in entries().values() if name in one.alerts]
    return Report(
        command=f"help {name}",
        title=f"The alert {name}",
        facts={"alert": name, "summary": summary, "rules": [one.rule for one in told]},
        headline=f"Alerts when: {_begin(summary)}",
        lines=tuple(words(Command(f"/help {one.rule}"), f": {one.means}") for one in told),
        actions=tuple(f"/help {one.rule}" for one in told[:3]) or ("/alerts list",),
    )


def _begin(summary: str) -> str:
    """Return a summary up to its examples, as the end of a sentence."""
    told = summary.partition(": ")[0].rstrip(".")
    return f"{told[:1].lower()}{told[1:]}" if told[1:2].islower() else told


def _summary(command: SlashCommand, usage: Usage) -> str:
    verb = usage.words.split(" ", 1)[0]
    return usage.summary + (" (operators)" if verb in command.operator_verbs else "")
