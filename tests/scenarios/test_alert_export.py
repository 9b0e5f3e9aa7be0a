"""Any alert can be exported and judged again: the same verdict at the same time, from the zip."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.diagnosis.batch.finalisation_lines import FINALISED, SWEPT
from bot.domain.alert import Reason
from bot.domain.batch import BatchHeader, BatchRows, BlockedSession, PairCounts
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.evidence import Missing
from bot.domain.log import LogEvent, Role
from bot.domain.queue import QueueItem, QueueReading
from bot.domain.service_state import ContainerState
from bot.errors import UsageError
from bot.ports import Detector, Sources
from bot.registry import detectors
from bot.replay.files import SAMPLES, opened
from bot.sources.log_format.parser import parse_lines
from tests.support.exports import UTC_ZONE, exported, replayed, told
from tests.support.fakes.alerts import Clock
from tests.support.fakes.sources import FakeDatabase, FakeQueue
from tests.support.forecast_sources import forecast_sources
from tests.support.program import batchbot
from tests.support.recordings import START, busy_hour, console, integrity_error, missing_essay_ids
from tests.support.ticks import GrowingLog

TICK = timedelta(seconds=15)
AT = START + timedelta(minutes=2)
Lines = Iterable[str]
MOCKED = "Comparison processing successful for provider anthropic"

# How each detector gets to see something: whose log holds which lines.
SCENES: dict[str, Callable[[], tuple[Role, Lines]]] = {
    "stuck_queue": lambda: (Role.LLM_PROVIDER, busy_hour(20, freeze=range(2, 12))),
    "rejected_callbacks": lambda: (Role.RUNNER, [missing_essay_ids(AT)]),
    "database_errors": lambda: (Role.CJ, integrity_error(AT)),
    "provider_errors": lambda: (Role.LLM_PROVIDER, provider_failures(AT)),
    "consumer_silent": lambda: (Role.LLM_PROVIDER, published(AT)),
    "callbacks_unpublished": lambda: (Role.LLM_PROVIDER, [unpublished(AT)]),
    "submissions_lost": lambda: (Role.CJ, [unsent(AT)]),
    "retries_rising": lambda: (Role.LLM_PROVIDER, given_back(AT)),
    "callbacks_not_stored": lambda: (Role.CJ, [unstored(AT)]),
    "local_queue": lambda: (
        Role.LLM_PROVIDER,
        [console(AT, "Using local queue for request 5352ba4c-6226-458c-aa82-24ff1fa071a4", "q")],
    ),
    "content_missing": lambda: (
        Role.CJ,
        [console(AT, "Failed to prepare essay e-1: Content Service error: HTTP 500", "cj")],
    ),
    "requests_refused": lambda: (
        Role.CJ,
        [console(AT, "CJ assessment workflow failed: Unknown assignment_id 'x'", "cj")],
    ),
    "start_failed": lambda: (
        Role.CJ,
        [console(AT, "Failed to start CJ Assessment Service: boom", "cj", level="critical")],
    ),
    "mock_answers": lambda: (
        Role.LLM_PROVIDER,
        [console(AT, f"{MOCKED}, correlation_id: a-{n}, response_time: 0ms", "c") for n in "12"],
    ),
    "finalised_early": lambda: (
        Role.CJ,
        [
            console(AT, SWEPT, "cj", extra="{'batch_id': 41, 'completed': 3, 'total': 3}"),
            console(AT, FINALISED[0], "cj", extra="{'batch_id': 41}"),
            console(AT, "Created 3 tracking records for CJ batch 41", "cj"),
        ],
    ),
    "short_time_outs": lambda: (
        Role.CJ,
        [
            console(
                AT,
                "Found stuck batches",
                "cj",
                extra=f"{{'stuck_batch_count': 3, 'stuck_threshold': '{AT.isoformat()}'}}",
            )
        ],
    ),
    "queue_expired": lambda: (
        Role.LLM_PROVIDER,
        [console(AT, "Request 5352ba4c-6226-458c-aa82-24ff1fa071a4 has expired", "q")],
    ),
    "queue_unanswered": lambda: (Role.LLM_PROVIDER, [console(START, "Queue processor stats", "q")]),
}


def provider_failures(at: datetime) -> list[str]:
    """Return a burst of failures of single requests."""
    text = "LLM service error processing request 8f3a: [RATE_LIMIT] slow down"
    return [console(at + timedelta(seconds=n), text, "lps", level="error") for n in range(9)]


def unpublished(at: datetime) -> str:
    """Return a callback that could not be published."""
    request = "9c41f7b2-58de-4a36-b1f0-2ab525a2c034"
    text = f"Failed to publish callback event for request {request}: broker away"
    return console(at, text, "lps", level="error")


def given_back(at: datetime) -> list[str]:
    """Return requests that fail, and fail again two minutes later."""
    return [
        console(
            at + timedelta(minutes=2 * tried), f"Requeueing request {n} for retry ({tried}/3)", "q"
        )
        for tried in (1, 2)
        for n in range(8)
    ]


def unstored(at: datetime) -> str:
    """Return an answer that CJ took while its database was away."""
    extra = "{'correlation_id': '5352ba4c-6226-458c-aa82-24ff1fa071a4'}"
    text = "Error in callback processing: the underlying connection is closed"
    return console(at, text, "cj", extra, level="error")


def unsent(at: datetime) -> str:
    """Return a comparison that CJ could not hand over."""
    text = "Unexpected error processing task e1-e2: Cannot connect to host llm_provider_service"
    return console(at, text, "cj", level="error")


def published(at: datetime) -> list[str]:
    """Return callbacks that are published and never taken, after one that was."""
    before = at - timedelta(seconds=60)
    taken = console(before, "Processing LLM comparison callback for request 1", "cj")
    text = "Published success callback event for request 1, correlation_id: 1, topic: t"
    return [taken, *(console(at + timedelta(seconds=30 + n), text, "lps") for n in range(9))]


def rows(clock: Clock) -> dict[str, Sources]:
    """Return what the detectors on rows get to see, from the start on."""
    old = clock() - timedelta(hours=1)
    uuid = "9c41f7b2-58de-4a36-b1f0-2ab525a2c034"

    def batch(pairs: PairCounts, state: str, **more: Any) -> BatchRows:
        header = BatchHeader(34, uuid, uuid, "PERFORMING_COMPARISONS", state, old,
                             last_activity_at=old)  # fmt: skip
        return BatchRows(header, pairs, **more)

    def database(*batches: BatchRows, blocked: tuple[BlockedSession, ...] = ()) -> Sources:
        return Sources(database=FakeDatabase(batches, blocked=blocked))

    waiting = PairCounts(total=10, essay_a=7, pending=3, pending_first_submitted_at=old)
    answered = PairCounts(total=10, essay_a=10, last_completed_at=old)
    group = OutboxGroup("huleedu.cj_assessment.completed.v1", 1, old, old, 1, old)
    failed = batch(answered, "FAILED")
    failed = replace(failed, header=replace(
        failed.header, status="FETCHING_CONTENT", last_activity_at=clock() + timedelta(seconds=15)
    ))  # fmt: skip
    gone = ContainerState("llm_provider_service", "huleedu_llm_provider_service", "a", "exited")
    return {
        "lost_callbacks": database(batch(waiting, "WAITING_CALLBACKS")),
        "batch_failed": database(failed),
        "batch_idle": database(batch(answered, "WAITING_CALLBACKS")),
        "finalisation_stuck": database(batch(answered, "SCORING")),
        "outbox_unpublished": database(batch(answered, "COMPLETED", outbox=(group,))),
        "database_blocked": database(
            blocked=(BlockedSession(7, "active", "Lock:transactionid", 90, (9,)),)
        ),
        "further_queues": Sources(
            queue=FakeQueue(
                others={"a:queue": QueueReading(old, 3, (QueueItem("q-front", "queued"),))}
            )
        ),
        "queue_unanswered": Sources(queue=EmptiedQueue(clock=clock)),
        "container_gone": Sources(containers=GivenContainers((gone,))),
    }


@dataclass
class EmptiedQueue(FakeQueue):
    """A queue that holds an item until a moment, and nothing after it."""

    clock: Clock | None = None

    async def read(self, *, max_items: int = 2_000) -> QueueReading:
        now = self.clock() if self.clock else AT
        items = (QueueItem("q-1", "queued", START),) if now < AT else ()
        return QueueReading(now, len(items), items)


@dataclass
class GivenContainers:
    """Containers as given."""

    states: tuple[ContainerState, ...]
    name: str = "containers"

    async def containers(self) -> tuple[ContainerState, ...]:
        return self.states

    async def check(self) -> str:
        return "given"


def events_of(role: Role, lines: Lines) -> list[LogEvent]:
    """Return the events of one container's log."""
    raw = [f"{line}\n".encode() for line in lines]
    parsed = parse_lines(raw, service=role.value, container=role.value, role=role, zone=UTC_ZONE)
    return [event for event in parsed if event.at is not None]


