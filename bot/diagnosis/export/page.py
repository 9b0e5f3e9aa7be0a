"""An investigation as a Markdown document for a reader who was not there; pure.

The story comes first, then funnel, causes, what was ruled out and what stays open, and the evidence
and the queries last. It is made of a presentable report, so that no student text and no secret can
be in it. `html` writes the same as a page.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.diagnosis.evidence.causal_order import consequences, roots
from bot.diagnosis.export.checks import checks, is_open, open_points, suspicions
from bot.diagnosis.export.queries import commands, queries
from bot.diagnosis.export.story import story
from bot.domain.report import Finding, Report, Severity
from bot.text.markdown import MarkdownWriter
from bot.text.times import UtcTimes, report_times
from bot.text.wording import as_step, flat_facts, source_words

# Facts that stand elsewhere in the document, in words or as a table.
ELSEWHERE = frozenset({"batching_mode"})
HYPOTHESES = "Hypotheses"


def page(report: Report, now: datetime, *, recorded: int | None = None) -> str:
    """Return the whole document; `report` is a presentable investigation.

    `recorded` counts the log lines that lie beside it in a bundle, None where there is none.
    """
    times = UtcTimes.of([now, *report_times(report)])
    lines = _lines(report, now, MarkdownWriter(times), recorded)
    return "\n".join(lines).rstrip() + "\n"


def status_words(report: Report) -> str:
    """Return whether the investigation is complete, and why not."""
    reason = is_open(report)
    return f"Open: {reason}" if reason else "Complete"


def scalars(facts: Mapping[str, object]) -> dict[str, object]:
    """Return the facts that are one line each and stand nowhere else."""
    return {
        key: value
        for key, value in facts.items()
        if not isinstance(value, list | tuple) and key not in ELSEWHERE
    }


def recommended(report: Report) -> tuple[Finding, ...]:
    """Return the findings that ask for something to be done."""
    return tuple(one for one in report.findings if one.next and one.severity is not Severity.INFO)


def _lines(
    report: Report, now: datetime, write: MarkdownWriter, recorded: int | None
) -> Iterator[str]:
    yield f"# {write.text(report.title)}"
    yield ""
    yield f"**Date:** {UtcTimes().at(now)} UTC"
    yield f"**Status:** {status_words(report)}"
    yield ""
    yield write.times.notice
    yield ""
    yield from _heading("Executive summary")
    yield f"**{write.text(report.first_line)}**"
    yield ""
    for told in report.story or story(report):
        yield write.text(told)
        yield ""
    if report.lines:
        yield from _listed("What changed", list(map(write.text, report.lines)), "")
    for one in (*report.tables, *report.folded):
        if one.caption != HYPOTHESES:
            yield from _heading(write.text(one.caption))
            yield from write.table(one.columns, one.rows)
    yield from _causes(report, write)
    yield from _suspected(report, write)
    yield from _listed("What stays open", list(map(write.text, open_points(report))), "Nothing.")
    yield from _recommendations(report, write)
    yield from _heading("Timeline")
    yield from write.timeline(report.timeline)
    yield from _answers(report, write, recorded)
    yield from _evidence(report.findings, write)
    yield from _heading("Facts")
    yield from write.table(("fact", "value"), list(flat_facts(scalars(report.facts))))
    yield from _queries(report.facts)
    yield from _heading("Sources")
    yield from (f"- {write.text(line)}" for line in source_words(report.sources))


def _heading(text: str) -> tuple[str, str]:
    return f"## {text}", ""


def _listed(heading: str, lines: Sequence[str], nothing: str) -> Iterator[str]:
    yield from _heading(heading)
    yield from (f"- {line}" for line in lines)
    if not lines:
        yield nothing
    yield ""


def _causes(report: Report, write: MarkdownWriter) -> Iterator[str]:
    lines = []
    for cause in roots(report.findings):
        lines.append(f"**{write.text(cause.what)}** {write.text(cause.why)}".rstrip())
        lines += [f"  - {write.text(one.what)}" for one in consequences(cause, report.findings)]
    yield from _heading("Causes, and what followed from each")
    yield from (line if line.startswith("  - ") else f"- {line}" for line in lines)
    if not lines:
        yield "No rule found anything."
    yield ""


def _suspected(report: Report, write: MarkdownWriter) -> Iterator[str]:
    rows = [
        (one.name, told, one.why)
        for state, told in (
            ("refuted", "ruled out"), ("supported", "supported"), ("undecided", "undecided"),
        )
        for one in suspicions(report, state)
    ]  # fmt: skip
    yield from _heading(HYPOTHESES)
    if rows:
        yield from write.table(("what was suspected", "evidence says", "by what"), rows)
    else:
        yield "None was held against the evidence."
        yield ""


def _evidence(findings: Sequence[Finding], write: MarkdownWriter) -> Iterator[str]:
    yield from _heading("Evidence")
    for number, finding in enumerate(findings, start=1):
        yield f"### {number}. {write.text(finding.what)}"
        yield ""
        yield from write.finding(finding, steps=False)
    if not findings:
        yield "No rule found anything."
        yield ""


def _answers(report: Report, write: MarkdownWriter, recorded: int | None) -> Iterator[str]:
    """Answer what an investigation has to answer before it is complete."""
    lines = [
        f"[{'x' if one.done else ' '}] {one.question}: {write.text(one.answer)}"
        for one in checks(report, recorded)
    ]
    yield from _listed("Success criteria", lines, "")


def _recommendations(report: Report, write: MarkdownWriter) -> Iterator[str]:
    lines = [
        f"{write.text(as_step(step))} (`{one.rule}`, confidence {one.confidence.value})"
        for one in recommended(report)
        for step in one.next
    ]
    yield from _listed("Recommendations", lines, "Nothing to do.")


def _queries(facts: Mapping[str, object]) -> Iterator[str]:
    yield from _heading("Queries that give the same numbers")
    for name, query in queries(facts):
        yield f"-- {name}"
        yield "```sql"
        yield query
        yield "```"
    yield ""
    yield "```sh"
    yield from commands(facts)
    yield "```"
    yield ""
