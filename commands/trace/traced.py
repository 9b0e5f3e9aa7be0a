"""Answers `/trace`: finds what an id means, then collects and judges."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bot.diagnosis.batch.follow_up import UNREAD_AFTER
from bot.diagnosis.batch.refused import refusal_of, refusal_report, refused_request
from bot.diagnosis.evidence.read import read
from bot.diagnosis.investigate.lost_comparison import lost_comparison
from bot.diagnosis.trace.collect import collect
from bot.diagnosis.trace.evidence import TraceEvidence
from bot.diagnosis.trace.prefix import begun_by
from bot.diagnosis.trace.references import ambiguous, several, unnamed, untold
from bot.diagnosis.trace.report import diagnose
from bot.domain.batch import BatchMatch
from bot.domain.callbacks.callback import SeenCallback
from bot.domain.evidence import DATABASE, Missing
from bot.domain.ids import IdKind, kind_of, parse_uuid
from bot.domain.report import Report
from bot.ports import CommandContext
from commands._ids import meant
from commands._words import shown


async def traced(word: str, context: CommandContext) -> Report:
    """Find what the id is, then collect and judge."""
    now = context.now()
    id = parse_uuid(word) or await _named(word, context)
    if isinstance(id, Report):
        return id
    opens_after = context.options.opens_after
    evidence = await collect(
        context.sources, id, now, deadline=context.deadline, opens_after=opens_after
    )
    refused = await _refused(word, evidence, context)
    return refused or diagnose(await _with_loss(evidence, context, now), now)


async def _with_loss(
    evidence: TraceEvidence, context: CommandContext, now: datetime
) -> TraceEvidence:
    """Return the evidence with how the queue lost what is traced, where it got no answer."""
    pair = evidence.subject
    if pair is None or pair.winner is not None or pair.request_correlation_id is None:
        return evidence
    waits = pair.submitted_at is not None and now - pair.submitted_at <= UNREAD_AFTER
    if evidence.item or waits or str(pair.request_correlation_id) not in evidence.ids:
        return evidence
    loss = await lost_comparison(
        context.sources,
        pair.batch_id,
        str(pair.request_correlation_id),
        now,
        deadline=context.deadline,
        opens_after=context.options.opens_after,
    )
    return replace(evidence, loss=loss)


async def _refused(word: str, evidence: TraceEvidence, context: CommandContext) -> Report | None:
    """Return that CJ refused the request of the id: such a one leaves its own lines alone.

    Of an id that no row and no item has, whose lines may name it by its correlation alone.
    """
    rows = evidence.rows
    if isinstance(rows, Missing) or rows.pairs or rows.batches:
        return None
    line = refusal_of(str(evidence.id), evidence.events)
    if line is not None:
        return refusal_report(shown(word), line, evidence.logs, "trace")
    if evidence.item or evidence.clues or _given(evidence.callbacks):
        return None
    return await refused_request(
        context.sources, str(evidence.id), "trace", deadline=context.deadline
    )


def _given(callbacks: tuple[SeenCallback, ...] | Missing) -> bool:
    return isinstance(callbacks, tuple) and bool(callbacks)


async def _named(word: str, context: CommandContext) -> UUID | Report:
    """Return the BOS id of the batch that a number, label or prefix names, or why not."""
    ref = await meant(word, context)
    if (id := parse_uuid(ref)) is not None:
        return id
    matches = await read(
        DATABASE,
        context.sources.database,
        lambda source: source.find(ref),
        context.deadline.next_timeout(),
    )
    if isinstance(matches, Missing):
        found = await _begun_by(ref, word, (), context) if kind_of(ref) is IdKind.PREFIX else None
        return found if isinstance(found, UUID) else untold(shown(word), matches)
    if len(matches) > 1:
        return ambiguous(shown(word), matches)
    if kind_of(ref) is IdKind.PREFIX:
        return await _begun_by(ref, word, matches, context)
    return (parse_uuid(matches[0].bos_batch_id) if matches else None) or unnamed(shown(word))


async def _begun_by(
    prefix: str, word: str, matches: Sequence[BatchMatch], context: CommandContext
) -> UUID | Report:
    """Return the one uuid that begins with a prefix, among what rows and logs hold."""
    found = await begun_by(context.sources, prefix.casefold(), matches, deadline=context.deadline)
    if len(found) > 1:
        return several(shown(word), found)
    return found[0] if found else unnamed(shown(word))
