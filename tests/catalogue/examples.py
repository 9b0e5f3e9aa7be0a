"""What the bot says of a case of each rule: the recorded night, else a simulated fault."""

import random
from collections.abc import AsyncIterator, Iterable
from datetime import UTC
from typing import Any
from uuid import UUID

from bot.demo.incident.rows import load
from bot.demo.incident.write_logs import LOGS, STRAY
from bot.diagnosis.batch import report as batch_report
from bot.diagnosis.batch.collect import collect as collect_batch
from bot.diagnosis.batch.evidence import BatchEvidence
from bot.diagnosis.batch.refused import refused_request
from bot.diagnosis.queue import evidence as queue_evidence
from bot.diagnosis.queue import report as queue_report
from bot.diagnosis.trace import report as trace_report
from bot.diagnosis.trace.collect import collect as collect_trace
from bot.domain.alert import Condition
from bot.domain.report import Finding, Severity
from bot.ports import Deadline, Sources
from bot.settings import HULEEDU_SERVICES
from bot.sources.cj.database import CjPostgres
from bot.sources.log_files import LogFiles
from bot.text.times import UtcTimes
from tests.catalogue.alerts import simulated_alerts
from tests.population.faulty import FAULTS
from tests.population.measure import judged
from tests.support.fakes.sources import CJ, FakeLogs, at, event

Told = Finding | Condition
NIGHT_END = at("2025-11-19T00:00:00")
TIMES = UtcTimes()
LOUDER = tuple(Severity)
REFUSED = "0c7c0a3e-0000-4000-8000-000000000001"


async def made(url: str) -> dict[str, dict[str, str]]:
    """Return the example of each rule; `url` is of an empty database for the night's rows."""
    found: dict[str, dict[str, str]] = {}
    async for case, told in _cases(url):
        for one in sorted(told, key=lambda one: one.severity.value == "info"):
            found.setdefault(one.rule, _example(case, one))
    return dict(sorted(found.items()))


async def _cases(url: str) -> AsyncIterator[tuple[str, Iterable[Told]]]:
    await load(url, "then")
    database = CjPostgres(url)
    try:
        async for case in _night(database):
            yield case
    finally:
        await database.close()
    yield "simulated", await _refusal()
    for rule in FAULTS:
        yield "simulated", await _simulated(rule)
    yield "simulated", await simulated_alerts()


async def _night(database: CjPostgres) -> AsyncIterator[tuple[str, Iterable[Told]]]:
    """Yield what is said of the incident's batches, callback and queue as of its midnight."""
    logs = LogFiles(LOGS / "console", HULEEDU_SERVICES, UTC)
    sources, deadline = Sources(database=database, logs=logs), Deadline.after(60)
    for number in (33, 34):
        rows = await collect_batch(sources, number, NIGHT_END, deadline=deadline)
        assert isinstance(rows, BatchEvidence)
        findings = batch_report.findings_of(rows, NIGHT_END)
        yield f"night of 2025-11-18, batch {number}", findings
    trail = await collect_trace(sources, UUID(STRAY), NIGHT_END, deadline=deadline)
    yield "night of 2025-11-18, a callback", trace_report.diagnose(trail, NIGHT_END).findings
    look = await queue_evidence.collect(sources, NIGHT_END, deadline=deadline)
    yield "night of 2025-11-18, the queue", queue_report.diagnose(look, NIGHT_END).findings


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
