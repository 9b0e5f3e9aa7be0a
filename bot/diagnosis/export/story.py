"""What happened to a batch in a few plain sentences, for a reader who was not there; pure."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.diagnosis.comparison.causes import PASSED
from bot.diagnosis.evidence.causal_order import consequences, roots
from bot.domain.ids import short_id
from bot.domain.report import Finding, Report, TimelineEntry, Verdict
from bot.domain.words import Id, Part, Text, Time, Words, mapped, parts_of, words
from bot.text.wording import many, sentence

MOST_FOLLOWED = 2
# Of a longer line the first clause is told: what follows it are fields and further causes.
MOST_CHARS = 67
_SPACE = re.compile(r"\s+")
_BLANKS = re.compile(r"(?<=\S) ")
_CLAUSES = re.compile(r"(?<=\w)(?:[:;.] | [(\[])")
_WORTH = {
    Verdict.OK: "Nothing that was read speaks against it.",
    Verdict.WARN: "It can be used with care.",
    Verdict.UNKNOWN: "What it is worth is not known: not everything could be read.",
    Verdict.ERROR: "Do not trust it as it is.",
}


def story(report: Report) -> tuple[Text, ...]:
    """Return what was asked, what went wrong first, what followed, and what the result is worth."""
    told = (_asked(report.facts), _first(report), _followed(report), _worth(report))
    return tuple(one for one in told if one)


def _asked(facts: Mapping[str, Any]) -> Text:
    number = facts.get("budget") or facts.get("total_pairs")
    if not isinstance(number, int):
        return ""
    created = facts.get("created_at")
    when = words(Time(created), ", ") if isinstance(created, datetime) else ""
    models = facts.get("models")
    by = f" by {' and '.join(map(str, models))}" if models else ""
    most = "up to " if facts.get("budget") else ""
    return words("Asked: ", when, f"{most}{many(number, 'comparison')}{_of_essays(facts)}{by}.")


def _of_essays(facts: Mapping[str, Any]) -> str:
    """Return of how many essays it was asked, and how many of them took part where fewer did."""
    essays, anchors, sent = (facts.get(name) for name in ("essays", "anchors", "expected_essays"))
    if not isinstance(essays, int) or not essays:
        return ""
    if isinstance(sent, int) and sent > essays:
        return f" of {many(sent, 'essay')}, of which {essays} took part,"
    of_them = f" ({many(anchors, 'anchor')})" if isinstance(anchors, int) else ""
    return f" of {many(essays, 'essay')}{of_them}"


def _first(report: Report) -> Text:
    """Return the first failure and, where the headline does not say it, the first cause."""
    first = next((entry for entry in report.timeline if entry.failed), None)
    causes = roots(report.findings)
    if first is None and not causes:
        over = next((one for one in report.findings if one.rule == PASSED), None)
        if over:
            return words("Found: ", sentence(over.what))
        return "Nothing went wrong in what was read."
    seen = _seen(first) if first else words()
    if not causes or _is_said(report, causes[0]):
        return seen
    return words(seen, " Found: " if seen else "Found: ", sentence(causes[0].what))


def _is_said(report: Report, cause: Finding) -> bool:
    return str(words(cause.what)).rstrip(".").casefold() in str(report.first_line).casefold()


def _seen(first: TimelineEntry) -> Words:
    """Say when the first failure was and what its line says; of a long line, how it begins."""
    at = words(Time(first.at)) if first.at else "at no known time"
    return words("First failure: ", at, ", ", _begun(mapped(first.text, _flat)))


def _begun(text: Text) -> Text:
    """Return as many clauses of a text as a sentence has room for, at least its first words."""
    if _shown(text) <= MOST_CHARS:
        return sentence(text)
    ends = [cut for cut in _cuts(text, _CLAUSES) if _shown(cut) <= MOST_CHARS]
    if ends:
        return sentence(ends[-1])
    ends = [cut for cut in _cuts(text, _BLANKS) if _shown(cut) <= MOST_CHARS]
    return words(ends[-1], " …") if ends else "a line that is too long to be told here."


def _shown(text: Text) -> int:
    """Return how long a text is where its ids are shown short."""
    return sum(
        len(short_id(part.value) if isinstance(part, Id) else str(words(part)))
        for part in parts_of(text)
    )


def _cuts(text: Text, marks: re.Pattern[str]) -> Iterator[Words]:
    """Yield a text up to each of the marks in it."""
    before: list[Part] = []
    for part in parts_of(text):
        if isinstance(part, str):
            for mark in marks.finditer(part):
                if cut := words(*before, part[: mark.start()]):
                    yield cut
        before.append(part)


def _flat(text: str) -> str:
    return _SPACE.sub(" ", str(text))


def _followed(report: Report) -> Text:
    causes = roots(report.findings)
    if not causes:
        return ""
    followed = [one for cause in causes for one in consequences(cause, report.findings)]
    others = [*followed, *(one for one in causes[1:] if one not in followed)]
    if not others:
        return ""
    told = [words(" ", sentence(one.what)) for one in others[:MOST_FOLLOWED]]
    more = len(others) - MOST_FOLLOWED
    rest = f" {more} more below." if more > 0 else ""
    return words("Then:" if followed else "Besides:", *told, rest)


def _worth(report: Report) -> Text:
    facts = report.facts
    total, valid = facts.get("total_pairs"), facts.get("valid")
    counted = f"{valid} of {many(total, 'comparison')} valid. " if total else ""
    if facts.get("pending"):
        return (
            f"Result: {counted}{many(facts['pending'], 'comparison', ('has', 'have'))} no answer."
        )
    return f"Result: {counted}{_WORTH[report.verdict]}"
