"""What every renderer says alike: verdict words, facts as short lines, sources in words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, overload

from bot.deferred import Pattern
from bot.domain.evidence import SourceReading, SourceState
from bot.domain.report import Report, Severity, Table, Verdict, plain
from bot.domain.words import Command, Span, Text, Time, Words, joined, words

_ENDS_WITH = Pattern(r"(?P<told>[^/]+): (?P<line>/[a-z]+(?: [^.;]*[^.;\s])?)")

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


def many(count: int, noun: str, verb: tuple[str, str] = ("", "")) -> str:
    """Return a count with its noun, and the verb for one or for several: `1 item is`."""
    one, several = verb
    told = f"1 {noun} {one}" if count == 1 else f"{count:,} {_plural(noun)} {several}"
    return told.rstrip()


def part_of(count: int, total: int, noun: str, verb: tuple[str, str] = ("", "")) -> str:
    """Return a part of a whole with its noun, and the verb for that part: `1 of 8 items waits`."""
    one, several = verb
    whole = noun if total == 1 else _plural(noun)
    return f"{count} of {total} {whole} {one if count == 1 else several}".rstrip()


def numbers_told(numbers: Sequence[int], most: int = 8) -> str:
    """Return numbers as `7`, `7, 9 and 12`, or `11 to 17` where none between lacks."""
    found = sorted(set(numbers))
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        return f"{found[0]} to {found[-1]}"
    named = [str(one) for one in found[:most]]
    if len(found) > most:
        named.append(f"{len(found) - most} more")
    return f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else "".join(named)


def often(count: int) -> str:
    """Return how often something happened: `once`, else `3 times`."""
    return "once" if count == 1 else f"{count} times"


def _plural(noun: str) -> str:
    if noun.endswith(("ch", "s", "x")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun[-1] == "y" and noun[-2] not in "aeiou" else f"{noun}s"


def verdict_words(report: Report) -> str:
    """Return the verdict as a word; an id under which nothing lives says so."""
    return VERDICT_WORDS[report.verdict] if report.found else "Not found"


@overload
def sentence(text: str) -> str: ...
@overload
def sentence(text: Text) -> Text: ...
def sentence(text: Text) -> Text:
    """Return a text with one full stop at its end; reasons of failures come with and without."""
    if isinstance(text, Words):
        *others, last = text.parts or ("",)
        return words(*others, sentence(last)) if isinstance(last, str) else words(text, ".")
    return f"{text.rstrip().rstrip('.')}."


def flat_facts(facts: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    """Yield facts as name and one short line; lists of objects are left to tables."""
    for name, value in facts.items():
        text = fact_text(value)
        if text:
            yield str(name).replace("_", " "), text


def fact_text(value: Any) -> Text:
    """Return a fact's value as one line, empty when there is nothing to say in one."""
    match value:
        case None | "":
            return ""
        case Words():
            return value
        case bool():
            return "yes" if value else "no"
        case datetime():
            return words(Time(value))
        case timedelta():
            return words(Span(value))
        case float():
            return f"{value:.3g}" if abs(value) < 1_000 else f"{value:,.0f}"
        case Mapping():
            parts = ((str(key), fact_text(item)) for key, item in value.items())
            return _line(
                " · ", (words(f"{key.replace('_', ' ')} ", text) for key, text in parts if text)
            )
        case list() | tuple():
            if any(isinstance(item, Mapping) for item in value):
                return ""
            return _line(", ", (fact_text(item) for item in value))
        case _:
            return str(plain(value))


def _line(separator: str, texts: Iterable[Text]) -> Text:
    """Return texts as one; a plain string where none of them is typed."""
    line = joined(separator, texts)
    return "".join(map(str, line)) if all(isinstance(part, str) for part in line) else line


def fact_rows(
    facts: Mapping[str, Any],
) -> Iterator[tuple[str, tuple[tuple[str, ...], list[tuple[Text, ...]]]]]:
    """Yield facts that are lists of objects as tables: name, headings and rows."""
    for name, value in facts.items():
        if not isinstance(value, list | tuple) or not value:
            continue
        items = [item for item in value if isinstance(item, Mapping)]
        if not items:
            continue
        keys = list(dict.fromkeys(str(key) for item in items for key in item))
        rows = [tuple(fact_text(item.get(key)) or "-" for key in keys) for item in items]
        yield str(name), (tuple(key.replace("_", " ") for key in keys), rows)


def shown_tables(report: Report) -> tuple[Table, ...]:
    """Return a report's tables, or else its facts that are lists as tables."""
    return (*report.tables, *report.folded) or fact_tables(report.facts)


def fact_tables(facts: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return the facts that are lists of objects as tables."""
    return tuple(
        Table(headings, tuple(rows), name.replace("_", " "))
        for name, (headings, rows) in fact_rows(facts)
        if headings
    )


def source_words(readings: Sequence[SourceReading]) -> list[Words]:
    """Return a line for each state that occurs: which sources it holds for, and the details."""
    lines = []
    for state, told in STATE_WORDS.items():
        names = [_source(reading) for reading in readings if reading.state is state]
        if names:
            lines.append(words(f"{told}: ", joined(", ", names)))
    return lines


def _source(reading: SourceReading) -> Text:
    shown = reading.detail and reading.state is not SourceState.NOT_CONFIGURED
    return words(reading.name, " (", reading.detail, ")") if shown else reading.name


def next_commands(report: Report) -> list[str]:
    """Return the commands an answer leads to, each once, its own actions first."""
    steps = [*report.actions, *(step for finding in report.findings for step in finding.next)]
    own = f"/{report.command.lstrip('/')}"
    return [step for step in next_steps(steps) if step != own]


def next_steps(steps: Iterable[Text]) -> list[str]:
    """Return the commands of the bot's in steps, each once."""
    typed = (typed_command(step) or split_command(step)[1] for step in steps)
    return [command for command in dict.fromkeys(typed) if command]


def typed_command(step: Text) -> str:
    """Return the command that a step consists of, empty when it says more than that."""
    if isinstance(step, Words):
        one = step.parts[0] if len(step.parts) == 1 else ""
        return (
            one.line
            if isinstance(one, Command)
            else typed_command(one)
            if isinstance(one, str)
            else ""
        )
    line = step.strip().strip("`")
    return line if line.startswith("/") else ""


def split_command(step: Text) -> tuple[Text, str]:
    """Return what a step says, and the bot's command that it ends with; none is empty."""
    if isinstance(step, Words):
        *others, last = step.parts or ("",)
        if not isinstance(last, Command) or not others or not isinstance(others[-1], str):
            return step, ""
        return words(*others[:-1], sentence(others[-1].rstrip(": "))), last.line
    found = _ENDS_WITH.fullmatch(step)
    return (sentence(found["told"]), found["line"]) if found else (step, "")


def as_step(step: Text) -> Text:
    """Return a step with the command that it consists of, or ends with, typed as one."""
    if command := typed_command(step):
        return words(Command(command))
    found = _ENDS_WITH.fullmatch(step) if isinstance(step, str) else None
    return words(found["told"], ": ", Command(found["line"])) if found else step
