"""`/runner list`: which ENG5 runners exist, how far they are, and what they wait for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.diagnosis.comparison.log_events import line_text
from bot.diagnosis.evidence import log_coverage, system_state
from bot.diagnosis.evidence.read import read, reading
from bot.diagnosis.evidence.system_state import ProviderState
from bot.diagnosis.runner.log_events import ObservedRunner, observed
from bot.diagnosis.runner.rules import findings_of
from bot.domain.evidence import HEALTH, LOGS, RUNNERS, Missing
from bot.domain.log import LogQuery, LogSearch, Role
from bot.domain.report import Report, Table
from bot.domain.runner import Runner, RunnerListing
from bot.domain.service_state import ServiceHealth
from bot.domain.words import Span, joined, words
from bot.ports import Deadline, Sources
from bot.text.wording import sentence

LINES_EACH = 200


@dataclass(frozen=True, slots=True)
class RunnerEvidence:
    """The runners that exist, and the newest lines of the runners' logs."""

    listing: RunnerListing | Missing
    logs: LogSearch | Missing
    health: tuple[ServiceHealth, ...] | Missing = system_state.NO_HEALTH

    @property
    def provider(self) -> ProviderState:
        """How the LLM provider answers, which is what most runners wait for."""
        return system_state.provider_state(self.health)


async def collect(sources: Sources, now: datetime, *, deadline: Deadline) -> RunnerEvidence:
    """Look for runners, and read the end of their logs."""
    query = LogQuery(
        roles=(Role.RUNNER,),
        since=now - timedelta(hours=24),
        until=now,
        max_events=LINES_EACH,
    )
    listing, logs, health = await asyncio.gather(
        read(RUNNERS, sources.runners, lambda source: source.list(), deadline.next_timeout()),
        read(LOGS, sources.logs, lambda source: source.search(query), deadline.next_timeout()),
        system_state.health(sources, deadline),
    )
    return RunnerEvidence(listing, logs, health)


def diagnose(evidence: RunnerEvidence, now: datetime) -> Report:
    """Say what each runner does and waits for; pure."""
    listing = evidence.listing if isinstance(evidence.listing, RunnerListing) else RunnerListing()
    events = evidence.logs.events if isinstance(evidence.logs, LogSearch) else ()
    seen = [observed(runner, events) for runner in listing.runners]
    findings = tuple(f for one in seen for f in findings_of(one, now))
    blind = isinstance(evidence.listing, Missing) or bool(listing.unreadable)
    why_not = _why_not(evidence.listing) if blind else ""
    return Report(
        command="runner",
        title=_title(evidence.listing, seen),
        facts={"runners": [_fact(one, now) for one in seen], **evidence.provider.facts()},
        findings=findings,
        sources=(
            reading(RUNNERS, evidence.listing, _detail(listing)),
            log_coverage.reading(evidence.logs),
            reading(HEALTH, evidence.health, system_state.health_words(evidence.health)),
        ),
        unreadable_need=blind or log_coverage.has_gap(evidence.logs),
        summary=joined(
            " ", filter(None, (_summary(seen, listing, why_not), evidence.provider.words))
        ),
        tables=_tables(seen, now),
        actions=("/queue",),
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


def _fact(seen: ObservedRunner, now: datetime) -> dict[str, Any]:
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


def _mode(runner: Runner) -> str:
    """What it does, and how it asks for its comparisons where its command line says so."""
    told = (runner.options.get(name) for name in ("mode", "llm-batching-mode"))
    # A join would see a value of outside text as it is.
    return ", ".join(str(word) for word in told if word) or "?"


def _age(runner: Runner, now: datetime) -> float | None:
    return max(0.0, (now - runner.started_at).total_seconds()) if runner.started_at else None


def _title(listing: RunnerListing | Missing, seen: Sequence[ObservedRunner]) -> str:
    if isinstance(listing, Missing):
        return "Runners cannot be looked for"
    running = sum(one.runner.running for one in seen)
    return f"{running} running, {len(seen) - running} ended" if seen else "No runner exists"


def _why_not(listing: RunnerListing | Missing) -> str:
    """Return why it is not known which runners there are."""
    if isinstance(listing, Missing):
        return f"Runners are looked for nowhere: {sentence(listing.reason)}"
    return "; ".join(f"{where}: {reason}" for where, reason in listing.unreadable)


def _summary(seen: Sequence[ObservedRunner], listing: RunnerListing, why_not: str) -> str:
    if why_not and not seen:
        return f"Whether runners exist cannot be told. {why_not}".strip()
    told = [f"{one.runner.short_id} waits for {one.waits_for}" for one in seen[:3]]
    looked = " and ".join(listing.looked_at) or "containers and processes"
    return "; ".join(told) + "." if told else f"No runner was found among {looked}."


def _detail(listing: RunnerListing) -> str:
    looked = f" among {' and '.join(listing.looked_at)}" if listing.looked_at else ""
    parts = [f"{len(listing.runners)} found{looked}"]
    return "; ".join(parts + [f"{where}: {reason}" for where, reason in listing.unreadable])


def _tables(seen: Sequence[ObservedRunner], now: datetime) -> tuple[Table, ...]:
    if not seen:
        return ()
    rows = tuple(
        (
            one.runner.short_id,
            one.label or one.runner.name,
            _mode(one.runner),
            words(Span(timedelta(seconds=age)))
            if (age := _age(one.runner, now)) is not None
            else "?",
            one.waits_for,
            line_text(one.last) if one.last else "",
        )
        for one in seen
    )
    return (Table(("id", "label", "mode", "age", "waits for", "last line"), rows),)
