"""Conditions of a CJ that takes no callbacks: silent, held up, beyond the topic's end; pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.detectors._batches import place_told, sole
from bot.detectors.callbacks._untaken import UntakenCallbacks
from bot.diagnosis.comparison.causes import (
    CONSUMER_HELD,
    CONSUMER_SILENT,
    CONSUMER_STEPS,
    HELD_STEPS,
)
from bot.domain.alert import Condition
from bot.domain.evidence import LOGS, TOPIC, EvidenceLine
from bot.domain.report import Confidence, Severity
from bot.domain.words import Command, Text, Time, words
from bot.text.wording import many

CONSUMER = "cj_assessment_service"


def silent_condition(
    untaken: UntakenCallbacks, batches: Sequence[str], now: datetime, *, few: bool, long: bool
) -> Condition:
    """Return that callbacks wait while CJ takes none; `few` prove little, unless for `long`."""
    count, since, taken = len(untaken.waiting), untaken.waiting[0].at, untaken.taken_at
    last = (
        words("took its last one at ", Time(taken)) if taken else words("took none that was seen")
    )
    condition = _condition(
        since,
        words(f"{count} published since ", Time(since), ", and it ", last),
        Confidence.LOW if few else Confidence.MEDIUM,
        f"few{' for long' if long else ''}" if few else "silent",
        (EvidenceLine(LOGS, since, f"{many(count, 'callback')} published, none taken since"),),
        Severity.WARN if few and not long else Severity.ERROR,
    )
    place = place_told(batches, "of")
    headline = f"CJ takes no callbacks{place}: answers are published, not read"
    found = replace(condition, headline=headline, batch=sole(batches))
    if untaken.is_mute(now) and untaken.silent_since is not None:
        return _mute(found, place, count, untaken.silent_since)
    return _held_up(found, place, since) if untaken.at_work else found


def _mute(found: Condition, place: str, count: int, logged_at: datetime) -> Condition:
    """Return it as that of a CJ which writes no line at all: that may be its log's own silence."""
    return replace(
        found,
        confidence=Confidence.LOW,
        title=words(
            "No line of CJ since ",
            Time(logged_at),
            f", and {many(count, 'callback')} published since ",
            Time(found.since),
            ": it is down, or its log does not arrive, low confidence. "
            "Next: look whether cj_assessment_service runs.",
        ),
        headline=f"CJ logs nothing while answers{place} come: it is down, or its log ended",
        known=f"mute{' for long' if found.known.endswith('for long') else ''}",
    )


def _held_up(found: Condition, place: str, since: datetime) -> Condition:
    """Return it as that of a consumer which runs, and waits for its database."""
    return replace(
        found,
        title=words(
            "CJ is not done with the callback that it took: others are published since ",
            Time(since),
            f", {found.confidence.value} confidence. Next: look at its database's sessions.",
        ),
        headline=f"CJ is held up{place} while it stores an answer: its database makes it wait",
        known="held",
        why=CONSUMER_HELD.why,
        next=(*HELD_STEPS, words(Command("/batch list"))),
    )


def beyond_condition(at: datetime) -> Condition:
    """Return that its consumer group waits for an offset that the topic does not have."""
    return _condition(
        at,
        "its consumer group waits for an offset that the callback topic does not have",
        Confidence.HIGH,
        "beyond the end",
        (EvidenceLine(TOPIC, at, "the group's offset lies beyond the topic's end"),),
    )


def _condition(
    since: datetime,
    what: Text,
    confidence: Confidence,
    known: str,
    evidence: Sequence[EvidenceLine],
    severity: Severity = Severity.ERROR,
) -> Condition:
    return Condition(
        subject=CONSUMER,
        rule=CONSUMER_SILENT.rule,
        severity=severity,
        confidence=confidence,
        title=words(
            "CJ takes no callbacks: ",
            what,
            f", {confidence.value} confidence. Next: look whether cj_assessment_service runs.",
        ),
        since=since,
        known=known,
        count=0,
        headline="CJ takes no callbacks: answers are published and not read",
        why=CONSUMER_SILENT.why,
        evidence=tuple(evidence),
        next=(*CONSUMER_STEPS, words(Command("/batch list"))),
    )
