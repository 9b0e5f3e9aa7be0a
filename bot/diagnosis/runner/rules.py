"""What can be wrong with one runner, by its own log lines; one pure function a rule."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bot.diagnosis.comparison.log_events import line_text
from bot.diagnosis.runner.log_events import ANSWER, WAITING, ObservedRunner
from bot.domain.evidence import LOGS, EvidenceLine
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.words import Span, words

SCHEMA_MISSING, RUNNER_WAITING = "runner-schema-missing", "runner-waiting"
SILENT_AFTER = timedelta(minutes=10)
# As for a hung worker: silence is unusual when it is longer than three times the pace so far.
PACE = 3
DEFAULT_COMPLETION_TIMEOUT = timedelta(seconds=1_800)
NO_ANSWER = "no line of an answer since"


def schema_missing(seen: ObservedRunner, now: datetime) -> Finding | None:
    """The runner cannot find its schema file and never reaches a service."""
    bad = [
        event
        for event in _this_run(seen.events)
        if "schema" in event.text.casefold() and "FileNotFoundError" in event.text
    ]
    if not bad:
        return None
    return Finding(
        rule=SCHEMA_MISSING,
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"Runner {seen.runner.short_id} does not find its schema file.",
        why="The schemas moved from Documentation/ to docs/: an older checkout lacks them. No "
        "service was reached.",
        evidence=(_line(bad[-1]),),
        next=("Look that docs/reference/schemas/eng5_np is there, and mounted in its container.",),
    )


def waiting(seen: ObservedRunner, now: datetime) -> Finding | None:
    """The runner waits for results and nothing has come for longer than is usual."""
    last = seen.last
    if not seen.runner.running or seen.phase not in WAITING or last is None or last.at is None:
        return None
    silent, legal = now - last.at, _completion_timeout(seen)
    if silent < min(legal, max(SILENT_AFTER, PACE * _longest_pause(seen))):
        return None
    label = f" ({seen.label})" if seen.label else ""
    return Finding(
        rule=RUNNER_WAITING,
        severity=Severity.WARN,
        confidence=Confidence.HIGH if silent > legal else Confidence.MEDIUM,
        what=words(
            f"Runner {seen.runner.short_id}{label} has waited in vain for ",
            Span(silent),
            ".",
        ),
        why=words(
            f"It waits for {seen.waits_for}, and gives up after ",
            Span(legal),
            ". The cause lies with these.",
        ),
        evidence=(_line(last), EvidenceLine(LOGS, None, NO_ANSWER, lacks=ANSWER)),
        next=("/queue", f"/batch status {seen.label}" if seen.label else "/batch list"),
    )


RULES = (schema_missing, waiting)


def findings_of(seen: ObservedRunner, now: datetime) -> tuple[Finding, ...]:
    """Return what every rule finds about one runner."""
    return tuple(finding for rule in RULES if (finding := rule(seen, now)) is not None)


def _this_run(events: Sequence[LogEvent]) -> Sequence[LogEvent]:
    """The lines since the runner was last started: a log file may hold earlier runs."""
    starts = [n for n, event in enumerate(events) if event.event.strip() == "runner_invocation"]
    return events[starts[-1] :] if starts else events


def _longest_pause(seen: ObservedRunner) -> timedelta:
    """The longest pause between its answers so far: bundles bring them in bursts."""
    times = [e.at for e in _this_run(seen.events) if e.at and e.event.strip() in WAITING]
    return max((later - earlier for earlier, later in pairwise(times)), default=timedelta(0))


def _completion_timeout(seen: ObservedRunner) -> timedelta:
    text = seen.runner.options.get("completion-timeout", "")
    try:
        return timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        return DEFAULT_COMPLETION_TIMEOUT


def _line(event: LogEvent) -> EvidenceLine:
    return EvidenceLine(f"{LOGS} {event.container}", event.at, line_text(event))
