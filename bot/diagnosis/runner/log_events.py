"""A runner with its own log lines: what it does and what it waits for; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.log import LogEvent
from bot.domain.runner import Runner, RunnerKind

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
ANSWER = "llm_comparison_hydrated"
WAITING = ("collector_started", ANSWER)
# Today's runner starts its collector first and publishes then: it waits on from there.
PUBLISHING = ("kafka_publish_success", "runner_kafka_publish_completed")


@dataclass(frozen=True, slots=True)
class ObservedRunner:
    """A runner with its own log lines; `phase` is the event that says what it does."""

    runner: Runner
    events: tuple[LogEvent, ...]
    phase: str = ""

    @property
    def last(self) -> LogEvent | None:
        """The newest line."""
        return self.events[-1] if self.events else None

    @property
    def waits_for(self) -> str:
        """What it waits for, in words; unknown where no line says so."""
        if not self.runner.running:
            return "nothing: it has ended"
        return dict(PHASES).get(self.phase, "unknown: no line tells")

    @property
    def label(self) -> str:
        """The run label it was started with."""
        return self.runner.options.get("batch-id", "")


def observed(runner: Runner, events: Sequence[LogEvent]) -> ObservedRunner:
    """Return a runner with its own lines among the events, and its phase."""
    mine = tuple(event for event in events if _is_of(event, runner))
    return ObservedRunner(runner, mine, _phase([event.event.strip() for event in mine]))


def _phase(lines: Sequence[str]) -> str:
    known = [line for line in lines if line in dict(PHASES)]
    said = [line for line in known if line not in PUBLISHING]
    collects = said and said[-1] in WAITING
    return (said if collects else known)[-1] if known else ""


def _is_of(event: LogEvent, runner: Runner) -> bool:
    """A container's lines bear its name; a process is known by its label in a log file's name."""
    if runner.started_at and event.at and event.at < runner.started_at - timedelta(seconds=5):
        return False
    if runner.kind is RunnerKind.CONTAINER:
        return event.container == runner.name
    label = runner.options.get("batch-id", "")
    return label != "" and (label in event.container or event.fields.get("batch_id") == label)
