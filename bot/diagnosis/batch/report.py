"""`/batch status`: collects what is known of a batch, then judges it by every rule."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.headline import (
    AROUND,
    further_causes,
    headline,
    is_budget_used,
    mark,
    matters,
)
from bot.diagnosis.batch.queue_findings import stuck_findings
from bot.diagnosis.batch.rules import RULES
from bot.diagnosis.batch.rules.asked_twice import stand_in, told_as_done
from bot.diagnosis.comparison.causes import (
    ANSWERS_MISSING,
    CONSUMER_SILENT,
    FINALISATION_STUCK,
    LOST_AFTER,
    LOST_CALLBACKS,
    NOT_STORED,
    SUBMISSION_LOST,
    UNPUBLISHED,
)
from bot.diagnosis.evidence import log_coverage
from bot.diagnosis.evidence.causal_order import in_causal_order
from bot.diagnosis.evidence.freshness import unheard
from bot.diagnosis.evidence.read import configured, reading, rows_reading, without_rights
from bot.domain.batch import BatchRows
from bot.domain.evidence import DATABASE, QUEUE, Missing, SourceReading
from bot.domain.progress import progress_of
from bot.domain.queue import QueueReading
from bot.domain.report import Finding, Report, Severity, TimelineEntry, Verdict
from bot.domain.words import joined, words
from bot.text.redaction import echoed_id
from bot.text.wording import part_of, sentence, typed_command

# What is missing, and the rules that say why, where the queue did not lose it.
_MISSING = frozenset({ANSWERS_MISSING, LOST_CALLBACKS.rule})
_TOLD_BY = (SUBMISSION_LOST.rule, UNPUBLISHED.rule, CONSUMER_SILENT.rule, NOT_STORED.rule)
_ORDER = {Severity.ERROR: 0, Severity.WARN: 1, Severity.INFO: 2}
_WORDS = {
    Verdict.OK: "nothing that was read speaks against its result",
    Verdict.WARN: "usable with care",
    Verdict.UNKNOWN: "not decidable: a needed source could not be read",
    Verdict.ERROR: "not to be trusted as it is",
}
_NO_RESULT = "ended without a result"
_SCORED = "its grades are stored, and its state still says that it is scored"
_OPEN_WORDS = {
    Verdict.OK: "no result yet, and nothing is wrong with it",
    Verdict.WARN: "no result yet, and it needs a look",
    Verdict.ERROR: "no result yet, and it will not end well by itself",
}


def _expected_end(
    evidence: BatchEvidence, findings: Sequence[Finding], now: datetime
) -> dict[str, datetime] | None:
    """Return between when and when it will be done; None when that is not known, or it will not."""
    if any(one.severity is Severity.ERROR for one in findings):
        return None
    found = progress_of(evidence.rows, now).expected_end
    return {"from": found[0], "to": found[1]} if found else None


def diagnose(evidence: BatchEvidence, now: datetime) -> Report:
    """Judge a batch by every rule; pure."""
    findings = findings_of(evidence, now)
    header = evidence.header
    report = Report(
        command="batch status",
        title=f"Batch {header.batch_id}",
        facts={**facts_of(evidence), "expected_end": _expected_end(evidence, findings, now)},
        findings=findings,
        timeline=timeline(evidence),
        sources=readings(evidence),
        unreadable_need=bool(evidence.rows.hidden) or _needs_logs(evidence, findings, now),
        actions=_actions(evidence, findings),
        lines=tuple(evidence.changes.lines()),
    )
    return _with_summary(report, evidence)


def _needs_logs(evidence: BatchEvidence, findings: Sequence[Finding], now: datetime) -> bool:
    """Whether a log that was not read may hold what decides: not where the rows say all went well.

    What only logs tell of such a batch is named as not read in its summary. Where a log merely
    ended, the rows of one that moved just now tell more, and so does what was found all the same.
    """
    header, pairs = evidence.header, evidence.pairs
    moved = header.last_activity_at
    moves = not header.ended and moved is not None and now - moved < LOST_AFTER
    if moves or any(one.severity is not Severity.INFO for one in findings):
        return log_coverage.has_hole(evidence.logs)
    well = header.complete and header.ended and 0 < pairs.total == pairs.valid
    return log_coverage.has_gap(evidence.logs) and not well


def findings_of(evidence: BatchEvidence, now: datetime) -> tuple[Finding, ...]:
    """Return what the rules find: causes, the worst first, each with what follows from it.

    What has a worse consequence stands as high as that.
    """
    found = [finding for rule in RULES if (finding := rule(evidence, now)) is not None]
    found += stuck_findings(evidence, now)
    found = [_laid_at(one, found) for one in found]
    ranked = sorted(found, key=lambda one: (_rank(one, found), one.rule))
    return told_as_done(in_causal_order(_most_lost_first(ranked, found)), evidence)


def _most_lost_first(ranked: list[Finding], found: Sequence[Finding]) -> list[Finding]:
    """Return findings in their order, those that count losses among their own places by how many.

    What took one comparison hides what took eleven, where the names alone put it first.
    """
    places = [place for place, one in enumerate(ranked) if one.lost]
    losses = sorted((ranked[place] for place in places),
                    key=lambda one: (_rank(one, found), -one.lost))  # fmt: skip
    told = dict(zip(places, losses, strict=True))
    return [told.get(place, one) for place, one in enumerate(ranked)]


def _laid_at(finding: Finding, found: Sequence[Finding]) -> Finding:
    """Return what is missing as a consequence of what a line says became of it."""
    if finding.rule not in _MISSING or finding.cause:
        return finding
    loud = {one.rule for one in found if one.severity is not Severity.INFO}
    return replace(finding, cause=next((rule for rule in _TOLD_BY if rule in loud), ""))


def _rank(finding: Finding, found: Sequence[Finding]) -> int:
    """Return the rank of a finding: its own, or that of the worst that follows from it."""
    follows = (one for one in found if one.cause == finding.rule)
    return min(_ORDER[one.severity] for one in (finding, *follows))


def facts_of(evidence: BatchEvidence) -> dict[str, Any]:
    """Return the facts of a batch, under their fixed names."""
    header, pairs, rows = evidence.header, evidence.pairs, evidence.rows
    return {
        "batch_id": header.batch_id,
        "bos_batch_id": header.bos_batch_id,
        "status": header.status,
        "state": header.state,
        "budget": header.true_budget,
        "total_pairs": pairs.total,
        "pairs_with_winner": pairs.with_winner,
        "valid": pairs.valid,
        "errors": pairs.error,
        "pending": pairs.pending,
        "projections": _unless_hidden(rows, "grade_projections", rows.projections.count),
        "submitted_comparisons": header.submitted_comparisons,
        "completed_comparisons": header.completed_comparisons,
        "failed_comparisons": header.failed_comparisons,
        "current_iteration": header.current_iteration,
        "iterations": header.current_iteration if header.has_total_budget else None,
        "last_activity_at": header.last_activity_at,
        "created_at": header.created_at,
        "essay_a": pairs.essay_a,
        "essay_b": pairs.essay_b,
        "total_budget_column": header.total_budget,
        "batching_mode": evidence.mode,
        "real_failures": sum(group.roots for group in rows.errors),
        "failure_reasons": [one.as_fact() for one in evidence.failures],
        "expected_essays": header.expected_essay_count,
        "essays": _unless_hidden(rows, "cj_processed_essays", rows.scores.essays),
        "anchors": _unless_hidden(rows, "cj_processed_essays", rows.scores.anchors),
        "cost": rows.cost,
        "models": dict(rows.models),
        **evidence.provider.facts(),
        **evidence.changes.facts(),
    }


def _unless_hidden(rows: BatchRows, table: str, count: int) -> int | None:
    return None if table in rows.hidden else count


def unreadable(ref: str, missing: Missing) -> Report:
    """Return the answer when the database, which this needs, could not be read."""
    ref = echoed_id(ref)
    return Report(
        command="batch status",
        title=f"Batch {ref}",
        sources=(reading(DATABASE, missing),),
        unreadable_need=True,
        headline=f"Batch {ref}: unknown, the CJ database could not be read",
        summary=sentence(missing.reason),
        actions=("batchbot doctor",),
    )


def _with_summary(report: Report, evidence: BatchEvidence) -> Report:
    pairs, header = evidence.pairs, evidence.header
    line = headline(report, evidence)
    used = "; its budget was used up" if is_budget_used(evidence) else ""
    told = words(
        f"Batch {header.batch_id}: {_verdict_words(report, evidence)}; "
        f"{part_of(pairs.valid, pairs.total, 'comparison')} valid, {pairs.error} "
        f"errors, {pairs.pending} pending{used}.",
    )
    said = (told, further_causes(report, line))
    unread = (
        without_rights(evidence.rows.hidden),
        log_coverage.unread(evidence.logs),
        "" if evidence.ended else unheard(evidence.logs, "what its comparisons did since"),
    )
    return replace(
        report,
        headline=line,
        mark=mark(evidence),
        matters=matters(evidence),
        summary=joined(" ", filter(None, (*said, *unread, evidence.provider.words))),
    )


def _verdict_words(report: Report, evidence: BatchEvidence) -> str:
    loud = {one.rule for one in report.findings if one.severity is not Severity.INFO}
    if loud and loud <= AROUND:
        return "nothing wrong with it, something around it needs a look"
    if report.verdict is Verdict.UNKNOWN:
        return _WORDS[report.verdict]
    if not evidence.ended:
        scored = evidence.has_result and FINALISATION_STUCK.rule not in loud
        return _SCORED if scored else _OPEN_WORDS[report.verdict]
    if not evidence.has_result:
        done = stand_in(evidence)
        return f"ended without a result, and batch {done.batch_id} has it" if done else _NO_RESULT
    if evidence.provider.answered_by_mock:
        return "answered by a mock, so its result says nothing of the essays"
    return _WORDS[report.verdict]


def timeline(evidence: BatchEvidence) -> tuple[TimelineEntry, ...]:
    """Return the dates that the database keeps of a batch, in time order."""
    header, rows = evidence.header, evidence.rows
    moments = (
        (header.created_at, "batch created"),
        (rows.pairs.first_submitted_at, "first comparison sent"),
        (rows.pairs.last_completed_at, "last comparison answered"),
        (rows.projections.first_at, f"{rows.projections.count} grade projections stored"),
        *((group.first_at, f"first {group.event_type}") for group in rows.outbox),
        (header.last_activity_at, f"last activity, state {header.state}"),
    )
    entries = [
        TimelineEntry(at, "cj_assessment_service", DATABASE, text)
        for at, text in moments
        if at is not None
    ]
    entries += evidence.changes.entries()
    return tuple(sorted(entries, key=lambda entry: entry.at or header.created_at))


def readings(evidence: BatchEvidence) -> tuple[SourceReading, ...]:
    """Return the account of every source that was asked for a batch."""
    logs, queue = evidence.logs, evidence.queue
    size = f"{queue.size} in the queue" if isinstance(queue, QueueReading) else ""
    return (
        rows_reading(evidence.rows, evidence.rows.hidden, _looked_at(evidence.rows)),
        log_coverage.reading(logs),
        reading(QUEUE, queue, size),
        *evidence.system.readings,
        *evidence.changes.readings,
    )


def _looked_at(rows: BatchRows) -> str:
    """Return what was read of a batch: of a huge one all is counted, and some looked at."""
    parts = ["rows, outbox and scores"]
    if rows.sampled:
        looked = part_of(rows.looked_at or 0, rows.pairs.total, "comparison")
        parts.append(f"cost, models, times and positions of {looked}")
    if rows.failures_sampled:
        looked = part_of(rows.failures_looked_at or 0, rows.pairs.error, "failed comparison")
        parts.append(f"reasons and bundles of {looked}")
    return "; ".join(parts)


def _actions(evidence: BatchEvidence, findings: Sequence[Finding]) -> tuple[str, ...]:
    steps = [typed_command(step) for finding in findings for step in finding.next]
    traces = [step for step in steps if step.startswith("/trace ")]
    whole = f"/batch investigate {evidence.header.batch_id}"
    queue = ["/queue"] if configured(evidence.queue) and not evidence.ended else []
    return tuple(dict.fromkeys([whole, *traces[:2], *queue, "/batch list"]))
