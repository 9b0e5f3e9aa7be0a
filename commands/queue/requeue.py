"""Puts an orphaned item back in the queue: for operators, judged again first, never guessed."""

from dataclasses import replace

from bot.diagnosis.queue.evidence import QueueEvidence, collect
from bot.diagnosis.queue.report import verdicts_of
from bot.diagnosis.queue.timeline import ORPHANED
from bot.domain.evidence import QUEUE
from bot.domain.queue import QueueItem, Requeued
from bot.domain.report import Report
from bot.domain.words import Id, Text, when, words
from bot.errors import DeniedError, NotFoundError
from bot.ports import CommandContext
from commands._audited import audited

LEAST_CHARS = 6
# Safer than to take it out by hand, which loses its callback.
PUT_BACK = "Put it back: it asks first, and the worker takes the item anew."
OUTCOMES = {
    Requeued.DONE: "Its status is queued again; the worker takes it with its next look.",
    Requeued.CHANGED: "Nothing was changed: it is no longer the item that was judged.",
    Requeued.GONE: "Nothing was changed: it is no longer in the queue.",
}


async def requeue(word: str, context: CommandContext, *, confirmed: bool) -> Report:
    """Try it, or do it. Raises DeniedError, NotFoundError or SourceError."""
    if not context.asker.operator:
        raise DeniedError("Only operators may put an item back.", hint="See SLACK_OPERATORS.")
    if not context.options.queue_repair:
        raise DeniedError(
            "Putting items back is off.",
            hint="Set QUEUE_REPAIR=on, or see /queue for the commands.",
        )
    sources = context.sources
    queue = audited(QUEUE, sources.queue, "The queue cannot be read", sources.memory)
    evidence = await collect(context.sources, context.now(), deadline=context.deadline)
    evidence = replace(evidence, opens_after=context.options.opens_after)
    item = _orphan(word, evidence, context)
    outcome = await queue.requeue(item, dry_run=not confirmed)
    return _would(item) if outcome is Requeued.WOULD else _outcome(item, outcome)


def with_offer(report: Report) -> Report:
    """Return a report that offers first to put the oldest orphan back, where one was found."""
    oldest = report.facts.get("oldest") or {}
    if not oldest.get("queue_id"):
        return report
    found = tuple(
        replace(one, next=(PUT_BACK, *one.next)) if one.rule == ORPHANED else one
        for one in report.findings
    )
    if found == tuple(report.findings):
        return report
    offer = f"/queue requeue {oldest['queue_id']}"
    return replace(report, findings=found, actions=(offer, *report.actions))


def _orphan(word: str, evidence: QueueEvidence, context: CommandContext) -> QueueItem:
    """Return the one item that a word means, if it is judged an orphan now."""
    verdicts = verdicts_of(evidence, context.now())
    orphans = {i.queue_id: i for v in verdicts if v.rule == ORPHANED for i in v.items}
    stored = evidence.redis.items if evidence.redis else ()
    found = [
        one
        for one in stored
        if one.queue_id in orphans and len(word) >= LEAST_CHARS and one.queue_id.startswith(word)
    ]
    if len(found) != 1:
        raise NotFoundError(
            words(Id(word[:40]), " is no orphaned item of the queue now."), hint="See /queue."
        )
    return found[0]


def _would(item: QueueItem) -> Report:
    line = f"/queue requeue {item.queue_id} --yes"
    return Report(
        command="queue requeue",
        title="Put the item back in the queue?",
        headline=words("Put item ", Id(item.queue_id), " back in the queue? Tried: it would work"),
        lines=(
            words("What: item ", Id(item.queue_id), *_of_batch(item), *_held(item), "."),
            "Then: its status changes from processing to queued, and the worker takes it with "
            "its next look. The model is asked for this comparison once more.",
            "How: one script on the Redis server writes that one word, and only if it is still "
            "the same orphan. Nothing else is changed, and no text is read.",
            "Tried just now, without writing: it would be done.",
            "Who put it back, and what came of it, is written to the audit trail and told in "
            "the thread.",
        ),
        facts={"queue_id": item.queue_id, "outcome": Requeued.WOULD.value, "confirmed": False},
        actions=(line,),
        confirm=line,
    )


def _of_batch(item: QueueItem) -> tuple[Text, ...]:
    return (f" of batch {item.cj_batch_id}",) if item.cj_batch_id else ()


def _held(item: QueueItem) -> tuple[Text, ...]:
    """Return since when no worker has an item, and when it would expire."""
    since, ends = item.processing_started_at, item.expires_at
    held = (", held by no worker", when(since, " since ")) if since else (", held by no worker",)
    return (*held, *((when(ends, "; it expires at "),) if ends else ()))


def _outcome(item: QueueItem, outcome: Requeued) -> Report:
    done = outcome is Requeued.DONE
    told = "The item was put back in the queue" if done else "The item was left as it is"
    return Report(
        command="queue requeue",
        title=told,
        headline=told,
        summary=words("Item ", Id(item.queue_id), f": {OUTCOMES[outcome]}"),
        facts={"queue_id": item.queue_id, "outcome": outcome.value, "confirmed": True},
        actions=("/queue",),
    )
