"""A log that stops while the other service's goes on was not read: nothing rests on its silence."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bot.diagnosis.evidence.freshness import heard
from bot.diagnosis.evidence.log_coverage import covers, has_gap, has_hole, reading
from bot.diagnosis.evidence.silent_logs import with_silent
from bot.diagnosis.queue.evidence import collect
from bot.diagnosis.queue.report import diagnose
from bot.diagnosis.trace import collect as trace_collect
from bot.diagnosis.trace import report as trace_report
from bot.domain.evidence import DATABASE, Missing, SourceState
from bot.domain.followed import ENDED_AFTER, NOT_KEPT
from bot.domain.log import EXCERPT, LogCoverage, LogQuery, LogSearch, Role
from bot.domain.queue import QueueReading
from bot.domain.report import Report, Severity, Verdict
from bot.ports import Deadline, Sources
from bot.sources.log_files import LogFiles
from tests.support.fakes.sources import SERVICES, FakeLogs, FakeQueue

CJ, LLM = SERVICES[0].name, "llm_provider_service"
START = datetime(2026, 5, 12, 8, 0, tzinfo=UTC)
ENDED, NOW = START + timedelta(minutes=20), START + timedelta(minutes=40)
QUEUE_ID, REQUEST = "0b1f7e52-3c66-4f2b-9f63-4c1d1a5f0e01", "7d2d6a10-58f1-4b5e-8a51-b8f6c0d9aa02"
QUEUED = f"Queued request {QUEUE_ID} with priority 5, TTL 14400s, correlation_id: {REQUEST}"
DISPATCH = "serial_bundle_dispatch"


def line(at: datetime, text: str, service: str) -> str:
    extra = " extra={'bundle_size': 3, 'queue_processing_mode': 'serial_bundle'}"
    told = extra if text == DISPATCH else ""
    return f"{at:%Y-%m-%d %H:%M:%S} [info     ] {text} [{service}.queue]{told}\n"


@dataclass(frozen=True)
class Logs:
    """A folder of both services' logs: CJ's to NOW, the provider's to ENDED."""

    folder: Path

    def write(self, *of_provider: tuple[datetime, str], cj_until: datetime = NOW) -> Sources:
        minutes = int((cj_until - START).total_seconds()) // 60
        every = [START + timedelta(minutes=one) for one in range(minutes + 1)]
        (self.folder / f"huleedu_{CJ}.log").write_text(
            "".join(line(at, "No unpublished events", CJ) for at in every)
        )
        told = of_provider or ((START, "Queue processor stats"), (ENDED, "Queue processor stats"))
        (self.folder / f"huleedu_{LLM}.log").write_text(
            "".join(line(at, text, LLM) for at, text in told)
        )
        return Sources(logs=LogFiles(self.folder, SERVICES, UTC))


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path)


async def queue(sources: Sources) -> Report:
    return diagnose(await collect(sources, NOW, deadline=Deadline.after(20)), NOW)


async def test_the_queue_is_not_known_where_the_provider_s_log_alone_ended(logs: Logs) -> None:
    report = await queue(logs.write())
    assert report.verdict is Verdict.UNKNOWN
    assert "The logs end 20 min ago" in str(report.first_line)
    (source,) = (one for one in report.sources if one.name == "logs")
    assert source.state is SourceState.MISSING
    assert f"huleedu_{LLM}: no line since 2026-05-12T08:20:00" in str(source.detail)


async def test_a_worker_that_hangs_writes_nothing_so_that_it_is_a_warning(logs: Logs) -> None:
    report = await queue(logs.write((START, "Queue processor stats"), (ENDED, DISPATCH)))
    assert report.verdict is Verdict.UNKNOWN
    assert [(one.rule, one.severity) for one in report.findings] == [("worker-hung", Severity.WARN)]
    assert "or what it writes is not kept" in str(report.findings[0].why)


async def test_redis_tells_of_now_where_the_provider_s_log_ended(logs: Logs) -> None:
    sources = replace(logs.write(), queue=FakeQueue(QueueReading(NOW, 0)))
    report = await queue(sources)
    assert (report.verdict, report.facts["verdict"]) == (Verdict.OK, "ok")
    assert "whether its worker is at work is not known" in str(report.summary)


@pytest.mark.parametrize("cj_until", [NOW, ENDED], ids=["its own ended", "both ended"])
async def test_what_left_redis_after_the_log_ended_is_not_accounted_for(
    logs: Logs, cj_until: datetime
) -> None:
    told = (START, "Queue processor stats"), (ENDED - timedelta(minutes=1), QUEUED)
    sources = logs.write(*told, (ENDED, "Queue processor stats"), cj_until=cj_until)
    report = await queue(replace(sources, queue=FakeQueue(QueueReading(NOW, 0))))
    assert [(one.rule, one.severity) for one in report.findings] == [
        ("not-accounted-for", Severity.INFO)
    ]


