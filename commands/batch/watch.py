"""`/batch watch`: wait for a batch with somebody, in one message that follows it to its end."""

from bot.diagnosis.evidence.read import read
from bot.domain.batch import BatchRows
from bot.domain.evidence import DATABASE, MEMORY, Missing
from bot.domain.progress import progress_of
from bot.domain.report import Report, Table
from bot.domain.words import when, words
from bot.errors import NotFoundError, SourceError, UsageError
from bot.ports import BotMemory, CommandContext
from bot.text.wording import sentence

TERMINAL = "terminal"
LIST, STOP = "list", "stop"


def memory_of(context: CommandContext) -> BotMemory:
    """Return the bot's memory. Raises SourceError where it is not there."""
    memory = context.sources.memory
    if memory is None or isinstance(memory, Missing):
        reason = memory.reason if memory else "it is not open here"
        raise SourceError(MEMORY, f"Watches are in the bot's database: {sentence(reason)}")
    return memory


async def begin_watching(number: int, context: CommandContext) -> Report:
    """Watch a batch from now on; the message comes with the next look."""
    asker = context.asker
    if asker.channel == TERMINAL:
        raise UsageError(
            "Watching is for Slack.", hint=f'Here: batchbot ask "/batch status {number}" --watch'
        )
    if asker.channel == asker.user:
        raise UsageError("A batch is watched in a channel or a direct message.", hint="Ask there.")
    if await _has_ended(number, context):
        return Report(
            command="batch watch",
            title=f"Batch {number} has ended",
            summary=f"Batch {number} has ended already: there is nothing to wait for.",
            facts={"batch_id": number, "new": False},
            actions=(f"/batch status {number}",),
        )
    is_new = await memory_of(context).watch(
        number, channel=asker.channel, thread_ts=asker.thread_ts, asker=asker.user,
        now=context.now(),
    )  # fmt: skip
    told = "You are mentioned once, when it ends or stands still."
    summary = f"Watching batch {number}. {told}" if is_new else f"Batch {number} is watched here."
    return Report(
        command="batch watch",
        title=f"Watching batch {number}",
        summary=summary,
        facts={"batch_id": number, "new": is_new},
        actions=("/batch watch list", f"/batch watch stop {number}"),
    )


async def _has_ended(number: int, context: CommandContext) -> bool:
    """Say whether a batch is known to have ended; one that cannot be read may not have."""
    rows = await read(
        DATABASE,
        context.sources.database,
        lambda source: source.batch(number),
        context.deadline.next_timeout(),
    )
    return isinstance(rows, BatchRows) and progress_of(rows, context.now()).ended


async def list_watched(context: CommandContext) -> Report:
    """Return what is watched."""
    found = await memory_of(context).watches()
    names = context.options.names
    rows = tuple(
        (str(one.batch_id), names.get(one.asker, "somebody"), words(when(one.started_at)))
        for one in found
    )
    return Report(
        command="batch watch list",
        title="Watched batches",
        summary=f"{len(found)} watched." if found else "No batch is watched.",
        facts={"batches": [one.batch_id for one in found]},
        tables=(Table(("batch", "for", "since"), rows),) if rows else (),
        actions=tuple(f"/batch watch stop {one.batch_id}" for one in found[:3]),
    )


async def stop_watching(word: str, context: CommandContext) -> Report:
    """Stop watching a batch here. Raises NotFoundError when it is not watched."""
    asker = context.asker
    number = int(word) if word.isdecimal() else 0
    count = await memory_of(context).unwatch(number, channel=asker.channel, now=context.now())
    if not count:
        raise NotFoundError(f"Batch {word[:20]} is not watched here.", hint="/batch watch list")
    return Report(
        command="batch watch stop",
        title=f"Batch {number} is no longer watched",
        summary=f"Batch {number} is no longer watched.",
        facts={"batch_id": number},
    )
