"""What a runner's own lines tell: what it does, waits for, and why it cannot go on; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bot.diagnosis.comparison.log_events import line_text
from bot.domain.evidence import LOGS, EvidenceLine
from bot.domain.log import LogEvent
from bot.domain.report import Confidence, Finding, Severity
from bot.domain.runner import Runner, RunnerKind
from bot.text.times import spoken

SILENT_AFTER = timedelta(minutes=10)
# As for a hung worker: silence is unusual when it is longer than three times the pace so far.
PACE = 3
DEFAULT_COMPLETION_TIMEOUT = timedelta(seconds=1_800)
# What the newest of these lines says about what a runner does now; the newest wins.
PHASES: tuple[tuple[str, str], ...] = (
    ("runner_execution_complete", "nothing: it is done"),
    ("collector_timeout", "nothing: it timed out with partial data"),
    ("runner_publish_failed", "nothing: it broke off"),
    ("collector_error", "nothing: it broke off"),
    ("collector_stopped", "its last steps"),
    ("llm_comparison_hydrated", "more comparison callbacks and the completion event"),
    ("collector_started", "comparison callbacks and the completion event"),
    ("runner_kafka_publish_completed", "its collector"),
    ("kafka_publish_success", "its collector"),
    ("runner_invocation", "its own preparation"),
)
# What a runner writes when it starts: which batch's run the lines after it belong to.
RUN_TEXTS = ("Canonical batch UUID", "kafka_publish_success")
WAITING = ("collector_started", "llm_comparison_hydrated")


@dataclass(frozen=True, slots=True)
class Seen:
    """A runner with what its own log lines tell; `phase` is the event that says what it does."""

    runner: Runner
    events: tuple[LogEvent, ...]
    phase: str = ""

    @property
    def last(self) -> LogEvent | None:
        """The newest line."""
        return self.events[-1] if self.events else None

    @property
    def waits_for(self) -> str:
        """What it waits for, in words; unknown where no line tells."""
        if not self.runner.running:
            return "nothing: it has ended"
        return dict(PHASES).get(self.phase, "unknown: no line tells")

    @property
    def label(self) -> str:
        """The run label it was started with."""
        return self.runner.options.get("batch-id", "")


def seen_of(runner: Runner, events: Sequence[LogEvent]) -> Seen:
    """Return a runner with its own lines among the events, and its phase."""
    mine = tuple(event for event in events if _is_of(event, runner))
    names = dict(PHASES)
    phase = next((e.event.strip() for e in reversed(mine) if e.event.strip() in names), "")
    return Seen(runner, mine, phase)


def _is_of(event: LogEvent, runner: Runner) -> bool:
    """A container's lines bear its name; a process is known by its label in a log file's name."""
    if runner.started_at and event.at and event.at < runner.started_at - timedelta(seconds=5):
        return False
    if runner.kind is RunnerKind.CONTAINER:
        return event.container == runner.name
    label = runner.options.get("batch-id", "")
    return label != "" and (label in event.container or event.fields.get("batch_id") == label)


def runner_findings(seen: Seen, now: datetime) -> tuple[Finding, ...]:
    """Return what is wrong with one runner."""
    found = (schema_missing(seen), waiting(seen, now))
    return tuple(finding for finding in found if finding is not None)


def schema_missing(seen: Seen) -> Finding | None:
    """The runner cannot find its schema file and never reaches a service."""
    bad = [
        event
        for event in _this_run(seen.events)
        if "schema" in event.text.casefold() and "FileNotFoundError" in event.text
    ]
    if not bad:
        return None
    return Finding(
        rule="runner-schema-missing",
        severity=Severity.WARN,
        confidence=Confidence.HIGH,
        what=f"Runner {seen.runner.id} does not find its schema file.",
        why="The schemas were moved from Documentation/ to docs/ (2025-11-18): a checkout or a "
        "mount from before does not hold them. No service was reached.",
        evidence=(_line(bad[-1]),),
        next=("Look that docs/reference/schemas/eng5_np is there, and mounted in its container.",),
    )


def waiting(seen: Seen, now: datetime) -> Finding | None:
    """The runner waits for results and nothing has come for longer than is usual."""
    last = seen.last
    if not seen.runner.running or seen.phase not in WAITING or last is None or last.at is None:
        return None
    silent, legal = now - last.at, _completion_timeout(seen)
    if silent < min(legal, max(SILENT_AFTER, PACE * _longest_pause(seen))):
        return None
    label = f" ({seen.label})" if seen.label else ""
    return Finding(
        rule="runner-waiting",
        severity=Severity.WARN,
        confidence=Confidence.HIGH if silent > legal else Confidence.MEDIUM,
        what=f"Runner {seen.runner.id}{label} waits for {seen.waits_for}; nothing came for "
        f"{spoken(silent)}.",
        why=f"It gives up by itself after {spoken(legal)}. What it waits for comes from CJ and the "
        "LLM provider, so the cause is there.",
        evidence=(_line(last),),
        next=("/queue", f"/batch status {seen.label}" if seen.label else "/batch list"),
    )


def _this_run(events: Sequence[LogEvent]) -> Sequence[LogEvent]:
    """The lines since the runner was last started: a log file may hold earlier runs."""
    starts = [n for n, event in enumerate(events) if event.event.strip() == "runner_invocation"]
    return events[starts[-1] :] if starts else events


def _longest_pause(seen: Seen) -> timedelta:
    """The longest pause between its answers so far: bundles bring them in bursts."""
    times = [e.at for e in _this_run(seen.events) if e.at and e.event.strip() in WAITING]
    return max((later - earlier for earlier, later in pairwise(times)), default=timedelta(0))


def _completion_timeout(seen: Seen) -> timedelta:
    text = seen.runner.options.get("completion-timeout", "")
    try:
        return timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        return DEFAULT_COMPLETION_TIMEOUT


def _line(event: LogEvent) -> EvidenceLine:
    return EvidenceLine(f"{LOGS} {event.container}", event.at, line_text(event))
