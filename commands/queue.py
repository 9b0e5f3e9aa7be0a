"""`/queue`: what waits at the LLM provider, and whether it moves."""

from collections.abc import Sequence

from bot.diagnosis.queue.evidence import collect, collect_other
from bot.diagnosis.queue.report import diagnose
from bot.domain.report import Report
from bot.ports import CommandContext, Request
from bot.registry import SlashCommand, Usage
from commands._words import misuse, shown, split_options, tokens, usage_lines

USAGES = (
    Usage("", "size, oldest item and verdict of the LLM provider's queue", "/queue"),
    Usage("status", "the same", "/queue status"),
    Usage(
        "status <prefix>",
        "the same of a further queue, one of LLM_QUEUE_PREFIXES",
        "/queue status other_service:queue",
    ),
)


def parse(text: str) -> Request:
    """Take no words, `status`, or `status` and a prefix. Raises UsageError."""
    words, options = split_options(tokens(text), usage=usage_lines("queue", USAGES))
    if words and (len(words) > 2 or words[0].casefold() != "status"):
        raise misuse(
            f"/queue takes no {shown(words[-1])}.",
            "queue",
            USAGES,
            word=words[-1],
            choices=("status",),
        )
    return Request("queue", "status", tuple(words[1:]), options)


async def run(request: Request, context: CommandContext) -> Report:
    """Read the queue once and judge it. Raises UsageError for a queue that is not configured."""
    now, deadline = context.now(), context.deadline
    own = context.options.queue_prefix
    (prefix,) = request.words or (own,)
    if prefix == own:
        evidence = await collect(context.sources, now, deadline=deadline)
    else:
        _check_known(prefix, context.options.queue_prefixes)
        evidence = await collect_other(context.sources, prefix, deadline=deadline)
    return diagnose(evidence, now, prefix=prefix)


def _check_known(prefix: str, known: Sequence[str]) -> None:
    if prefix not in known:
        raise misuse(
            f"There is no queue {shown(prefix)} in LLM_QUEUE_PREFIXES.",
            "queue",
            USAGES,
            word=prefix,
            choices=known,
        )


COMMAND = SlashCommand(
    "queue", "What waits at the LLM provider, and is it stuck?", USAGES, parse, run
)
