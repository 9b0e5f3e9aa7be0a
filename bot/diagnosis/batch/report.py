"""`/batch status`: collects what is known of a batch, then judges it by every rule."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.follow_up import follow_up
from bot.diagnosis.batch.headline import AROUND, headline, mark, matters
from bot.diagnosis.batch.log_counts import LINES
from bot.diagnosis.batch.publisher import TAKEN, with_delivery
from bot.diagnosis.batch.queue_findings import stuck_findings
from bot.diagnosis.batch.rules import RULES
from bot.diagnosis.batch.rules.content import NOT_PREPARED
from bot.diagnosis.batch.rules.ended import ENDINGS
from bot.diagnosis.batch.rules.finalisation import NOT_FINALISED
from bot.diagnosis.comparison import failure_reasons
from bot.diagnosis.comparison.last_step import EVICTION
from bot.diagnosis.comparison.rejections import TEXTS, rejected_ids
from bot.diagnosis.comparison.submission import KAFKA_AWAY, REQUEST_TAKEN, SUBMISSION_FAILED
from bot.diagnosis.evidence import log_coverage, system_state
from bot.diagnosis.evidence.read import configured, read, reading, rows_reading, without_rights
from bot.diagnosis.publishing.signs import NEEDLES
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS, SNAPSHOT_EVENT
from bot.diagnosis.runner.log_events import PHASES, RUN_TEXTS
from bot.domain.batch import BatchHeader, BatchMatch, BatchRows
from bot.domain.evidence import DATABASE, LOGS, QUEUE, Missing, SourceReading
from bot.domain.log import LogQuery, LogSearch, Role
from bot.domain.progress import progress_of
from bot.domain.queue import QueueReading
from bot.domain.report import Finding, Report, Severity, TimelineEntry, Verdict
from bot.domain.service_state import CIRCUIT_TEXTS
from bot.domain.words import joined, words
from bot.ports import Deadline, Progress, Sources, no_progress
from bot.text.redaction import redact
from bot.text.wording import typed_command

MODE_UNKNOWN = "unknown (not recorded before Dec 2025)"
# Ten thousand comparisons leave about seven lines each.
WHOLE_EVENTS = 100_000
_ORDER = {Severity.ERROR: 0, Severity.WARN: 1, Severity.INFO: 2}
_WORDS = {
    Verdict.OK: "nothing that was read speaks against its result",
    Verdict.WARN: "usable with care",
    Verdict.UNKNOWN: "not decidable: a needed source could not be read",
    Verdict.ERROR: "not to be trusted as it is",
}
_OPEN_WORDS = {
    Verdict.OK: "no result yet, and nothing is wrong with it",
    Verdict.WARN: "no result yet, and it needs a look",
    Verdict.ERROR: "no result yet, and it will not end well by itself",
}


async def find(sources: Sources, ref: str, deadline: Deadline) -> Sequence[BatchMatch] | Missing:
    """Return the batches that an id may mean."""
    return await read(
        DATABASE, sources.database, lambda source: source.find(ref), deadline.next_timeout()
    )


async def collect(
    sources: Sources,
    batch_id: int,
    now: datetime,
    *,
    deadline: Deadline,
    whole: bool = False,
    progress: Progress = no_progress,
) -> BatchEvidence | Missing | None:
    """Read everything about a batch; None when it does not exist, Missing when rows are unread.

    `whole` reads every line of its comparisons' way in the one pass over the logs, and follows
    those that wait within it.
    """
    rows, queue, around = await asyncio.gather(
        read(
            DATABASE,
            sources.database,
            lambda source: source.batch(batch_id),
            deadline.next_timeout(),
        ),
        read(QUEUE, sources.queue, lambda source: source.read(), deadline.next_timeout()),
        system_state.collect(sources, deadline),
    )
    if rows is None or isinstance(rows, Missing):
        return rows
    progress("database and queue read, searching the logs")
    query = _query(rows.header, now, whole=whole)
    logs = await read(
        LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()
    )
    progress(f"logs: {log_coverage.counted(logs)}")
    owned, members = await asyncio.gather(
        _owned(sources, logs, deadline), _members(sources, rows, deadline, whole=whole)
    )
    evidence = BatchEvidence(rows, logs, queue, owned, around, members=members)
    evidence = await with_delivery(
        sources, evidence, now, deadline=deadline, search_again=not whole
    )
    return await follow_up(sources, evidence, now, deadline=deadline, search_again=not whole)


def _expected_end(evidence: BatchEvidence, now: datetime) -> dict[str, datetime] | None:
    """Return between when and when it will be done; None when that is not known."""
    found = progress_of(evidence.rows, now).expected_end
    return {"from": found[0], "to": found[1]} if found else None


def diagnose(evidence: BatchEvidence, now: datetime) -> Report:
    """Judge a batch by every rule; pure."""
    findings = findings_of(evidence, now)
    header = evidence.header
    report = Report(
        command="batch status",
        title=f"Batch {header.batch_id}",
        facts={**facts_of(evidence), "expected_end": _expected_end(evidence, now)},
        findings=findings,
        timeline=timeline(evidence),
        sources=readings(evidence),
        unreadable_need=bool(evidence.rows.hidden),
        actions=_actions(evidence, findings),
    )
    return _with_summary(report, evidence)


def findings_of(evidence: BatchEvidence, now: datetime) -> tuple[Finding, ...]:
    """Return what the rules find, worst first, a consequence after its cause."""
    found = [finding for rule in RULES if (finding := rule(evidence, now)) is not None]
    found += stuck_findings(evidence, now)
    names = {finding.rule for finding in found}
    return tuple(
        sorted(found, key=lambda one: (_ORDER[one.severity], one.cause in names, one.rule))
    )


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
        "batching_mode": header.batching_mode or MODE_UNKNOWN,
        "real_failures": sum(group.roots for group in rows.errors),
        "failure_reasons": [one.as_fact() for one in evidence.failures],
        "expected_essays": header.expected_essay_count,
        "essays": _unless_hidden(rows, "cj_processed_essays", rows.scores.essays),
        "anchors": _unless_hidden(rows, "cj_processed_essays", rows.scores.anchors),
        "cost": rows.cost,
        "models": dict(rows.models),
        **evidence.provider.facts(),
    }


def _unless_hidden(rows: BatchRows, table: str, count: int) -> int | None:
    return None if table in rows.hidden else count


def unreadable(ref: str, missing: Missing) -> Report:
    """Return the answer when the database, which this needs, could not be read."""
    ref = redact(ref)
    return Report(
        command="batch status",
        title=f"Batch {ref}",
        sources=(reading(DATABASE, missing),),
        unreadable_need=True,
        summary=f"Batch {ref}: unknown, the CJ database could not be read ({missing.reason}).",
        actions=("batchbot doctor",),
    )


def numbered(number: object) -> tuple[str, ...]:
    """Return how log lines of either format write a batch's number."""
    spaced = (f"batch_id': {number}", f'batch_id": {number}', f'batch_id":{number}')
    return (*spaced, f"Batch {number} ")


