"""`/batch investigate`: everything about one batch, collected once and judged, as one report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.collect import collect as collect_batch
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.funnel import NAMES, Stage, first_leak, funnel, funnel_chart
from bot.diagnosis.batch.log_counts import logged_counts
from bot.diagnosis.export.story import story
from bot.diagnosis.investigate.bundles import bundles_of
from bot.diagnosis.investigate.hypotheses import Hypothesis, hypotheses
from bot.diagnosis.investigate.timeline import timeline
from bot.domain.evidence import Missing
from bot.domain.log import LogSearch
from bot.domain.report import Report, Severity, Table, Verdict
from bot.domain.words import Text, words
from bot.ports import Deadline, Progress, Sources, no_progress
from bot.text.wording import many


@dataclass(frozen=True, slots=True)
class Investigation:
    """A batch's evidence, every line of its comparisons' way included."""

    evidence: BatchEvidence


async def collect(
    sources: Sources,
    batch_id: int,
    now: datetime,
    *,
    deadline: Deadline,
    progress: Progress = no_progress,
) -> Investigation | Missing | None:
    """Read everything about a batch, in one pass over each log; see batch.collect."""
    evidence = await collect_batch(
        sources, batch_id, now, deadline=deadline, whole=True, progress=progress
    )
    if evidence is None or isinstance(evidence, Missing):
        return evidence
    progress("judging")
    return Investigation(evidence)


def investigate(found: Investigation, now: datetime) -> Report:
    """Judge an investigation by every rule; pure."""
    evidence = found.evidence
    status = batch_report.diagnose(evidence, now)
    findings = status.findings
    stages = stages_of(found)
    is_well = not evidence.ended and status.verdict is Verdict.OK
    # What is under way has not reached the later stages yet.
    leak = None if is_well else first_leak(stages)
    suspected = hypotheses(evidence, findings)
    bundles = bundles_of(evidence.nearby, evidence.clue_of, evidence.members)
    number = evidence.header.batch_id
    chart = funnel_chart(stages, leak)
    investigated = replace(
        status,
        command="batch investigate",
        title=f"Investigation of batch {number}",
        facts={
            **status.facts,
            "funnel": [stage.as_fact() for stage in stages],
            "first_leak": leak,
            "hypotheses": [one.as_fact() for one in suspected],
            "bundles": [one.as_fact() for one in bundles],
        },
        findings=findings,
        timeline=timeline(evidence, bundles, findings),
        summary=_sentence(status, leak, stages),
        folded=(
            _hypothesis_table(suspected),
            _funnel_table(stages, leak),
            _matrix(evidence, status),
        ),
        actions=(
            f"/batch investigate {number} --export",
            f"/batch bundle {number}",
            *status.actions,
        ),
        charts=(chart,) if chart else (),
    )
    return replace(investigated, story=story(investigated))


def stages_of(found: Investigation) -> tuple[Stage, ...]:
    """Return the funnel with what rows and lines count."""
    return funnel(found.evidence, _logged(found))


def _logged(found: Investigation) -> Mapping[str, int]:
    evidence = found.evidence
    pairs = evidence.pairs
    begin = pairs.first_submitted_at or evidence.header.created_at
    end = pairs.last_completed_at or evidence.header.last_activity_at or begin
    if not isinstance(evidence.logs, LogSearch):
        return {}
    return logged_counts(
        evidence.logs,
        evidence.clues,
        evidence.members,
        begin=begin,
        end=end,
        proven=pairs.with_winner,
    )


def _sentence(status: Report, leak: str | None, stages: Sequence[Stage]) -> Text:
    """Return the verdict as one sentence: how bad, the first cause, where comparisons were lost."""
    where = f" The first loss is at “{_words(leak)}”." if leak else ""
    if not leak and status.facts["total_pairs"]:
        where = " No comparison was lost."
    counted = all(stage.count is not None for stage in stages)
    unknown = "" if counted else " Stages that nothing counted are shown as such."
    if status.verdict is Verdict.OK and not leak:
        unknown = ""
    return words(status.summary, where, unknown)


def _matrix(evidence: BatchEvidence, status: Report) -> Table:
    header, pairs = evidence.header, evidence.pairs
    worst = next((one for one in status.findings if one.severity is not Severity.INFO), None)
    row = (
        str(header.batch_id),
        evidence.mode,
        str(pairs.total),
        ", ".join(evidence.rows.models) or "unknown",
        f"{pairs.valid} valid, {many(pairs.error, 'error')}, {pairs.pending} pending",
        worst.what if worst else "nothing to act on",
    )
    columns = ("batch", "mode", "comparisons", "provider/model", "outcome", "key finding")
    return Table(columns, (row,), "Test matrix")


def _funnel_table(stages: Sequence[Stage], leak: str | None) -> Table:
    rows = tuple(
        (
            _words(stage.stage),
            "not counted" if stage.count is None else str(stage.count),
            "← first loss" if stage.stage == leak else "",
        )
        for stage in stages
    )
    return Table(("stage", "comparisons", ""), rows, "Funnel")


def _hypothesis_table(suspected: Sequence[Hypothesis]) -> Table:
    rows = tuple((one.name, one.state.value, one.why) for one in suspected)
    return Table(("hypothesis", "evidence says", "why"), rows, "Hypotheses")


def _words(stage: str | None) -> str:
    return NAMES.get(stage or "", (stage or "").replace("_", " "))
