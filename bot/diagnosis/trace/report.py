"""`/trace`: one time-ordered ledger of everything that happened under one uuid."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.diagnosis.comparison.evidence import ComparisonEvidence, Ledger
from bot.diagnosis.comparison.ledger import build_ledger
from bot.diagnosis.evidence import log_coverage
from bot.diagnosis.evidence.freshness import ended_at, held_back
from bot.diagnosis.evidence.read import configured
from bot.diagnosis.trace.batch_ledger import batch_ledger
from bot.diagnosis.trace.evidence import TraceEvidence
from bot.diagnosis.trace.first_lines import (
    headline,
    scores_unread,
    summary_of,
    title_of,
    unproved,
    with_provider,
)
from bot.diagnosis.trace.readings import hidden_tables, sources_of
from bot.diagnosis.trace.rules import findings_of
from bot.diagnosis.trace.tables import in_queue, step_lines, timeline
from bot.diagnosis.trace.traced import TracedComparison
from bot.domain.batch import BatchMatch, BatchRows, PairRow, TraceRows
from bot.domain.evidence import Missing
from bot.domain.log import LogSearch
from bot.domain.report import Finding, Report, Severity
from bot.domain.words import Id, joined, when, words
from bot.text.wording import many


def diagnose(evidence: TraceEvidence, now: datetime) -> Report:
    """Judge what was found under one uuid; pure.

    Where lines alone tell of it and they ended long ago, it is judged as of their end.
    """
    ended = ended_at(evidence.logs)
    report = _judged(evidence, now)
    is_over = not report.found or report.facts.get("first_missing") is None
    if ended is None or is_over or not isinstance(evidence.rows, Missing) or evidence.item:
        return report
    return held_back(
        _judged(evidence, ended), ended, now, words("where ", Id(str(evidence.id)), " is now")
    )


def _judged(evidence: TraceEvidence, now: datetime) -> Report:
    if not _found_anything(evidence):
        return _nothing(evidence)
    if isinstance(evidence.rows, TraceRows) and evidence.rows.batches and not evidence.pairs:
        return _batch_report(evidence, evidence.rows.batches)
    return _comparison_report(evidence, now)


def _comparison_report(evidence: TraceEvidence, now: datetime) -> Report:
    comparison = _comparison(evidence, now)
    ledger = build_ledger(comparison)
    row = comparison.row
    others = tuple(pair for pair in evidence.pairs if pair is not row)
    traced = TracedComparison(
        str(evidence.id), now, comparison, ledger, _owned(evidence), others, evidence.batch,
        evidence.unsent, evidence.ids, evidence.loss,
        any(one.severity is not Severity.INFO for one in evidence.queue_findings),
    )  # fmt: skip
    findings = (*findings_of(traced), *evidence.queue_findings)
    unsure = traced.rejected and traced.owned is None
    return Report(
        command="trace",
        title=title_of(evidence, ledger),
        facts=_facts(evidence, comparison, ledger),
        findings=findings,
        timeline=timeline(evidence, row, ledger),
        sources=sources_of(evidence),
        unreadable_need=_blind(evidence)
        or unsure
        or scores_unread(ledger)
        or _undecided(evidence, ledger, findings),
        summary=with_provider(summary_of(traced, findings, unsure=unsure), evidence),
        headline=headline(evidence, traced, findings),
        lines=step_lines(ledger),
        actions=_actions(row, evidence),
    )


def _comparison(evidence: TraceEvidence, now: datetime) -> ComparisonEvidence:
    pair: PairRow | Missing | None
    pair = evidence.rows if isinstance(evidence.rows, Missing) else evidence.subject
    return ComparisonEvidence(
        pair=pair,
        logs=evidence.logs,
        clues=evidence.clues,
        item=evidence.item,
        looked_at=now if isinstance(evidence.items, tuple) else None,
        callbacks=evidence.callbacks if isinstance(evidence.callbacks, tuple) else (),
        dispatches=evidence.dispatches,
        services=evidence.services,
        held=evidence.held,
        no_scores="grade_projections" in hidden_tables(evidence),
    )


def _owned(evidence: TraceEvidence) -> bool | None:
    """Whether the database owns the id; None when it was not read."""
    if isinstance(evidence.rows, Missing):
        return None
    return bool(evidence.rows.pairs or evidence.rows.batches)


def _found_anything(evidence: TraceEvidence) -> bool:
    return bool(
        _owned(evidence)
        or (isinstance(evidence.items, tuple) and evidence.items)
        or (isinstance(evidence.callbacks, tuple) and evidence.callbacks)
        or evidence.events
    )


def _nothing(evidence: TraceEvidence) -> Report:
    """Nothing was found: that is an answer only where the needed sources were read."""
    needed = (evidence.rows, evidence.logs)
    failed = [one for one in needed if isinstance(one, Missing) and configured(one)]
    read = [one for one in needed if not isinstance(one, Missing)]
    known = bool(read) and not failed and not log_coverage.has_gap(evidence.logs)
    begins = _logs_begin(evidence)
    told = "No source that was read knows it." if known else _cannot_tell(failed)
    unread = log_coverage.unread(evidence.logs)
    if unread and not failed:
        told = "Nothing that was read knows it."
    return Report(
        command="trace",
        title=f"Nothing found under {evidence.id}",
        facts={
            "id": str(evidence.id),
            "kind": "unknown",
            "steps": [],
            "last_step": None,
            "first_missing": None,
            "logs_begin": begins,
        },
        sources=sources_of(evidence),
        unreadable_need=not known,
        found=not known,
        headline=words("Nothing is known under ", Id(str(evidence.id))) if known else "",
        summary=joined(
            " ",
            filter(
                None,
                (words(told.rstrip("."), when(begins, "; logs begin at "), "."), unread),
            ),
        ),
    )


# How many batches of one id are named.
NAMED_BATCHES = 5
NEITHER = "neither the CJ database nor the logs are configured"


def _cannot_tell(failed: Sequence[Missing]) -> str:
    reasons = "; ".join(f"{one.source}: {one.reason}" for one in failed)
    return f"Whether it exists cannot be told ({reasons or NEITHER})."


def _batch_report(evidence: TraceEvidence, batches: Sequence[BatchMatch]) -> Report:
    match = batches[0]
    numbers = sorted({batch.batch_id for batch in batches})
    ledger = batch_ledger(evidence.batch) if isinstance(evidence.batch, BatchRows) else Ledger(())
    facts = {
        "id": str(evidence.id),
        "kind": "batch",
        "batch_id": match.batch_id,
        "batches": numbers,
        "bos_batch_id": match.bos_batch_id,
        "status": match.status,
        **_ledger_facts(ledger),
        "log_lines": len(evidence.events),
        "logs_begin": _logs_begin(evidence),
        **evidence.provider.facts(),
    }
    several = len(numbers) > 1
    named = f"of batches {_listed(numbers)}" if several else f"batch {match.batch_id}"
    return Report(
        command="trace",
        title=f"{evidence.id} is {named}" + ("" if several else f", {match.status}"),
        facts=facts,
        timeline=timeline(evidence, None, ledger),
        sources=sources_of(evidence),
        unreadable_need=isinstance(evidence.batch, Missing)
        or scores_unread(ledger)
        or log_coverage.has_gap(evidence.logs),
        summary=with_provider(
            f"{many(len(numbers), 'batch')} carry this id; what follows is of batch "
            f"{match.batch_id}."
            if several
            else f"This id is a whole batch's; see /batch status {match.batch_id}.",
            evidence,
        ),
        headline=f"This id is {named}" if several else f"This id is {named} as a whole",
        lines=step_lines(ledger),
        actions=tuple(f"/batch status {number}" for number in numbers[:3]),
    )


def _listed(numbers: Sequence[int]) -> str:
    """Return numbers in words, the first of many."""
    shown = [str(one) for one in numbers[:NAMED_BATCHES]]
    more = len(numbers) - len(shown)
    last = f"{more} more" if more else shown.pop()
    return f"{', '.join(shown)} and {last}"


def _ledger_facts(ledger: Ledger) -> dict[str, Any]:
    last, missing = ledger.last_step, ledger.first_missing
    return {
        "steps": [step.as_fact() for step in ledger.steps],
        "last_step": last.value if last else None,
        "first_missing": missing.value if missing else None,
    }


def _facts(
    evidence: TraceEvidence, comparison: ComparisonEvidence, ledger: Ledger
) -> dict[str, Any]:
    row = comparison.row
    return {
        "id": str(evidence.id),
        "kind": "comparison",
        **_ledger_facts(ledger),
        "pair_id": row.pair_id if row else None,
        "batch_id": row.batch_id if row else None,
        "bos_batch_id": row.bos_batch_id if row else None,
        "matched_by": row.matched_by if row else None,
        "winner": row.winner if row else None,
        "error_code": row.error_code if row else None,
        "pairs_with_this_id": len(evidence.pairs),
        "owned": _owned(evidence),
        "in_queue": in_queue(evidence),
        "other_ids": sorted(evidence.ids - {str(evidence.id)}),
        "log_lines": len(evidence.events),
        "logs_begin": _logs_begin(evidence),
        **evidence.provider.facts(),
    }


def _logs_begin(evidence: TraceEvidence) -> datetime | None:
    logs = evidence.logs
    return log_coverage.reaches_back_to(logs.coverage) if isinstance(logs, LogSearch) else None


def _undecided(evidence: TraceEvidence, ledger: Ledger, findings: Sequence[Finding]) -> bool:
    """Whether a log that was not read may decide; what was found stands where one merely ended."""
    if any(one.severity is not Severity.INFO for one in findings):
        return unproved(evidence, ledger) and log_coverage.has_hole(evidence.logs)
    return unproved(evidence, ledger)


def _blind(evidence: TraceEvidence) -> bool:
    return isinstance(evidence.rows, Missing) and isinstance(evidence.logs, Missing)


def _actions(row: PairRow | None, evidence: TraceEvidence) -> tuple[str, ...]:
    steps = [f"/batch status {row.batch_id}"] if row else []
    return (*steps, "/queue") if evidence.item else tuple(steps)
