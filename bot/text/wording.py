"""What every renderer says alike: verdict words, facts as short lines, sources in words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.evidence import SourceReading, SourceState
from bot.domain.report import Report, Severity, Verdict, plain

VERDICT_MARKS = {
    Verdict.OK: "✅",
    Verdict.WARN: "⚠️",
    Verdict.UNKNOWN: "❔",
    Verdict.ERROR: "🔴",
}
VERDICT_WORDS = {
    Verdict.OK: "OK",
    Verdict.WARN: "Warning",
    Verdict.UNKNOWN: "Unknown",
    Verdict.ERROR: "Error",
}
SEVERITY_MARKS = {Severity.INFO: "i", Severity.WARN: "⚠️", Severity.ERROR: "🔴"}
STATE_WORDS = {
    SourceState.OK: "read",
    SourceState.MISSING: "not readable",
    SourceState.TIMEOUT: "timed out",
    SourceState.NOT_CONFIGURED: "not configured",
}


def verdict_words(report: Report) -> str:
    """Return the verdict as a word; an id under which nothing lives says so."""
    return VERDICT_WORDS[report.verdict] if report.found else "Not found"


def headline(report: Report) -> str:
    """Return the first line of an answer, without its mark: the verdict in words, then why."""
    return f"{verdict_words(report)}: {report.summary or report.title}"


def sentence(words: str) -> str:
    """Return words with one full stop at their end; reasons of failures come with and without."""
    return f"{words.rstrip().rstrip('.')}."


def flat_facts(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield facts as name and one short line; lists of objects are left to tables."""
    for name, value in facts.items():
        text = fact_text(value)
        if text:
            yield str(name).replace("_", " "), text


def fact_text(value: Any) -> str:
    """Return a fact's value as one line, empty when there is nothing to say in one."""
    match value:
        case None | "":
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return (
                str(plain(value.replace(microsecond=0))).replace("T", " ").replace("+00:00", " UTC")
            )
        case float():
            return f"{value:.3g}" if abs(value) < 1_000 else f"{value:,.0f}"
        case Mapping():
            parts = ((str(key), fact_text(item)) for key, item in value.items())
            return " · ".join(f"{key.replace('_', ' ')} {text}" for key, text in parts if text)
        case list() | tuple():
            if any(isinstance(item, Mapping) for item in value):
                return ""
            return ", ".join(fact_text(item) for item in value)
        case _:
            return str(plain(value))


def fact_rows(facts: Mapping[str, Any]) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield facts that are lists of objects as tables: name, and rows with the headings first."""
    for name, value in facts.items():
        if not isinstance(value, list | tuple) or not value:
            continue
        items = [item for item in value if isinstance(item, Mapping)]
        if not items:
            continue
        keys = list(dict.fromkeys(str(key) for item in items for key in item))
        rows = [[fact_text(item.get(key)) or "-" for key in keys] for item in items]
        yield str(name), [[key.replace("_", " ") for key in keys], *rows]


def source_words(readings: Sequence[SourceReading]) -> list[str]:
    """Return a line for each state that occurs: which sources it holds for, and the details."""
    lines = []
    for state, words in STATE_WORDS.items():
        names = [_source(reading) for reading in readings if reading.state is state]
        if names:
            lines.append(f"{words}: {', '.join(names)}")
    return lines


def _source(reading: SourceReading) -> str:
    shown = reading.detail and reading.state is not SourceState.NOT_CONFIGURED
    return f"{reading.name} ({reading.detail})" if shown else reading.name


def next_commands(report: Report) -> list[str]:
    """Return the commands an answer leads to, each once, its own actions first."""
    steps = [*report.actions, *(step for finding in report.findings for step in finding.next)]
    typed = (step.strip().strip("`") for step in steps)
    own = f"/{report.command.lstrip('/')}"
    return [step for step in dict.fromkeys(typed) if step.startswith("/") and step != own]
