"""`/queue`: one look at the LLM provider's queue, from Redis, else from its logs."""

from dataclasses import replace
from datetime import datetime

from bot.diagnosis.evidence import log_coverage
from bot.diagnosis.evidence.freshness import held_back, told
from bot.diagnosis.evidence.read import configured, reading
from bot.diagnosis.evidence.system_state import health_words
from bot.diagnosis.queue.conservation import departure_finding
from bot.diagnosis.queue.evidence import QueueEvidence
from bot.diagnosis.queue.facts import OF_THEN, SHOWN_DISPATCHES, bundle_size, facts_of, mode_of
from bot.diagnosis.queue.history import (
    NO_HISTORY,
    Level,
    queue_chart,
)
from bot.diagnosis.queue.timeline import (
    BLOCKING,
    HUNG,
    QUEUE_UNREADABLE,
    QueueTimeline,
    timeline_of,
)
from bot.diagnosis.queue.verdict import (
    QueueVerdict,
    queue_verdicts,
    signs_of,
    snapshots_of,
)
from bot.diagnosis.queue.wording import queue_headline, tables
from bot.domain.chart import Chart
from bot.domain.evidence import HEALTH, LOGS, QUEUE, EvidenceLine, Missing, SourceReading
from bot.domain.log import LogEvent
from bot.domain.queue import QueueReading
from bot.domain.report import WELL, Confidence, Finding, Report, Severity, TimelineEntry
from bot.domain.words import Span, Text, joined, when, words
from bot.text.wording import many, sentence

OR_NOT_KEPT = (
    "Its log holds no later line while CJ's goes on: it hangs, or what it writes is not kept."
)


def diagnose(evidence: QueueEvidence, now: datetime, *, prefix: str = "") -> Report:
    """Judge one look at the queue; pure."""
    ended, redis = evidence.logs_end, evidence.redis
    report = _judged(evidence, evidence.as_of(now), prefix)
    if ended is None:
        return report
    if redis is None:
        report = held_back(report, ended, now, "what the queue holds now")
        title = "LLM queue: not known now"
        report = replace(report, title=title, facts={**report.facts, **OF_THEN}, charts=())
        return replace(report, findings=(*report.findings, *_perhaps_hung(evidence, now)))
    silent = told(ended, now, "whether its worker is at work")
    return replace(report, summary=joined(" ", (report.summary, silent)))


def _perhaps_hung(evidence: QueueEvidence, now: datetime) -> tuple[Finding, ...]:
    """Return that the worker may hang, where its log alone ended: a worker that hangs writes none.

    Its log may as well be no longer kept, so that this is no more than a warning.
    """
    found = _verdicts(evidence, now) if log_coverage.has_gap(evidence.logs) else ()
    return tuple(
        replace(finding_of(_unsure(one)), why=OR_NOT_KEPT) for one in found if one.rule == HUNG
    )


def _judged(evidence: QueueEvidence, now: datetime, prefix: str) -> Report:
    looks = [evidence.observed(now)]
    opens_after = evidence.opens_after
    timeline = timeline_of(looks, now, prefix=prefix, opens_after=opens_after)
    verdicts = _verdicts(evidence, now, prefix)
    if (refused := evidence.unreached) is not None:
        verdicts = tuple(_out_of_reach(one, refused) for one in verdicts)
    unreadable = _redis_failed(evidence)
    shown = _named(verdicts[0], unreadable)
    chart = _chart(evidence, verdicts[0], now)
    findings = tuple(finding_of(v) for v in verdicts if v.rule not in ("ok", "warming"))
    gone = evidence.departed(now)
    left = departure_finding(gone) if gone else None
    if left:
        findings = (*findings, left)
        shown = left.rule if shown == "ok" and left.severity is Severity.ERROR else shown
    told_left = left.what if left and not all(one.is_past for one in gone) else ""
    told_refused = _refused_words(refused) if refused else ""
    if unreadable and not any(f.rule == QUEUE_UNREADABLE for f in findings):
        findings = (*findings, unreadable)
    return Report(
        command="queue",
        title=_title(timeline, shown),
        facts=facts_of(evidence, timeline, verdicts[0], shown)
        | ({} if chart else {"history": NO_HISTORY}),
        findings=findings,
        timeline=_timeline(timeline, evidence),
        sources=_sources(evidence),
        unreadable_need=_blind(evidence)
        or log_coverage.has_hole(evidence.logs)
        or verdicts[0].rule == "warming"
        or (refused is not None and verdicts[0].rule == "ok"),
        summary=_summary(
            evidence, verdicts[0].what, told_left, told_refused, _silence(evidence, now)
        ),
        headline=_headline(verdicts[0], shown, left),
        mark=WELL if shown == "ok" else "",
        tables=() if shown == "ok" else tables(timeline, now),
        folded=tables(timeline, now) if shown == "ok" else (),
        actions=_actions(verdicts[0]),
        charts=(chart,) if chart else (),
    )


