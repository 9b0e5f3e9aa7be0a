"""What stands on each side of a comparison: one batch, or all batches of one mode."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.funnel import STAGES, Stage
from bot.diagnosis.compare.compared import Side, patterns_of
from bot.diagnosis.comparison.causes import PROVIDER_FAILURES, WARN_SHARE, failure_severity
from bot.diagnosis.evidence import log_coverage, system_state
from bot.diagnosis.evidence.modes import CJ_FIELD, NOT_RECORDED, logged_modes
from bot.diagnosis.evidence.read import read, reading, rows_reading
from bot.diagnosis.evidence.system_state import ProviderState
from bot.diagnosis.investigate.report import Investigation, stages_of
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS, SNAPSHOT_EVENT
from bot.domain.batch import BatchSummary, ComparisonTotals
from bot.domain.batch.modes import MODE_WORDS, UNKNOWN
from bot.domain.evidence import DATABASE, HEALTH, LOGS, EvidenceLine, Missing, SourceReading
from bot.domain.log import LogEvent, LogQuery, LogSearch, Role
from bot.domain.report import Confidence, Finding
from bot.domain.service_state import CIRCUIT_TEXTS, ServiceHealth
from bot.ports import Deadline, Sources
from bot.text.wording import many, part_of

MAX_BATCHES = 500
MAX_LINES = 5_000


@dataclass(frozen=True, slots=True)
class ModeEvidence:
    """The batches of a stretch of time, and the log lines that show how requests were worked."""

    summaries: tuple[BatchSummary, ...]
    logs: LogSearch | Missing
    truncated: bool = False
    health: tuple[ServiceHealth, ...] | Missing = system_state.NO_HEALTH

    @property
    def provider(self) -> ProviderState:
        """How the LLM provider answers now, and what its lines of that time say."""
        logs = self.logs if isinstance(self.logs, LogSearch) else LogSearch((), ())
        return system_state.provider_state(self.health, logs.events, last=logs.until)

    def modes(self) -> dict[int, str]:
        """Return each batch's mode: as recorded, else as the one that lines of its time name.

        A batch whose time holds lines of two modes, or none, is unknown: never guessed.
        """
        events = self.logs.events if isinstance(self.logs, LogSearch) else ()
        logged = logged_modes(events)
        return {
            one.header.batch_id: logged.of(one.header, one.pairs)[0] or UNKNOWN
            for one in self.summaries
        }


def side_of(found: Investigation, now: datetime) -> Side:
    """Return one batch as a side; pure."""
    evidence = found.evidence
    report = batch_report.diagnose(evidence, now)
    rows = evidence.rows
    priced = evidence.pairs.valid if rows.cost is not None else 0
    if rows.sampled:
        priced = rows.priced or 0
    return Side(
        name=f"batch {evidence.header.batch_id}",
        mode=logged_modes(evidence.nearby).of(evidence.header, evidence.pairs)[0] or NOT_RECORDED,
        stages=stages_of(found),
        patterns=patterns_of(rows.errors, [*_raised(evidence.events)]),
        response_ms=rows.response_ms,
        cost=rows.cost,
        priced=priced,
        findings=report.findings,
        sources=report.sources,
        provider=evidence.provider,
        hidden=rows.hidden,
        changes=evidence.changes,
    )


async def collect_modes(
    sources: Sources, since: datetime, end: datetime, deadline: Deadline
) -> ModeEvidence | Missing:
    """Read the batches begun in a time, and the lines that name their modes."""
    query = LogQuery(
        any_of=(
            CJ_FIELD,
            *DISPATCH_EVENTS,
            SNAPSHOT_EVENT,
            "Processing queued request",
            *CIRCUIT_TEXTS,
        ),
        roles=(Role.CJ, Role.LLM_PROVIDER),
        since=since,
        until=end,
        max_events=MAX_LINES,
    )
    found, logs, health = await asyncio.gather(
        read(
            DATABASE,
            sources.database,
            lambda one: one.newest(limit=MAX_BATCHES),
            deadline.next_timeout(),
        ),
        read(LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()),
        system_state.health(sources, deadline),
    )
    if isinstance(found, Missing):
        return found
    mine = tuple(one for one in found if since <= one.header.created_at < end)
    is_cut = len(found) == MAX_BATCHES and found[-1].header.created_at >= since
    return ModeEvidence(mine, logs, truncated=is_cut, health=health)


async def mode_side(
    sources: Sources, evidence: ModeEvidence, mode: str, deadline: Deadline
) -> Side | Missing:
    """Add up the batches of a mode."""
    modes = evidence.modes()
    mine = [one for one in evidence.summaries if modes[one.header.batch_id] == mode]
    ids = [one.header.batch_id for one in mine]
    totals = await read(
        DATABASE, sources.database, lambda one: one.totals(ids), deadline.next_timeout()
    )
    if isinstance(totals, Missing):
        return totals
    budgets = [one.header.true_budget for one in mine if one.header.true_budget is not None]
    budget = sum(budgets) if len(budgets) == len(mine) else None
    side = side_of_totals(mode, totals, budget, _sources(evidence, totals.hidden))
    return replace(side, provider=evidence.provider)


def side_of_totals(
    mode: str,
    totals: ComparisonTotals,
    budget: int | None,
    sources: tuple[SourceReading, ...] = (),
) -> Side:
    """Return the sums of a mode as a side; pure."""
    pairs = totals.pairs
    counts: dict[str, int | None] = {
        "budget": budget,
        "pairs": pairs.total,
        "submitted": pairs.total - pairs.unsent,
        "callbacks_ok": pairs.with_winner,
        "stored_valid": pairs.valid,
        "stored_error": pairs.error,
        "projections": None if "grade_projections" in totals.hidden else totals.projections,
    }
    return Side(
        name=MODE_WORDS.get(mode, "batches of unknown mode"),
        mode=mode,
        stages=tuple(Stage(name, counts.get(name)) for name in STAGES),
        batches=totals.batches,
        patterns=patterns_of(totals.errors),
        response_ms=totals.response_ms,
        cost=totals.cost,
        priced=totals.priced,
        findings=_failing(totals),
        sources=sources,
        hidden=totals.hidden,
    )


def mode_counts(evidence: ModeEvidence) -> dict[str, int]:
    """Return how many batches there are of each mode, unknown ones counted as such."""
    return dict(Counter(evidence.modes().values()))


def _failing(totals: ComparisonTotals) -> tuple[Finding, ...]:
    pairs, roots = totals.pairs, sum(group.roots for group in totals.errors)
    share = pairs.error / pairs.total if pairs.total else 0.0
    if share < WARN_SHARE:
        return ()
    said = (
        f"{part_of(pairs.error, pairs.total, 'comparison')} failed; "
        f"they go back to {many(roots, 'failure')}."
    )
    return (
        Finding(
            rule=PROVIDER_FAILURES.rule,
            severity=failure_severity(pairs.error, pairs.total),
            confidence=Confidence.MEDIUM,
            what=said,
            why=PROVIDER_FAILURES.why,
            evidence=(EvidenceLine(DATABASE, None, f"{pairs.error} error rows of {pairs.total}"),),
            next=("/batch list",),
        ),
    )


def _sources(evidence: ModeEvidence, hidden: Sequence[str]) -> tuple[SourceReading, ...]:
    more = ", more exist" if evidence.truncated else ""
    return (
        rows_reading(True, hidden, f"{many(len(evidence.summaries), 'batch')}{more}"),
        log_coverage.reading(evidence.logs),
        reading(HEALTH, evidence.health, system_state.health_words(evidence.health)),
    )


def _raised(events: Iterable[LogEvent]) -> Iterable[str]:
    for event in events:
        if event.error is not None:
            yield f"{event.error.kind} {event.error.constraint}".strip()
