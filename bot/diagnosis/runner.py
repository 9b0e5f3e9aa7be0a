"""`/runner list`: which ENG5 runners exist, how far they are, and what they wait for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.diagnosis import coverage
from bot.diagnosis.attempt import read, reading
from bot.diagnosis.comparison import LOGS
from bot.diagnosis.span import spoken
from bot.diagnosis.trail import line_text
from bot.domain.evidence import EvidenceLine, Missing
from bot.domain.log import LogEvent, LogQuery, LogSearch, Role
from bot.domain.report import Confidence, Finding, Report, Severity, Table
from bot.domain.runner import Runner, RunnerKind, RunnerListing
from bot.ports import Sources

RUNNERS = "runners"
LINES_EACH = 200
SILENT_AFTER = timedelta(minutes=10)
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
WAITING = ("collector_started", "llm_comparison_hydrated")


@dataclass(frozen=True, slots=True)
class RunnerEvidence:
    """The runners that exist, and the newest lines of the runners' logs."""

    listing: RunnerListing | Missing
    logs: LogSearch | Missing


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


async def collect(sources: Sources, now: datetime, *, timeout: float) -> RunnerEvidence:
    """Look for runners, and read the end of their logs."""
    query = LogQuery(
        roles=(Role.RUNNER,),
        since=now - timedelta(hours=24),
        until=now,
        max_events=LINES_EACH,
    )
    listing, logs = await asyncio.gather(
        read(RUNNERS, sources.runners, lambda source: source.list(), timeout),
        read(LOGS, sources.logs, lambda source: source.search(query), timeout),
    )
    return RunnerEvidence(listing, logs)


def diagnose(evidence: RunnerEvidence, now: datetime) -> Report:
    """Say what each runner does and waits for; pure."""
    listing = evidence.listing if isinstance(evidence.listing, RunnerListing) else RunnerListing()
    events = evidence.logs.events if isinstance(evidence.logs, LogSearch) else ()
    seen = [_seen(runner, events) for runner in listing.runners]
    findings = tuple(f for one in seen for f in _findings(one, now))
    blind = isinstance(evidence.listing, Missing) or bool(listing.unreadable)
    return Report(
        command="runner",
        title=_title(evidence.listing, seen),
        facts={"runners": [_fact(one, now) for one in seen]},
        findings=findings,
        sources=(
            reading(RUNNERS, evidence.listing, _detail(listing)),
            reading(LOGS, evidence.logs, coverage.detail(evidence.logs)),
        ),
        unreadable_need=blind,
        summary=_summary(seen, listing, blind=blind),
        tables=_tables(seen, now),
        actions=("/runner list",),
    )


def matching(listing: RunnerListing, word: str) -> tuple[Runner, ...]:
    """Return the runners that a word means: an id, the beginning of one, a name or a label."""
    fold = word.casefold()
    exact = tuple(
        one for one in listing.runners if fold in (one.id.casefold(), one.name.casefold())
    )
    if exact and len(exact) == 1:
        return exact
    return tuple(
        one
        for one in listing.runners
        if (len(fold) >= 4 and one.id.casefold().startswith(fold))
        or word == one.options.get("batch-id")
        or one in exact
    )


def _seen(runner: Runner, events: Sequence[LogEvent]) -> Seen:
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


def _findings(seen: Seen, now: datetime) -> tuple[Finding, ...]:
    found = (_schema_missing(seen), _waiting(seen, now))
    return tuple(finding for finding in found if finding is not None)


def _schema_missing(seen: Seen) -> Finding | None:
    """The runner cannot find its schema file and never reaches a service."""
    bad = [
        event
        for event in seen.events
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


def _waiting(seen: Seen, now: datetime) -> Finding | None:
    """The runner waits for results and nothing has come for longer than is usual."""
    last = seen.last
    if not seen.runner.running or seen.phase not in WAITING or last is None or last.at is None:
        return None
    silent, legal = now - last.at, _completion_timeout(seen)
    if silent < SILENT_AFTER:
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


def _completion_timeout(seen: Seen) -> timedelta:
    text = seen.runner.options.get("completion-timeout", "")
    try:
        return timedelta(seconds=float(text))
    except (ValueError, OverflowError):
        return DEFAULT_COMPLETION_TIMEOUT


def _line(event: LogEvent) -> EvidenceLine:
    return EvidenceLine(f"{LOGS} {event.container}", event.at, line_text(event))


def _fact(seen: Seen, now: datetime) -> dict[str, Any]:
    runner, last = seen.runner, seen.last
    return {
        "id": runner.id,
        "kind": runner.kind,
        "name": runner.name,
        "running": runner.running,
        "mode": runner.options.get("mode"),
        "label": seen.label or None,
        "batching_mode": runner.options.get("llm-batching-mode"),
        "age_seconds": _age(runner, now),
        "waits_for": seen.waits_for,
        "last_line_at": last.at if last else None,
        "last_line": line_text(last) if last else None,
    }


def _age(runner: Runner, now: datetime) -> float | None:
    return max(0.0, (now - runner.started_at).total_seconds()) if runner.started_at else None


def _title(listing: RunnerListing | Missing, seen: Sequence[Seen]) -> str:
    if isinstance(listing, Missing):
        return "Runners cannot be looked for"
    running = sum(one.runner.running for one in seen)
    return f"{running} running, {len(seen) - running} ended" if seen else "No runner exists"


def _summary(seen: Sequence[Seen], listing: RunnerListing, *, blind: bool) -> str:
    if blind and not seen:
        reasons = "; ".join(f"{where}: {reason}" for where, reason in listing.unreadable)
        return f"Whether runners exist cannot be told. {reasons}".strip()
    words = [f"{one.runner.id} waits for {one.waits_for}" for one in seen[:3]]
    looked = " and ".join(listing.looked_at) or "containers and processes"
    return "; ".join(words) + "." if words else f"No runner was found among {looked}."


def _detail(listing: RunnerListing) -> str:
    looked = f" among {' and '.join(listing.looked_at)}" if listing.looked_at else ""
    parts = [f"{len(listing.runners)} found{looked}"]
    return "; ".join(parts + [f"{where}: {reason}" for where, reason in listing.unreadable])


def _tables(seen: Sequence[Seen], now: datetime) -> tuple[Table, ...]:
    if not seen:
        return ()
    rows = tuple(
        (
            one.runner.id,
            one.label or one.runner.name,
            one.runner.options.get("mode", "?"),
            spoken(timedelta(seconds=age)) if (age := _age(one.runner, now)) is not None else "?",
            one.waits_for,
            line_text(one.last) if one.last else "",
        )
        for one in seen
    )
    return (Table(("id", "label", "mode", "age", "waits for", "last line"), rows),)
