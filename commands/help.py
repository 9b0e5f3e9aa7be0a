"""`/help`: every command with its examples, from the registry and of batches that exist."""

from collections.abc import Mapping, Sequence

from bot.domain.batch import BatchSummary
from bot.domain.report import Report, Table
from bot.ports import CommandContext, Request
from bot.registry import SlashCommand, Usage, commands
from commands._choices import alive, newest
from commands._words import choose, misuse, shown, split_options, tokens, usage_lines

USAGES = (
    Usage("", "every command with an example", "/help"),
    Usage("<command>", "all ways to call one command", "/help queue"),
)


# What people come for, in the words that may be typed to the bot.
INTENTS = (
    "Is a batch well? Ask \u201cis 33 ok?\u201d, or look at all batches.",
    "Why is it stuck? Ask \u201cwhy is batch 34 stuck?\u201d, or look at the queue.",
    "What is wrong now? See the open alerts.",
    "Where is one comparison? Trace it by its id, or its first 6 characters.",
    "When will it be done? Ask \u201cwatch 34\u201d: one message follows it to its end.",
)


def parse(text: str) -> Request:
    """Take nothing, or the name of a command. Raises UsageError."""
    words, options = split_options(tokens(text), usage=usage_lines("help", USAGES))
    if len(words) > 1:
        raise misuse("/help takes one command at most.", "help", USAGES)
    if not words:
        return Request("help", "all", (), options)
    asked = words[0].removeprefix("/")
    name = choose(asked, commands())
    if name is None:
        raise misuse(
            f"There is no command /{shown(asked)}.",
            "help",
            USAGES,
            word=asked,
            choices=commands(),
        )
    return Request("help", "one", (name,), options)


async def run(request: Request, context: CommandContext) -> Report:
    """Answer from the registry, with the newest batches in its examples where they are known."""
    known, batches = commands(), await newest(context)
    if request.verb == "one":
        return one(known[request.words[0]], batches)
    return every(known, batches)


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
        summary="Ids may be a CJ number, a uuid or its first 6 characters, or a run label.",
        facts={"commands": {command.name: command.summary for command in known.values()}},
        headline="Ask in words, or by a command",
        lines=INTENTS,
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


def _summary(command: SlashCommand, usage: Usage) -> str:
    verb = usage.words.split(" ", 1)[0]
    return usage.summary + (" (operators)" if verb in command.operator_verbs else "")


COMMAND = SlashCommand("help", "What can be asked, with an example of each.", USAGES, parse, run)
