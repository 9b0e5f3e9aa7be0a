"""Rules on comparisons that the LLM queue took in and that never came out of it answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.diagnosis.batch.endings import SUCCESS_SHARE
from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.diagnosis.batch.queue_findings import stuck_findings
from bot.diagnosis.comparison.causes import (
    ASK_WHO_CANCELLED,
    BATCH_CANCELLED,
    EXPIRED_UNANSWERED,
    LOCAL_QUEUE,
    NO_LIFE_STEP,
    NO_LIFE_WHY,
)
from bot.diagnosis.comparison.queue_fate.fates import LostRequest, QueueFate
from bot.diagnosis.comparison.queue_fate.lines import BESIDE
from bot.diagnosis.evidence.submission import SubmissionFault, lost_submission
from bot.diagnosis.queue.conservation import (
    ASK_AGAIN,
    LEFT_UNANSWERED,
    WHY_LEFT,
    WHY_SWEPT,
    departure_finding,
)
from bot.diagnosis.queue.log_events import SignKind, sign_of
from bot.diagnosis.queue.timeline import OPENS_AFTER, ORPHANED
from bot.domain.batch import CANCELLED
from bot.domain.evidence import EvidenceLine, Missing
from bot.domain.log import LogEvent, Role
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Id, Text, Time, words
from bot.text.wording import many

AGAIN = "Ask for these comparisons again: they get no callback."


def orphaned_by_restart(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The LLM provider let go of requests that it held, and nothing hands these back."""
    if any(one.rule == ORPHANED for one in stuck_findings(evidence, now)):
        return None
    lost = _fates(evidence, now, QueueFate.ORPHANED)
    early = not evidence.ended and not all(one.is_sure for one in lost)
    if not lost or (early and now - min(one.at for one in lost) <= OPENS_AFTER):
        return _left_by_provider(evidence)
    at = max(one.at for one in lost)
    restarted = any(one.by_restart for one in lost)
    orphans = many(len(lost), "comparison", ("was", "were"))
    return _lost(
        evidence,
        lost,
        at,
        rule=ORPHANED,
        what=f"{orphans} orphaned by a restart of the LLM provider"
        if restarted
        else f"{orphans} left in processing by the LLM provider service",
        why=words(
            "It held them when it started anew" if restarted else "Its loop went on without them",
            Time(at, " at "),
            ", and nothing hands them back.",
        ),
        next=("Ask for these comparisons again; what is held is dropped at its time to live.",),
    )


def _left_by_provider(evidence: BatchEvidence) -> Finding | None:
    """The LLM provider's log breaks off, and CJ cannot connect to it since: it holds them no more.

    What it had taken is orphaned when it starts again, the rest goes on then.
    """
    heard = [one.at for one in evidence.nearby if one.role is Role.LLM_PROVIDER and one.at]
    refused = [
        one
        for event in evidence.nearby
        if (one := lost_submission(event)) and one.fault is SubmissionFault.PROVIDER
    ]
    last = max(heard, default=None)
    since = [one for one in refused if last is None or one.at > last + BESIDE]
    if last is None or not since or evidence.ended:
        return None
    until = last + BESIDE
    taken = (one.submitted_at for one in evidence.rows.pending)
    count = sum(at is not None and at <= until for at in taken)
    if not count:
        return None
    return Finding(
        rule=ORPHANED,
        severity=Severity.ERROR,
        confidence=Confidence.MEDIUM,
        what=f"{many(count, 'comparison')} held by an LLM provider service that is gone",
        why=words(
            "Its log breaks off",
            Time(last, " at "),
            ", and CJ cannot connect to it since; what it worked on is orphaned.",
        ),
        evidence=(log_line(since[0].event), evidence.line(many(count, "pending row"))),
        next=(
            "Look whether it runs: docker ps --filter name=llm_provider_service",
            "Ask for these comparisons again once it does: what it worked on is not handed back.",
        ),
    )