async def test_a_trace_lays_nothing_at_a_log_that_ended(logs: Logs) -> None:
    sources = logs.write((START, "Queue processor stats"), (ENDED, QUEUED))
    away = replace(sources, database=Missing(DATABASE, "away"))
    found = await trace_collect.collect(away, UUID(REQUEST), NOW, deadline=Deadline.after(20))
    report = trace_report.diagnose(found, NOW)
    assert report.verdict is Verdict.UNKNOWN
    states = {one["step"]: one["state"] for one in report.facts["steps"]}
    assert {states[one] for one in ("dispatched", "answered", "published")} == {"not_checked"}
    assert not [one for one in report.findings if one.severity is Severity.ERROR]
    assert f"Not read: huleedu_{LLM}'s log" in str(report.summary)


async def test_an_excerpt_s_silence_is_no_end_of_a_log(logs: Logs, tmp_path: Path) -> None:
    sources = logs.write()
    (tmp_path / EXCERPT).touch()
    found = await sources.logs.search(LogQuery(until=NOW))  # type: ignore[union-attr]
    assert heard(found) is found


def search(
    cj: timedelta | None, provider: timedelta | None, until: datetime | None = NOW
) -> LogSearch:
    """Return a search of both logs that end so long before NOW; None: when is not known."""
    ends = {role: NOW - ago if ago is not None else None
            for role, ago in ((Role.CJ, cj), (Role.LLM_PROVIDER, provider))}  # fmt: skip
    covered = tuple(
        LogCoverage(role.value, role.value, begins_at=START, newest=at, role=role)
        for role, at in ends.items()
    )
    return LogSearch((), covered, until=until)


NONE, IDLE, LONG = timedelta(0), ENDED_AFTER, timedelta(minutes=7)


@pytest.mark.parametrize(
    ("logs_of", "silent"),
    [
        (search(NONE, LONG), ["llm_provider"]),
        (search(LONG, NONE), ["cj"]),
        (search(NONE, IDLE), []),  # it may be idle for so long
        (search(LONG, LONG), []),  # all ended: told of the whole source
        (search(NONE, None), []),
        (search(NONE, LONG, until=NOW - LONG), []),  # beyond what was asked for
        (search(NONE, LONG, until=None), ["llm_provider"]),
    ],
)
def test_each_log_is_judged_by_its_own_end(logs_of: LogSearch, silent: list[str]) -> None:
    found = heard(logs_of)
    assert [str(name) for name, _ in found.missing] == silent
    assert (has_gap(found), has_hole(found)) == (bool(silent), False)
    assert reading(found).state is (SourceState.MISSING if silent else SourceState.OK)
    assert heard(found) == found


def test_another_search_may_show_that_others_go_on() -> None:
    whole = search(NONE, LONG)
    cj, provider = (replace(whole, coverage=(one,)) for one in whole.coverage)
    assert not heard(provider).missing
    assert heard(provider, cj).missing
    assert not heard(provider, Missing("logs", "away")).missing


def test_several_containers_of_a_service_are_silent_together() -> None:
    whole = search(NONE, LONG)
    again = replace(whole.coverage[1], container="second", newest=NOW)
    assert not heard(replace(whole, coverage=(*whole.coverage, again))).missing


def test_a_log_that_ended_covers_what_it_would_tell_of() -> None:
    found = heard(search(NONE, timedelta(minutes=20)))
    assert covers(found, ["llm_provider"], ENDED - timedelta(minutes=10))
    assert not covers(found, ["llm_provider"], ENDED - timedelta(minutes=1))
    assert covers(found, ["cj"], ENDED)


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        ((START + timedelta(minutes=5), START + timedelta(minutes=6)), True),
        ((START, START + timedelta(minutes=6)), False),
        ((None, None), False),
    ],
)
async def test_a_log_without_a_line_of_a_time_of_answers_was_not_kept(
    logs: Logs, answered: tuple[datetime | None, datetime | None], *, told: bool
) -> None:
    sources = logs.write((START, "Queue processor stats"), (START + timedelta(minutes=11), "Start"))
    found = await sources.logs.search(LogQuery(until=NOW))  # type: ignore[union-attr]
    bare = replace(found, events=())
    seen = await with_silent(sources, bare, answered, deadline=Deadline.after(20))
    assert isinstance(seen, LogSearch)
    assert seen.missing == (((f"huleedu_{LLM}", NOT_KEPT),) if told else ())


async def test_a_log_without_any_line_is_told_as_that_alone() -> None:
    sources = Sources(logs=FakeLogs([]))
    found = await sources.logs.search(LogQuery())  # type: ignore[union-attr]
    assert await with_silent(sources, found, (START, NOW), deadline=Deadline.after(20)) is found
