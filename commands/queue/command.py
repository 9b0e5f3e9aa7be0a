"""`/queue`: what waits at the LLM provider, and whether it moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.errors import Blank
from bot.ports import Request
from bot.registry import SlashCommand, Usage
from commands._words import lacking, misuse, shown, split_options, tokens, usage_lines

if TYPE_CHECKING:
    from bot.domain.report import Report
    from bot.ports import CommandContext

REQUEUE = "requeue"
# The same without a yes: it is tried, nothing is changed, and a yes is asked for.
TRY = "try"
USAGES = (
    Usage("", "size, oldest item and verdict of the LLM provider's queue", "/queue"),
    Usage("status", "the same", "/queue status"),
    Usage(
        "status <prefix>",
        "the same of a further queue, one of LLM_QUEUE_PREFIXES",
        "/queue status other_service:queue",
    ),
    Usage(
        "requeue <id> --yes",
        "put an orphaned item back; needs QUEUE_REPAIR=on, and is tried first without --yes",
        "/queue requeue 11111111",
    ),
)


def parse(text: str) -> Request:
    """Take no words, `status`, or `status` and a prefix. Raises UsageError."""
    words, options = split_options(tokens(text), flags=("yes",), usage=usage_lines("queue", USAGES))
    if words and words[0].casefold() == REQUEUE:
        if len(words) != 2:
            raise lacking("/queue requeue needs one id.", "queue", USAGES, Blank("queue id"),
                          verb=REQUEUE)  # fmt: skip
        return Request("queue", REQUEUE if "yes" in options else TRY, (words[1],), options)
    if words and (len(words) > 2 or words[0].casefold() != "status"):
        raise misuse(
            f"/queue takes no {shown(words[-1])}: it tells of the whole queue. Type /queue alone, "
            "or /trace and an id.",
            "queue",
            USAGES,
            word=words[-1],
            choices=("status", REQUEUE),
        )
    return Request("queue", "status", tuple(words[1:]), options)


async def run(request: Request, context: CommandContext) -> Report:
    """Read the queue once and judge it. Raises UsageError for a queue that is not configured."""
    from bot.diagnosis.queue.evidence import collect, collect_other
    from bot.diagnosis.queue.report import diagnose
    from commands.queue.requeue import requeue, with_offer

    if request.verb in (REQUEUE, TRY):
        return await requeue(request.words[0], context, confirmed=request.verb == REQUEUE)
    now, deadline = context.now(), context.deadline
    own = context.options.queue_prefix
    (prefix,) = request.words or (own,)
    if prefix == own:
        evidence = await collect(context.sources, now, deadline=deadline)
    else:
        _check_known(prefix, context.options.queue_prefixes)
        evidence = await collect_other(context.sources, prefix, deadline=deadline)
    evidence = replace(evidence, opens_after=context.options.opens_after)
    report = diagnose(evidence, now, prefix=prefix)
    return with_offer(report) if context.options.queue_repair and prefix == own else report


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
    "queue",
    "What waits at the LLM provider, and is it stuck?",
    USAGES,
    parse,
    run,
    operator_verbs=frozenset({REQUEUE, TRY}),
    changes=frozenset({REQUEUE}),
    memory_verbs=frozenset({REQUEUE, TRY}),
    dialogs=frozenset({TRY}),
)