def _out_of_reach(verdict: QueueVerdict, refused: LogEvent) -> QueueVerdict:
    """Return a verdict on a silent worker with what CJ met: it is not slow, nothing answers."""
    if verdict.rule != HUNG:
        return verdict
    return replace(
        verdict,
        confidence=Confidence.HIGH,
        why=words(
            "CJ could not connect to it",
            when(refused.at, " at "),
            ", and it wrote nothing since: a slow one takes requests.",
        ),
        evidence=(*verdict.evidence, EvidenceLine(LOGS, refused.at, refused.event)),
    )


def _refused_words(refused: LogEvent) -> Text:
    return words(
        "CJ could not connect to the LLM provider",
        when(refused.at, " at "),
        ", and its worker wrote nothing since.",
    )


def _silence(evidence: QueueEvidence, now: datetime) -> Text:
    """Return since when the loop wrote nothing, where that is longer than was looked back over."""
    last = evidence.silent_since
    if last is None:
        return ""
    return words(
        "Its last line in the logs is ", Span(now - last), " old", when(last, ", of "), "."
    )


def _sources(evidence: QueueEvidence) -> tuple[SourceReading, ...]:
    return (
        reading(QUEUE, evidence.reading, _redis_detail(evidence.reading)),
        log_coverage.reading(evidence.logs),
        reading(HEALTH, evidence.health, health_words(evidence.health)),
    )


def _summary(evidence: QueueEvidence, *told: Text) -> Text:
    """Return what is said of the queue, then what could not be read and how the provider does."""
    around = (log_coverage.unread(evidence.logs), evidence.provider.words)
    return joined(" ", filter(None, (*told, *around)))


def _chart(evidence: QueueEvidence, verdict: QueueVerdict, now: datetime) -> Chart | None:
    """Return the queue's history from the memory, the logs and the reading of now."""
    remembered = () if isinstance(evidence.remembered, Missing) else evidence.remembered
    levels = (
        *remembered,
        *snapshots_of(evidence.events),
        *((Level(evidence.redis.at, evidence.redis.size),) if evidence.redis else ()),
    )
    since = verdict.since if verdict.severity is not Severity.INFO else None
    signs = signs_of(evidence.events) if evidence.loop_seen else None
    return queue_chart(levels, signs, now, since=since)


def findings_about(evidence: QueueEvidence, now: datetime, queue_id: str) -> tuple[Finding, ...]:
    """Return the findings that concern one item of the queue, or that hold it up."""
    return tuple(
        finding_of(verdict)
        for verdict in verdicts_of(evidence, now)
        if verdict.rule in BLOCKING or queue_id in {item.queue_id for item in verdict.items}
    )


def verdicts_of(evidence: QueueEvidence, now: datetime) -> tuple[QueueVerdict, ...]:
    """Return every verdict on one look at the queue, weightiest first."""
    return _verdicts(evidence, evidence.as_of(now))


def _verdicts(evidence: QueueEvidence, now: datetime, prefix: str = "") -> tuple[QueueVerdict, ...]:
    """Return the verdicts on one look; no more than warnings where the logs themselves may lack."""
    looks = [evidence.observed(now)]
    found = queue_verdicts(looks, now, prefix=prefix, opens_after=evidence.opens_after)
    return tuple(map(_unsure, found)) if evidence.rests_on_ended else found