def _query(header: BatchHeader, now: datetime, *, whole: bool = False) -> LogQuery:
    number = header.batch_id
    last = header.last_activity_at or header.created_at
    return LogQuery(
        any_of=(
            header.bos_batch_id,
            header.event_correlation_id,
            *_named(number),
            f"Batch {number} ",
            "already has result, skipping update",
            *CIRCUIT_TEXTS,
            "FileNotFoundError",
            *(phase for phase, _ in PHASES),
            *DISPATCH_EVENTS,
            *RUN_TEXTS,
            *TEXTS,
            SUBMISSION_FAILED,
            *KAFKA_AWAY,
            *failure_reasons.NEEDLES,
            *ENDINGS,
            *NOT_FINALISED,
            NOT_PREPARED,
            *((*LINES, *NEEDLES, TAKEN, REQUEST_TAKEN, SNAPSHOT_EVENT, EVICTION) if whole else ()),
        ),
        roles=(Role.CJ, Role.LLM_PROVIDER, Role.RUNNER),
        since=header.created_at - timedelta(minutes=1),
        until=min(now, last + timedelta(minutes=10)) if header.ended else now,
        max_events=WHOLE_EVENTS if whole else 2_000,
    )


def _named(number: int) -> tuple[str, ...]:
    """How fields write a batch's number: as Python or as JSON, as a number or as text."""
    return tuple(
        f"batch_id{quote}:{gap}{value}"
        for quote, gap in (("'", " "), ('"', " "), ('"', ""))
        for value in (number, f"{quote}{number}{quote}")
    )