async def watched(
    store: Store,
    events: list[LogEvent],
    clock: Clock,
    minutes: int,
    sources: Sources | None = None,
) -> None:
    """Tick over a log that grows as its lines were written, beside other sources.

    What fires is watched for a third of that, in which it may get graver or resolve.
    """
    log = GrowingLog()
    made: list[Detector] = [detector(detector.Settings()) for detector in detectors().values()]
    wants = lambda event: any(one.wants(event) for one in made)  # noqa: E731
    beside = replace(sources or Sources(), logs=log)  # type: ignore[arg-type]
    watcher = LiveWatcher(beside, environment="np", wants=wants)
    tick = Tick(store, made, watcher, environment="np", now=clock)
    end = clock() + timedelta(minutes=minutes)
    while clock() < end:
        clock.pass_(seconds=15)
        log.events = [event for event in events if event.at and event.at < clock()]
        await tick.run()
        assert not tick.state.problem
        if tick.state.firing:
            end = min(end, clock() + timedelta(minutes=minutes) / 3)
    await tick.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.mark.parametrize("name", list(detectors()))
async def test_an_exported_alert_gives_the_same_verdict_again(
    name: str, database_url: str, clock: Clock, tmp_path: Path
) -> None:
    beside = {**rows(clock), **forecast_sources(clock)}
    assert name in {*SCENES, *beside}, f"say in SCENES or rows what {name} gets to see"
    store = Store(database_url, "np")
    await store.open()
    lines = events_of(*SCENES[name]()) if name in SCENES else []
    await watched(store, lines, clock, 28, beside.get(name))
    key = next(alert.key for alert in await store.alerts(clock(), history=True)
               if alert.detector == name)  # fmt: skip
    events = list(reversed(await store.events(key)))
    lived = [told(event) for event in events]
    path = await exported(store, key, clock(), tmp_path)
    await store.close()
    again = [event for event in replayed(path) if event["key"] == key]
    assert events[0].reason is Reason.OPEN
    assert [tuple(e[n] for n in ("at", "key", "event", "severity")) for e in again] == lived
    assert again[0]["title"] == str(events[0].title)
    assert again[0]["evidence"]
    assert {event["detector"] for event in replayed(path)} == {name}