def _unsure(verdict: QueueVerdict) -> QueueVerdict:
    if verdict.severity is not Severity.ERROR:
        return verdict
    return replace(verdict, severity=Severity.WARN, confidence=Confidence.LOW)


def _redis_failed(evidence: QueueEvidence) -> Finding | None:
    missing = evidence.reading
    if not isinstance(missing, Missing) or not configured(missing):
        return None
    reason = missing.reason.removesuffix(missing.hint).strip() if missing.hint else missing.reason
    return Finding(
        rule=QUEUE_UNREADABLE,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"The queue in Redis cannot be read: {sentence(reason)}",
        why="An unreadable queue is neither empty nor healthy; what follows is from the logs.",
        evidence=(EvidenceLine(QUEUE, None, missing.reason),),
        next=(*((missing.hint,) if missing.hint else ()), "batchbot doctor"),
    )


def _named(verdict: QueueVerdict, unreadable: Finding | None) -> str:
    """The verdict's rule; a healthy look in the logs does not vouch for a Redis that is down."""
    return unreadable.rule if unreadable and verdict.rule in ("ok", "warming") else verdict.rule


def _blind(evidence: QueueEvidence) -> bool:
    return isinstance(evidence.reading, Missing) and not evidence.loop_seen


def finding_of(verdict: QueueVerdict) -> Finding:
    """Return a verdict as a report's finding."""
    return Finding(
        rule=verdict.rule,
        severity=verdict.severity,
        confidence=verdict.confidence,
        what=verdict.what,
        why=verdict.why,
        evidence=verdict.evidence,
        next=verdict.next,
    )


def _timeline(timeline: QueueTimeline, evidence: QueueEvidence) -> tuple[TimelineEntry, ...]:
    lines = [
        TimelineEntry(
            event.at,
            event.service,
            LOGS,
            f"dispatched {bundle_size(event) or '?'} ({mode_of(event)})",
        )
        for event in evidence.dispatches[-SHOWN_DISPATCHES:]
    ]
    if timeline.snapshot:
        text = f"snapshot: size {timeline.snapshot.size}, queued {timeline.snapshot.queued}"
        lines.append(TimelineEntry(timeline.snapshot.at, "llm_provider_service", LOGS, text))
    return tuple(sorted(lines, key=lambda line: line.at or timeline.now))


def _redis_detail(answer: QueueReading | Missing) -> Text:
    if isinstance(answer, Missing):
        return answer.reason
    parts: list[Text] = [
        words("read", when(answer.at, " at "), f", {many(len(answer.items), 'item')}")
    ]
    parts += [f"{many(answer.unreadable, 'entry')} unreadable"] if answer.unreadable else []
    parts += ["more items than were read"] if answer.truncated else []
    if answer.replica_age is not None:
        parts.append(f"from a replica that heard its master {answer.replica_age} s ago")
    return joined("; ", parts)


def _headline(verdict: QueueVerdict, shown: str, left: Finding | None) -> Text:
    """Return the state of the queue in one breath; what left it is no state of what is in it."""
    if left and shown == left.rule:
        return f"LLM queue: {many(left.lost, 'item')} left it unanswered"
    if shown in ("ok", "warming"):
        told = str(verdict.what).removeprefix("The queue ")
        is_about_it = told != str(verdict.what)
        return f"LLM queue {told}" if is_about_it else words("LLM queue: ", verdict.what)
    item = verdict.item
    return queue_headline(shown, (item.cj_batch_id or item.bos_batch_id) if item else "")


def _title(timeline: QueueTimeline, rule: str) -> str:
    size = "?" if timeline.size is None else timeline.size
    return f"LLM queue: {rule.replace('-', ' ')}, {size} in it"


def _actions(verdict: QueueVerdict) -> tuple[str, ...]:
    item = verdict.item
    if item is None:
        return ()
    steps = [f"/trace {item.correlation_id or item.queue_id}"]
    return (*steps, f"/batch status {item.cj_batch_id}") if item.cj_batch_id else tuple(steps)