def left_unanswered(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Comparisons left the LLM queue without an answer, an error, an expiry or a return."""
    departed, lost = evidence.departed, _fates(evidence, now, QueueFate.LEFT)
    # What lines show of them is more than that they are not in Redis, of which no line is sure.
    if departed and (not lost or any(one.is_sound for one in departed)):
        held = orphaned_by_restart(evidence, now)
        return None if held else _unless_cancelled(evidence, departure_finding(departed))
    if not lost:
        return None
    first = min(one.at for one in lost)
    swept = any(one.event and _kind(one.event) is SignKind.SWEPT for one in lost)
    found = _lost(
        evidence,
        lost,
        first,
        rule=LEFT_UNANSWERED,
        what=f"{many(len(lost), 'item')} left the LLM queue unanswered",
        why=WHY_SWEPT if swept else WHY_LEFT,
        next=(ASK_AGAIN,),
    )
    return _unless_cancelled(evidence, found)


def _unless_cancelled(evidence: BatchEvidence, found: Finding) -> Finding:
    """Return a loss as what follows where the batch was cancelled: nothing is asked again then."""
    if evidence.header.state != CANCELLED:
        return found
    bad = Severity.WARN if found.severity is Severity.ERROR else found.severity
    return replace(found, severity=bad, cause=BATCH_CANCELLED, next=(ASK_WHO_CANCELLED,))


def local_queue_lost(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """The LLM provider kept requests in its own memory while Redis failed, and was restarted."""
    lost = _fates(evidence, now, QueueFate.LOCAL)
    if not lost:
        return None
    at = max(one.at for one in lost)
    return _lost(
        evidence,
        lost,
        at,
        rule=LOCAL_QUEUE.rule,
        confidence=Confidence.HIGH,
        what=f"{many(len(lost), 'comparison', ('was', 'were'))} lost with the LLM provider's "
        "local queue",
        why=words(
            "Redis failed, so it kept them in its own memory, which a restart",
            Time(at, " at "),
            " emptied.",
        ),
        next=(AGAIN, "Look why Redis failed then, in its own log."),
    )


def expired_unanswered(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Comparisons waited in the LLM queue for longer than they may, and were dropped."""
    lost = _fates(evidence, now, QueueFate.EXPIRED)
    if not lost:
        return None
    first = min(one.at for one in lost)
    unborn = any(one.event and _kind(one.event) is SignKind.NO_LIFE for one in lost)
    return _lost(
        evidence,
        lost,
        first,
        rule=EXPIRED_UNANSWERED.rule,
        confidence=Confidence.HIGH if any(one.event for one in lost) else Confidence.MEDIUM,
        what=f"{many(len(lost), 'comparison')} expired in the LLM queue, not answered",
        why=NO_LIFE_WHY
        if unborn
        else words(
            "Their time to live ended",
            Time(first, " at "),
            "; the provider drops what is older, and tells nobody.",
        ),
        next=(NO_LIFE_STEP, AGAIN)
        if unborn
        else (AGAIN, "Look whether the queue moves now: /queue"),
    )


def lost_in_the_queue(evidence: BatchEvidence, now: datetime) -> str:
    """Return the rule that says how the queue lost its comparisons, else empty."""
    for rule in (orphaned_by_restart, local_queue_lost, expired_unanswered, left_unanswered):
        found = rule(evidence, now)
        if found and found.severity is not Severity.INFO:
            return found.rule
    return ""


def told_of_all(evidence: BatchEvidence, now: datetime) -> str:
    """Return the one rule that says of every followed comparison how the queue lost it."""
    fates = evidence.fates(now)
    kinds = {fates[id].kind if id in fates else None for id in evidence.followed}
    kind = kinds.pop() if len(kinds) == 1 else None
    rule = _RULES.get(kind) if kind else None
    found = rule(evidence, now) if rule else None
    return found.rule if found else ""


def _lost(
    evidence: BatchEvidence,
    lost: Sequence[LostRequest],
    at: datetime,
    *,
    rule: str,
    what: str,
    why: Text,
    next: tuple[str, ...],
    confidence: Confidence = Confidence.MEDIUM,
) -> Finding:
    """Return what is found of comparisons that the queue lost, as bad as it is for the batch."""
    return Finding(
        rule=rule,
        severity=_severity(evidence),
        confidence=confidence,
        what=what,
        why=why,
        evidence=_lines(lost, at),
        next=next,
        lost=len(lost),
    )


def _severity(evidence: BatchEvidence) -> Severity:
    """An error where there is no result, or none that may be used, and somebody waits for one."""
    pairs = evidence.pairs
    if evidence.header.state == CANCELLED:
        return Severity.WARN
    usable = evidence.has_result and pairs.valid >= SUCCESS_SHARE * pairs.total
    return Severity.WARN if usable else Severity.ERROR


def _fates(evidence: BatchEvidence, now: datetime, kind: QueueFate) -> list[LostRequest]:
    """Return what lines show of what the queue lost; a look at Redis knows better while it runs."""
    by_redis = kind in (QueueFate.ORPHANED, QueueFate.LEFT) and not evidence.ended
    if by_redis and not isinstance(evidence.queue, Missing):
        return []
    return [one for one in evidence.fates(now).values() if one.kind is kind]


def _lines(lost: Sequence[LostRequest], at: datetime) -> tuple[EvidenceLine, ...]:
    """Return the line that shows it, or that none does."""
    shown = [one.event for one in lost if one.event and one.at == at] or [
        one.event for one in lost if one.event
    ]
    return tuple(_line(event) for event in shown[:1])


def _line(event: LogEvent) -> EvidenceLine:
    """Return a line as what it shows: the answer to one that came later is another request's."""
    if _kind(event) is not SignKind.FINISHED or event.at is None:
        return log_line(event)
    other = sign_of(event)
    told = words("answered, though queued after them: ", Id(other.queue_id if other else ""))
    return EvidenceLine(event.container, event.at, told)


def _kind(event: LogEvent) -> SignKind | None:
    sign = sign_of(event)
    return sign.kind if sign else None


_RULES: Mapping[QueueFate, Callable[[BatchEvidence, datetime], Finding | None]] = {
    QueueFate.ORPHANED: orphaned_by_restart,
    QueueFate.LOCAL: local_queue_lost,
    QueueFate.EXPIRED: expired_unanswered,
    QueueFate.LEFT: left_unanswered,
}
