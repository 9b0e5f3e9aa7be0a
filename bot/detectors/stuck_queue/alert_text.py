"""Words a stuck queue's alert: what, since when, how sure, from which sources, what to do; pure."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.diagnosis.queue.timeline import LEAKED, ORPHANED
from bot.diagnosis.queue.verdict import Observation, QueueVerdict
from bot.diagnosis.queue.wording import queue_headline
from bot.domain.alert import UNREADABLE_SUBJECT, Condition
from bot.domain.chart import Chart
from bot.domain.queue import QueueItem
from bot.domain.report import Confidence, Severity
from bot.domain.words import Part, Span, Text, Words, parts_of, when, words
from bot.text.wording import as_step

QUEUE = "llm_provider"

_LENGTH = re.compile(r" for an unknown time\b| from \d+ to \d+\b")
_BEFORE_A_SPAN = re.compile(r" (?:for|in) $")


def sources_in_words(looks: Sequence[Observation]) -> str:
    """Return in words what the queue was judged from."""
    redis = any(look.reading is not None for look in looks)
    logs = looks[-1].logs_readable and any(look.snapshots or look.signs for look in looks)
    if redis:
        return "Redis and logs" if logs else "Redis alone"
    return "logs alone"


def stuck_condition(
    verdict: QueueVerdict, now: datetime, seen_in: str, chart: Chart | None = None
) -> Condition:
    """Return the alert of a verdict that was reached from `seen_in`."""
    item = verdict.item
    since = verdict.since or now
    step = verdict.next[0] if verdict.next else "/queue"
    answered = verdict.count if verdict.rule == LEAKED else 0
    which = item.queue_id if item and not answered else verdict.count or ""
    return Condition(
        subject=QUEUE,
        rule=verdict.rule,
        severity=verdict.severity,
        confidence=verdict.confidence,
        title=words(
            f"LLM queue {'not stuck' if answered else 'stuck'} ({verdict.rule})",
            when(since, " since "),
            f", {verdict.confidence.value} confidence from {seen_in}: ",
            _without_durations(verdict.what),
            " Next: ",
            as_step(step),
        ),
        since=since,
        count=0,
        known=f"{verdict.confidence.value} {which}".strip(),
        headline=queue_headline(verdict.rule, _batch(item), answered),
        why=verdict.why,
        evidence=verdict.evidence,
        next=verdict.next,
        batch=_batch(item) if not answered else "",
        correlation_id=item.correlation_id if item else "",
        chart=chart,
        requeue=item.queue_id if item and verdict.rule == ORPHANED else "",
    )


def unreadable_condition(verdict: QueueVerdict, now: datetime) -> Condition:
    """Return the condition of a queue that cannot be read."""
    since = verdict.since or now
    return Condition(
        subject=UNREADABLE_SUBJECT,
        rule=verdict.rule,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        title=words(
            "LLM queue cannot be read",
            when(since, " since "),
            " (",
            verdict.what,
            ") Run `batchbot doctor`; its alerts neither open nor resolve meanwhile.",
        ),
        since=since,
        count=0,
        known=verdict.rule,
        headline="LLM queue cannot be read: its alerts neither open nor resolve",
        why=verdict.why,
        evidence=verdict.evidence,
        next=verdict.next,
    )


def _without_durations(what: Text) -> Words:
    """Leave out durations: the title gives the start, and a longer wait is no news."""
    found: list[Part] = []
    for part in parts_of(what):
        if isinstance(part, Span):
            before = found.pop() if found else ""
            part = _BEFORE_A_SPAN.sub("", before) if isinstance(before, str) else before
        found.append(_LENGTH.sub("", part) if isinstance(part, str) else part)
    return words(*found)


def _batch(item: QueueItem | None) -> str:
    return (item.cj_batch_id or item.bos_batch_id) if item else ""
