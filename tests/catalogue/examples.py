"""What the bot says of a case of each rule.

Seen: rows and lines of services that ran, without any text of an essay. Simulated: a fault that was
made for the rule, where no run has a case of it.
"""

import random
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import Any

from bot.detectors.early.retries_rising import RetriesRising
from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.collect import collect as collect_batch
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.refused import refused_request
from bot.domain.report import Finding, Severity
from bot.ports import Deadline, Sources
from bot.settings import HULEEDU_SERVICES
from bot.sources.cj.database import CjPostgres
from bot.sources.log_files import LogFiles
from bot.text.times import UtcTimes
from tests.catalogue.alerts import alerts_of, simulated_alerts
from tests.catalogue.day import Told, put_rows, seen_on_a_day
from tests.catalogue.runs import seen_by_the_bot, seen_of_runners
from tests.population.faulty import FAULTS
from tests.population.measure import judged
from tests.support.fakes.sources import CJ, FakeLogs, at, event
from tests.support.paths import ROOT

MORNING, SIMULATED = "seen on 2026-02-10", "simulated"
RAN = ROOT / "tests" / "fixtures" / "morning"
# When each of its batches is asked about: 9 after the provider was started again.
ASKED = {6: at("2026-02-10T09:40:00"), 9: at("2026-02-10T13:40:00")}


class Days(UtcTimes):
    """Tells a moment's day alone: an example's time of day means nothing where it is read."""

    def at(self, moment: datetime | None, unknown: str = "") -> str:
        """Return the day, or `unknown` where there is none."""
        return unknown if moment is None else f"{moment:%Y-%m-%d}"


TIMES = Days()
LOUDER = tuple(Severity)
REFUSED = "0c7c0a3e-0000-4000-8000-000000000001"


async def made(url: str) -> dict[str, dict[str, str]]:
    """Return the example of each rule; `url` is of a database whose rows are replaced."""
    found: dict[str, dict[str, str]] = {}
    async for case, told in _cases(url):
        for one in sorted(told, key=lambda one: one.severity.value == "info"):
            found.setdefault(one.rule, _example(case, one))
    return dict(sorted(found.items()))


async def _cases(url: str) -> AsyncIterator[tuple[str, Iterable[Told]]]:
    # What was seen goes first, then what was made for a rule.
    async for case in _morning(url):
        yield case
    async for case in seen_on_a_day(url):
        yield case
    async for case in seen_of_runners():
        yield case
    for case in seen_by_the_bot():
        yield case
    yield SIMULATED, await _refusal()
    for rule in FAULTS:
        yield SIMULATED, await _simulated(rule)
    yield SIMULATED, await simulated_alerts()


async def _morning(url: str) -> AsyncIterator[tuple[str, Iterable[Told]]]:
    """Yield what is said of batches of services that ran, and what their lines alert on."""
    await put_rows(url, [RAN / "rows.json"])
    database = CjPostgres(url)
    sources = Sources(database=database, logs=LogFiles(RAN / "logs", HULEEDU_SERVICES, UTC))
    try:
        for number, moment in ASKED.items():
            rows = await collect_batch(sources, number, moment, deadline=Deadline.after(60))
            assert isinstance(rows, BatchEvidence)
            yield f"{MORNING}, batch {number}", batch_report.findings_of(rows, moment)
    finally:
        await database.close()
    # Its lines are those of these batches alone, so that most of what it does is not in them.
    told = alerts_of(RAN / "logs", RetriesRising.name)
    yield f"{MORNING}, the provider's log", told


async def _simulated(rule: str) -> list[Told]:
    """Return the rule's own finding of its first variant that is as loud as it shall be."""
    make, severity = FAULTS[rule]
    for variant in range(8):
        findings = await judged(*make(random.Random(variant), variant))
        for one in findings:
            if one.rule == rule and LOUDER.index(one.severity) >= LOUDER.index(severity):
                return [one]
    return []


async def _refusal() -> tuple[Finding, ...]:
    lines = (
        event("2025-11-18T23:10:00", f"Processing request {REFUSED}", CJ, correlation_id="c-1"),
        event("2025-11-18T23:10:01", "CJ assessment workflow failed: Unknown assignment_id", CJ,
              level="error", correlation_id="c-1"),
    )  # fmt: skip
    sources = Sources(logs=FakeLogs(lines))
    report = await refused_request(sources, REFUSED, "batch", deadline=Deadline.after(5))
    assert report is not None
    return report.findings


def _example(case: str, one: Told) -> dict[str, str]:
    what: Any = one.what if isinstance(one, Finding) else one.headline
    return {
        "case": case,
        "severity": one.severity.value,
        "what": TIMES.text(what),
        "why": TIMES.text(one.why),
        "next": TIMES.text(one.next[0]) if one.next else "",
    }
