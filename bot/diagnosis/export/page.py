"""An investigation as the Markdown page that people wrote by hand before; pure.

Its shape is that of the page on the night of 2025-11-18: a test matrix, the evidence, the
hypotheses, the answers that were asked for, and how to get the same numbers again. It is made of
a presentable report, so that no student text and no secret can be in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.domain.report import Finding, Report, Severity
from bot.text.markdown import MarkdownWriter
from bot.text.times import UtcTimes, report_times
from bot.text.wording import as_step, flat_facts, source_words

STUCK = frozenset(
    {
        "orphaned-item", "worker-hung", "leaked-item", "poison-item", "head-of-line-blocked",
        "queue-frozen", "queue-not-draining",
    }
)  # fmt: skip
METADATA = frozenset({"foreign-callback", "callback-metadata-lost"})
TRANSACTIONS = frozenset({"repeated-finalisation", "finalisation-stuck", "database-blocked"})
QUERIES = (
    (
        "the comparisons",
        "SELECT coalesce(winner, 'pending') AS winner, count(*), min(submitted_at), "
        "max(completed_at)\nFROM cj_comparison_pairs WHERE cj_batch_id = {id} GROUP BY 1;",
    ),
    (
        "the real failures behind the error rows",
        "SELECT error_code, error_service, count(*) AS rows,\n"
        "       count(DISTINCT coalesce(error_correlation_id, request_correlation_id)) AS real\n"
        "FROM cj_comparison_pairs WHERE cj_batch_id = {id} AND winner = 'error' GROUP BY 1, 2;",
    ),
    (
        "the state",
        "SELECT u.bos_batch_id, u.status, s.state, s.submitted_comparisons, "
        "s.completed_comparisons,\n       s.failed_comparisons, s.current_iteration, "
        "s.last_activity_at\nFROM cj_batch_uploads u JOIN cj_batch_states s ON s.batch_id = u.id "
        "WHERE u.id = {id};",
    ),
    (
        "the grades",
        "SELECT count(*), min(created_at), max(created_at) FROM grade_projections "
        "WHERE cj_batch_id = {id};",
    ),
    (
        "the events",
        "SELECT event_type, count(*), min(created_at), max(created_at),\n"
        "       count(*) FILTER (WHERE published_at IS NULL) AS unpublished\n"
        "FROM event_outbox WHERE aggregate_id = '{uuid}' GROUP BY 1;",
    ),
)


def page(report: Report, now: datetime) -> str:
    """Return the whole page; `report` is a presentable investigation."""
    times = UtcTimes.of([now, *report_times(report)])
    return "\n".join(_lines(report, now, MarkdownWriter(times))).rstrip() + "\n"


def _lines(report: Report, now: datetime, write: MarkdownWriter) -> Iterator[str]:
    yield f"# {write.text(report.title)}"
    yield ""
    yield f"**Date:** {UtcTimes().at(now)} UTC"
    yield f"**Status:** {'Open' if report.facts.get('pending') else 'Complete'}"
    yield ""
    yield write.times.notice
    yield ""
    yield from _heading("Executive summary")
    yield f"**{write.text(report.first_line)}**"
    yield ""
    for one in report.tables:
        yield from _heading(write.text(one.caption))
        yield from write.table(one.columns, one.rows)
    yield from _heading("Evidence")
    for number, finding in enumerate(report.findings, start=1):
        yield f"### {number}. {write.text(finding.what)}"
        yield ""
        yield from write.finding(finding, steps=False)
    if not report.findings:
        yield "No rule found anything."
        yield ""
    yield from _heading("Facts")
    yield from write.table(("fact", "value"), list(flat_facts(_scalars(report.facts))))
    yield from _heading("Timeline")
    yield from write.timeline(report.timeline)
    yield from _answers(report, write)
    yield from _recommendations(report.findings, write)
    yield from _queries(report.facts)
    yield from _heading("Sources")
    yield from (f"- {write.text(line)}" for line in source_words(report.sources))


def _heading(text: str) -> tuple[str, str]:
    return f"## {text}", ""


def _scalars(facts: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in facts.items() if not isinstance(value, list | tuple)}


def _answers(report: Report, write: MarkdownWriter) -> Iterator[str]:
    """Answer what an investigation has to answer before it is complete."""
    number = report.facts.get("batch_id")
    yield from _heading("Success criteria")
    for question, answer in (
        ("Root cause of missing essay ids identified", _on(report, write, METADATA, "metadata")),
        ("Reason for a stuck queue understood", _on(report, write, STUCK, "stuck")),
        (
            "Database transaction errors explained",
            _on(report, write, TRANSACTIONS, "database error"),
        ),
        (
            "per_request and serial_bundle compared",
            "`/batch compare mode:per_request mode:serial_bundle` holds all batches of both modes "
            "against each other.",
        ),
        (
            "Reproducible test case created",
            f"`/batch bundle {number}` makes a folder that `batchbot replay` judges again.",
        ),
        ("Fix recommendations with confidence", "See Recommendations."),
    ):
        mark = " " if answer.startswith("Open") else "x"
        yield f"- [{mark}] {question}: {answer}"
    yield ""


def _on(report: Report, write: MarkdownWriter, rules: frozenset[str], word: str) -> str:
    """Return what the findings, or else the hypotheses about it, say."""
    found = [one for one in report.findings if one.rule in rules]
    if found:
        return "; ".join(
            f"{write.text(one.what)} (`{one.rule}`, confidence {one.confidence.value})"
            for one in found
        )
    suspected = report.facts.get("hypotheses")
    for one in suspected if isinstance(suspected, Sequence) else ():
        if isinstance(one, Mapping) and word in str(one.get("name")):
            state = str(one.get("state"))
            begin = "Open, " if state == "undecided" else f"{state.capitalize()}, "
            return begin + write.text(one.get("why") or "") + "."
    return "Nothing of the kind in this batch."


def _recommendations(findings: Sequence[Finding], write: MarkdownWriter) -> Iterator[str]:
    yield from _heading("Recommendations")
    told = [one for one in findings if one.next and one.severity is not Severity.INFO]
    for finding in told:
        for step in finding.next:
            sure = f"confidence {finding.confidence.value}"
            yield f"- {write.text(as_step(step))} (`{finding.rule}`, {sure})"
    if not told:
        yield "Nothing to do."
    yield ""


def _queries(facts: Mapping[str, object]) -> Iterator[str]:
    yield from _heading("Queries that give the same numbers")
    id, uuid = facts.get("batch_id"), facts.get("bos_batch_id")
    for name, query in QUERIES:
        yield f"-- {name}"
        yield "```sql"
        yield query.format(id=id, uuid=uuid)
        yield "```"
    yield ""
    yield "```sh"
    yield f'batchbot ask "/batch investigate {id}" --format markdown'
    yield f'batchbot ask "/logs all {uuid}"'
    yield "```"
    yield ""