async def _members(
    sources: Sources, rows: BatchRows, deadline: Deadline, *, whole: bool
) -> frozenset[str]:
    """Return the correlation ids of the comparisons, where lines have to be joined to them."""
    if not (whole or rows.pairs.error or rows.pairs.pending):
        return frozenset()
    number = rows.header.batch_id
    ids = await read(
        DATABASE, sources.database, lambda source: source.members(number), deadline.next_timeout()
    )
    return frozenset() if isinstance(ids, Missing) else frozenset(str(id) for id in ids)


async def _owned(sources: Sources, logs: LogSearch | Missing, deadline: Deadline) -> Any:
    events = () if isinstance(logs, Missing) else logs.events
    ids = sorted({id for event in events for id in rejected_ids(event)})[:200]
    if not ids or sources.database is None or isinstance(sources.database, Missing):
        return {}
    return await read(
        DATABASE, sources.database, lambda source: source.owned(ids), deadline.next_timeout()
    )


def _with_summary(report: Report, evidence: BatchEvidence) -> Report:
    pairs, header = evidence.pairs, evidence.header
    told = words(
        f"Batch {header.batch_id}: {_verdict_words(report, evidence)}; "
        f"{pairs.valid} of {pairs.total} comparisons valid, {pairs.error} "
        f"errors, {pairs.pending} pending.",
    )
    unread = without_rights(evidence.rows.hidden)
    return replace(
        report,
        headline=headline(report, evidence),
        mark=mark(evidence),
        matters=matters(evidence),
        summary=joined(" ", filter(None, (told, unread, evidence.provider.words))),
    )


def _verdict_words(report: Report, evidence: BatchEvidence) -> str:
    loud = {one.rule for one in report.findings if one.severity is not Severity.INFO}
    if loud and loud <= AROUND:
        return "nothing wrong with it, something around it needs a look"
    if report.verdict is Verdict.UNKNOWN:
        return _WORDS[report.verdict]
    if not evidence.ended:
        return _OPEN_WORDS[report.verdict]
    if not evidence.has_result:
        return "ended without a result"
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
    return tuple(sorted(entries, key=lambda entry: entry.at or header.created_at))


def readings(evidence: BatchEvidence) -> tuple[SourceReading, ...]:
    """Return the account of every source that was asked for a batch."""
    logs, queue = evidence.logs, evidence.queue
    size = f"{queue.size} in the queue" if isinstance(queue, QueueReading) else ""
    log_detail = log_coverage.detail(logs) if isinstance(logs, LogSearch) else ""
    return (
        rows_reading(evidence.rows, evidence.rows.hidden, "rows, outbox and scores"),
        reading(LOGS, logs, log_detail),
        reading(QUEUE, queue, size),
        *evidence.system.readings,
    )


def _actions(evidence: BatchEvidence, findings: Sequence[Finding]) -> tuple[str, ...]:
    steps = [typed_command(step) for finding in findings for step in finding.next]
    traces = [step for step in steps if step.startswith("/trace ")]
    whole = f"/batch investigate {evidence.header.batch_id}"
    queue = ["/queue"] if configured(evidence.queue) and not evidence.ended else []
    return tuple(dict.fromkeys([whole, *traces[:2], *queue, "/batch list"]))
