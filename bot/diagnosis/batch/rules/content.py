"""Rules on essays that could not take part."""

import re
from collections import Counter
from datetime import datetime

from bot.diagnosis.batch.evidence import BatchEvidence, log_line
from bot.domain.batch.header import missing_essays
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Finding, Severity
from bot.text.wording import many, part_of

NOT_PREPARED = "Failed to prepare essay"
_STATUS = re.compile(r"HTTP (\d{3})")
MOST = 0.8


def content_missing(evidence: BatchEvidence, now: datetime) -> Finding | None:
    """Essays were left out because their text could not be fetched."""
    missing = essays_left_out(evidence)
    if not missing:
        return None
    expected = evidence.header.expected_essay_count or 0
    lines = [event for event in evidence.events if NOT_PREPARED in event.event]
    left_out = part_of(missing, expected, "essay", ("was", "were"))
    few = expected - missing < max(2, MOST * expected)
    return Finding(
        rule="content-missing",
        severity=Severity.ERROR if few else Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"{left_out} never compared: {'its' if missing == 1 else 'their'} content is missing",
        why=_why(lines),
        evidence=(
            evidence.line(
                f"{many(expected, 'essay')} expected, {evidence.rows.scores.essays} take part"
            ),
            *(log_line(event) for event in lines[:3]),
        ),
        next=(
            "Mend the content service, then run the batch again with all its essays.",
            "/logs cj_assessment_service prepare essay",
        ),
    )


def essays_left_out(evidence: BatchEvidence) -> int:
    """Return how many essays were expected and take no part."""
    return missing_essays(evidence.header, evidence.pairs.total, evidence.rows.scores.essays)


def _why(lines: list[LogEvent]) -> str:
    answers = Counter(found[1] for one in lines if (found := _STATUS.search(one.event)))
    if answers:
        status, _ = answers.most_common(1)[0]
        return f"The content service answered HTTP {status}; CJ leaves out what it cannot fetch."
    return "CJ leaves out an essay whose text it cannot fetch; no line that was read says why."
