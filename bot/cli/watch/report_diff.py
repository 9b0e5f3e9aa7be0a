"""What is new between two answers to the same question; that time went by is no news. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.domain.report import Finding, Report
from bot.text.wording import STATE_WORDS, fact_text, verdict_words

# Facts that grow by themselves: ages, spans up to now, what is left of a time to live.
AGEING = re.compile(
    r"(^|_)(age|ago|since|idle|ttl|elapsed|waited)(_|$)|_seconds(_|$)|_left$|^last_\w+_at$"
)
NAMES = ("key", "batch_id", "queue_id", "id", "step", "stage", "name", "number", "source")
SHOWN = 12
SHOWN_EVENTS = 3


def changes(before: Report, after: Report) -> tuple[str, ...]:
    """Return a line for each thing that is new: verdict, findings, facts, events, sources."""
    return (
        *_verdict(before, after),
        *_findings(before.findings, after.findings),
        *_facts(before.facts, after.facts),
        *_events(before, after),
        *_sources(before, after),
    )


def shortened(lines: Sequence[str], most: int = SHOWN) -> list[str]:
    """Return the first lines, and how many more there are."""
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return [*lines[:most], *more]


def _verdict(before: Report, after: Report) -> Iterator[str]:
    old, new = verdict_words(before), verdict_words(after)
    if old != new:
        yield f"verdict: {old} → {new}"


def _findings(before: Sequence[Finding], after: Sequence[Finding]) -> Iterator[str]:
    old, new = _counted(before), _counted(after)
    for one in (new - old).elements():
        yield f"new: {_named(one)}"
    for one in (old - new).elements():
        yield f"gone: {_named(one)}"


def _counted(findings: Sequence[Finding]) -> "Counter[tuple[str, str, str]]":
    return Counter((one.rule, one.severity.value, one.confidence.value) for one in findings)


def _named(finding: tuple[str, str, str]) -> str:
    rule, severity, confidence = finding
    return f"{rule} ({severity}, confidence {confidence})"


def _facts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    old, new = _by_name(before), _by_name(after)
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name, Counter()), new.get(name, Counter())
        less, more = list((was - now).elements()), list((now - was).elements())
        if less or more:
            yield f"{name}: {', '.join(less) or 'nothing'} → {', '.join(more) or 'nothing'}"


def _by_name(facts: Mapping[str, Any]) -> "dict[str, Counter[str]]":
    found: dict[str, Counter[str]] = {}
    for name, text in _leaves("", facts):
        if text:
            found.setdefault(name, Counter())[text] += 1
    return found


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield every fact that does not age by itself, as its path in words and its text."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not AGEING.search(str(key)):
                yield from _leaves(f"{path} {str(key).replace('_', ' ')}".strip(), item)
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        for item in value:
            name = _name(item)
            yield from _leaves(f"{path} {name}", item) if name else [(path, _row(item))]
    else:
        yield path, str(fact_text(value))


def _name(item: Any) -> str:
    """Return what an item of a list is called, so that it is known again; empty without a name."""
    names = (item.get(name) for name in NAMES) if isinstance(item, Mapping) else ()
    return next((str(name) for name in names if name not in (None, "")), "")


def _row(item: Any) -> str:
    """Return a nameless item as one line; when it happened is no news by itself."""
    return ", ".join(text for name, text in _leaves("", item) if text and name != "at")


def _events(before: Report, after: Report) -> Iterator[str]:
    old = Counter((entry.service, str(entry.text)) for entry in before.timeline)
    new = Counter((entry.service, str(entry.text)) for entry in after.timeline)
    fresh = list((new - old).elements())
    yield from (f"{service}: {text}" for service, text in fresh[:SHOWN_EVENTS])
    if len(fresh) > SHOWN_EVENTS:
        yield f"and {len(fresh) - SHOWN_EVENTS} more events"


def _sources(before: Report, after: Report) -> Iterator[str]:
    old: dict[str, list[str]] = {}
    for one in before.sources:
        old.setdefault(one.name, []).append(STATE_WORDS[one.state])
    for one in after.sources:
        words = STATE_WORDS[one.state]
        if words not in old.get(one.name, [words]):
            yield f"source {one.name}: {', '.join(old[one.name])} → {words}"
