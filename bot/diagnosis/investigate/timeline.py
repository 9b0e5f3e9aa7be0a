"""A batch's story in dated rows: state changes and failures, runs of equal events as one; pure.

The first failure stands by itself and is never left out; what failed alike after it is counted.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.border.outside import raw
from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.comparison.failure_reasons import reason_of_line
from bot.diagnosis.comparison.log_events import LogClue, Outcome, Step, line_text
from bot.diagnosis.comparison.rejections import rejected_ids
from bot.diagnosis.investigate.bundles import Bundle
from bot.diagnosis.queue.log_events import DISPATCH_EVENTS, snapshot_of
from bot.domain.evidence import LOGS, EvidenceLine
from bot.domain.log import LogEvent
from bot.domain.report import Finding, Severity, TimelineEntry
from bot.domain.words import Id, Text, Time, words
from bot.text.redaction import UUID

MOST_ENTRIES = 30
LLM_PROVIDER = "llm_provider_service"
# Of events that are alike, this many in a row are told as one.
RUN = 3
# A silence of this length ends a run.
GAP = timedelta(minutes=10)
BUNDLE_FAILED = "Serial bundle processing hit provider error"
MILESTONES = (
    *DISPATCH_EVENTS,
    "Comparison budget exhausted",
    "Completion threshold reached",
    "completion detected",
    "partial scoring triggered",
    "Generated rankings",
    BUNDLE_FAILED,
)
_FAILED = (Outcome.FAILED, Outcome.EXPIRED, Outcome.REJECTED)
_TAIL = re.compile(r",? correlation_id: [0-9a-fA-F-]{36}$")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Event:
    """A line that belongs into the story; `kind` is what it has in common with others like it."""

    at: datetime
    line: LogEvent
    kind: str
    failed: bool = False


def timeline(
    evidence: BatchEvidence, bundles: Sequence[Bundle], findings: Sequence[Finding] = ()
) -> tuple[TimelineEntry, ...]:
    """Return the batch's dates, and the lines that decided something, in time order, bounded.

    Bundles and their failures name no batch: once its own are known those lines say nothing more.
    A line is a failure where it says so, and where a first cause among `findings` is seen in it:
    what broke a batch may have thought that all was well.
    """
    events = sorted(_events(evidence, proofs(findings)), key=lambda event: event.at)
    if bundles:
        events = [event for event in events if not _names_no_batch(event.line)]
    first = next((event for event in events if event.failed), None)
    told = [entry for run in _runs(events, first) for entry in _entries(run)]
    rows = [*batch_report.timeline(evidence), *_dispatched(bundles), *_bounded(told)]
    start = evidence.header.created_at
    return tuple(sorted(rows, key=lambda entry: entry.at or start))


def proofs(findings: Sequence[Finding]) -> frozenset[EvidenceLine]:
    """Return what the first causes of the worst that was found are seen in."""
    names = {one.rule for one in findings}
    causes = [one for one in findings if one.cause not in names or one.cause == one.rule]
    worst = [one for one in causes if one.severity is Severity.ERROR]
    return frozenset(line for one in worst for line in one.evidence)


def _names_no_batch(line: LogEvent) -> bool:
    return line.event.strip() in DISPATCH_EVENTS or BUNDLE_FAILED in line.event


def _dispatched(bundles: Sequence[Bundle]) -> Iterator[TimelineEntry]:
    dated = [(one.at, one.size) for one in bundles if one.at]
    if not dated:
        return
    (first, size), (last, _) = dated[0], dated[-1]
    sizes = Counter(size for _, size in dated)
    alike = f"{len(dated)} bundles of {size}" if len(sizes) == 1 else f"{len(dated)} bundles"
    told = ", ".join(f"{count} of {size}" for size, count in sizes.most_common(4))
    several = "" if len(sizes) == 1 else f" ({told})"
    text = f"bundle of {size} dispatched" if len(dated) == 1 else f"{alike} dispatched{several}"
    until = words(Time(last, ", until ")) if last != first else ""
    yield TimelineEntry(first, LLM_PROVIDER, LOGS, words(text, until))


def _events(evidence: BatchEvidence, proofs: Collection[EvidenceLine]) -> Iterator[Event]:
    own = {id(event) for event in evidence.events}
    times = {proof.at for proof in proofs}
    for line in evidence.nearby:
        if line.at is None:
            continue
        failed = _is_failure(line, evidence.clue_of(line), evidence.requests) or (
            line.level in ("error", "critical") and id(line) in own
        )
        # A snapshot only counts what an event before it did.
        quoted = line.at in times and snapshot_of(line) is None and log_line(line) in proofs
        failed = failed or quoted
        if failed or rejected_ids(line) or _is_milestone(raw(line.event)):
            yield Event(line.at, line, _kind(line), failed)


def _is_milestone(said: str) -> bool:
    for text in MILESTONES:  # noqa: SIM110 - this is asked of every line
        if text in said:
            return True
    return False


def _is_failure(line: LogEvent, clue: LogClue | None, ids: frozenset[str]) -> bool:
    """Whether a line says that one of the batch's comparisons failed."""
    if clue is not None and clue.outcome in _FAILED and clue.step is not Step.PUBLISHED:
        return bool({clue.correlation_id, clue.queue_id} & ids)
    if reason_of_line(line) is None:
        return False
    return bool({one.lower() for one in UUID.findall(line.text)} & ids)


def _kind(line: LogEvent) -> str:
    return f"{line.container} {_NUMBER.sub('#', UUID.sub('#', line.event))}"


def _runs(events: Sequence[Event], first: Event | None) -> Iterator[list[Event]]:
    """Yield events that are alike and not far apart together; the first failure stands alone."""
    open_runs: dict[str, list[Event]] = {}
    for event in events:
        run = open_runs.get(event.kind)
        if event is first:
            yield [event]
        elif run is None or event.at - run[-1].at > GAP:
            if run is not None:
                yield run
            open_runs[event.kind] = [event]
        else:
            run.append(event)
    yield from open_runs.values()


def _entries(run: Sequence[Event]) -> Iterator[TimelineEntry]:
    if len(run) < RUN:
        yield from (_entry(event, _with_ids(_told(event.line)), event.failed) for event in run)
        return
    told = f"{len(run)}× {UUID.sub('…', _told(run[0].line))}"
    yield _entry(run[0], words(told, Time(run[-1].at, ", until ")), run[0].failed)


def _entry(event: Event, text: Text, failed: bool) -> TimelineEntry:
    return TimelineEntry(event.at, event.line.service, event.line.container, text, failed)


def _told(line: LogEvent) -> str:
    return _TAIL.sub("", str(line_text(line)))


def _with_ids(text: str) -> Text:
    """Return a line with its uuids typed, so that each reader sees them short."""
    parts = UUID.split(text)
    return words(*(Id(part) if place % 2 else part for place, part in enumerate(parts)))


def _bounded(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """Return at most MOST_ENTRIES of them: the first failure, then the ends of the story."""
    rows = sorted(entries, key=lambda entry: entry.at.timestamp() if entry.at else 0.0)
    if len(rows) <= MOST_ENTRIES:
        return rows
    first = next((entry for entry in rows if entry.failed), None)
    kept = [*rows[: MOST_ENTRIES // 2], *rows[-MOST_ENTRIES // 2 :]]
    return kept if first is None or first in kept else [first, *kept[1:]]