async def test_an_unreadable_source_is_exported_with_all_that_were_blind(
    database_url: str, clock: Clock, tmp_path: Path
) -> None:
    store = Store(database_url, "np")
    await store.open()
    made: list[Detector] = [detector(detector.Settings()) for detector in detectors().values()]
    sources = Sources(logs=Missing("docker_logs", "cannot be reached"))
    watcher = LiveWatcher(sources, environment="np", wants=lambda _: True)
    tick = Tick(store, made, watcher, environment="np", now=clock)
    for _ in range(8):
        clock.pass_(seconds=15)
        await tick.run()
    (alert,) = await store.alerts(clock())
    assert alert.key == "unreadable_source/np/docker_logs"
    path = await exported(store, str(alert.number), clock(), tmp_path)
    (opened_again,) = replayed(path)
    assert (opened_again["key"], opened_again["event"]) == (alert.key, "open")
    await store.close()


async def test_an_export_holds_no_word_of_a_student_and_no_secret(
    database_url: str, clock: Clock, tmp_path: Path
) -> None:
    store = Store(database_url, "np")
    await store.open()
    await watched(store, events_of(*SCENES["database_errors"]()), clock, 4)
    path = await exported(store, "database_errors", clock(), tmp_path)
    await store.close()
    with opened(path) as folder:
        texts = {file.name: file.read_text() for file in folder.iterdir()}
    assert "PLANTED" not in str(texts)
    assert len(texts) == 2
    lines = [json.loads(line) for line in texts.pop(SAMPLES).splitlines()]
    assert lines[0]["export"]["detectors"] == ["database_errors"]
    (log,) = texts.values()
    assert "grade_projections_pkey" in log


async def test_the_terminal_saves_an_export_and_replays_it(
    database_url: str, clock: Clock, tmp_path: Path
) -> None:
    store = Store(database_url, "np")
    await store.open()
    await watched(store, events_of(*SCENES["rejected_callbacks"]()), clock, 4)
    await store.close()
    settings = {"BOT_DATABASE_URL": database_url, "BOT_ENVIRONMENT": "np"}
    run = partial(batchbot, cwd=tmp_path, settings=settings)
    asked = await asyncio.to_thread(run, "ask", "/alerts export 1", "--files", "out")
    (path,) = (tmp_path / "out").iterdir()
    assert (asked.returncode, f"wrote {path.relative_to(tmp_path)}" in asked.stderr) == (0, True)
    again = await asyncio.to_thread(run, "replay", "--logs", str(path), "--format", "json")
    (event,) = [json.loads(line) for line in again.stdout.splitlines()]
    assert (event["detector"], event["event"]) == ("rejected_callbacks", "open")
    assert "0 events" not in again.stderr


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04broken"])
def test_a_file_that_is_no_zip_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "alert.zip"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be unpacked"):
        replayed(path)


@pytest.mark.parametrize(
    "line", ['{"at": "2025-11-18T22:00:00+00:00", "export": {}}', '{"export": 1}', "[]", "nonsense"]
)
def test_a_broken_head_is_named_with_its_line(line: str, tmp_path: Path) -> None:
    (tmp_path / SAMPLES).write_text(f"{line}\n")
    with pytest.raises(UsageError, match=r"samples\.jsonl"):
        replayed(tmp_path)
