"""Rules on rejected callbacks near a batch: of no batch, or its own without their ids."""

from collections.abc import Sequence
from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.comparison.causes import (
    CALLBACK_METADATA_LOST,
    FOREIGN_CALLBACK,
    LOST_AFTER,
    NOT_STORED,
    STRAY_NOTES,
)
from bot.diagnosis.comparison.rejections import (
    called,
    counters_failed,
    database_fault,
    lost_field,
    rejected_ids,
    unstored_answer,
    with_fault,
)
from bot.diagnosis.runner.log_events import RUN_TEXTS
from bot.domain.evidence import LOGS, EvidenceLine, Missing
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Command, Id, words
from bot.text.wording import many


def _is_of_its_time(evidence: BatchEvidence, event: LogEvent) -> bool:
    """Whether the batch had begun, and lacked an answer or got its last one shortly before."""
    header, pairs = evidence.header, evidence.pairs
    if event.at is None or pairs.pending:
        return True
    # What it did once all was answered, as when a monitor ends it, waits for no callback.
    last = pairs.last_completed_at or header.last_activity_at
    return last is None or event.at <= last + LOST_AFTER


def foreign_callback(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """A callback that no batch owns was rejected while this batch ran."""
    if isinstance(evidence.owned, Missing):
        return None
    runs = {
        id: (event, _same_run(evidence, event))
        for event in evidence.nearby
        for id in rejected_ids(event)
        if id not in evidence.owned
    }
    stray = {
        id: event
        for id, (event, ours) in runs.items()
        if ours or (ours is None and _is_of_its_time(evidence, event))
    }
    if not stray:
        return None
    by_id = [id for id in stray if runs[id][1]]
    first = (by_id or list(stray))[0]
    whose = "of its runner" if by_id else "in its time"
    return Finding(
        rule=FOREIGN_CALLBACK.rule,
        # Time alone lays it at no batch's door.
        severity=Severity.WARN if by_id else Severity.INFO,
        confidence=Confidence.HIGH if by_id else Confidence.LOW,
        what=words(
            f"{many(len(stray), 'rejected callback')} {whose} "
            f"belong{'s' * (len(stray) == 1)} to no batch (",
            Id(str(first)),
            ").",
        ),
        why=FOREIGN_CALLBACK.why,
        evidence=(
            evidence.line(f"no comparison carries {first}"),
            *(EvidenceLine(LOGS, None, note) for note in STRAY_NOTES),
            *(log_line(event) for event in list(stray.values())[:3]),
        ),
        next=(f"/trace {first}",),
    )


def callback_metadata_lost(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """A comparison of this batch came back without what identifies it."""
    if isinstance(evidence.owned, Missing):
        return None
    number = evidence.header.batch_id
    lost = {
        id: (event, name)
        for event in evidence.nearby
        if (name := lost_field(event))
        for id in rejected_ids(event)
        if evidence.owned.get(id) == number
    }
    if not lost:
        return None
    first = next(iter(lost))
    names = called(name for _, name in lost.values())
    return Finding(
        rule=CALLBACK_METADATA_LOST.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=words(
            f"{many(len(lost), 'callback')} of it came back without {names} (",
            "first " if len(lost) > 1 else "",
            Id(str(first)),
            ").",
        ),
        why=CALLBACK_METADATA_LOST.why,
        evidence=(
            evidence.line(f"{len(lost)} of the rejected correlation ids are this batch's"),
            *(log_line(event) for event, _ in list(lost.values())[:3]),
        ),
        next=(f"/trace {first}",),
    )


def callbacks_not_stored(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """CJ took answers of this batch and could not store them."""
    pending = {str(one.correlation_id) for one in evidence.rows.pending if one.correlation_id}
    uncounted = counters_failed(evidence.nearby, evidence.header.batch_id) if pending else ()
    found = (unstored_answer(event) for event in evidence.nearby) if pending else ()
    lost = {one.correlation_id: one for one in found if one and one.correlation_id in pending}
    if not lost:
        return _not_counted(evidence, uncounted)
    away = (
        "its database could not be reached"
        if any(one.database_away for one in lost.values())
        else next(filter(None, (database_fault(one.event) for one in lost.values())), "")
    )
    first = min(lost.values(), key=lambda one: one.at)
    lines = [one.event for one in lost.values()]
    return Finding(
        rule=NOT_STORED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"CJ did not store {many(len(lost), 'answer')}" + (f": {away}" if away else ""),
        why=NOT_STORED.why,
        evidence=tuple(with_fault(log_line(one), one) for one in lines[:3]),
        next=(
            words(Command(f"/trace {first.correlation_id}")),
            "Look at CJ's database, then ask for these comparisons again: they do not come back.",
        ),
    )


def _not_counted(evidence: BatchEvidence, lines: Sequence[LogEvent]) -> Finding | None:
    """CJ took answers and could not count them: their rows wait, and nothing comes again."""
    lost = min(len(lines), evidence.pairs.pending)
    if not lost:
        return None
    why = database_fault(lines[-1])
    return Finding(
        rule=NOT_STORED.rule,
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        what=f"CJ did not store {many(lost, 'answer')}" + (f": {why}" if why else ""),
        why="What failed with its counters took the answer along; CJ acknowledged it, so it does "
        "not come again.",
        evidence=tuple(log_line(one) for one in lines[-2:]),
        next=(
            "Look who held a lock in CJ's database, or whether its disk is full.",
            "Ask for these comparisons again: they do not come back.",
        ),
    )


def _same_run(evidence: BatchEvidence, event: LogEvent) -> bool | None:
    """Whether this batch's runner wrote a line; None when no line names the run."""
    if event.role is not Role.RUNNER:
        return None
    header = evidence.header
    own = (header.bos_batch_id, header.event_correlation_id)
    run: bool | None = None
    for line in evidence.nearby:
        if line is event:
            break
        if line.container == event.container and any(text in line.text for text in RUN_TEXTS):
            run = any(id in line.text for id in own)
    return run
